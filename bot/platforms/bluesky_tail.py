"""One run along the public stream: where we are, what waits to be taken, what was skipped. It opens no connection."""

from __future__ import annotations

import asyncio
from datetime import datetime

from atproto_jetstream import AsyncJetstreamClient

from bot.errors import Unreachable
from bot.model import Arrived, Event
from bot.platforms.bluesky_frames import OLDEST, Position, sift
from bot.platforms.bluesky_posts import Json, Malformed
from bot.ports import Concern, Heard

_PATIENCE = 4  # connections; a silent one is given up after a minute, so this says "silent" within five
_REMEMBERED = 20_000  # posts handed over, of which a deletion may follow closely
_BEAT = 1.0  # seconds between bare cursors, while nothing concerns us
_WAITING_EVENTS = 200  # then reading stops, and the server's buffer fills instead of our memory


class Remembering:
    """The concern, with a memory of what was just handed over.

    Its owner learns what the office holds a moment later than we hand it over: without this, a deletion that follows
    its post closely, as in a backlog, would find nobody who knows the post.
    """

    def __init__(self, concern: Concern) -> None:
        self.post = concern.post
        self._known = concern.known
        self._handed: dict[str, None] = {}

    def known(self, uri: str) -> bool:
        return uri in self._handed or self._known(uri)

    def remember(self, event: Event) -> None:
        if isinstance(event, Arrived):
            self._handed[event.post.ref.uri] = None
            if len(self._handed) > _REMEMBERED:
                del self._handed[next(iter(self._handed))]


class Tail:
    """One run along the stream."""

    def __init__(self, source: str, host: str, concern: Concern, account: str) -> None:
        self.source, self.host, self.account = source, host, account
        self.concern = Remembering(concern)
        self.waiting: asyncio.Queue[Heard] = asyncio.Queue(_WAITING_EVENTS)
        self.cursor: int | None = None  # what to ask the server for: a number, or microseconds
        self.seen = 0  # the last number taken in; repeats below it are dropped
        self.witnessed = ""
        self.frames = 0
        self.skipped = 0
        self.lost_since: datetime | None = None
        self.client: AsyncJetstreamClient | None = None
        self.closed = False
        self._told = 0
        self._in_vain = 0  # connections in a row that brought nothing
        self._frames_then = 0

    def disconnected(self, why: str) -> None:
        """A connection ended, or never began. Raises `Unreachable` when several in a row brought nothing."""
        self._in_vain = self._in_vain + 1 if self.frames == self._frames_then else 0
        self._frames_then = self.frames
        if self._in_vain >= _PATIENCE:
            raise Unreachable(f"Jetstream at {self.host} sends nothing ({why}). Trying again later.")

    async def close(self) -> None:
        """Ask the connection to end. A cancellation alone may get lost: `asyncio.wait_for`, under which the SDK
        waits, swallows it when a frame arrives at the same moment (Python 3.11)."""
        self.closed = True
        if self.client is not None:
            await self.client.stop()

    def start_from(self, kept: str, begin: datetime) -> None:
        """The kept position, or the moment `begin` if there is none."""
        position = Position.read(kept)
        if position is None:
            self.cursor = max(OLDEST, int(begin.timestamp() * 1e6))
            return
        self.witnessed = position.witnessed
        if position.host in ("", self.host):
            self.cursor = self.seen = self._told = position.seq
        else:
            self.cursor = position.as_time_cursor()

    def from_the_oldest(self) -> None:
        """Begin at the oldest event the host holds; if it will not have that either, at its newest."""
        self.cursor = None if self.cursor == OLDEST else OLDEST
        self.seen = 0

    async def lost_unless_time_helps(self) -> None:
        """Another host, or one that lost its memory: find our place by the time of the last event."""
        here = Position(seq=self.seen, witnessed=self.witnessed)
        by_time = here.as_time_cursor()
        if by_time is None or self.cursor == by_time:
            await self.lost("the stream was numbered anew, and our place in it is unknown")
            by_time = None
        self.cursor, self.seen = by_time, 0

    async def lost(self, why: str) -> None:
        self.lost_since = Position(seq=0, witnessed=self.witnessed).time
        since = f" since {self.witnessed}" if self.witnessed else ""
        await self.waiting.put(Heard(source=self.source, cursor=None, gap=f"posts may be missing{since}: {why}"))

    def take(self, payload: Json) -> Heard | None:
        """One frame in; out comes what must be told about it, if anything."""
        seq = payload.get("seq")
        if not isinstance(seq, int):
            raise Malformed("an event without a number")
        if seq <= self.seen:
            return None  # resuming repeats the last event
        self.frames += 1
        event: Event | None = None
        try:
            event = sift(payload, self.concern, self.account)
        except Malformed:
            self.skipped += 1
        self.cursor = self.seen = seq
        if isinstance(witnessed := payload.get("witnessedAt", payload.get("time")), str):
            self.witnessed = witnessed
        if event is None:
            return None
        self.concern.remember(event)
        return self.tell(event)

    def tell(self, event: Event | None = None) -> Heard:
        """What we say now, with the position after it."""
        position = Position(seq=self.seen, witnessed=self.witnessed.replace(" ", ""), host=self.host)
        skipped, self.skipped, self._told = self.skipped, 0, self.seen
        return Heard(
            source=self.source,
            cursor=str(position) if self.seen else None,
            event=event,
            skipped=skipped,
        )

    async def next(self, pump: asyncio.Task[None]) -> Heard | None:
        """The next thing to say; after a quiet second the bare position; None when there is nothing new."""
        if not self.waiting.empty():
            return self.waiting.get_nowait()
        getting = asyncio.ensure_future(self.waiting.get())
        try:
            await asyncio.wait((getting, pump), timeout=_BEAT, return_when=asyncio.FIRST_COMPLETED)
            if getting.done():
                return getting.result()
        finally:
            getting.cancel()
        if pump.done():
            pump.result()  # raises what ended it
        if not self.waiting.empty() or (self._told == self.seen and not self.skipped):
            return None
        return self.tell()
