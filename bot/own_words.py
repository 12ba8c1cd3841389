"""What the office says in its own words, in versions: write one, put it in force, go back. It judges no wording.

A version never changes once it is written. Who wrote one does not put it in force alone, see `why_not`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from bot import audit
from bot.errors import NotAllowed, Stale
from bot.store.codec import clean_text
from bot.store.office_models import ReplyTemplateRow, UserRow

LONGEST_NOTE = 300  # characters
SHIPPED = 0  # the "version" that stands for what ships


class State(StrEnum):
    """What became of a version."""

    DRAFT = "draft"
    IN_FORCE = "in_force"
    RETIRED = "retired"  # it was in force once


@dataclass(frozen=True, slots=True, kw_only=True)
class Name:
    """Which words: a phrase or a layout, of one language, and what ships under this name."""

    lang: str
    name: str
    shipped: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Hand:
    """Who acts. `practice`: in an office that reaches nobody."""

    name: str
    id: int
    practice: bool = False


def in_force(session: Session, lang: str) -> tuple[tuple[str, str], ...]:
    """(name, text) of every version in force, as the voice takes it. Read for every reply: a handful of short rows."""
    return _texts(session, lang, [State.IN_FORCE])


def ever_said(session: Session, lang: str) -> tuple[tuple[str, str], ...]:
    """(name, text) of every version that is or was in force: drafts made with it may still wait."""
    return _texts(session, lang, [State.IN_FORCE, State.RETIRED])


def languages(session: Session) -> list[str]:
    """The languages in which the office says anything in its own words."""
    rows = select(ReplyTemplateRow.lang).where(ReplyTemplateRow.state == State.IN_FORCE).distinct()
    return list(session.scalars(rows.order_by(ReplyTemplateRow.lang)))


def of_language(session: Session, lang: str) -> dict[str, list[ReplyTemplateRow]]:
    """Every version of this language by name, the newest first."""
    query = select(ReplyTemplateRow).where(ReplyTemplateRow.lang == lang)
    found: dict[str, list[ReplyTemplateRow]] = {}
    for row in session.scalars(query.order_by(ReplyTemplateRow.name, ReplyTemplateRow.version.desc())):
        found.setdefault(row.name, []).append(row)
    return found


def versions(session: Session, what: Name, *, locked: bool = False) -> Sequence[ReplyTemplateRow]:
    """Every version of these words, the newest first."""
    query = select(ReplyTemplateRow).where(ReplyTemplateRow.lang == what.lang, ReplyTemplateRow.name == what.name)
    query = query.order_by(ReplyTemplateRow.version.desc())
    return session.scalars(query.with_for_update() if locked else query).all()


def current(rows: Sequence[ReplyTemplateRow]) -> ReplyTemplateRow | None:
    """The version in force among these, or None: what ships is said."""
    return next((row for row in rows if row.state == State.IN_FORCE), None)


def write(session: Session, what: Name, text: str, note: str, *, hand: Hand, now: datetime) -> ReplyTemplateRow:
    """A new version; nobody says it yet. Raises `NotAllowed`, or `Stale` if somebody wrote at the same moment."""
    text, note = clean_text(text).strip(), clean_text(note).strip()
    if len(note) > LONGEST_NOTE:
        raise NotAllowed(f"a note has at most {LONGEST_NOTE} characters")
    rows = versions(session, what)
    before = rows[0].text if rows else what.shipped
    if text == before:
        raise NotAllowed("nothing was changed")
    row = ReplyTemplateRow(
        lang=what.lang, name=what.name, version=rows[0].version + 1 if rows else 1, text=text, note=note,
        state=State.DRAFT.value, by=hand.name, by_id=hand.id, at=now,
    )  # fmt: skip
    session.add(row)
    _note(session, "reply words written", what, hand, now, version=row.version, before=before, after=text, note=note)
    try:
        session.flush()
    except IntegrityError as error:
        raise Stale("somebody saved other words at the same moment: look at theirs, then save yours again") from error
    return row


def put_in_force(
    session: Session, what: Name, version: int, *, seen: int, hand: Hand, now: datetime
) -> ReplyTemplateRow:
    """From now on new drafts say this. `seen` is the version in force that the person saw (`SHIPPED`: none of ours)."""
    rows = versions(session, what, locked=True)
    row = next((one for one in rows if one.version == version), None)
    if row is None:
        raise NotAllowed("there is no such version")
    old = _as_seen(rows, seen)
    if old is row:
        raise NotAllowed(f"version {version} is in force already")
    if why := why_not(session, row, hand):
        raise NotAllowed(why)
    if old is not None:
        old.state = State.RETIRED.value
    row.state, row.put_by, row.put_at = State.IN_FORCE.value, hand.name, now
    before = old.text if old is not None else what.shipped
    _note(session, "reply words put in force", what, hand, now, version=version, before=before, after=row.text)
    session.flush()
    return row


def back_to_shipped(session: Session, what: Name, *, seen: int, hand: Hand, now: datetime) -> None:
    """From now on new drafts say what ships. One person may do this: those words were agreed on before."""
    old = _as_seen(versions(session, what, locked=True), seen)
    if old is None:
        raise NotAllowed("the shipped words are in force already")
    old.state = State.RETIRED.value
    _note(session, "reply words as shipped", what, hand, now, version=SHIPPED, before=old.text, after=what.shipped)
    session.flush()


def why_not(session: Session, row: ReplyTemplateRow, hand: Hand) -> str:
    """Why this person may not put this version in force; "" when they may."""
    wrote_it = row.by_id == hand.id or row.by == hand.name
    if not wrote_it or hand.practice or works_alone(session):
        return ""
    return "you wrote this version; somebody else puts it in force"


def works_alone(session: Session) -> bool:
    """Does only one person work here?"""
    here = select(func.count()).select_from(UserRow).where(UserRow.disabled_at.is_(None))
    return (session.scalar(here) or 0) <= 1


def _as_seen(rows: Sequence[ReplyTemplateRow], seen: int) -> ReplyTemplateRow | None:
    old = current(rows)
    if (old.version if old is not None else SHIPPED) != seen:
        raise Stale("somebody else changed what is in force meanwhile: look again, then decide")
    return old


def _texts(session: Session, lang: str, states: list[State]) -> tuple[tuple[str, str], ...]:
    query = select(ReplyTemplateRow.name, ReplyTemplateRow.text).where(
        ReplyTemplateRow.lang == lang, ReplyTemplateRow.state.in_([state.value for state in states])
    )
    return tuple((row.name, row.text) for row in session.execute(query.order_by(ReplyTemplateRow.id)))


def _note(
    session: Session, said: str, what: Name, hand: Hand, now: datetime, *, version: int, before: str, after: str,
    note: str = "",
) -> None:  # fmt: skip
    audit.note(
        session, who=hand.name, what=said, now=now, lang=what.lang, name=what.name, version=version, before=before,
        after=after, note=note,
    )  # fmt: skip
