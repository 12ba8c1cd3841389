"""Health and metrics, read from the store when asked. It measures; it changes nothing."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from pathlib import Path

from prometheus_client import CollectorRegistry, Gauge, ProcessCollector, generate_latest
from sqlalchemy import func, select
from sqlalchemy.exc import SQLAlchemyError

from bot import switch
from bot.life import State
from bot.ports import Clock
from bot.store.engine import Store
from bot.store.models import AccountRow, CaseRow, CursorRow, DeliveryRow, GapRow, JobRow, OptOutRow

LATE = timedelta(minutes=5)  # a job that should have run this long ago means that no worker is alive


class Instruments:
    """What the office can say about itself."""

    def __init__(self, *, store: Store, clock: Clock, stop_flag: Path) -> None:
        self._store = store
        self._clock = clock
        self._stop_flag = stop_flag

    def health(self, troubles: Iterable[str] = ()) -> tuple[str, ...]:
        """Why the office cannot work right now; empty when it can. `troubles`: what the sources say."""
        if problem := self._store.ping():
            return (problem,)
        reasons = [trouble for trouble in troubles if trouble]
        try:
            with self._store.read() as session:
                oldest = session.scalar(
                    select(func.min(JobRow.due_at)).where(JobRow.finished_at.is_(None), JobRow.dead.is_(False))
                )
                paused = session.execute(select(AccountRow.id, AccountRow.paused).where(AccountRow.paused != "")).all()
        except SQLAlchemyError as error:
            return (f"database: {error.__class__.__name__}; run `scrutineer check`",)
        if oldest is not None and oldest < self._clock.now() - LATE:
            reasons.append("work is waiting and no worker does it; start `scrutineer run --roles worker`")
        reasons += [f"account {name} is paused: {why}" for name, why in paused]
        return tuple(reasons)

    def metrics(self) -> str:
        """Prometheus text format."""
        registry = CollectorRegistry()
        ProcessCollector(registry=registry)

        def gauge(name: str, words: str, *labels: str) -> Gauge:
            return Gauge(f"scrutineer_{name}", words, labels, registry=registry)

        cases = gauge("cases", "Cases by state", "state")
        jobs = gauge("jobs", "Jobs by condition", "condition")
        deliveries = gauge("deliveries", "Deliveries by state", "state")
        age = gauge("source_age_seconds", "Seconds since a source was last heard", "source")
        skipped = gauge("source_skipped", "Malformed items left out, by source", "source")
        now = self._clock.now()
        with self._store.read() as session:
            counted = dict(session.execute(select(CaseRow.state, func.count()).group_by(CaseRow.state)).tuples())
            for state in State:
                cases.labels(state.value).set(counted.get(state.value, 0))
            waiting = JobRow.finished_at.is_(None) & JobRow.dead.is_(False)
            jobs.labels("waiting").set(session.scalar(select(func.count()).where(waiting)) or 0)
            jobs.labels("gave_up").set(session.scalar(select(func.count()).where(JobRow.dead)) or 0)
            for name, count in session.execute(select(DeliveryRow.state, func.count()).group_by(DeliveryRow.state)):
                deliveries.labels(name).set(count)
            for row in session.scalars(select(CursorRow)):
                age.labels(row.source).set(max((now - row.heard_at).total_seconds(), 0))
                skipped.labels(row.source).set(row.skipped)
            gaps = session.scalar(select(func.count()).select_from(GapRow).where(GapRow.closed_at.is_(None)))
            gauge("gaps_open", "Stretches of a source that may have been missed").set(gaps or 0)
            gauge("opt_outs", "People who must not be addressed").set(
                session.scalar(select(func.count()).select_from(OptOutRow)) or 0
            )
            stopped = bool(switch.why_stopped(session, self._stop_flag))
        gauge("publishing_stopped", "1 while the kill switch is on").set(stopped)
        return generate_latest(registry).decode()
