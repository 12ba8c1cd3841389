"""The durable job table: due, lease, fence, retry. It stores and hands out work; it does not do any."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from bot.errors import LostLease
from bot.store.models import JobRow

LEASE = timedelta(seconds=60)  # how long a claimed job is ours; a dead worker's job comes back after it
FIRST_RETRY = timedelta(seconds=2)
LONGEST_RETRY = timedelta(minutes=15)
KEEP_FINISHED = timedelta(days=2)  # finished jobs still collapse duplicates of their key for this long


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """A job in hand. Every write about it names its `fence`; a newer owner has a higher one."""

    id: int
    kind: str
    payload: dict[str, Any]
    fence: int
    attempts: int
    max_attempts: int


def put(
    session: Session,
    kind: str,
    unique_key: str,
    *,
    due_at: datetime,
    payload: dict[str, Any],
    max_attempts: int = 8,
    anew: bool = False,
) -> bool:
    """Add a job unless one with this key exists. True if it was added.

    `anew`: one that ended before, done or given up, does not count; it begins again.
    """
    values = {
        "kind": kind,
        "unique_key": unique_key,
        "payload": payload,
        "due_at": due_at,
        "max_attempts": max_attempts,
        "fence": 0,
        "attempts": 0,
        "worker": "",
        "last_error": "",
        "dead": False,
    }
    dialect = sqlite if session.get_bind().dialect.name == "sqlite" else postgresql
    statement = dialect.insert(JobRow).values(values)
    if anew:
        begin = {"payload": payload, "due_at": due_at, "attempts": 0, "dead": False, "finished_at": None}
        statement = statement.on_conflict_do_update(
            index_elements=["unique_key"], set_=begin, where=JobRow.dead | JobRow.finished_at.is_not(None)
        )
    else:
        statement = statement.on_conflict_do_nothing(index_elements=["unique_key"])
    return session.execute(statement.returning(JobRow.id)).first() is not None


def claim(session: Session, *, worker: str, now: datetime, limit: int, kinds: Sequence[str] = ()) -> list[Job]:
    """Take up to `limit` due jobs for `LEASE`. Two workers never hold the same job at once."""
    due = (
        select(JobRow.id)
        .where(JobRow.finished_at.is_(None), JobRow.dead.is_(False), JobRow.due_at <= now)
        .order_by(JobRow.due_at, JobRow.id)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    if kinds:
        due = due.where(JobRow.kind.in_(kinds))
    chosen = due.cte("due")
    rows = session.execute(
        update(JobRow)
        .where(JobRow.id.in_(select(chosen.c.id)))
        .values(due_at=now + LEASE, fence=JobRow.fence + 1, attempts=JobRow.attempts + 1, worker=worker)
        .returning(JobRow.id, JobRow.kind, JobRow.payload, JobRow.fence, JobRow.attempts, JobRow.max_attempts)
        .execution_options(synchronize_session=False)
    ).all()
    jobs = [Job(id=r[0], kind=r[1], payload=r[2], fence=r[3], attempts=r[4], max_attempts=r[5]) for r in rows]
    return sorted(jobs, key=lambda job: job.id)


def finish(session: Session, job: Job, *, now: datetime) -> None:
    """The job is done. Raises `LostLease` if somebody else owns it by now."""
    _write(session, job, finished_at=now, last_error="")


def again(session: Session, job: Job, *, due_at: datetime, note: str = "") -> None:
    """Not yet: run it again at `due_at`, without counting an attempt."""
    _write(session, job, worker="", due_at=due_at, attempts=max(job.attempts - 1, 0), last_error=note)


def fail(session: Session, job: Job, *, now: datetime, error: str) -> bool:
    """It went wrong: retry later with back-off, or give up for good. True if it is dead now."""
    dead = job.attempts >= job.max_attempts
    wait = min(FIRST_RETRY * 2 ** max(job.attempts - 1, 0), LONGEST_RETRY)
    _write(session, job, worker="", due_at=now + wait, dead=dead, last_error=error[:500])
    return dead


def extend(session: Session, job: Job, *, now: datetime) -> None:
    """Heartbeat: keep the job for another `LEASE`."""
    _write(session, job, due_at=now + LEASE)


def take_back(session: Session, *, is_dead: Callable[[str], bool], now: datetime) -> int:
    """Make the jobs of workers that died due at once, instead of when their lease ends. Returns how many."""
    held = session.execute(
        select(JobRow.id, JobRow.worker).where(JobRow.finished_at.is_(None), JobRow.worker != "", JobRow.due_at > now)
    ).all()
    orphans = [job_id for job_id, worker in held if is_dead(worker)]
    if orphans:
        session.execute(update(JobRow).where(JobRow.id.in_(orphans)).values(due_at=now, worker=""))
    return len(orphans)


def next_due(session: Session, kinds: Sequence[str]) -> datetime | None:
    """When the next unfinished job of these kinds is due, if there is one."""
    return session.scalar(
        select(JobRow.due_at)
        .where(JobRow.finished_at.is_(None), JobRow.dead.is_(False), JobRow.kind.in_(kinds))
        .order_by(JobRow.due_at)
        .limit(1)
    )


def sweep(session: Session, *, now: datetime) -> int:
    """Delete jobs that were finished long ago; returns how many."""
    result = session.execute(delete(JobRow).where(JobRow.finished_at < now - KEEP_FINISHED))
    return int(getattr(result, "rowcount", 0))


def _write(session: Session, job: Job, **values: Any) -> None:
    result = session.execute(
        update(JobRow)
        .where(JobRow.id == job.id, JobRow.fence == job.fence, JobRow.finished_at.is_(None))
        .values(**values)
        .execution_options(synchronize_session=False)
    )
    if getattr(result, "rowcount", 0) != 1:
        raise LostLease(f"job {job.id} ({job.kind}) belongs to another worker by now")
