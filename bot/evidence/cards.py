"""The card catalogue: one card for each entry, so that ten thousand entries are searched without being read.

A card is written with every version and says nothing that the version does not say.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import ColumnElement, exists, func, or_, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from bot.evidence import answers
from bot.model import SIGNED_OFF, Evidence
from bot.ports import NoticeKind
from bot.store import codec
from bot.store.evidence_models import EntryCardRow, ProposalRow
from bot.store.office_models import EntryVersionRow

ON_A_PAGE = 50
SOON = timedelta(days=90)
REVIEWS = ("overdue", "soon", "none", "later")
CITATIONS = ("retracted", "corrected", "unchecked", "ok")
STATUSES = ("signed", "unsigned", "draft", "waiting", "retired")
MOST_IN_ONE = 200  # conditions in one query; SQLite allows a thousand
SORTS = {
    "id": (EntryCardRow.entry_id,),
    "claim": (func.lower(EntryCardRow.claim), EntryCardRow.entry_id),
    "review": (EntryCardRow.review_by.is_(None), EntryCardRow.review_by, EntryCardRow.entry_id),
    "changed": (EntryCardRow.changed_at.desc(), EntryCardRow.entry_id),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What somebody looks for. Empty means: whatever. Without a status, retired entries are left out."""

    words: str = ""
    topic: str = ""
    certainty: str = ""
    sensitivity: str = ""
    review: str = ""
    citations: str = ""
    status: str = ""
    sort: str = "id"
    page: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawer:
    """One page of cards. `found` counts those on all pages, `entries` all that are in force."""

    cards: Sequence[EntryCardRow]
    found: int
    entries: int
    page: int
    pages: int


def write(session: Session, entry: Evidence, *, retired: bool, now: datetime) -> None:
    """The card of this version, in the place of an older one."""
    session.merge(card(entry, sources_are=state_of(session, entry), retired=retired, now=now))


def card(entry: Evidence, *, sources_are: str, retired: bool, now: datetime) -> EntryCardRow:
    """What stands on the card of an entry."""
    return EntryCardRow(
        entry_id=entry.id,
        version=entry.version,
        claim=entry.claim,
        correction=entry.correction_short,
        words=_lines(fold(text) for text in _texts(entry)),
        verdict=entry.verdict.value,
        certainty=entry.certainty.value,
        sensitivity=entry.sensitivity.value,
        topics=_lines(entry.topics),
        sources=_lines(key for citation in entry.citations for key in answers.keys(citation)),
        review_by=entry.review_by,
        signed=entry.status == SIGNED_OFF and bool(entry.signed_off_by),
        citations=sources_are,
        retired=retired,
        changed_at=now,
    )


def state_of(session: Session, entry: Evidence) -> str:
    """How the sources of an entry stand: what the entry itself says, and what catalogues said since. The worst counts.

    Nobody looked at a source that is not marked verified, however well a catalogue knows it.
    """
    known = answers.kept(session, (key for one in entry.citations for key in answers.keys(one)))
    notices = {notice.kind for answer in known.values() if answer.found for notice in answer.found.notices}
    flags = [one.flagged.casefold() for one in entry.citations if one.flagged]
    if NoticeKind.RETRACTION in notices or any("retract" in flag or "withdrawn" in flag for flag in flags):
        return "retracted"
    if notices or flags:
        return "corrected"
    return "ok" if entry.citations and all(one.verified for one in entry.citations) else "unchecked"


def look_again(session: Session, entry_id: str) -> None:
    """A catalogue said something new about a source: the card says so, too."""
    card = session.get_one(EntryCardRow, entry_id)
    version = session.get_one(EntryVersionRow, (entry_id, card.version))
    card.citations = state_of(session, codec.load(Evidence, version.data))


