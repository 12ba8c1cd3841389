"""APScheduler: the clock that puts jobs in the table, and nothing else. A double start makes no double work."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

import structlog
from apscheduler.schedulers.asyncio import AsyncIOScheduler
from sqlalchemy.exc import SQLAlchemyError

from bot import jobs
from bot.ports import Clock
from bot.store.engine import Store

log = structlog.get_logger("schedule")


@dataclass(frozen=True, slots=True, kw_only=True)
class Tick:
    """A kind of job that comes round every `every`."""

    kind: str
    every: timedelta


TICKS = (
    Tick(kind="expire", every=timedelta(minutes=1)),  # drafts that came too late
    Tick(kind="seal", every=timedelta(minutes=1)),  # the newest lines of the record
    Tick(kind="notices", every=timedelta(minutes=1)),  # what people should be told
    Tick(kind="look back", every=timedelta(minutes=15)),  # posts that changed while nobody listened
    Tick(kind="check citations", every=timedelta(minutes=15)),  # some of the sources that are due, each once a week
    Tick(kind="sweep", every=timedelta(hours=1)),  # finished jobs, old sessions
)


class Schedule:
    """Puts one job per tick and time slot into the table; the slot is its unique key."""

    def __init__(self, *, store: Store, clock: Clock, bell: Callable[[], None]) -> None:
        self._store = store
        self._clock = clock
        self._bell = bell
        self._scheduler = AsyncIOScheduler(timezone="UTC")

    def start(self) -> None:
        """Begin ticking, in the running loop."""
        for tick in TICKS:
            self._scheduler.add_job(
                self._put,
                "interval",
                args=[tick],
                seconds=tick.every.total_seconds(),
                next_run_time=self._clock.now(),  # a start is a good moment too: much may have happened meanwhile
                coalesce=True,
                max_instances=1,
                misfire_grace_time=None,
            )
        self._scheduler.start()

    def stop(self) -> None:
        """No more ticks."""
        self._scheduler.shutdown(wait=False)

    def _put(self, tick: Tick) -> None:
        now = self._clock.now()
        slot = int(now.timestamp() // tick.every.total_seconds())
        try:
            with self._store.write() as session:
                jobs.put(session, tick.kind, f"{tick.kind}:{slot}", due_at=now, payload={})
        except SQLAlchemyError as error:  # the next slot will do
            log.error("tick could not be stored", kind=tick.kind, error=str(error.__cause__ or error))
            return
        self._bell()
