"""Ask one catalogue over HTTPS, politely: one question at a time, a pause between two, and never anybody else.

It knows no catalogue's format and keeps nothing.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

import httpx

from bot.errors import BadSettings, Gone, Refused, SlowDown, Unreachable

SECONDS = 10.0  # for a whole answer
PAUSE = 0.5  # seconds between two questions; Crossref asks for ten a second at most, PubMed for three
LARGEST = 2_000_000  # bytes; a work with a thousand authors has under 200,000
MOST_HOPS = 3
LATER = 60.0  # seconds to wait when a catalogue says "slow down" and not for how long
HERE = frozenset({"127.0.0.1", "::1", "localhost"})


class Catalogue:
    """One host. Safe to use from several threads: they queue."""

    def __init__(
        self, name: str, base: str, *, contact: str, seconds: float = SECONDS, pause: float = PAUSE, most: int = LARGEST
    ) -> None:
        """`base` is https, or a server on this machine. Raises `BadSettings`."""
        parts = urlsplit(base)
        if not parts.hostname or (parts.scheme != "https" and parts.hostname not in HERE):
            raise BadSettings(f"lookup: the address of {name} must begin with https:// (found {base!r})")
        self.name = name
        self.contact = contact
        self._base = base.rstrip("/")
        self._door = (parts.scheme, parts.netloc)
        self._seconds = seconds
        self._pause = pause
        self._most = most
        self._turn = threading.Lock()
        self._asked = 0.0

    def get(self, path: str, params: Mapping[str, str]) -> Any:
        """The JSON at this path. Raises Gone, SlowDown, Unreachable or Refused."""
        with self._turn:
            wait = self._asked + self._pause - time.monotonic()
            if wait > 0:
                time.sleep(wait)
            try:
                return self._json(self._read(f"{self._base}{path}", params))
            except httpx.TransportError as error:
                raise Unreachable(f"{self.name} cannot be reached ({type(error).__name__}); try again later") from error
            except (httpx.HTTPError, httpx.InvalidURL) as error:
                raise Refused(f"{self.name} did not answer as it should ({type(error).__name__})") from error
            finally:
                self._asked = time.monotonic()

    def _read(self, url: str, params: Mapping[str, str]) -> bytes:
        ends = time.monotonic() + self._seconds
        agent = f"Scrutineer (mailto:{self.contact})"
        with httpx.Client(
            timeout=self._seconds, trust_env=False, follow_redirects=False, headers={"user-agent": agent}
        ) as client:
            request = client.build_request("GET", url, params=dict(params))
            for _ in range(MOST_HOPS):
                response = client.send(request, stream=True)
                try:
                    following = response.next_request
                    if following is None:
                        self._look_at(response)
                        return self._body(response, ends)
                finally:
                    response.close()
                if (following.url.scheme, following.url.netloc.decode()) != self._door:
                    raise Refused(f"{self.name} sent us to another address, and we did not go there")
                request = following
        raise Refused(f"{self.name} sends us in a circle")

    def _look_at(self, response: httpx.Response) -> None:
        status = response.status_code
        if status == 404:
            raise Gone(f"{self.name} knows no such source: check the number")
        if status == 429:
            given = response.headers.get("retry-after", "")
            raise SlowDown(
                f"{self.name} asks us to slow down; try again in a minute",
                seconds=float(given) if given.isdecimal() else LATER,
            )
        if status >= 500:
            raise Unreachable(f"{self.name} is out of order (it answered {status}); try again later")
        if status != 200:
            raise Refused(f"{self.name} refused the question (it answered {status})")

    def _body(self, response: httpx.Response, ends: float) -> bytes:
        read = b""
        for part in response.iter_bytes():
            read += part
            if len(read) > self._most:
                raise Refused(f"the answer of {self.name} is too long")
            if time.monotonic() > ends:
                raise Unreachable(f"{self.name} answers too slowly; try again later")
        return read

    def _json(self, read: bytes) -> Any:
        try:
            return json.loads(read)
        except (ValueError, RecursionError) as error:
            raise Refused(f"{self.name} answered with something that is not JSON") from error
