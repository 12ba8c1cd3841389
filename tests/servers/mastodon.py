"""A Mastodon-API server on loopback: mastodon_mock in a process of its own, with bot, alice, bob and a crowd.

It is wrong on three points that real servers get right: strangers can read direct posts, and replies to a missing
post or to somebody who blocked us are accepted. Do not let it be the only judge.
"""

import shutil
import socket
import sys
import tempfile
from pathlib import Path
from typing import Any

import httpx

from tests.servers.mastodon_app import CROWD, PEOPLE, token_of
from tests.servers.process import Process

ROOT = Path(__file__).parents[2]
START_WITHIN = 60.0  # seconds; 1-2 on an idle machine


class MastodonServer:
    """A running server: `url`, and `tokens` by name."""

    def __init__(self) -> None:
        self.tokens = {name: token_of(name) for name in (*PEOPLE, *CROWD)}
        self._media = tempfile.mkdtemp(prefix="scrutineer-mastodon-")
        with socket.create_server(("127.0.0.1", 0)) as listener:
            self.url = f"http://127.0.0.1:{listener.getsockname()[1]}"
            self._process = Process(
                [sys.executable, "-m", "tests.servers.mastodon_app", str(listener.fileno()), self._media],
                ready=lambda line: line.startswith("ready"),
                within=START_WITHIN,
                cwd=ROOT,
                pass_fds=[listener.fileno()],
            )
        self._http = httpx.Client(base_url=self.url, trust_env=False, timeout=30)

    def call(self, name: str, method: str, path: str, **data: Any) -> Any:
        """One API call as bot, alice or bob, with `data` as JSON; returns the decoded answer."""
        headers = {"Authorization": f"Bearer {self.tokens[name]}"}
        answer = self._http.request(method, path, headers=headers, json=data or None)
        answer.raise_for_status()
        return answer.json()

    def post_as(self, name: str, text: str, **fields: Any) -> dict[str, Any]:
        """Write a public post as somebody; returns the status as the API shows it."""
        status: dict[str, Any] = self.call(name, "POST", "/api/v1/statuses", status=text, **fields)
        return status

    def fault(
        self,
        kind: str,
        *,
        path: str | None = None,
        methods: list[str] | None = None,
        times: int | None = None,
        **effect: Any,
    ) -> None:
        """Make calls fail: `kind` is status, ratelimit, latency, malformed or timeout; `path` may hold ``*``.

        `times` limits how often. `effect` may hold status, body, headers, delay_ms. All of these act *before* the
        server takes the request in; for failures after it did, see ``tests/servers/proxy.py``.
        """
        rule = {"match": {"methods": methods, "path": path}, "effect": {"type": kind, **effect}, "count": times}
        self._http.post("/api/v1/_mock/faults", json=rule).raise_for_status()

    def clear_faults(self) -> None:
        """Behave again."""
        self._http.delete("/api/v1/_mock/faults").raise_for_status()

    def reset(self) -> None:
        """Back to three people and no posts."""
        self.clear_faults()
        self._http.post("/api/v1/_mock/reset").raise_for_status()

    def stop(self) -> None:
        """Stop it."""
        self._http.close()
        self._process.stop()
        shutil.rmtree(self._media, ignore_errors=True)
