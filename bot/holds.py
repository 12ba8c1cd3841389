"""Who works on a case just now: an exclusive hold that ends by itself, and the text typed meanwhile, which stays.

One statement takes a hold, so that of many who try at once one gets it. A hold keeps others from deciding; it gives no
right that its holder does not have anyway.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import case, delete, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from bot import audit, cases
from bot.errors import NotAllowed
from bot.life import WAITING, State
from bot.store.codec import clean_text
from bot.store.desk_models import HoldRow, JottingRow
from bot.store.models import CaseRow
from bot.store.office_models import UserRow

HOLD = timedelta(minutes=10)  # a page that is open renews it every minute
HANDED = timedelta(hours=2)  # whoever is handed a case may be away just now
AT_ONCE = 20  # cases that are tried before we look again
KEPT = timedelta(days=1)  # what nobody needs any more
MOST_TYPED = 20_000  # characters


def holder(session: Session, case_id: int, now: datetime) -> HoldRow | None:
    """Who holds the case, if anybody does."""
    row = session.get(HoldRow, case_id)
    return row if row is not None and row.until > now else None


def take(session: Session, case_id: int, who: str, now: datetime, *, over: bool = False) -> HoldRow:
    """Hold the case. Somebody else's hold is only broken with `over`, which is written down. Raises `NotAllowed`."""
    if State(cases.get(session, case_id).state) not in WAITING:
        raise NotAllowed("this case does not wait any more")
    before = holder(session, case_id, now)
    if before is not None and before.who != who:
        if not over:
            raise NotAllowed(held_by(before))
        audit.note(session, who=who, what="hold taken over", now=now, case_id=case_id, before=before.who)
        session.delete(before)
        session.flush()
    if not _grab(session, case_id, who, now):
        raise NotAllowed("somebody else took this case a moment ago")
    if before is None:
        audit.note(session, who=who, what="hold taken", now=now, case_id=case_id)
    session.expire_all()
    return session.get_one(HoldRow, case_id)


def take_next(session: Session, who: str, now: datetime) -> int | None:
    """Hold the case that should be read next: one that I hold already, else the first that is free. Its number."""
    waiting = CaseRow.state.in_([state.value for state in WAITING])
    free = ~select(HoldRow.case_id).where(HoldRow.case_id == CaseRow.id, HoldRow.until > now).exists()
    query = select(CaseRow.id).where(waiting, CaseRow.parked == "", CaseRow.lock == "", free)
    query = query.order_by(CaseRow.rank_at, CaseRow.id).limit(AT_ONCE)
    while candidates := list(session.scalars(query)):  # each that we do not get is somebody else's by now
        for case_id in candidates:
            if _grab(session, case_id, who, now):
                audit.note(session, who=who, what="hold taken", now=now, case_id=case_id)
                return case_id
    return None


def keep(session: Session, case_id: int, who: str, now: datetime, text: str | None = None) -> bool:
    """The page is still open: renew my hold, and keep what is typed. False: it is not mine (any more)."""
    if text is not None:
        jot(session, case_id, who, text, now)
    mine = holder(session, case_id, now)
    if mine is not None and mine.who != who:
        return False
    return _grab(session, case_id, who, now)


def release(session: Session, case_id: int, who: str, now: datetime) -> None:
    """Give the case back. Somebody else's hold stays."""
    gone = session.execute(delete(HoldRow).where(HoldRow.case_id == case_id, HoldRow.who == who))
    if gone.rowcount:  # type: ignore[attr-defined]
        audit.note(session, who=who, what="hold given back", now=now, case_id=case_id)


def hand_to(session: Session, case_id: int, who: str, to: str, now: datetime) -> None:
    """Give the case to a colleague, who holds it for a while. Raises `NotAllowed`."""
    check(session, case_id, who, now)
    known = session.scalar(select(UserRow.name).where(UserRow.name == to, UserRow.disabled_at.is_(None)))
    if known is None:
        raise NotAllowed(f"nobody here is called {to}")
    take(session, case_id, who, now)
    session.execute(update(HoldRow).where(HoldRow.case_id == case_id).values(who=to, since=now, until=now + HANDED))
    audit.note(session, who=who, what="handed to a colleague", now=now, case_id=case_id, after=to)


def check(session: Session, case_id: int, who: str, now: datetime) -> None:
    """Raises `NotAllowed` if somebody else holds the case."""
    row = holder(session, case_id, now)
    if row is not None and row.who != who:
        raise NotAllowed(held_by(row))


def held_by(row: HoldRow) -> str:
    """Why somebody else cannot decide now, and what they can do."""
    return f"{row.who} is working on this case until {row.until:%H:%M} UTC; ask them, or take it over on its page"


def let_go(session: Session, case_id: int) -> None:
    """The case is decided: nobody holds it, and what was typed into it is not needed any more."""
    session.execute(delete(HoldRow).where(HoldRow.case_id == case_id))
    session.execute(delete(JottingRow).where(JottingRow.case_id == case_id))


def all_of(session: Session, who: str, now: datetime) -> list[int]:
    """The cases that this person holds."""
    return list(session.scalars(select(HoldRow.case_id).where(HoldRow.who == who, HoldRow.until > now)))


def sweep(session: Session, now: datetime) -> None:
    """Throw away holds that ended long ago, and what was typed into cases that do not wait any more."""
    session.execute(delete(HoldRow).where(HoldRow.until < now - KEPT))
    still = select(CaseRow.id).where(CaseRow.state.in_([state.value for state in WAITING]))
    session.execute(delete(JottingRow).where(JottingRow.at < now - KEPT, JottingRow.case_id.not_in(still)))


# what was typed


def jot(session: Session, case_id: int, who: str, text: str, now: datetime) -> None:
    """Keep what somebody typed into the draft; the draft itself, typed again, is nothing to keep."""
    text = clean_text(text)[:MOST_TYPED]
    row = session.get(JottingRow, (case_id, who))
    if text.strip() == cases.get(session, case_id).draft.strip():
        if row is not None:
            session.delete(row)
    elif row is None:
        session.add(JottingRow(case_id=case_id, who=who, text=text, at=now))
    else:
        row.text, row.at = text, now


def jottings(session: Session, case_id: int) -> list[JottingRow]:
    """What was typed and not saved, by whom, newest first."""
    return list(session.scalars(select(JottingRow).where(JottingRow.case_id == case_id).order_by(JottingRow.at.desc())))


def drop_jotting(session: Session, case_id: int, who: str) -> None:
    """Throw away what I typed."""
    session.execute(delete(JottingRow).where(JottingRow.case_id == case_id, JottingRow.who == who))


def _grab(session: Session, case_id: int, who: str, now: datetime) -> bool:
    """One statement: make the hold, renew mine, or replace one that has ended. False: another's still runs."""
    insert = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    mine_or_over = (HoldRow.who == who) | (HoldRow.until <= now)
    again = {"who": who, "until": now + HOLD, "since": case((HoldRow.who == who, HoldRow.since), else_=now)}
    made = insert(HoldRow).values(case_id=case_id, who=who, since=now, until=now + HOLD)
    query = made.on_conflict_do_update(index_elements=["case_id"], set_=again, where=mine_or_over)
    return session.execute(query.returning(HoldRow.case_id)).first() is not None
