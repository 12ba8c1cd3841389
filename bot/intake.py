"""Listen to one source for ever and put what is heard into the inbox. It restarts what ends; it loses nothing."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress

import structlog
from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError

from bot import inbox, leases
from bot.errors import PlatformError
from bot.model import Arrived, Edited
from bot.ports import Clock, Heard, Listener
from bot.store.engine import Store
from bot.store.models import CaseRow, DeliveryRow, EventRow
from bot.watch import Watch

log = structlog.get_logger("intake")

BATCH = 500  # events per transaction at most
WAITING = 2_000  # heard but not yet stored; then the source has to wait
OVERLAP = 1_000  # events read again at each refresh: other processes may commit smaller numbers later
FIRST_PAUSE, LONGEST_PAUSE = 1.0, 60.0  # seconds between attempts


class Intake:
    """One supervised source. `bell` wakes the workers when something new is in."""

    def __init__(
        self,
        *,
        store: Store,
        clock: Clock,
        account: str,
        listener: Listener,
        watch: Watch,
        bell: Callable[[], None],
        owner: str,
    ) -> None:
        self._store = store
        self._clock = clock
        self._account = account
        self.name = listener.name
        self._listener = listener
        self._watch = watch
        self._bell = bell
        self._owner = owner
        self.trouble = ""  # why this source is not heard right now ("" = it is)

    async def run(self, stopping: asyncio.Event) -> None:
        """Until `stopping`: hold the lease, listen, store. A normal end of the stream is a reason to start again."""
        pause = FIRST_PAUSE
        while not stopping.is_set():
            try:
                ours = await asyncio.to_thread(self._hold)
            except SQLAlchemyError as error:
                self.trouble = f"the database does not answer: {error.__class__.__name__}"
                log.error("lease cannot be taken", source=self._listener.name, error=str(error.__cause__ or error))
                await _rest(stopping, pause)
                continue
            if not ours:
                self.trouble = ""  # another process listens to this source: nothing is wrong, we stand by
                await _rest(stopping, leases.TTL.total_seconds() / 3)
                continue
            heard_something = False
            try:
                cursors = await asyncio.to_thread(self._cursors)
                heard_something = await self._listen(cursors, stopping)
                self.trouble = "" if stopping.is_set() else "the source ended; starting it again"
            except PlatformError as error:
                self.trouble = f"{type(error).__name__}: {error}"
            except SQLAlchemyError as error:
                self.trouble = f"the database does not answer: {error.__class__.__name__}"
            except Exception as error:  # a network library may fail in ways nobody foresaw: the office goes on
                self.trouble = f"this source fails in a way nobody foresaw ({type(error).__name__}); please report it"
                log.exception("source failed", source=self._listener.name)
            if not stopping.is_set():
                log.warning("source ended", source=self._listener.name, trouble=self.trouble, pause=pause)
                pause = FIRST_PAUSE if heard_something else min(pause * 2, LONGEST_PAUSE)
                await _rest(stopping, pause)

    async def _listen(self, cursors: dict[str, str], stopping: asyncio.Event) -> bool:
        queue: asyncio.Queue[Heard] = asyncio.Queue(WAITING)
        reader = asyncio.create_task(self._read(cursors, queue))
        renewer = asyncio.create_task(self._renew(stopping))
        stop = asyncio.create_task(stopping.wait())
        heard = False
        try:
            while not stopping.is_set():
                get = asyncio.create_task(queue.get())
                await asyncio.wait({get, stop, reader, renewer}, return_when=asyncio.FIRST_COMPLETED)
                if not get.done() or renewer.done():  # we stop, the source ended, or it is another process's now
                    get.cancel()
                    break
                await self._store_batch(_drain(get.result(), queue), stopping)
                heard, self.trouble = True, ""
        finally:
            for task in (reader, renewer, stop):
                task.cancel()
            with suppress(asyncio.CancelledError):
                await renewer
            with suppress(asyncio.CancelledError):
                await reader  # raises what the listener raised
        return heard

    async def _read(self, cursors: dict[str, str], queue: asyncio.Queue[Heard]) -> None:
        async for heard in self._listener.listen(cursors, self._watch):
            await queue.put(heard)

    async def _renew(self, stopping: asyncio.Event) -> None:
        """Keep the lease; ends when it is lost (this process was suspended, and another took over)."""
        while not stopping.is_set():
            await _rest(stopping, leases.TTL.total_seconds() / 3)
            with suppress(SQLAlchemyError):  # the next renewal, or the next store, will tell
                if not await asyncio.to_thread(self._hold):
                    return
                await asyncio.to_thread(refresh, self._store, self._watch)

    async def _store_batch(self, batch: list[Heard], stopping: asyncio.Event) -> None:
        """Events and cursor in one transaction, retried until it works: a full or locked disk loses nothing."""
        pause = FIRST_PAUSE
        while True:
            try:
                new = await asyncio.to_thread(self._take, batch)
                break
            except SQLAlchemyError as error:
                why = getattr(error, "orig", None) or error.__class__.__name__
                self.trouble = f"cannot store what was heard ({why}): make room, or end who holds the database"
                log.error("inbox cannot be written; trying again", source=self._listener.name, error=str(why))
                await _rest(stopping, pause)
                pause = min(pause * 2, LONGEST_PAUSE)
                if stopping.is_set():
                    return  # not stored, so the cursor stands before it: it is heard again at the next start
        for heard in batch:
            if isinstance(heard.event, Arrived | Edited):
                self._watch.remember(heard.event.post.ref.uri)
        if new:
            self._bell()

    def _take(self, batch: list[Heard]) -> int:
        with self._store.write() as session:
            return inbox.take(session, batch, account=self._account, now=self._clock.now())

    def _cursors(self) -> dict[str, str]:
        refresh(self._store, self._watch)
        with self._store.read() as session:
            return inbox.cursors(session)

    def _hold(self) -> bool:
        with self._store.write() as session:
            return leases.hold(session, f"listen:{self._listener.name}", self._owner, now=self._clock.now())


def refresh(store: Store, watch: Watch) -> None:
    """Learn which posts the office holds and which are ours, also those that other processes added."""
    since = watch.read_up_to - OVERLAP
    with store.read() as session:
        events = select(EventRow.id, EventRow.uri).where(EventRow.kind != "vanished", EventRow.id > since)
        for number, uri in session.execute(events):
            watch.remember(uri)
            watch.read_up_to = max(watch.read_up_to, number)
        for (subject,) in session.execute(select(CaseRow.subject_uri).where(CaseRow.subject_uri != CaseRow.uri)):
            watch.remember(subject)
        for remote in session.scalars(select(DeliveryRow.remote).where(DeliveryRow.state == "confirmed")):
            if remote:
                watch.remember(remote["uri"], ours=True)


def _drain(first: Heard, queue: asyncio.Queue[Heard]) -> list[Heard]:
    batch = [first]
    while len(batch) < BATCH and not queue.empty():
        batch.append(queue.get_nowait())
    return batch


async def _rest(stopping: asyncio.Event, seconds: float) -> None:
    with suppress(TimeoutError):
        await asyncio.wait_for(stopping.wait(), seconds)
