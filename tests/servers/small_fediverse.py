"""A server that speaks Mastodon's language as small ones do: opaque ids, missing fields, no idempotency, few paths.

It stands for what GoToSocial and Takahe do differently; it is written from their documentation, not recorded.
"""

from __future__ import annotations

import contextlib
import html
import itertools
import json
import random
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

PEOPLE = ("check", "ada")
PAGE = 3  # so few that every test turns pages


class SmallServer:
    """A running server; `statuses` and `posted` may be read and changed by tests."""

    def __init__(self) -> None:
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        self.statuses: list[dict[str, Any]] = []  # oldest first
        self.posted = 0
        self._numbers = itertools.count(1)
        self._chance = random.Random(7)
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        self._thread.start()

    def account(self, name: str) -> dict[str, Any]:
        """An account, with as little as a server may say."""
        return {"id": f"01H{name.upper():A<23}", "username": name, "acct": name, "url": f"{self.url}/@{name}"}

    def write(self, name: str, text: str, *, below: str = "", visibility: str = "unlisted") -> dict[str, Any]:
        """Somebody posts."""
        number = f"{self._chance.choice('ZQ7A')}{next(self._numbers):025d}"
        named = [self.account(one) for one in PEOPLE if f"@{one}" in text]
        parent = next((one for one in self.statuses if one["id"] == below), None)
        status = {
            "id": number,
            "uri": f"{self.url}/users/{name}/statuses/{number}",
            "created_at": datetime.now(UTC).isoformat(),
            "visibility": visibility,
            "content": "<p>" + html.escape(text).replace("\n", "<br>") + "</p>",
            "account": self.account(name),
            "mentions": [{"id": one["id"], "acct": one["acct"], "url": one["url"]} for one in named],
            "tags": [{"name": "meded"}] if "#meded" in text else [],
            "in_reply_to_id": below or None,
            "in_reply_to_account_id": parent["account"]["id"] if parent else None,
        }
        self.statuses.append(status)
        return status

    def answer(
        self, method: str, path: str, query: dict[str, list[str]], form: dict[str, list[str]]
    ) -> tuple[int, Any]:
        """What this server says; 404 for everything it does not know."""
        match method, path.strip("/").split("/")[2:]:
            case "GET", ["accounts", "verify_credentials"]:
                return 200, self.account("check")
            case "GET", ["accounts", "relationships"]:
                return 200, [{"id": query["id[]"][0], "blocked_by": False, "followed_by": True}]
            case "GET", ["accounts", "lookup"]:
                return 200, self.account(query["acct"][0])
            case "GET", ["accounts", number, "statuses"]:
                return 200, [one for one in reversed(self.statuses) if one["account"]["id"] == number]
            case "GET", ["notifications"]:
                if "quote" in query.get("types[]", []):
                    return 400, {"error": "unknown type"}
                items = [one for one in self.statuses if any(m["acct"] == "check" for m in one["mentions"])]
                notes = [{"id": f"N{one['id']}", "type": "mention", "status": one} for one in items]
                return 200, _page(notes, query)
            case "GET", ["timelines", "tag", _]:
                items = [one for one in self.statuses if one["tags"]]
                return (200, _page(items, query)) if items else (404, {"error": "no such tag"})
            case "POST", ["statuses"]:  # the idempotency key is ignored
                self.posted += 1
                return 200, self.write("check", form["status"][0], below=form.get("in_reply_to_id", [""])[0])
            case verb, ["statuses", number, *rest]:
                return self._status(verb, unquote(number), rest)
        return 404, {"error": "not found"}

    def _status(self, verb: str, number: str, rest: list[str]) -> tuple[int, Any]:
        status = next((one for one in self.statuses if one["id"] == number), None)
        if status is None:
            return 404, {"error": "not found"}
        if rest == ["context"]:
            above, top = [], status
            while parent := next((one for one in self.statuses if one["id"] == top["in_reply_to_id"]), None):
                above.insert(0, parent)
                top = parent
            return 200, {"ancestors": above, "descendants": [o for o in self.statuses if o["in_reply_to_id"] == number]}
        if verb == "DELETE":
            self.statuses.remove(status)
        return 200, status

    def stop(self) -> None:
        """Stop it."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


def _page(items: list[dict[str, Any]], query: dict[str, list[str]]) -> list[dict[str, Any]]:
    """Newest first; `min_id` gives those right after it, whatever the ids look like."""
    if "min_id" not in query:
        return items[-PAGE:][::-1]
    place = next(index for index, one in enumerate(items) if one["id"] == query["min_id"][0])
    return items[place + 1 : place + 1 + PAGE][::-1]


@contextlib.contextmanager
def a_small_server() -> Iterator[SmallServer]:
    """One for the length of a block."""
    server = SmallServer()
    try:
        yield server
    finally:
        server.stop()


def _handler(server: SmallServer) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def _serve(self) -> None:
            parts = urlsplit(self.path)
            form = parse_qs(self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode())
            status, body = server.answer(str(self.command), parts.path, parse_qs(parts.query), form)
            payload = json.dumps(body).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(payload)))
            self.end_headers()
            with contextlib.suppress(OSError):
                self.wfile.write(payload)

        do_GET = do_POST = do_PUT = do_DELETE = _serve  # noqa: N815  the library's names

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002  the library's name
            """Say nothing."""

    return Handler
