"""Blind second looks: of a share of decided cases somebody else says what they would have decided, not knowing.

It measures how far editors agree; it changes no case. What was decided is shown only after the second has spoken.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot import audit
from bot.errors import NotAllowed
from bot.store.desk_models import SecondLookRow, TaskRow
from bot.store.models import CaseRow

APPROVE = "approve"
ENOUGH = 8  # pairs about one entry before its agreement means anything
TOO_LOW = 0.4  # Cohen's kappa below which the curator should look at an entry ("fair" or worse, Landis & Koch 1977)
DISAGREE = "editors disagree"  # TaskRow.kind


@dataclass(frozen=True, slots=True, kw_only=True)
class Agreement:
    """How far two people agree on cases: `kappa` None means that it cannot be said (too few, or all alike)."""

    pairs: int
    agreed: int
    kappa: float | None


def chosen(case_id: int, share: float) -> bool:
    """Is this case one of the share? The same answer every time, and no pattern an editor could foresee."""
    drawn = int.from_bytes(hashlib.sha256(f"second look {case_id}".encode()).digest()[:4], "big")
    return drawn < share * 2**32


def put_by(session: Session, row: CaseRow, said: str, who: str, now: datetime, *, share: float) -> None:
    """After a decision: lay the case by for somebody else, if it is one of the share and was not laid by before."""
    if row.entry_id is None or not chosen(row.id, share) or session.get(SecondLookRow, row.id) is not None:
        return
    session.add(
        SecondLookRow(
            case_id=row.id,
            entry_id=row.entry_id,
            text=row.address + row.draft,
            first_who=who,
            first_said=said,
            first_at=now,
        )
    )


def waiting(session: Session, who: str) -> list[SecondLookRow]:
    """Cases on which this person may give a second opinion: decided by somebody else, and not looked at yet."""
    query = select(SecondLookRow).where(SecondLookRow.second_at.is_(None), SecondLookRow.first_who != who)
    return list(session.scalars(query.order_by(SecondLookRow.first_at).limit(50)))


def answer(session: Session, case_id: int, said: str, who: str, now: datetime) -> SecondLookRow:
    """What the second would have decided. Raises `NotAllowed`."""
    row = session.get(SecondLookRow, case_id, with_for_update=True)
    if row is None or row.second_at is not None:
        raise NotAllowed("this case does not wait for a second look (any more)")
    if row.first_who == who:
        raise NotAllowed("you decided this case yourself; somebody else looks at it a second time")
    row.second_who, row.second_said, row.second_at = who, said, now
    audit.note(session, who=who, what="second look", now=now, case_id=case_id, said=said, agreed=_same(row))
    session.flush()
    _watch(session, row.entry_id, now)
    return row


def done(session: Session) -> list[SecondLookRow]:
    """Every pair of opinions, the newest first."""
    query = select(SecondLookRow).where(SecondLookRow.second_at.is_not(None))
    return list(session.scalars(query.order_by(SecondLookRow.second_at.desc())))


def agreement(rows: Iterable[SecondLookRow]) -> Agreement:
    """Cohen's kappa over approve against decline; why somebody declined is not counted."""
    pairs = [(row.first_said == APPROVE, row.second_said == APPROVE) for row in rows]
    total, agreed = len(pairs), sum(one == other for one, other in pairs)
    if not pairs:
        return Agreement(pairs=0, agreed=0, kappa=None)
    first, second = sum(one for one, _ in pairs) / total, sum(other for _, other in pairs) / total
    by_chance = first * second + (1 - first) * (1 - second)
    kappa = None if by_chance == 1 else (agreed / total - by_chance) / (1 - by_chance)
    return Agreement(pairs=total, agreed=agreed, kappa=kappa)


def tasks(session: Session) -> list[TaskRow]:
    """What waits for a curator."""
    return list(session.scalars(select(TaskRow).where(TaskRow.closed_at.is_(None)).order_by(TaskRow.opened_at)))


def close_task(session: Session, task_id: int, who: str, now: datetime) -> None:
    """The curator has seen to it. Raises `NotAllowed`."""
    row = session.get(TaskRow, task_id)
    if row is None or row.closed_at is not None:
        raise NotAllowed("this task is closed already")
    row.closed_at, row.closed_by = now, who
    audit.note(session, who=who, what="task closed", now=now, task=row.kind, entry=row.entry_id)


def _watch(session: Session, entry_id: str, now: datetime) -> None:
    """Tell the curator, once, when editors disagree about an entry; pairs from before a closed task count no more."""
    last = session.scalar(select(TaskRow).where(TaskRow.entry_id == entry_id).order_by(TaskRow.id.desc()).limit(1))
    if last is not None and last.closed_at is None:
        return
    since = last.closed_at if last is not None else None
    rows = [row for row in done(session) if row.entry_id == entry_id and (since is None or row.first_at > since)]
    found = agreement(rows)
    if found.pairs >= ENOUGH and found.kappa is not None and found.kappa < TOO_LOW:
        why = f"editors agree on {found.agreed} of {found.pairs} cases (kappa {found.kappa:.2f}): read its claim again"
        session.add(TaskRow(kind=DISAGREE, entry_id=entry_id, why=why, opened_at=now))


def _same(row: SecondLookRow) -> bool:
    return (row.first_said == APPROVE) == (row.second_said == APPROVE)
