"""One entry under the pen: what was typed beside the table, the catalogues and the rules. It reads and writes nothing.

Pages fill a `Pen` and have it laid out; the template shows the `Sheet`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from sqlalchemy.orm import Session

from bot.evidence import answers, proposals, registry
from bot.evidence.answers import Answer
from bot.evidence.checks import checked
from bot.evidence.compare import Beside, compare
from bot.evidence.diff import Change, changed_fields, changes
from bot.evidence.lint import Finding
from bot.evidence.pack import read_row
from bot.evidence.proposals import FREE, SIGNATURE, Kind
from bot.model import Evidence
from bot.store.evidence_models import ProposalRow
from bot.web import entry_form
from bot.web.entry_form import Row
from bot.web.hands import Backtest

Told = tuple[str, str]  # how grave (good, warn, danger), and a sentence


@dataclass(slots=True, kw_only=True)
class Pen:
    """What somebody has in hand."""

    path: str  # where the form is sent
    kind: Kind
    entry_id: str
    base: int
    row: Row
    note: str = ""
    proposal: ProposalRow | None = None
    seen: int = 0
    fresh: bool = False  # nothing was typed yet, so nothing is wrong
    told: list[Told] = field(default_factory=list)
    extra: str = ""  # the group that gets one more line
    test: Backtest | None = None

    @property
    def read(self) -> Evidence | None:
        """The entry as typed, if it is whole."""
        read = read_row(self.row)
        return read if isinstance(read, Evidence) else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """One source of the form, with what catalogues say about it."""

    row: Row
    answer: Answer | None  # the first that knows it
    trouble: str
    beside: Mapping[str, Beside]
    notices: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """Everything the page shows."""

    pen: Pen
    base: Evidence | None
    now: Evidence | None  # the newest version in the table
    moved: bool
    theirs: tuple[Change, ...]  # what others changed meanwhile
    ours: tuple[Change, ...]
    errors: Mapping[str, Sequence[str]]
    findings: Mapping[str, Sequence[Finding]]
    blocked: int
    sources: tuple[Source, ...]
    unsigns: bool  # publishing it ends the signature


def lay_out(session: Session, pen: Pen, today: date) -> Sheet:
    """The page for what is in hand."""
    now, _ = proposals.newest(session, pen.entry_id) if pen.kind is not Kind.NEW else (None, False)
    base = registry.version_of(session, pen.entry_id, pen.base) if pen.base else None
    errors: dict[str, list[str]] = defaultdict(list)
    findings: dict[str, list[Finding]] = defaultdict(list)
    ours: tuple[Change, ...] = ()
    unsigns = False
    read = read_row(pen.row)
    if isinstance(read, Evidence):
        proposed = proposals.settle(base, read)
        ours = changes(base, proposed) if base else ()
        unsigns = bool(base and base.signed_off_by) and not set(changed_fields(base, read)) <= FREE | SIGNATURE
        for finding in checked(session, proposed, today):
            findings[finding.field].append(finding)
    elif not pen.fresh:
        for trouble in read:
            errors[trouble.column].append(trouble.remedy)
    known = answers.kept(session, (key for one in pen.row["citations"] for key in keys(one)))
    return Sheet(
        pen=pen,
        base=base,
        now=now,
        moved=base != now,
        theirs=changes(base, now) if base and now and base != now else (),
        ours=ours,
        errors=errors,
        findings=findings,
        blocked=sum(one.blocks for some in findings.values() for one in some) + sum(map(len, errors.values())),
        sources=tuple(source(one, known) for one in pen.row["citations"]),
        unsigns=unsigns,
    )


def source(row: Row, known: Mapping[str, Answer]) -> Source:
    """One source beside what catalogues say."""
    said = [known[key] for key in keys(row) if key in known]
    answer = next((one for one in said if one.found), None)
    beside = compare(entry_form.shown(row), answer.found) if answer and answer.found else ()
    notices = {
        f"{one.found.catalogue}: {notice.kind.value}{f' ({notice.where})' if notice.where else ''}": None
        for one in said
        if one.found
        for notice in one.found.notices
    }
    return Source(
        row=row,
        answer=answer,
        trouble="; ".join(one.trouble for one in said if one.trouble),
        beside={one.field: one for one in beside},
        notices=tuple(notices),
    )


def keys(row: Row) -> list[str]:
    """Under which names catalogues were asked about it."""
    doi, pmid = str(row.get("doi") or ""), str(row.get("pmid") or "")
    return [*([answers.doi_key(doi)] if doi else []), *([answers.pmid_key(pmid)] if pmid else [])]
