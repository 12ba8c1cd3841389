"""What a curator should look at in a table that loads well, and the table's fingerprint. It changes nothing."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Iterator
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


def lint(entries: Iterable[Evidence], today: date) -> list[str]:
    """One sentence per thing worth a look; an empty list is a clean table."""
    table = list(entries)
    found = [f"{entry.id}: {remark}" for entry in table for remark in _remarks(entry, today)]
    return found + list(_across(table))


def _remarks(entry: Evidence, today: date) -> Iterator[str]:
    if entry.status != SIGNED_OFF or not entry.signed_off_by:
        yield "no clinician has signed it off, so nothing can be published from it"
    if entry.review_by is None:
        yield "it has no review_by date, so nothing can be published from it"
    elif today > entry.review_by:
        yield f"its review date {entry.review_by} has passed, so nothing can be published from it"
    if entry.last_reviewed and entry.last_reviewed > today:
        yield f"last_reviewed {entry.last_reviewed} lies in the future"
    yield from _about_sources(entry)
    if REPEATS_THE_MYTH.match(entry.correction_short) or _opens_with_claim(entry):
        yield "correction_short seems to begin with the myth: begin with the fact"
    if len(entry.correction_short) > LONGEST_SHORT:
        yield f"correction_short has {len(entry.correction_short)} characters; {LONGEST_SHORT} or fewer fit a reply"
    if len(entry.paraphrases) < FEWEST_PARAPHRASES:
        yield f"it has {len(entry.paraphrases)} paraphrases; with fewer than {FEWEST_PARAPHRASES} it is rarely found"
    if not entry.negations:
        yield "it has no negation, so the matcher cannot learn how people contradict it"
    if not entry.questions:
        yield "it has no question"


def _about_sources(entry: Evidence) -> Iterator[str]:
    if not entry.citations:
        yield "it has no citation, so nothing can be published from it"
    for citation in entry.citations:
        if not citation.verified:
            yield f"citation {citation.key} is not verified"
        if citation.flagged:
            yield f"citation {citation.key} is flagged: {citation.flagged}"
        if not (citation.doi or citation.pmid or citation.url):
            yield f"citation {citation.key} has no DOI, PubMed id or address to link to"


def _opens_with_claim(entry: Evidence) -> bool:
    said = re.findall(r"\w+", entry.claim.casefold())[:4]
    return len(said) == 4 and re.findall(r"\w+", entry.correction_short.casefold())[:4] == said


def _across(table: list[Evidence]) -> Iterator[str]:
    dois: dict[str, tuple[str, str]] = {}
    texts: dict[str, str] = {}
    for entry in table:
        for citation in entry.citations:
            doi, owner = dois.setdefault(citation.key, (citation.doi, entry.id))
            if doi != citation.doi:
                yield f"{entry.id}: citation {citation.key} has another DOI in {owner}; one of them is wrong"
        for text in (entry.claim, *entry.paraphrases):
            owner = texts.setdefault(text.casefold(), entry.id)
            if owner != entry.id:
                yield f"{entry.id}: the exemplar {text!r} also stands in {owner}; the matcher cannot tell them apart"


def table_version(entries: Iterable[Evidence]) -> str:
    """A fingerprint of the whole table: the same entries in any order give the same twelve characters."""
    rows = sorted(json.dumps(plain(entry), ensure_ascii=True, sort_keys=True) for entry in entries)
    return hashlib.sha256("\n".join(rows).encode("ascii")).hexdigest()[:12]
