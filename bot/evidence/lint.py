"""What a curator should look at in a table that loads well, and the table's fingerprint. It changes nothing."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date

from bot.evidence.rows import plain
from bot.model import SIGNED_OFF, Evidence

LONGEST_SHORT = 220  # characters; a Bluesky reply holds 300 graphemes with link and disclosure
FEWEST_PARAPHRASES = 3  # fewer ways of saying a claim, and the matcher rarely finds it
REPEATS_THE_MYTH = re.compile(
    r"((it is|it's|there is|there's) (a |an |the )?(common )?(myth|rumou?r|claim|false|untrue|belief)"
    r"|(some|many|most)? ?people (say|think|believe|claim)"
    r"|(the|a|an) (idea|claim|myth|rumou?r|belief) that"
    r"|contrary to )",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing worth a look. `field` is a column, as in `claim` or `citations[2]`; `blocks` forbids publishing it."""

    field: str
    message: str
    blocks: bool = False


def lint(entries: Iterable[Evidence], today: date) -> list[str]:
    """One sentence per thing worth a look; an empty list is a clean table."""
    table = list(entries)
    found = [f"{entry.id}: {one.message}" for entry in table for one in _remarks(entry, today)]
    return found + [f"{entry_id}: {one.message}" for entry_id, one in _across(table)]


def check(entry: Evidence, others: Iterable[Evidence], today: date) -> list[Finding]:
    """What to look at in one entry, beside other entries that it might be confused with."""
    beside = [finding for owner, finding in _across([*others, entry]) if owner == entry.id]
    return [*_remarks(entry, today), *beside]


def _remarks(entry: Evidence, today: date) -> Iterator[Finding]:
    if entry.status != SIGNED_OFF or not entry.signed_off_by:
        yield Finding(field="status", message="no clinician has signed it off, so nothing can be published from it")
    if entry.review_by is None:
        words = "it has no review_by date, so nothing can be published from it"
        yield Finding(field="review_by", message=words, blocks=True)
    elif today > entry.review_by:
        words = f"its review date {entry.review_by} has passed, so nothing can be published from it"
        yield Finding(field="review_by", message=words)
    if entry.last_reviewed and entry.last_reviewed > today:
        words = f"last_reviewed {entry.last_reviewed} lies in the future"
        yield Finding(field="last_reviewed", message=words, blocks=True)
    yield from _about_sources(entry)
    if REPEATS_THE_MYTH.match(entry.correction_short) or _opens_with_claim(entry):
        words = "correction_short seems to begin with the myth: begin with the fact"
        yield Finding(field="correction_short", message=words, blocks=True)
    if len(entry.correction_short) > LONGEST_SHORT:
        words = f"correction_short has {len(entry.correction_short)} characters; {LONGEST_SHORT} or fewer fit a reply"
        yield Finding(field="correction_short", message=words)
    if len(entry.paraphrases) < FEWEST_PARAPHRASES:
        words = f"it has {len(entry.paraphrases)} paraphrases; with fewer than {FEWEST_PARAPHRASES} it is rarely found"
        yield Finding(field="paraphrases", message=words)
    if not entry.negations:
        words = "it has no negation, so the matcher cannot learn how people contradict it"
        yield Finding(field="negations", message=words)
    if not entry.questions:
        yield Finding(field="questions", message="it has no question")


def _about_sources(entry: Evidence) -> Iterator[Finding]:
    if not entry.citations:
        words = "it has no citation, so nothing can be published from it"
        yield Finding(field="citations", message=words, blocks=True)
    for number, citation in enumerate(entry.citations, start=1):
        field = f"citations[{number}]"
        if not citation.verified:
            yield Finding(field=field, message=f"citation {citation.key} is not verified")
        if citation.flagged:
            yield Finding(field=field, message=f"citation {citation.key} is flagged: {citation.flagged}")
        if not (citation.doi or citation.pmid or citation.url):
            words = f"citation {citation.key} has no DOI, PubMed id or address to link to"
            yield Finding(field=field, message=words, blocks=True)


def _opens_with_claim(entry: Evidence) -> bool:
    said = re.findall(r"\w+", entry.claim.casefold())[:4]
    return len(said) == 4 and re.findall(r"\w+", entry.correction_short.casefold())[:4] == said


def _across(table: list[Evidence]) -> Iterator[tuple[str, Finding]]:
    dois: dict[str, tuple[str, str]] = {}
    texts: dict[str, str] = {}
    for entry in table:
        for number, citation in enumerate(entry.citations, start=1):
            doi, owner = dois.setdefault(citation.key, (citation.doi, entry.id))
            if doi != citation.doi:
                words = f"citation {citation.key} has another DOI in {owner}; one of them is wrong"
                yield entry.id, Finding(field=f"citations[{number}]", message=words, blocks=True)
        for number, text in enumerate((entry.claim, *entry.paraphrases)):
            owner = texts.setdefault(text.casefold(), entry.id)
            if owner != entry.id:
                words = f"the exemplar {text!r} also stands in {owner}; the matcher cannot tell them apart"
                field = f"paraphrases[{number}]" if number else "claim"
                yield entry.id, Finding(field=field, message=words, blocks=True)


def table_version(entries: Iterable[Evidence]) -> str:
    """A fingerprint of the whole table: the same entries in any order give the same twelve characters."""
    rows = sorted(json.dumps(plain(entry), ensure_ascii=True, sort_keys=True) for entry in entries)
    return hashlib.sha256("\n".join(rows).encode("ascii")).hexdigest()[:12]
