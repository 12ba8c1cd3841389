"""A troublemaker between us and a real server: it can fail before, or after, the server has taken a request in.

It speaks plain HTTP/1.1 and server-sent events, not WebSocket. Addresses of the server inside JSON answers become its
own, so that clients which follow them (a Bluesky session does) stay behind it.
"""

import contextlib
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from http.client import HTTPConnection, HTTPResponse
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

PATIENCE = 60.0  # seconds we wait for the server, or for a test that holds a request
HOP_BY_HOP = {"connection", "keep-alive", "transfer-encoding", "content-length", "accept-encoding", "host"}


class At(StrEnum):
    """The moments of a request at which trouble can begin."""

    ARRIVED = "arrived"  # the server has not heard of it
    ACCEPTED = "accepted"  # the server has answered us, the client has heard nothing
    ANSWERED = "answered"  # the client has the answer


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """A request that passed, and the server's status (None if it never got there)."""

    method: str
    path: str
    body: bytes
    status: int | None
    at: float  # when it came, on the monotonic clock


@dataclass(slots=True, kw_only=True)
class Rule:
    """Trouble to make: an own status, a call into the test, or (both None) a dropped connection."""

    method: str
    path: str
    at: At
    times: int
    status: int | None
    call: Callable[[], None] | None
    goes_on: bool


class Proxy:
    """A running proxy: `url` stands for `target`."""

    def __init__(self, target: str) -> None:
        self.target = target.rstrip("/")
        self.seen: list[Seen] = []
        self._rules: list[Rule] = []
        self._changed = threading.Condition()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        self._thread.start()

    def trouble(
        self,
        method: str,
        path: str,
        *,
        at: At,
        times: int = 1,
        status: int | None = None,
        call: Callable[[], None] | None = None,
        goes_on: bool = False,
    ) -> None:
        """Make trouble `times` times for requests whose path contains `path`.

        With `status` the client gets that answer. With `call` the function runs at that moment, and then the connection
        drops (or, at ANSWERED, ends as usual). With neither the connection drops. A `call` may block to hold a request;
        with `goes_on` nothing else happens to it.
        """
        with self._changed:
            rule = Rule(method=method, path=path, at=at, times=times, status=status, call=call, goes_on=goes_on)
            self._rules.append(rule)

    def wait_for(self, enough: Callable[[list[Seen]], bool], *, within: float = PATIENCE) -> None:
        """Return once the requests seen so far satisfy `enough`; fail after `within` seconds."""
        with self._changed:
            assert self._changed.wait_for(lambda: enough(self.seen), within), f"only {len(self.seen)} requests came"

    def stop(self) -> None:
        """Stop listening; requests on their way end by themselves."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def take_rule(self, method: str, path: str, at: At) -> Rule | None:
        """The trouble due now, if any; counts it."""
        with self._changed:
            for rule in self._rules:
                if rule.times > 0 and rule.at == at and rule.method == method and rule.path in path:
                    rule.times -= 1
                    return rule
        return None

    def note(self, seen: Seen) -> None:
        """Remember a request and wake who waits for it."""
        with self._changed:
            self.seen.append(seen)
            self._changed.notify_all()


@contextlib.contextmanager
def in_front_of(target: str) -> Iterator[Proxy]:
    """A proxy for the length of a block."""
    proxy = Proxy(target)
    try:
        yield proxy
    finally:
        proxy.stop()


def _handler(proxy: Proxy) -> type[BaseHTTPRequestHandler]:
    target = urlsplit(proxy.target)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _serve(self) -> None:
            self.close_connection = True
            began = time.monotonic()
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            method, path = str(self.command), self.path
            if self._trouble(method, path, At.ARRIVED):
                proxy.note(Seen(method=method, path=path, body=body, status=None, at=began))
                return
            headers = {key: value for key, value in self.headers.items() if key.lower() not in HOP_BY_HOP}
            connection = HTTPConnection(target.hostname or "", target.port, timeout=PATIENCE)
            try:
                connection.request(method, path, body or None, {**headers, "Host": target.netloc})
                answer = connection.getresponse()
                if answer.getheader("Content-Type", "").startswith("text/event-stream"):
                    self._stream(answer)
                    return
                payload = answer.read()
                proxy.note(Seen(method=method, path=path, body=body, status=answer.status, at=began))
                if not self._trouble(method, path, At.ACCEPTED):
                    self._pass_on(answer, payload)
                    self._trouble(method, path, At.ANSWERED)
            finally:
                connection.close()

        do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = do_HEAD = do_OPTIONS = _serve  # noqa: N815 - the library's names

        def _trouble(self, method: str, path: str, at: At) -> bool:
            rule = proxy.take_rule(method, path, at)
            if rule is None:
                return False
            if rule.call is not None:
                rule.call()
            if rule.goes_on:
                return False
            if rule.status is not None:
                payload = b'{"error": "made by the test"}'
                self.send_response(rule.status)
                self._finish_headers([("Content-Type", "application/json")], payload)
            return True

        def _pass_on(self, answer: HTTPResponse, payload: bytes) -> None:
            if answer.getheader("Content-Type", "").startswith("application/json"):
                payload = payload.replace(proxy.target.encode(), proxy.url.encode())
            self.send_response(answer.status, answer.reason)
            self._finish_headers(answer.getheaders(), payload)

        def _finish_headers(self, headers: list[tuple[str, str]], payload: bytes) -> None:
            for key, value in headers:
                if key.lower() not in HOP_BY_HOP:
                    self.send_header(key, value.replace(proxy.target, proxy.url))
            self.send_header("Content-Length", str(len(payload)))
            self.send_header("Connection", "close")
            self.end_headers()
            if self.command != "HEAD":
                with contextlib.suppress(OSError):  # the client may be gone: some tests kill it
                    self.wfile.write(payload)
                    self.wfile.flush()

        def _stream(self, answer: HTTPResponse) -> None:
            self.send_response(answer.status, answer.reason)
            self.send_header("Content-Type", answer.getheader("Content-Type", ""))
            self.send_header("Connection", "close")
            self.end_headers()
            with contextlib.suppress(OSError):
                while chunk := answer.read1(4096):
                    self.wfile.write(chunk)
                    self.wfile.flush()

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the library's name
            """Say nothing."""

    return Handler
