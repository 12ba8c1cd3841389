"""Notes to colleagues beside a case. `@Name` at the beginning asks that person, and waits for an answer."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from bot import audit, cases
from bot.errors import NotAllowed
from bot.store.codec import clean_text
from bot.store.desk_models import RemarkRow
from bot.store.office_models import UserRow

LONGEST = 2000  # characters


def leave(session: Session, case_id: int, who: str, text: str, now: datetime) -> RemarkRow:
    """Write a note. Whoever was asked and writes one has answered. Raises `NotAllowed`."""
    text = clean_text(text).strip()
    if not 1 <= len(text) <= LONGEST:
        raise NotAllowed(f"a note needs 1 to {LONGEST} characters")
    cases.get(session, case_id)
    to = asked_in(session, text)
    session.execute(
        update(RemarkRow)
        .where(RemarkRow.case_id == case_id, RemarkRow.to == who, RemarkRow.answered_at.is_(None))
        .values(answered_at=now)
    )
    row = RemarkRow(case_id=case_id, who=who, to=to, text=text, at=now)
    session.add(row)
    audit.note(session, who=who, what=f"asked {to}" if to else "note written", now=now, case_id=case_id)
    session.flush()
    return row


def of_case(session: Session, case_id: int) -> list[RemarkRow]:
    """The notes of a case, oldest first."""
    return list(session.scalars(select(RemarkRow).where(RemarkRow.case_id == case_id).order_by(RemarkRow.id)))


def asked(session: Session, who: str) -> list[int]:
    """The cases in which somebody waits for this person's word."""
    query = select(RemarkRow.case_id).where(RemarkRow.to == who, RemarkRow.answered_at.is_(None))
    return list(session.scalars(query.distinct()))


def asked_in(session: Session, text: str) -> str:
    """The colleague whom a note begins with, if anybody is called so; the longest name that fits."""
    if not text.startswith("@"):
        return ""
    said = text[1:].casefold()
    here = select(UserRow.name).where(UserRow.disabled_at.is_(None)).order_by(func.length(UserRow.name))
    fitting = [name for name in session.scalars(here) if said.startswith(name.casefold())]
    if not fitting:
        name = text[1:].split(" ", maxsplit=1)[0]
        raise NotAllowed(f"nobody here is called {name}; a note that asks begins with @ and a name")
    return fitting[-1]
