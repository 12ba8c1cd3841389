"""The streaming API as a hint: something is new, go and poll. Silence, errors and lies of a stream lose nothing.

A task of asyncio reads it, not a thread: it can be cancelled at once, and a server that hangs cannot hold up our exit.
"""

from __future__ import annotations

import asyncio
import json
import random
from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from typing import Any
from urllib.parse import quote

import httpx

from bot.platforms.mastodon_http import MastodonHttp

HEARTBEAT = 60.0  # seconds; Mastodon sends a sign of life every 15
FIRST_WAIT = 5.0  # seconds before the second try to connect
LONGEST_WAIT = 300.0
TAGS_STREAMED = 4  # each takes a connection; further tags are polled only
LONGEST_LINE = 2_000_000  # bytes; a status is a few kB
REFUSALS = 3  # 4xx answers in a row after which the stream is left alone


class Hints:
    """Connections to the streaming server, one per stream."""

    def __init__(
        self,
        http: MastodonHttp,
        base: str,
        tags: Sequence[str],
        wake: Callable[[str], None],
        edited: Callable[[object], None],
        deleted: Callable[[str], None],
    ) -> None:
        self._base = base.rstrip("/")
        self._headers = {"Authorization": f"Bearer {http.token}", "User-Agent": http.user_agent}
        self._tags = tags[:TAGS_STREAMED]
        self._wake, self._edited, self._deleted = wake, edited, deleted
        self.skipped = 0  # events that made no sense

    def work(self) -> list[Coroutine[Any, Any, None]]:
        """What has to run."""
        streams = [("/api/v1/streaming/user", "")]
        streams += [(f"/api/v1/streaming/hashtag?tag={quote(tag, safe='')}", tag) for tag in self._tags]
        return [self._follow(path, tag) for path, tag in streams]

    async def _follow(self, path: str, tag: str) -> None:
        """Connect again whenever the stream ends, patiently."""
        wait, refusals = FIRST_WAIT, 0
        timeout = httpx.Timeout(HEARTBEAT, connect=20.0)
        while refusals < REFUSALS:
            try:
                async with (
                    httpx.AsyncClient(timeout=timeout, headers=self._headers) as client,
                    client.stream("GET", self._base + path) as response,
                ):
                    refusals = refusals + 1 if 400 <= response.status_code < 500 else 0
                    if response.status_code == 200:
                        wait = FIRST_WAIT
                        self._wake(tag)  # whatever came while nobody listened
                        await self._read(response, tag)
            except (httpx.HTTPError, httpx.InvalidURL, ValueError):
                pass  # polling goes on; the watchdog ends up here too
            await asyncio.sleep(wait * random.uniform(0.8, 1.2))  # noqa: S311  spreads retries, keeps no secret
            wait = min(wait * 2, LONGEST_WAIT)

    async def _read(self, response: httpx.Response, tag: str) -> None:
        """Server-sent events, one by one. What cannot be read is skipped and counted."""
        name, data = "", ""
        async for line in _lines(response):
            if line.startswith("event:"):
                name = line[6:].strip()
            elif line.startswith("data:"):
                data += line[5:].strip()
            elif not line:
                if name:
                    self._event(name, data, tag)
                name, data = "", ""

    def _event(self, name: str, data: str, tag: str) -> None:
        if name in ("notification", "notifications_merged") or (name == "update" and tag):
            self._wake(tag)  # an update of the home timeline is nothing we poll
        elif name == "delete":
            self._deleted(data.strip('"'))  # the number alone, bare or as JSON
        elif name in ("status.update", "status_update"):
            try:
                self._edited(json.loads(data))
            except (ValueError, RecursionError):
                self.skipped += 1


async def _lines(response: httpx.Response) -> AsyncIterator[str]:
    """Lines of a stream; one that never ends is cut off with the connection."""
    rest = b""
    async for chunk in response.aiter_bytes():
        *whole, rest = (rest + chunk).split(b"\n")
        if len(rest) > LONGEST_LINE:
            return
        for line in whole:
            yield line.rstrip(b"\r").decode("utf-8", "replace")
