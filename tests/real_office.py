"""A real office in a process of its own, connected to real servers. Tests may kill it at any moment."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Event

from sqlalchemy import select

from bot import house_rules
from bot.clock import SystemClock
from bot.errors import NotAllowed, Stale
from bot.evidence import registry
from bot.evidence.pack import starter_pack
from bot.life import State
from bot.model import SIGNED_OFF
from bot.review import approve
from bot.store.engine import Store
from bot.store.models import AccountRow, CaseRow, CursorRow
from bot.vault import open_vault

ROOT = Path(__file__).parents[1]
EDITOR = "Grace Hopper"
PATIENCE = 90.0  # seconds for anything that must happen in the end
TICK = 0.05  # seconds between looks into the office's own database


class RealOffice:
    """A folder with settings, secrets and a signed table, and the process that works in it."""

    def __init__(self, folder: Path, *, database_url: str = "", undo_seconds: int = 0, call_seconds: int = 4) -> None:
        self.folder = folder
        self.config = folder / "scrutineer.toml"
        self.tag = "MedEd"
        self.data = folder / "var"
        self._lines = [
            'organisation = "Test School"',
            f'tags = ["{self.tag}"]',
            f'data_dir = "{self.data}"',
            f'database_url = "{database_url}"',
            "port = 0",
            f"undo_seconds = {undo_seconds}",
            f"call_seconds = {call_seconds}",
            "read_back_seconds = 0.5",
            f"believe_absent_seconds = {call_seconds + 2}",
            'jetstream_url = ""',
            'log_format = "json"',
        ]
        self.store = Store(database_url or f"sqlite:///{self.data / 'scrutineer.db'}")
        self.store.migrate()
        self.vault = open_vault(None, self.data)
        self.process: subprocess.Popen[str] | None = None
        self.url = ""
        with self.store.write() as session:
            signed = [replace(entry, status=SIGNED_OFF, signed_off_by="Dr Test") for entry in starter_pack()]
            registry.store_pack(session, signed, name="signed", by="tests", now=datetime.now(UTC))
            house_rules.rule(session, "relaxed", by="tests", why="these tests are about posts", now=datetime.now(UTC))

    # --- connecting, as the wizard would

    def connect_bluesky(self, *, handle: str, did: str, password: str, pds: str, jetstream: str = "") -> None:
        """A Bluesky account, with sending switched on."""
        self.tag = f"MedEd{did[-12:]}"  # its own: all tests share the network, and posts of others are not our story
        self._lines = [line for line in self._lines if not line.startswith(("jetstream_url", "tags"))]
        self._lines.append(f'tags = ["{self.tag}"]')
        self._lines.append(f'jetstream_url = "{jetstream}"')
        self._lines += ["[[bluesky]]", f'handle = "{handle}"', f'pds = "{pds}"']
        self._account(f"bluesky/{handle}", "bluesky", did, handle, pds, "app_password", password)

    def connect_mastodon(self, *, server: str, token: str, actor: str, handle: str) -> None:
        """A Mastodon account, with sending switched on."""
        self._lines += ["[[mastodon]]", f'server = "{server}"', "streaming = true"]
        host = server.partition("://")[2]
        self._account(f"mastodon/{host}", "mastodon", actor, handle, server, "token", token)

    def _account(
        self, name: str, network: str, remote_id: str, handle: str, server: str, kind: str, secret: str
    ) -> None:
        with self.store.write() as session:
            session.add(
                AccountRow(
                    id=name,
                    network=network,
                    remote_id=remote_id,
                    handle=handle,
                    server=server,
                    public=True,
                    sending=True,
                )
            )
            self.vault.put(session, f"{name}/{kind}", secret, now=datetime.now(UTC))
        self.config.write_text("\n".join(self._lines) + "\n")

    # --- the process

    def start(self, *, roles: str = "web,worker,ingest") -> None:
        """Start it, and return when it says that it is ready (at once without the web role)."""
        log = (self.folder / "office.log").open("a")
        self.process = subprocess.Popen(
            [sys.executable, "-m", "bot.cli", "run", "--config", str(self.config), "--roles", roles],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
            env={key: value for key, value in os.environ.items() if not key.startswith("SCRUTINEER_")},
        )
        log.close()
        if "web" in roles:
            assert self.process.stdout is not None
            line = self.process.stdout.readline()
            found = re.search(r"https?://\S+", line)
            assert found, f"the office did not start: {line!r}\n{self.log()[-3000:]}"
            self.url = found.group().rstrip(")")

    def kill(self) -> None:
        """SIGKILL: no clean-up of any kind."""
        if self.process is not None:
            self.process.kill()
            self._reap()

    def stop(self) -> int:
        """SIGTERM, and how it ended."""
        if self.process is None:
            return 0
        self.process.send_signal(signal.SIGTERM)
        return self._reap()

    def close(self) -> None:
        """Nothing is left behind."""
        self.kill()
        self.store.close()

    def _reap(self) -> int:
        assert self.process is not None
        code = self.process.wait(30)
        if self.process.stdout is not None:
            self.process.stdout.close()
        self.process = None
        return code

    def log(self) -> str:
        """What it wrote to standard error so far."""
        return (self.folder / "office.log").read_text()

    # --- people in the office

    def cases(self) -> list[CaseRow]:
        """Every case as it stands in the database."""
        with self.store.read() as session:
            return list(session.scalars(select(CaseRow).order_by(CaseRow.id)))

    def hears(self) -> bool:
        """Did any source report yet?"""
        with self.store.read() as session:
            return session.scalar(select(CursorRow.source).limit(1)) is not None

    def approve_all(self) -> int:
        """An editor approves every draft that waits. Returns how many."""
        done = 0
        for case in self.cases():
            if case.state == State.PROPOSED and not case.lock:
                with suppress(Stale, NotAllowed), self.store.write() as session:
                    approve(
                        session,
                        case.id,
                        version=case.version,
                        who=EDITOR,
                        now=SystemClock().now(),
                        undo=timedelta(0),
                        objections=lambda _case, _text: (),
                    )
                    done += 1
        return done

    def until(self, wanted: Callable[[], bool], what: str, *, within: float = PATIENCE) -> None:
        """Return when the office's database shows it; fail with the log if it never does."""
        ticking = Event()
        for _ in range(int(within / TICK)):
            if wanted():
                return
            assert self.process is None or self.process.poll() is None, f"the office died\n{self.log()[-3000:]}"
            ticking.wait(TICK)
        states = [(case.id, case.state, case.reason, case.lock) for case in self.cases()]
        raise AssertionError(f"never came: {what}; cases: {states}\n{self.log()[-3000:]}")
