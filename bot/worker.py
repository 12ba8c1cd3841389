"""The loop that does due jobs, and how it stops. It knows no network and decides nothing itself."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from datetime import timedelta
from enum import Enum

import structlog
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from bot import jobs
from bot.errors import LostLease, SlowDown
from bot.jobs import Job
from bot.ports import Clock
from bot.settle import Later
from bot.store.engine import Store

log = structlog.get_logger("worker")


class Settled(Enum):
    """The duty has saved its result and the end of its job in one transaction."""

    SETTLED = "settled"


SETTLED = Settled.SETTLED

Do = Callable[[Job], Awaitable[Later | Settled | None]]
"""Does a job. `Later`: come back then. `SETTLED`: it was finished in the duty's own transaction. None: it is done."""

POLL = 1.0  # seconds; how soon work put in by another process is seen
HEARTBEAT = jobs.LEASE.total_seconds() / 3
TROUBLE_PAUSE = 2.0  # seconds to wait when the database does not answer


class Bell:
    """Wakes the loops of this process. Safe to ring from any thread."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._waiting: set[asyncio.Event] = set()

    def ring(self) -> None:
        """There may be work."""
        with suppress(RuntimeError):  # the loop is closed: nobody is left to wake
            self._loop.call_soon_threadsafe(self._wake)

    def _wake(self) -> None:
        for event in self._waiting:
            event.set()

    def listen(self) -> asyncio.Event:
        """An event that every ring sets; the listener clears it."""
        event = asyncio.Event()
        self._waiting.add(event)
        return event


class Worker:
    """Does the jobs of some kinds, `parallel` at a time."""

    def __init__(
        self, *, store: Store, clock: Clock, bell: Bell, owner: str, duties: Mapping[str, Do], parallel: int
    ) -> None:
        self._store = store
        self._clock = clock
        self._bell = bell
        self._owner = owner
        self._duties = duties
        self._parallel = parallel
        self._in_hand: dict[asyncio.Task[None], Job] = {}

    async def run(self, stopping: asyncio.Event) -> None:
        """Until `stopping`; then finish what is in hand (the office bounds how long)."""
        woken = self._bell.listen()
        heart = asyncio.create_task(self._heartbeat())
        try:
            while not stopping.is_set():
                woken.clear()
                free = self._parallel - len(self._in_hand)
                claimed: list[Job] = []
                if free > 0:
                    try:
                        claimed = await asyncio.to_thread(self._claim, free)
                    except SQLAlchemyError as error:
                        log.error("jobs cannot be read", error=str(error.__cause__ or error))
                        await _first(TROUBLE_PAUSE, stopping.wait())
                        continue
                for job in claimed:
                    task = asyncio.create_task(self._do(job))
                    self._in_hand[task] = job
                    task.add_done_callback(lambda done: self._in_hand.pop(done, None))
                if len(claimed) < free or free <= 0:
                    await _first(POLL, stopping.wait(), woken.wait(), *self._in_hand)
            if self._in_hand:
                await asyncio.wait(set(self._in_hand))
        finally:
            heart.cancel()

    def _claim(self, free: int) -> list[Job]:
        kinds = tuple(self._duties)
        with self._store.read() as session:  # a look costs no write lock
            due = jobs.next_due(session, kinds)
        if due is None or due > self._clock.now():
            return []
        with self._store.write() as session:
            return jobs.claim(session, worker=self._owner, now=self._clock.now(), limit=free, kinds=kinds)

    async def _do(self, job: Job) -> None:
        later: Later | Settled | None
        try:
            later = await self._duties[job.kind](job)
        except LostLease:
            return
        except SlowDown as error:
            later = Later(at=self._clock.now() + timedelta(seconds=error.seconds), why=str(error))
        except Exception as error:  # any failure of a job: keep it, retry it, say so loudly
            words = f"{type(error).__name__}: {error}"
            await self._record(job, lambda session: self._failed(session, job, words))
            return
        if not isinstance(later, Settled):
            await self._record(job, lambda session: self._done(session, job, later))

    async def _record(self, job: Job, write: Callable[[Session], None]) -> None:
        """Save how a job ended. If even that fails, its lease runs out and it is done again."""

        def in_transaction() -> None:
            with self._store.write() as session:
                write(session)

        try:
            await asyncio.to_thread(in_transaction)
        except LostLease:
            log.warning("job was taken over", job=job.id, kind=job.kind)
        except SQLAlchemyError as error:
            log.error("job cannot be settled", job=job.id, kind=job.kind, error=str(error.__cause__ or error))

    def _done(self, session: Session, job: Job, later: Later | None) -> None:
        if later is None:
            jobs.finish(session, job, now=self._clock.now())
        else:
            jobs.again(session, job, due_at=later.at, note=later.why)

    def _failed(self, session: Session, job: Job, words: str) -> None:
        dead = jobs.fail(session, job, now=self._clock.now(), error=words)
        log.error("job failed", job=job.id, kind=job.kind, attempt=job.attempts, gave_up=dead, error=words[:300])

    async def _heartbeat(self) -> None:
        while True:
            await asyncio.sleep(HEARTBEAT)
            for job in list(self._in_hand.values()):
                with suppress(SQLAlchemyError, LostLease):
                    await asyncio.to_thread(self._extend, job)

    def _extend(self, job: Job) -> None:
        with self._store.write() as session:
            jobs.extend(session, job, now=self._clock.now())


async def _first(seconds: float, *waits: Awaitable[object]) -> None:
    """Wait for the first of these, at most so long; only what we made ourselves is cancelled."""
    made = [asyncio.ensure_future(wait) for wait in waits]
    ours = [task for wait, task in zip(waits, made, strict=True) if wait is not task]
    await asyncio.wait(made, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
    for task in ours:
        task.cancel()
