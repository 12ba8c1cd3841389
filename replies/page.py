"""What the rules of civility look at, and what they find. Values and reading aids only: no rule lives here."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from bot.model import Evidence
from replies.compose import Kind, OfficeVoice
from replies.sentences import links, plain, spans

BLOCK = "block"  # may not be sent like this
WARN = "warn"  # an editor should look twice


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing to mend. `start` and `end` count characters of the text; both 0 when something is missing."""

    rule: str
    message: str
    severity: str
    start: int = 0
    end: int = 0
    suggestion: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """One text, read once for all rules."""

    text: str
    evidence: Evidence | None
    office: OfficeVoice | None
    kind: Kind
    lang: str
    links: tuple[tuple[int, int, str], ...]
    sentences: tuple[tuple[int, int], ...]
    bare: str = field(repr=False)  # the text with every link blanked out, positions unchanged
    reviewed: str = field(repr=False)  # the entry's own text: its wording was reviewed already

    def ours(self) -> Iterator[tuple[int, str]]:
        """Start and text of the sentences that are not the entry's own, links blanked out."""
        for start, end in self.sentences:
            if plain(self.text[start:end]) not in self.reviewed:
                yield start, self.bare[start:end]


Rule = Callable[[Page], Iterator[Finding]]


def read(text: str, evidence: Evidence | None, *, office: OfficeVoice | None, kind: str, lang: str) -> Page:
    """Find links and sentences once."""
    found, bare, reviewed = links(text), text, ""
    for start, end, _ in found:
        bare = bare[:start] + " " * (end - start) + bare[end:]
    if evidence is not None:
        reviewed = plain(" ".join((evidence.correction_short, evidence.correction_long, evidence.limits)))
    return Page(
        text=text,
        evidence=evidence,
        office=office,
        kind=Kind(kind),
        lang=lang,
        links=tuple(found),
        sentences=tuple(spans(text)),
        bare=bare,
        reviewed=reviewed,
    )


def at(rule: str, message: str, start: int, end: int, suggestion: str = "", severity: str = BLOCK) -> Finding:
    """Something that stands in the text."""
    return Finding(rule=rule, message=message, severity=severity, start=start, end=end, suggestion=suggestion)


def missing(rule: str, message: str, suggestion: str) -> Finding:
    """Something that should stand in the text."""
    return Finding(rule=rule, message=message, severity=BLOCK, suggestion=suggestion)
