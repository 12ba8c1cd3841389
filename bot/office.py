"""Run an office that `app.py` built: web, workers and sources in one process, and a clean stop. It builds nothing."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import socket
import threading
from collections.abc import Callable, Coroutine, Iterator, Sequence
from dataclasses import dataclass, field

import structlog
import uvicorn
from fastapi import FastAPI

from bot import jobs, leases
from bot.duties import Duties
from bot.errors import BadSettings
from bot.intake import Intake
from bot.ports import Clock, Listener, Platform
from bot.review import Objections
from bot.schedule import Schedule
from bot.settings import ROLES
from bot.store.engine import Store
from bot.watch import Watch
from bot.worker import Bell, Worker

log = structlog.get_logger("office")

SPEAKING_AT_ONCE = 4  # replies under way at a time
THINKING_AT_ONCE = 8  # turns claimed at a time; they share one writer
TELLING_AT_ONCE = 4  # messages to our own people under way at a time
CLEAN_STOP = 5.0  # seconds for work in hand at shutdown (10 with all the tidying); leases bring the rest back


class Server(uvicorn.Server):
    """uvicorn inside our own loop: the office owns the signals, so that its own clean-up runs."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave the signals alone."""
        yield


@dataclass(kw_only=True)
class Office:
    """A built office, ready to run."""

    store: Store
    clock: Clock
    host: str
    port: int
    platforms: dict[str, Platform]
    listeners: list[tuple[str, Listener]]  # account id, where its posts come from
    watch: Watch
    remote_ids: dict[str, str]  # account id -> our own id on its network
    duties: Duties
    web: FastAPI
    web_stopping: threading.Event
    live: Listener | None = None  # the public stream, read-only, switched on by request
    live_account: str = ""
    live_wanted: bool = False
    objections: Objections = lambda _case, _text: ("nobody can check this text",)  # app.py gives the real one
    intakes: list[Intake] = field(default_factory=list)
    on_ready: Callable[[], None] = lambda: None
    bell: Bell | None = None
    _live_task: asyncio.Task[None] | None = None
    _live_stop: asyncio.Event | None = None
    _loop: asyncio.AbstractEventLoop | None = None

    async def run(self, roles: Sequence[str] = ROLES, *, stopping: asyncio.Event | None = None) -> None:
        """Until SIGINT or SIGTERM (or `stopping`)."""
        stopping = stopping or asyncio.Event()
        self._loop = asyncio.get_running_loop()
        self.bell = Bell()
        owner = leases.new_owner()
        door = self._open_door() if "web" in roles else None  # first: with the port in use nothing else begins
        with _signals(stopping):
            async with asyncio.TaskGroup() as group:
                work: list[Coroutine[None, None, None]] = []
                if door is not None:
                    work.append(self._serve(door, stopping))
                if "worker" in roles:
                    work.append(self._work(owner, stopping))
                if "ingest" in roles:
                    work += [self._intake(account, one, owner).run(stopping) for account, one in self.listeners]
                    work.append(self._live_loop(owner, stopping))
                tasks = [group.create_task(one) for one in work]
                group.create_task(self._stop_hard(stopping, tasks))
        await self._close(owner)

    def ring(self) -> None:
        """Wake the workers of this process, if it has any. Safe from any thread."""
        if self.bell:
            self.bell.ring()

    def set_live(self, wanted: bool) -> None:
        """Switch the public stream on or off. Safe from any thread."""
        self.live_wanted = wanted
        if self._loop and self._live_stop and not wanted:
            self._loop.call_soon_threadsafe(self._live_stop.set)

    def _intake(self, account: str, listener: Listener, owner: str) -> Intake:
        intake = Intake(
            store=self.store,
            clock=self.clock,
            account=account,
            listener=listener,
            watch=self.watch.for_account(self.remote_ids.get(account, "")),
            bell=self.ring,
            owner=owner,
        )
        self.intakes.append(intake)
        return intake

    async def _live_loop(self, owner: str, stopping: asyncio.Event) -> None:
        """The public stream, whenever somebody wants it."""
        if self.live is None:
            return
        while not stopping.is_set():
            if self.live_wanted:
                self._live_stop = asyncio.Event()
                intake = self._intake(self.live_account, self.live, owner)
                both = asyncio.create_task(_any(stopping, self._live_stop))
                await intake.run(self._live_stop)
                both.cancel()
                self.intakes.remove(intake)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(stopping.wait(), 0.5)

    async def _work(self, owner: str, stopping: asyncio.Event) -> None:
        assert self.bell is not None  # noqa: S101  set in run()
        await asyncio.to_thread(self._take_back)
        schedule = Schedule(store=self.store, clock=self.clock, bell=self.ring)
        schedule.start()
        try:
            async with asyncio.TaskGroup() as group:
                for duties, parallel in (
                    (self.duties.thinking, THINKING_AT_ONCE),
                    (self.duties.speaking, SPEAKING_AT_ONCE),
                    (self.duties.telling, TELLING_AT_ONCE),
                ):
                    worker = Worker(
                        store=self.store,
                        clock=self.clock,
                        bell=self.bell,
                        owner=owner,
                        duties=duties,
                        parallel=parallel,
                    )
                    group.create_task(worker.run(stopping))
        finally:
            schedule.stop()

    def _take_back(self) -> None:
        with self.store.write() as session:
            orphans = jobs.take_back(session, is_dead=leases.is_dead, now=self.clock.now())
        if orphans:
            log.warning("an earlier run was cut off", jobs=orphans)

    def _open_door(self) -> socket.socket:
        family = socket.AF_INET6 if ":" in self.host else socket.AF_INET
        try:
            door = socket.create_server((self.host, self.port), family=family)
        except OSError as error:
            why = os.strerror(error.errno) if error.errno and error.errno > 0 else error.strerror
            raise BadSettings(
                f"port: {self.port} on {self.host} cannot be used ({why}); perhaps an office is already open"
                " there (`ss -ltnp` shows who uses it). Choose another: SCRUTINEER_PORT=8001 scrutineer run"
            ) from error
        self.port = door.getsockname()[1]
        return door

    async def _serve(self, door: socket.socket, stopping: asyncio.Event) -> None:
        config = uvicorn.Config(self.web, log_config=None, access_log=False, timeout_graceful_shutdown=3)
        server = Server(config)
        ready = asyncio.create_task(self._announce(server))
        stopper = asyncio.create_task(self._stop_server(server, stopping))
        try:
            await server.serve(sockets=[door])
        finally:
            ready.cancel()
            stopper.cancel()
            stopping.set()

    async def _announce(self, server: Server) -> None:
        while not server.started:  # noqa: ASYNC110  uvicorn offers no event for it
            await asyncio.sleep(0.02)
        await asyncio.to_thread(self.on_ready)

    async def _stop_server(self, server: Server, stopping: asyncio.Event) -> None:
        await stopping.wait()
        self.web_stopping.set()
        server.should_exit = True

    async def _stop_hard(self, stopping: asyncio.Event, tasks: list[asyncio.Task[None]]) -> None:
        """What is not done in time is cut off: leases and the delivery ledger bring it back at the next start."""
        await stopping.wait()
        log.info("stopping")
        _, pending = await asyncio.wait(tasks, timeout=CLEAN_STOP)
        for task in pending:
            task.cancel()

    async def _close(self, owner: str) -> None:
        def give_back() -> None:
            with self.store.write() as session:
                leases.release(session, owner)

        await asyncio.to_thread(give_back)
        for platform in self.platforms.values():
            await platform.close()
        self.store.close()


async def _any(first: asyncio.Event, second: asyncio.Event) -> None:
    """When the first is set, set the second too."""
    await first.wait()
    second.set()


@contextlib.contextmanager
def _signals(stopping: asyncio.Event) -> Iterator[None]:
    loop = asyncio.get_running_loop()
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stopping.set)
    try:
        yield
    finally:
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.remove_signal_handler(number)
