"""Every public post of Bluesky, as it appears (Jetstream v2 through the SDK); needs no account, writes nothing.

The position is ours, not the SDK's: it leaves here only together with, or after, the event it stands behind.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import suppress
from datetime import datetime
from typing import Any, NoReturn
from urllib.parse import urlsplit

from atproto_client.models import NetworkBskyJetstreamSubscribeEvents
from atproto_client.models.common import XrpcError
from atproto_core.exceptions import AtProtocolError
from atproto_jetstream import AsyncJetstreamClient
from atproto_jetstream.exceptions import (
    JetstreamConsumerTooSlowError,
    JetstreamCursorTooOldError,
    JetstreamDecodingError,
    JetstreamError,
)

from bot.errors import Unreachable
from bot.model import Event
from bot.platforms.bluesky_frames import BLOCK, INFO, OLDEST, Position, read_payload, sift
from bot.platforms.bluesky_posts import POST, Json, Malformed
from bot.ports import Concern, Heard

PUBLIC_HOST = "wss://jetstream.us-east.bsky.network"

_BEAT = 1.0  # seconds between bare cursors, while nothing concerns us
_WAITING_EVENTS = 200  # then reading stops, and the server's buffer fills instead of our memory
_SILENCE = 60.0  # seconds without a frame: the public stream carries hundreds a second, so it hangs
_LONGEST_PAUSE = 30.0  # seconds between attempts to connect

Backfill = Callable[[datetime | None], AsyncIterator[Heard]]


class BlueskyStream:
    """A `Listener` for the public stream. `account` is our DID, if we have one: it makes blocks of us visible."""

    name = "bluesky:jetstream"

    def __init__(
        self, url: str = PUBLIC_HOST, *, account: str = "", compress: bool = True, backfill: Backfill | None = None
    ) -> None:
        self._url = url.rstrip("/").removesuffix("/xrpc")
        self._host = urlsplit(self._url).netloc
        self._account = account
        self._compress = compress
        self._backfill = backfill

    async def listen(self, cursors: Mapping[str, str], concern: Concern) -> AsyncIterator[Heard]:
        """Everything after `cursors["bluesky:jetstream"]`, or from now on. Ends only by an error or by closing it."""
        reading = _Reading(self.name, self._host, concern, self._account)
        reading.start_from(cursors.get(self.name, ""))
        pump = asyncio.create_task(self._pump(reading), name=self.name)
        try:
            while True:
                heard = await reading.next(pump)
                if heard is None:
                    continue
                yield heard
                if heard.gap and self._backfill is not None:
                    async for found in self._backfill(reading.lost_since):
                        yield found
        finally:
            await reading.close()
            pump.cancel()
            with suppress(asyncio.CancelledError, Unreachable):
                await pump

    async def _pump(self, reading: _Reading) -> None:
        """Connect again and again. A normal close is no reason to stop, and neither is a cursor nobody knows."""
        while not reading.closed:
            before = reading.frames
            reading.client = client = self._client(reading)
            try:
                await client.start(client.hand_over)
            except JetstreamCursorTooOldError as refusal:
                await reading.lost(f"the stream no longer holds our position ({refusal})")
                reading.from_the_oldest()
            except _OtherNumbers:
                await reading.lost_unless_time_helps()
            except (AtProtocolError, OSError) as fault:
                raise Unreachable(f"Jetstream at {self._host}: {fault}. Trying again later.") from fault
            if reading.frames == before and not reading.closed:
                await asyncio.sleep(random.uniform(0.5, 1.5))  # noqa: S311 (spreads reconnects, guards nothing)

    def _client(self, reading: _Reading) -> _Client:
        collections = [POST, BLOCK] if self._account else [POST]
        params = NetworkBskyJetstreamSubscribeEvents.Params(
            collections=collections, kinds=["commit"], cursor=reading.cursor
        )
        return _Client(
            reading, params=params, base_uri=f"{self._url}/xrpc", recv_timeout=_SILENCE, compress=self._compress
        )


class _OtherNumbers(JetstreamError):  # type: ignore[misc]  # the SDK carries no type marker
    """The host numbers its events otherwise: our number lies in its future."""


class _Reading:
    """One run of `listen`: where we are, what waits to be taken, what was skipped."""

    def __init__(self, source: str, host: str, concern: Concern, account: str) -> None:
        self.source, self.host, self.concern, self.account = source, host, concern, account
        self.waiting: asyncio.Queue[Heard] = asyncio.Queue(_WAITING_EVENTS)
        self.cursor: int | None = None  # what to ask the server for: a number, or microseconds
        self.seen = 0  # the last number taken in; repeats below it are dropped
        self.witnessed = ""
        self.frames = 0
        self.skipped = 0
        self.lost_since: datetime | None = None
        self.client: _Client | None = None
        self.closed = False
        self._told = 0

    async def close(self) -> None:
        """Ask the connection to end. A cancellation alone may get lost: `asyncio.wait_for`, under which the SDK
        waits, swallows it when a frame arrives at the same moment (Python 3.11)."""
        self.closed = True
        if self.client is not None:
            await self.client.stop()

    def start_from(self, kept: str) -> None:
        position = Position.read(kept)
        if position is None:
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
        return None if event is None else self.tell(event)

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


class _Client(AsyncJetstreamClient):  # type: ignore[misc]  # the SDK carries no type marker
    """The SDK's connection, with our decoding and our position.

    The SDK builds a validated model of every event. One that does not validate ends its loop, and the same event
    comes again after a restart: one broken record would stop us for ever. It is also most of the work.
    """

    def __init__(self, reading: _Reading, **options: Any) -> None:
        super().__init__(**options)
        self.reading = reading

    async def hand_over(self, heard: Heard) -> None:
        """Waits while the queue is full. Cannot fail, so no event is lost between here and `listen`."""
        await self.reading.waiting.put(heard)

    def _decode_frame(self, raw_frame: str | bytes) -> Heard | None:
        reading = self.reading
        try:
            if self._compression is not None and isinstance(raw_frame, bytes):
                raw_frame = self._compression.decompress(raw_frame)
            payload = read_payload(raw_frame)
            kind = payload.get("$type")
            if kind == "error":
                self._fail(payload)
            if kind == INFO:
                return self._advice(payload)
            heard = reading.take(payload)
        except (Malformed, JetstreamDecodingError):
            reading.skipped += 1
            return None
        if reading.seen:
            self._set_param("cursor", reading.seen)
        return heard

    def _fail(self, frame: Json) -> NoReturn:
        name, words = str(frame.get("error"))[:80], str(frame.get("message"))[:300]
        known = JetstreamConsumerTooSlowError if name == "ConsumerTooSlow" else JetstreamError
        raise known(XrpcError(name, words))

    def _advice(self, payload: Json) -> Heard | None:
        if payload.get("name") == "FutureCursor":
            raise _OtherNumbers("our position lies in this stream's future")
        if payload.get("name") == "OutdatedCursor" and self.reading.cursor != OLDEST:
            self.reading.seen = 0
            return Heard(
                source=self.reading.source,
                cursor=None,
                gap=f"posts may be missing since {self.reading.witnessed}: the stream begins later than our position",
            )
        return None

    def _handle_frame_decoding_error(self, exception: Exception) -> None:
        raise exception

    def _get_reconnection_delay(self) -> float:
        # The SDK starts at two seconds; a cut is common and is mended best at once, then ever slower.
        return float(min(0.1 * 2**self._reconnect_no, _LONGEST_PAUSE) * random.uniform(0.5, 1.0))  # noqa: S311
