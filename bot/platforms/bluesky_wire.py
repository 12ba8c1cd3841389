"""One HTTP exchange with a Bluesky server, with every failure named by our own tree of errors.

It stands below the SDK's client: the SDK gives sessions and headers, this gives bounded time, bounded memory and
plain errors. It knows nothing of posts.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import httpx
from atproto_client.request import AsyncRequest, Response
from pydantic_core import from_json

from bot.errors import Gone, LoggedOut, PlatformError, Refused, SlowDown, Unclear, Unreachable
from bot.platforms.times import ahead_of

_TIMEOUT = httpx.Timeout(20.0, connect=10.0)  # seconds
_MOST_BYTES = 16 * 2**20  # of one answer, unpacked; a full page of notifications is well below 1 MB
_DEFAULT_WAIT = 60.0  # seconds, where a 429 gives no usable time
_LONGEST = 60.0  # seconds for a whole exchange: a server may drip one byte at a time
_USER_AGENT = "scrutineer (a person approves every reply)"

# What the server calls a session it no longer takes. It says so with 400 as well as with 401.
_SESSION_REFUSED = frozenset(
    {"ExpiredToken", "InvalidToken", "AuthMissing", "AuthenticationRequired", "AccountNotFound"}
)
_ACCOUNT_CLOSED = frozenset({"AccountTakedown", "AccountDeactivated", "AccountSuspended"})
_NOT_THERE = frozenset({"RecordNotFound", "RepoNotFound", "NotFound", "BlockedActor", "BlockedByActor"})
_NOT_SERVED = frozenset({"MethodNotImplemented", "XRPCNotSupported"})
# The request never left us.
_NEVER_LEFT = (
    httpx.ConnectError,
    httpx.ConnectTimeout,
    httpx.PoolTimeout,
    httpx.UnsupportedProtocol,
    httpx.LocalProtocolError,
)


class Answered(Refused):
    """The server said no; `name` is the error's name in the protocol."""

    def __init__(self, message: str, *, status: int, name: str) -> None:
        super().__init__(message)
        self.status, self.name = status, name


class NotServed(Refused):
    """This server does not know the method, for instance a PDS without AppView."""


class SessionRefused(LoggedOut):
    """The session is no good any more; the password may still be."""


class Wire(AsyncRequest):  # type: ignore[misc]  # the SDK carries no type marker
    """The SDK's HTTP client with a cap on size and time, and with our errors. A POST is a write."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**{"timeout": _TIMEOUT, **options})
        self.skew: float | None = None  # seconds by which our clock is ahead of the server's, as last told
        self.set_additional_headers({"User-Agent": _USER_AGENT})

    async def get(self, url: str, **options: Any) -> Response:
        return await self._exchange("GET", url, **options)

    async def post(self, url: str, **options: Any) -> Response:
        return await self._exchange("POST", url, **options)

    async def _exchange(self, method: str, url: str, **options: Any) -> Response:
        headers = self.get_headers(options.pop("headers", None))
        writing = method == "POST"
        try:
            async with (
                asyncio.timeout(_LONGEST),
                self._client.stream(method, url, headers=headers, **options) as response,
            ):
                told = ahead_of(response.headers, datetime.now(UTC))
                self.skew = self.skew if told is None else told
                body = await _read(response)
        except _NEVER_LEFT as fault:
            raise Unreachable(f"no connection to {httpx.URL(url).host}: {_say(fault)}") from fault
        except (httpx.HTTPError, httpx.StreamError, TimeoutError) as fault:
            raise _lost(writing, f"no answer from {httpx.URL(url).host}: {_say(fault)}") from fault
        if response.is_success:
            return Response(
                success=True,
                status_code=response.status_code,
                content=_content(body, response.headers.get("content-type", ""), writing),
                headers=dict(response.headers),
            )
        raise error_for(response.status_code, response.headers, body, writing=writing)


async def _read(response: httpx.Response) -> bytes:
    pieces, size = [], 0
    async for piece in response.aiter_bytes(65536):
        size += len(piece)
        if size > _MOST_BYTES:
            raise httpx.DecodingError(f"more than {_MOST_BYTES} bytes")
        pieces.append(piece)
    return b"".join(pieces)


def _content(body: bytes, kind: str, writing: bool) -> Any:
    if not body or "json" not in kind.lower():
        return body
    try:
        return from_json(body)
    except ValueError:
        pass
    try:
        return json.loads(body)  # keeps lone surrogates, which the fast parser refuses
    except (ValueError, RecursionError) as fault:
        raise _lost(writing, "the answer is no JSON") from fault


def _lost(writing: bool, message: str) -> PlatformError:
    return Unclear(message) if writing else Unreachable(message)


def _say(fault: Exception) -> str:
    return f"{type(fault).__name__} {fault}".strip()[:200]


def error_for(status: int, headers: Mapping[str, str], body: bytes, *, writing: bool) -> PlatformError:
    """What an unhappy answer means for the caller."""
    name, words = _error_body(body)
    message = f"the server answered {status} {name}: {words}".rstrip(": ")
    if status == 429:
        return SlowDown(message, seconds=_wait(headers))
    if status == 501 or name in _NOT_SERVED or (status == 404 and not name):
        return NotServed(message)
    if status >= 500 or status in (408, 425):
        return _lost(writing, message)
    if name in _ACCOUNT_CLOSED:  # ours when we write or sign in, the other one's when we read about somebody
        return LoggedOut(message) if writing or status == 401 else Gone(message)
    if status == 401 or name in _SESSION_REFUSED:
        return SessionRefused(message)
    if status == 404 or name in _NOT_THERE:
        return Gone(message)
    return Answered(message, status=status, name=name)


def _error_body(body: bytes) -> tuple[str, str]:
    try:
        told = json.loads(body)
    except (ValueError, RecursionError):
        return "", ""
    if not isinstance(told, dict):
        return "", ""
    return str(told.get("error") or "")[:80], str(told.get("message") or "")[:200]


def _wait(headers: Mapping[str, str]) -> float:
    """Seconds to wait. Servers send a moment, a span, nothing, or nonsense; `SlowDown` bounds what comes out."""
    for header in ("retry-after", "ratelimit-reset"):
        try:
            number = float(headers.get(header, ""))
        except ValueError:
            continue
        seconds = number - time.time() if number > 1e9 else number
        if seconds > 0:  # also false for "nan"
            return seconds
    return _DEFAULT_WAIT
