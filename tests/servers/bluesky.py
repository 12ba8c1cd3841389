"""The real Bluesky network on loopback: PLC, PDS, AppView and Ozone from npm, with PostgreSQL and Redis behind them.

Its data lives as long as the object. Tests that want a clean person ask for a new account.
"""

import itertools
import json
import os
import shutil
import tempfile
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx

from tests.servers.jetstream import Jetstream
from tests.servers.postgres import Postgres
from tests.servers.process import MissingServer, Process, free_port

HERE = Path(__file__).parent / "bluesky-net"
START_WITHIN = 120.0  # seconds; about 8 on an idle machine
POST = "app.bsky.feed.post"
NAME_LENGTH = 10  # letters of a handle; the PDS allows 18, we add a number


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """Somebody on this network, with the password that opens it."""

    did: str
    handle: str
    password: str


class Redis:
    """A private Redis that writes nothing to disk."""

    def __init__(self) -> None:
        program = shutil.which("redis-server")
        if program is None:
            raise MissingServer("redis-server is not installed")
        self._folder = tempfile.mkdtemp(prefix="scrutineer-redis-")
        self.port = free_port()
        self._process = Process(
            [program, "--bind", "127.0.0.1", "--port", str(self.port), "--save", "", "--dir", self._folder],
            ready=lambda line: "Ready to accept connections" in line,
            within=START_WITHIN,
        )

    def stop(self) -> None:
        """Stop it and delete its folder."""
        self._process.stop()
        shutil.rmtree(self._folder, ignore_errors=True)


class BlueskyNet:
    """A running network: `pds`, `appview`, `plc`, `ozone` and `control` are addresses."""

    def __init__(self) -> None:
        node = shutil.which("node")
        if node is None:
            raise MissingServer("node is not installed")
        if not (HERE / "node_modules" / "better-sqlite3" / "build" / "Release" / "better_sqlite3.node").exists():
            raise MissingServer("the npm packages of the Bluesky network are not installed")
        self._running: list[Process | Postgres | Redis | Jetstream] = []
        self._numbers = itertools.count(1)
        self._jetstream: Jetstream | None = None
        self._tokens: dict[str, str] = {}
        try:
            self._start(node)
        except BaseException:
            self.stop()
            raise
        self._http = httpx.Client(trust_env=False, timeout=90)

    def _start(self, node: str) -> None:
        postgres = Postgres(durable=False)
        self._running.append(postgres)
        redis = Redis()
        self._running.append(redis)
        process = Process(
            # Node 18 tries only the first address of localhost, and the servers listen on IPv4.
            [node, "--dns-result-order=ipv4first", "-r", "./loopback.cjs", "start.cjs", "full"],
            ready=lambda line: line.startswith('{"mode"'),
            within=START_WITHIN,
            cwd=HERE,
            env={
                **os.environ,
                "DB_POSTGRES_URL": postgres.url(postgres.create_database()),
                "REDIS_HOST": f"127.0.0.1:{redis.port}",
            },
        )
        self._running.append(process)
        info: dict[str, Any] = json.loads(process.ready_line or "")
        self.pds: str = info["pds"]
        self.plc: str = info["plc"]
        self.appview: str = info["appview"]
        self.appview_did: str = info["appview_did"]
        self.ozone: str = info["ozone"]
        self.ozone_did: str = info["ozone_did"]
        self.control: str = info["control"]
        self.accounts = {name: Account(**account) for name, account in info["accounts"].items()}

    @property
    def jetstream(self) -> str:
        """Base address of a Jetstream over this PDS, as the SDK's client wants it (``ws://127.0.0.1:PORT/xrpc``)."""
        if self._jetstream is None:
            self._jetstream = self.new_jetstream()
        return self._jetstream.url

    def new_jetstream(self, *, floor: int = 0) -> Jetstream:
        """A Jetstream of one's own; cursors below `floor` are refused as too old. It stops with the network."""
        started = Jetstream(self.pds, floor=floor)
        self._running.append(started)
        return started

    def new_account(self, name: str) -> Account:
        """A fresh account, whose handle begins with `name`."""
        handle = f"{name[:NAME_LENGTH]}-{next(self._numbers)}.test"
        wanted = {"handle": handle, "email": f"{handle}@test.invalid", "password": f"{name}-pass"}
        answer = self._http.post(f"{self.pds}/xrpc/com.atproto.server.createAccount", json=wanted)
        answer.raise_for_status()
        return Account(did=answer.json()["did"], handle=handle, password=wanted["password"])

    def call(self, account: Account, method: str, nsid: str, **data: Any) -> Any:
        """One XRPC call to the PDS as somebody: `data` is the query of a GET or the JSON of a POST."""
        token = self._tokens.get(account.did)
        if token is None:
            login = {"identifier": account.did, "password": account.password}
            answer = self._http.post(f"{self.pds}/xrpc/com.atproto.server.createSession", json=login)
            answer.raise_for_status()
            token = self._tokens[account.did] = answer.json()["accessJwt"]
        where = {"params": data} if method == "GET" else {"json": data}
        headers = {"Authorization": f"Bearer {token}"}
        answer = self._http.request(method, f"{self.pds}/xrpc/{nsid}", headers=headers, **where)
        answer.raise_for_status()
        return answer.json()

    def post_as(self, account: Account, text: str, **fields: Any) -> dict[str, str]:
        """Write a post as somebody; `fields` may hold reply, facets, langs, tags. Returns its uri and cid."""
        now = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        record = {"$type": POST, "text": text, "createdAt": now, **fields}
        made = self.call(
            account, "POST", "com.atproto.repo.createRecord", repo=account.did, collection=POST, record=record
        )
        return {"uri": made["uri"], "cid": made["cid"]}

    def process_all(self) -> None:
        """Return when AppView and Ozone have seen everything the PDS has."""
        self._http.post(f"{self.control}/process-all").raise_for_status()

    def stop(self) -> None:
        """Stop everything, last started first."""
        if hasattr(self, "_http"):
            self._http.close()
        while self._running:
            self._running.pop().stop()
