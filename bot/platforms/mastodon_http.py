"""One server's API over Mastodon.py's session: bounded in time and size, and clear about what was surely not sent.

It never retries and never follows a redirect. It knows statuses of HTTP, not their meaning for a post.
"""

from __future__ import annotations

import asyncio
import json
import queue
import ssl
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import requests
import urllib3
from mastodon import Mastodon

from bot.errors import Gone, LoggedOut, PlatformError, Refused, SlowDown, Unclear, Unreachable
from bot.platforms.mastodon_limits import named_pause
from bot.platforms.times import ahead_of

TIMEOUT = 20.0  # seconds for connecting, and for each silence while reading
WHOLE_ANSWER = 40.0  # seconds until an answer must be complete, however slowly it drips
GIVE_UP = 120.0  # seconds for a call with everything before it in the line
LARGEST = 8_000_000  # bytes of an unpacked answer; forty long statuses stay under 1 MB
CHUNK = 65_536

Fields = Sequence[tuple[str, str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What came back. `body` is None where it was not JSON."""

    status: int
    headers: Mapping[str, str]
    body: Any


class MastodonHttp:
    """Requests to one server, one at a time, in a thread. `token` "" reads as a stranger."""

    def __init__(self, base: str, token: str, *, user_agent: str, timeout: float = TIMEOUT) -> None:
        self.base = base.rstrip("/")
        self.host = self.base.split("://", 1)[-1]
        self.token = token
        self.user_agent = user_agent
        self._timeout = timeout
        self._client = Mastodon(
            access_token=token or None,
            api_base_url=self.base,
            ratelimit_method="throw",  # "wait" would sleep for minutes in a thread that others need
            request_timeout=timeout,
            version_check_mode="none",
            user_agent=user_agent,
        )
        self._line = OneLine(self.host)
        self.skew: float | None = None  # seconds by which our clock is ahead of the server's, as last told

    async def get(self, path: str, fields: Fields = ()) -> Answer:
        """Read. Whatever goes wrong, nothing was changed: `Unreachable`."""
        return await self._run("GET", path, fields, {}, False)

    async def write(
        self, method: str, path: str, fields: Fields = (), headers: Mapping[str, str] | None = None
    ) -> Answer:
        """Change something. `Unreachable` only when surely nothing was sent, else `Unclear`."""
        return await self._run(method, path, fields, headers or {}, True)

    async def _run(self, method: str, path: str, fields: Fields, headers: Mapping[str, str], writing: bool) -> Answer:
        try:
            async with asyncio.timeout(GIVE_UP):
                return await self._line.call(lambda: self._request(method, path, fields, headers, writing))
        except TimeoutError as error:
            self._line.stop()  # its thread hangs in headers that drip; a new thread takes over
            self._line = OneLine(self.host)
            raise self._lost(error, writing) from error

    def _request(self, method: str, path: str, fields: Fields, headers: Mapping[str, str], writing: bool) -> Answer:
        headers = {"User-Agent": self.user_agent, "Accept": "application/json", **headers}
        if self.token:
            headers["Authorization"] = f"Bearer {self.token}"
        try:
            with self._client.session.request(
                method,
                self.base + path,
                headers=headers,
                timeout=self._timeout,
                stream=True,
                allow_redirects=False,  # a token must not travel elsewhere, nor we to a private address
                auth=_as_it_is,
                params=None if writing else list(fields),
                data=list(fields) if writing else None,
            ) as response:
                told = ahead_of(response.headers, datetime.now(UTC))
                self.skew = self.skew if told is None else told
                body = self._read(response)
        except (requests.RequestException, urllib3.exceptions.HTTPError, UnicodeError) as error:
            raise self._lost(error, writing) from error
        if 300 <= response.status_code < 400:
            raise Unreachable(f"{self.host} sends us elsewhere: set the server's real address in the settings")
        return Answer(status=response.status_code, headers=response.headers, body=body)

    def _read(self, response: requests.Response) -> Any:
        """The JSON of an answer, or None. Gives up on what is too large or too slow."""
        deadline = time.monotonic() + max(WHOLE_ANSWER, self._timeout)
        content = bytearray()
        while chunk := response.raw.read1(CHUNK, decode_content=True):  # what is there, not a full chunk
            content += chunk
            if len(content) > LARGEST:
                raise requests.exceptions.ContentDecodingError(f"more than {LARGEST} bytes")
            if time.monotonic() > deadline:
                raise requests.exceptions.ReadTimeout("the answer drips too slowly")
        try:
            return json.loads(content)
        except (ValueError, RecursionError):  # not JSON, or nested beyond reason
            return None

    def _lost(self, error: Exception, writing: bool) -> PlatformError:
        """No answer: was the request sent?"""
        why = f"{self.host} did not answer ({type(error).__name__})"
        if writing and not _surely_not_sent(error):
            return Unclear(f"{why}: read back before sending again")
        return Unreachable(f"{why}: try again later")

    def checked(self, answer: Answer, *, writing: bool = False) -> Any:
        """The body of a good answer; for any other, the error that says what to do next. Only numbers are judged."""
        status = answer.status
        if 200 <= status < 300 and answer.body is not None:
            return answer.body
        said = f"{self.host} answered {status}"
        if status == 429:
            raise SlowDown(f"{said}: too many requests", seconds=named_pause(answer.headers, datetime.now(UTC)))
        if status == 401:
            raise LoggedOut(f"{said}: the access token is no good; reconnect with `scrutineer init`")
        if status in (404, 410):
            raise Gone(f"{said}: what we address is not there, or not for us")
        if 400 <= status < 500 and status not in (408, 425):
            raise Refused(f"{said}{_reason(answer.body)}")
        if writing:
            raise Unclear(f"{said}: read back before sending again")
        raise Unreachable(f"{said}: try again later")

    def close(self) -> None:
        """Give back the connections."""
        self._line.stop()
        self._client.session.close()


class OneLine:
    """A daemon thread that makes one call after another: a server that hangs must not hold up our exit."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._calls: queue.SimpleQueue[tuple[Future[Answer], Callable[[], Answer]] | None] = queue.SimpleQueue()
        self._thread: threading.Thread | None = None

    async def call(self, ask: Callable[[], Answer]) -> Answer:
        """The result of `ask`, made in the thread. Cancelling gives up waiting; the call itself runs to its end."""
        if self._thread is None:
            self._thread = threading.Thread(target=self._work, name=self._name, daemon=True)
            self._thread.start()
        future: Future[Answer] = Future()
        self._calls.put((future, ask))
        return await asyncio.wrap_future(future)

    def stop(self) -> None:
        """No more calls after those already waiting."""
        if self._thread is not None:
            self._calls.put(None)
            self._thread = None

    def _work(self) -> None:
        while (waiting := self._calls.get()) is not None:
            future, ask = waiting
            if not future.set_running_or_notify_cancel():
                continue
            try:
                future.set_result(ask())
            except PlatformError as error:
                future.set_exception(error)
            finally:
                if not future.done():  # a bug of ours: it ends this thread loudly, and nobody waits for ever
                    self._thread = None
                    future.set_exception(RuntimeError("a call to the server broke: see the error of its thread"))


def _as_it_is(request: requests.PreparedRequest) -> requests.PreparedRequest:
    """Keeps `requests` from putting a password of ~/.netrc over our token."""
    return request


def _surely_not_sent(error: BaseException) -> bool:
    """True only for failures before the request left: no name, no connection, no trusted certificate, a bad address."""
    if isinstance(error, requests.exceptions.ConnectTimeout | requests.exceptions.InvalidURL | UnicodeError):
        return True
    seen: set[int] = set()
    todo: list[object] = [error]
    while todo:
        one = todo.pop()
        if id(one) in seen or not isinstance(one, BaseException):
            continue
        seen.add(id(one))
        if isinstance(
            one,
            urllib3.exceptions.NewConnectionError
            | urllib3.exceptions.ConnectTimeoutError
            | ssl.SSLCertVerificationError,
        ):
            return True
        todo += [*one.args, getattr(one, "reason", None), one.__cause__, one.__context__]
    return False


def _reason(body: object) -> str:
    """The server's own words, for a person to read. They are localised: no code may branch on them."""
    words = body.get("error") if isinstance(body, Mapping) else None
    return f": {words[:200]}" if isinstance(words, str) else ""
