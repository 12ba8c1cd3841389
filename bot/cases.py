"""Cases in the store: find one, move one. The only place where the state of a case is written."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session
from sqlalchemy.orm.exc import StaleDataError

from bot import audit
from bot.errors import NotAllowed, Stale
from bot.life import State, move
from bot.model import Via
from bot.store.models import CaseRow

LIFE_OF_A_DRAFT = {Via.MENTION: timedelta(hours=24), Via.ANSWER: timedelta(hours=24), Via.TAG: timedelta(hours=6)}


def get(session: Session, case_id: int) -> CaseRow:
    """The case, or `NotAllowed` if there is none."""
    case = session.get(CaseRow, case_id)
    if case is None:
        raise NotAllowed(f"there is no case {case_id}; `scrutineer queue list` shows the open ones")
    return case


def of_post(session: Session, network: str, uri: str) -> CaseRow | None:
    """The case in which this post would be answered."""
    return session.scalar(select(CaseRow).where(CaseRow.network == network, CaseRow.uri == uri))


def about(session: Session, network: str, uri: str) -> list[CaseRow]:
    """Every case in which this post is answered, is what somebody asked about, or is our own reply."""
    concerned = (CaseRow.uri == uri) | (CaseRow.subject_uri == uri) | (CaseRow.remote_uri == uri)
    return list(session.scalars(select(CaseRow).where(CaseRow.network == network, concerned).order_by(CaseRow.id)))


def change(session: Session, case: CaseRow, to: State, *, who: str, why: str, now: datetime, **detail: Any) -> CaseRow:
    """Move the case, write it down, and make the change visible to the database at once.

    Raises `NotAllowed` if the table of moves forbids it, `Stale` if somebody else changed the case first.
    """
    before = State(case.state)
    case.state = move(before, to)
    case.reason = why
    case.updated_at = now
    audit.note(session, who=who, what=f"case {before} → {to}", now=now, case_id=case.id, why=why, **detail)
    flush(session)
    return case


def flush(session: Session) -> None:
    """Write pending changes; a lost race becomes `Stale`."""
    try:
        session.flush()
    except StaleDataError as error:
        raise Stale("somebody else changed this case a moment ago; reload it and decide again") from error


def expect_version(case: CaseRow, version: int) -> None:
    """Compare-and-set: the person decided on what they saw, and only on that."""
    if case.version != version:
        raise Stale("this case changed since you opened it; reload it and decide again")


def of_author(session: Session, network: str, author_id: str) -> list[CaseRow]:
    """Every case in which this account would be answered or is talked about."""
    concerned = (CaseRow.author_id == author_id) | (CaseRow.subject_author_id == author_id)
    return list(session.scalars(select(CaseRow).where(CaseRow.network == network, concerned).order_by(CaseRow.id)))
