"""Every unhappy answer of a Bluesky server has a name that says what to do next, and costs bounded time and memory."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from bot.errors import Gone, LoggedOut, Refused, SlowDown, Unclear, Unreachable
from bot.platforms import bluesky_wire
from bot.platforms.bluesky_wire import Answered, NotServed, SessionRefused, Wire, error_for


def fault(status: int, name: str = "", *, writing: bool = True, **headers: str) -> Exception:
    body = json.dumps({"error": name, "message": "because"}).encode() if name else b"<html>sorry</html>"
    return error_for(status, {key.replace("_", "-"): value for key, value in headers.items()}, body, writing=writing)


@pytest.mark.parametrize(
    ("status", "name", "writing", "expected"),
    [
        (400, "InvalidSwap", True, Answered),
        (400, "InvalidRequest", True, Answered),
        (413, "PayloadTooLarge", True, Answered),
        (400, "RecordNotFound", False, Gone),
        (404, "NotFound", False, Gone),
        (404, "", True, NotServed),
        (501, "MethodNotImplemented", False, NotServed),
        (400, "ExpiredToken", True, SessionRefused),
        (401, "AuthenticationRequired", True, SessionRefused),
        (401, "", False, SessionRefused),
        (401, "AccountTakedown", True, LoggedOut),
        (400, "AccountTakedown", False, Gone),
        (500, "InternalServerError", True, Unclear),
        (504, "", True, Unclear),
        (408, "", True, Unclear),
        (502, "UpstreamFailure", False, Unreachable),
    ],
)
def test_an_unhappy_answer_says_what_to_do_next(status: int, name: str, writing: bool, expected: type[Exception]):
    assert type(fault(status, name, writing=writing)) is expected


def test_whatever_is_refused_is_never_tried_again():
    assert issubclass(Answered, Refused)
    assert issubclass(NotServed, Refused)
    assert issubclass(SessionRefused, LoggedOut)


@pytest.mark.parametrize(
    ("headers", "low", "high"),
    [
        ({"ratelimit_reset": str(int(time.time()) + 90)}, 60, 91),
        ({"ratelimit_reset": "30"}, 30, 30),
        ({"ratelimit_reset": str(int(time.time()) - 90)}, 60, 60),
        ({"ratelimit_reset": str(int(time.time()) + 55 * 365 * 86400)}, 3600, 3600),
        ({"ratelimit_reset": "nan"}, 60, 60),
        ({"ratelimit_reset": "inf"}, 3600, 3600),
        ({"ratelimit_reset": "soon"}, 60, 60),
        ({"retry_after": "7", "ratelimit_reset": "30"}, 7, 7),
        ({"retry_after": "Wed, 25 Nov 2026 10:00:00 GMT"}, 60, 60),
        ({}, 60, 60),
    ],
)
def test_the_wait_of_a_rate_limit_is_read_and_bounded(headers: dict[str, str], low: float, high: float):
    told = fault(429, "RateLimitExceeded", **headers)

    assert isinstance(told, SlowDown)
    assert low <= told.seconds <= high


# --- servers that answer anything but an answer


@asynccontextmanager
async def a_server(*pieces: bytes, hold: bool = False) -> AsyncIterator[str]:
    """Answers each request with these bytes, then hangs up, or holds the line."""

    async def run(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        try:
            for piece in pieces:
                writer.write(piece)
                await writer.drain()
            if hold:
                await reader.read()
        except ConnectionError:
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(run, "127.0.0.1", 0)
    try:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/xrpc/x"
    finally:
        server.close()


OK = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"HTTP/1.1 200",
        b"nonsense\r\n\r\n",
        OK + b"Content-Length: 100\r\n\r\n{",
        OK + b"Content-Length: 5\r\n\r\n{oops",
        OK + b"Transfer-Encoding: chunked\r\n\r\nZZ\r\n",
        OK + b"Content-Encoding: gzip\r\nContent-Length: 4\r\n\r\n\x1f\x8bxx",
        b"HTTP/1.1 302 Found\r\nLocation: /xrpc/x\r\nContent-Length: 0\r\n\r\n",
    ],
    ids=["nothing", "half a line", "nonsense", "cut", "no json", "bad chunk", "bad gzip", "round and round"],
)
async def test_a_broken_answer_is_unclear_when_we_write_and_unreachable_when_we_read(answer: bytes):
    wire = Wire()
    async with a_server(answer) as url:
        with pytest.raises(Unclear):
            await wire.post(url)
        with pytest.raises(Unreachable):
            await wire.get(url)
    await wire.close()


async def test_an_endless_answer_is_cut_off():
    wire = Wire()
    async with a_server(OK + b"\r\n", *[b"x" * 2**20] * 200) as url:
        with pytest.raises(Unreachable, match="more than"):
            await wire.get(url)
    await wire.close()


async def test_a_silent_server_costs_bounded_time(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(bluesky_wire, "_LONGEST", 0.2)
    wire = Wire()
    async with a_server(OK + b"Content-Length: 100\r\n\r\n", b"{", hold=True) as url:
        with pytest.raises(Unclear):
            await wire.post(url)
    await wire.close()


async def test_lone_surrogates_in_an_answer_do_not_hide_the_rest_of_it():
    body = rb'{"text": "\ud83d"}'
    wire = Wire()
    async with a_server(OK + b"Content-Length: %d\r\n\r\n" % len(body), body) as url:
        answer = await wire.get(url)
    await wire.close()

    assert answer.content == {"text": "\ud83d"}
