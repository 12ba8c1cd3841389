"""Every public post of Bluesky, as it appears (Jetstream v2 through the SDK); needs no account, writes nothing.

The position is ours, not the SDK's: it leaves here only together with, or after, the event it stands behind.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import suppress
from datetime import UTC, datetime, timedelta
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
from bot.platforms.bluesky_frames import BLOCK, INFO, OLDEST, read_payload
from bot.platforms.bluesky_posts import POST, Json, Malformed
from bot.platforms.bluesky_tail import Tail
from bot.ports import Concern, Heard

PUBLIC_HOST = "wss://jetstream.us-east.bsky.network"

AT_FIRST = timedelta(minutes=5)  # so that a new office finds something to read

_SILENCE = 60.0  # seconds without a frame: the public stream carries hundreds a second, so it hangs
_BREATH = (0.1, 0.5)  # seconds before connecting again after a normal close
_LONGEST_PAUSE = 30.0  # seconds between attempts to connect

Backfill = Callable[[datetime | None], AsyncIterator[Heard]]


class BlueskyStream:
    """A `Listener` for the public stream. `account` is our DID, if we have one: it makes blocks of us visible."""

    def __init__(
        self,
        url: str = PUBLIC_HOST,
        *,
        name: str = "bluesky:jetstream",
        account: str = "",
        begin: datetime | None = None,
        compress: bool = True,
        backfill: Backfill | None = None,
    ) -> None:
        """`begin` is where to start without a cursor; if it is not given, a few minutes before now."""
        self.name = name
        self._begin = begin or datetime.now(UTC) - AT_FIRST
        self._url = url.rstrip("/").removesuffix("/xrpc")
        self._host = urlsplit(self._url).netloc
        self._account = account
        self._compress = compress
        self._backfill = backfill

    async def listen(self, cursors: Mapping[str, str], concern: Concern) -> AsyncIterator[Heard]:
        """Everything after `cursors[name]`, or since `begin`. Ends only by an error, or when it is closed."""
        tail = Tail(self.name, self._host, concern, self._account)
        tail.start_from(cursors.get(self.name, ""), self._begin)
        pump = asyncio.create_task(self._pump(tail), name=self.name)
        try:
            while True:
                heard = await tail.next(pump)
                if heard is None:
                    continue
                yield heard
                if heard.gap and self._backfill is not None:
                    async for found in self._backfill(tail.lost_since):
                        yield found
        finally:
            await tail.close()
            pump.cancel()
            with suppress(asyncio.CancelledError, Unreachable):
                await pump

    async def _pump(self, tail: Tail) -> None:
        """Connect again and again. A normal close is no reason to stop, and neither is a cursor nobody knows."""
        while not tail.closed:
            tail.client = client = self._client(tail)
            try:
                await client.start(client.hand_over)
            except JetstreamCursorTooOldError as refusal:
                await tail.lost(f"the stream no longer holds our position ({refusal})")
                tail.from_the_oldest()
            except _OtherNumbers:
                await tail.lost_unless_time_helps()
            except (AtProtocolError, OSError) as fault:
                raise Unreachable(f"Jetstream at {self._host}: {fault}. Trying again later.") from fault
            if not tail.closed:
                tail.disconnected("it ends every connection")
                await asyncio.sleep(random.uniform(*_BREATH))  # noqa: S311 (spreads reconnects, guards nothing)

    def _client(self, tail: Tail) -> _Client:
        collections = [POST, BLOCK] if self._account else [POST]
        params = NetworkBskyJetstreamSubscribeEvents.Params(
            collections=collections, kinds=["commit"], cursor=tail.cursor
        )
        return _Client(
            tail, params=params, base_uri=f"{self._url}/xrpc", recv_timeout=_SILENCE, compress=self._compress
        )


class _OtherNumbers(JetstreamError):  # type: ignore[misc]  # the SDK carries no type marker
    """The host numbers its events otherwise: our number lies in its future."""


class _Client(AsyncJetstreamClient):  # type: ignore[misc]  # the SDK carries no type marker
    """The SDK's connection, with our decoding and our position.

    The SDK builds a validated model of every event. One that does not validate ends its loop, and the same event
    comes again after a restart: one broken record would stop us for ever. It is also most of the work.
    """

    def __init__(self, tail: Tail, **options: Any) -> None:
        super().__init__(**options)
        self.tail = tail

    async def hand_over(self, heard: Heard) -> None:
        """Waits while the queue is full. Cannot fail, so no event is lost between here and `listen`."""
        await self.tail.waiting.put(heard)

    def _decode_frame(self, raw_frame: str | bytes) -> Heard | None:
        tail = self.tail
        try:
            if self._compression is not None and isinstance(raw_frame, bytes):
                raw_frame = self._compression.decompress(raw_frame)
            payload = read_payload(raw_frame)
            kind = payload.get("$type")
            if kind == "error":
                self._fail(payload)
            if kind == INFO:
                return self._advice(payload)
            heard = tail.take(payload)
        except (Malformed, JetstreamDecodingError):
            tail.skipped += 1
            return None
        if tail.seen:
            self._set_param("cursor", tail.seen)
        return heard

    def _fail(self, frame: Json) -> NoReturn:
        name, words = str(frame.get("error"))[:80], str(frame.get("message"))[:300]
        known = JetstreamConsumerTooSlowError if name == "ConsumerTooSlow" else JetstreamError
        raise known(XrpcError(name, words))

    def _advice(self, payload: Json) -> Heard | None:
        if payload.get("name") == "FutureCursor":
            raise _OtherNumbers("our position lies in this stream's future")
        if payload.get("name") == "OutdatedCursor" and self.tail.witnessed and self.tail.cursor != OLDEST:
            self.tail.seen = 0
            return Heard(
                source=self.tail.source,
                cursor=None,
                gap=f"posts may be missing since {self.tail.witnessed}: the stream begins later than our position",
            )
        return None

    def _handle_frame_decoding_error(self, exception: Exception) -> None:
        raise exception

    def _handle_websocket_error_or_stop(self, exception: Exception) -> bool:
        should_stop = bool(super()._handle_websocket_error_or_stop(exception))
        if not should_stop and not self.tail.closed:
            self.tail.disconnected(f"{type(exception).__name__} {exception}".strip()[:200])
        return should_stop

    def _get_reconnection_delay(self) -> float:
        # The SDK starts at two seconds; a cut is common and is mended best at once, then ever slower.
        return float(min(0.1 * 2**self._reconnect_no, _LONGEST_PAUSE) * random.uniform(0.5, 1.0))  # noqa: S311
