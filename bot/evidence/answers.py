"""What catalogues said about sources, as kept in the store: one answer for each DOI or PubMed id. It asks nobody."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.model import Citation
from bot.ports import Found
from bot.store import codec
from bot.store.evidence_models import LookupAnswerRow

MOST_AT_ONCE = 500  # keys in one query


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What was said, or why nothing was, and when."""

    found: Found | None
    trouble: str
    at: datetime


def doi_key(doi: str) -> str:
    """The name of a DOI among answers; DOIs do not care about case."""
    return f"doi:{doi.casefold()}"


def pmid_key(pmid: str) -> str:
    """The name of a PubMed id among answers."""
    return f"pmid:{pmid}"


def keys(citation: Citation) -> Iterator[str]:
    """Every name under which this source may have been looked up."""
    if citation.doi:
        yield doi_key(citation.doi)
    if citation.pmid:
        yield pmid_key(citation.pmid)


def kept(session: Session, wanted: Iterable[str]) -> dict[str, Answer]:
    """The answers that are there."""
    names = sorted(set(wanted))
    found: dict[str, Answer] = {}
    for start in range(0, len(names), MOST_AT_ONCE):
        query = select(LookupAnswerRow).where(LookupAnswerRow.key.in_(names[start : start + MOST_AT_ONCE]))
        for row in session.scalars(query):
            answer = codec.load(Found, row.answer) if row.answer else None
            found[row.key] = Answer(found=answer, trouble=row.trouble, at=row.asked_at)
    return found


def keep(session: Session, key: str, answer: Found | str, *, now: datetime) -> None:
    """Remember what was said, or why nothing was."""
    found = answer if isinstance(answer, Found) else None
    session.merge(
        LookupAnswerRow(
            key=key,
            answer=codec.dump(found) if found else None,
            trouble="" if found else codec.clean_text(str(answer)),
            asked_at=now,
        )
    )


def of(citation: Citation, known: Mapping[str, Answer]) -> tuple[Answer, ...]:
    """The answers about one source: Crossref's first."""
    return tuple(known[key] for key in keys(citation) if key in known)
