"""What needs a person's eye behind the scenes: gaps, jobs that gave up, unclear sends, pauses. A person settles it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot import audit
from bot.errors import NotAllowed
from bot.store.models import AccountRow, CursorRow, DeliveryRow, GapRow, JobRow


@dataclass(frozen=True, slots=True, kw_only=True)
class Upkeep:
    """How things stand. Everything but `cursors` is trouble."""

    cursors: Sequence[CursorRow]
    gaps: Sequence[GapRow]
    jobs: Sequence[JobRow]
    unclear: Sequence[DeliveryRow]
    paused: Sequence[AccountRow]

    @property
    def troubles(self) -> int:
        """How many things a person should look at (pauses are shown by themselves)."""
        return len(self.gaps) + len(self.jobs) + len(self.unclear)


def look(session: Session) -> Upkeep:
    """How things stand now."""
    open_gaps = select(GapRow).where(GapRow.closed_at.is_(None)).order_by(GapRow.id.desc())
    gave_up = select(JobRow).where(JobRow.dead, JobRow.finished_at.is_(None)).order_by(JobRow.id.desc())
    unclear = select(DeliveryRow).where(DeliveryRow.state == "unknown").order_by(DeliveryRow.intent_at)
    return Upkeep(
        cursors=session.scalars(select(CursorRow).order_by(CursorRow.source)).all(),
        gaps=session.scalars(open_gaps).all(),
        jobs=session.scalars(gave_up).all(),
        unclear=session.scalars(unclear).all(),
        paused=session.scalars(select(AccountRow).where(AccountRow.paused != "").order_by(AccountRow.id)).all(),
    )


def close_gap(session: Session, gap_id: int, *, by: str, now: datetime) -> None:
    """Somebody knows about it: it is shown no more."""
    gap = session.get(GapRow, gap_id)
    if gap is None:
        raise NotAllowed("there is no such gap")
    if gap.closed_at is None:
        gap.closed_at = now
        audit.note(session, who=by, what="gap closed", now=now, source=gap.source, why=gap.why)


def try_again(session: Session, job_id: int, *, by: str, now: datetime) -> None:
    """The cause is mended: the job begins anew. Whatever it does asks every gate again."""
    job = _dead(session, job_id)
    job.dead, job.attempts, job.due_at = False, 0, now
    audit.note(session, who=by, what="job started again", now=now, case_id=job.payload.get("case"), job=job.unique_key)


def let_go(session: Session, job_id: int, *, by: str, now: datetime) -> None:
    """Somebody knows about it: the job is not done, and not shown any more."""
    job = _dead(session, job_id)
    job.finished_at = now
    audit.note(session, who=by, what="job let go", now=now, case_id=job.payload.get("case"), job=job.unique_key)


def _dead(session: Session, job_id: int) -> JobRow:
    job = session.get(JobRow, job_id)
    if job is None or not job.dead or job.finished_at is not None:
        raise NotAllowed("this job is not waiting for a person any more; reload the page")
    return job