def find(session: Session, wanted: Wanted, today: date) -> Drawer:
    """The cards that fit, one page of them. Three queries, however large the table."""
    conditions = _conditions(wanted, today)
    found = _count(session, conditions)
    entries = _count(session, [~EntryCardRow.retired])
    pages = max(1, -(-found // ON_A_PAGE))
    page = min(max(1, wanted.page), pages)
    order = SORTS.get(wanted.sort, SORTS["id"])
    query = select(EntryCardRow).where(*conditions)
    rows = session.scalars(query.order_by(*order).limit(ON_A_PAGE).offset((page - 1) * ON_A_PAGE)).all()
    return Drawer(cards=rows, found=found, entries=entries, page=page, pages=pages)


def topics(session: Session) -> list[str]:
    """Every topic of the table."""
    rows = session.scalars(select(EntryCardRow.topics).where(~EntryCardRow.retired).distinct())
    return sorted({topic for row in rows for topic in row.split("\n") if topic}, key=str.casefold)


def unsigned(session: Session) -> int:
    """How many entries in force wait for a clinician."""
    return _count(session, [~EntryCardRow.retired, ~EntryCardRow.signed])


def retracted(session: Session) -> int:
    """How many entries in force stand on a source that was retracted."""
    return _count(session, [~EntryCardRow.retired, EntryCardRow.citations == "retracted"])


def citing(session: Session, key: str) -> list[str]:
    """The entries in force that stand on this source (see `answers.keys`)."""
    query = select(EntryCardRow.entry_id).where(~EntryCardRow.retired, _line(EntryCardRow.sources, key))
    return list(session.scalars(query.order_by(EntryCardRow.entry_id)))


def sources(session: Session) -> set[str]:
    """Every source that an entry in force stands on."""
    rows = session.scalars(select(EntryCardRow.sources).where(~EntryCardRow.retired))
    return {key for row in rows for key in row.split("\n") if key}


def sharing(session: Session, entry: Evidence) -> list[str]:
    """Other entries in force that hold one of its exemplars or citation keys, word for word."""
    texts = (entry.claim, *entry.paraphrases, *(one.key for one in entry.citations))
    lines = sorted({fold(text) for text in texts if text.strip()})
    found: set[str] = set()
    for start in range(0, len(lines), MOST_IN_ONE):
        same = or_(*(_line(EntryCardRow.words, line) for line in lines[start : start + MOST_IN_ONE]))
        query = select(EntryCardRow.entry_id).where(~EntryCardRow.retired, EntryCardRow.entry_id != entry.id, same)
        found.update(session.scalars(query))
    return sorted(found)


def fold(text: str) -> str:
    """A text as it stands on a card and is searched for."""
    return " ".join(text.split()).casefold()


def _conditions(wanted: Wanted, today: date) -> list[ColumnElement[bool]]:
    card = EntryCardRow
    found: list[ColumnElement[bool]] = [
        card.words.contains(word, autoescape=True) for word in wanted.words.casefold().split()
    ]
    if wanted.topic:
        found.append(_line(card.topics, wanted.topic))
    for column, value in (
        (card.certainty, wanted.certainty),
        (card.sensitivity, wanted.sensitivity),
        (card.citations, wanted.citations),
    ):
        if value:
            found.append(column == value)
    reviews: dict[str, ColumnElement[bool]] = {
        "overdue": card.review_by < today,
        "soon": card.review_by.between(today, today + SOON),
        "later": card.review_by > today + SOON,
        "none": card.review_by.is_(None),
    }
    if wanted.review in reviews:
        found.append(reviews[wanted.review])
    found.append(card.retired.is_(wanted.status == "retired"))
    if wanted.status in ("signed", "unsigned"):
        found.append(card.signed.is_(wanted.status == "signed"))
    elif wanted.status in ("draft", "waiting"):
        found.append(exists().where(ProposalRow.entry_id == card.entry_id, ProposalRow.state == wanted.status))
    return found


def _texts(entry: Evidence) -> Iterable[str]:
    yield from (entry.id, entry.claim, entry.correction_short, entry.correction_long, entry.limits)
    for group in (entry.topics, entry.paraphrases, entry.negations, entry.questions):
        yield from group
    for one in entry.citations:
        yield from (one.key, one.title, one.first_author, one.doi, one.pmid)


def _line(column: InstrumentedAttribute[str], text: str) -> ColumnElement[bool]:
    return column.contains(f"\n{text}\n", autoescape=True)


def _lines(texts: Iterable[str]) -> str:
    """Each text between two line breaks, so that one is found whole."""
    return "\n" + "".join(f"{text}\n" for text in texts if text)


def _count(session: Session, conditions: Iterable[ColumnElement[bool]]) -> int:
    return session.scalar(select(func.count(EntryCardRow.entry_id)).where(*conditions)) or 0
