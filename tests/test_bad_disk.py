"""A locked database, a full disk: the office keeps what it hears, says what is wrong, and recovers by itself."""

from __future__ import annotations

import json
import os
import resource
import signal
import sqlite3
import sys
import threading
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import func, select

from bot.store.engine import Store
from bot.store.models import CaseRow, EventRow
from tests.servers.process import Process

ROOT = Path(__file__).parents[1]
POSTS = 60
SECONDS = 20.0  # how long the feed plays
LOCKED = 15.0  # seconds: longer than anybody waits for the lock
FULL = 4096  # bytes a file may have: less than one page of SQLite's log
PATIENCE = 120.0  # a job in hand when the disk was full waits for the end of its lease


class Watched:
    """A practice office in a process of its own, while its feed plays."""

    def __init__(self, folder: Path) -> None:
        self.data = folder / "var"
        feed = folder / "feed.jsonl"
        lines = [{"kind": "person", "handle": f"p{n}.example", "name": f"P{n}", "days_old": 400} for n in range(POSTS)]
        lines += [
            {
                "kind": "post",
                "id": f"post{n}",
                "by": f"p{n}.example",
                "after_s": n * SECONDS / POSTS,
                "text": f"The MMR vaccine causes autism, everybody knows it #MedEd {n}",
            }
            for n in range(POSTS)
        ]
        feed.write_text("\n".join(json.dumps(line) for line in lines))
        config = folder / "scrutineer.toml"
        config.write_text(f'data_dir = "{self.data}"\nfeed = "{feed}"\nport = 0\nlog_format = "json"\n')
        self.process = Process(
            [sys.executable, "-m", "bot.cli", "run", "--config", str(config)],
            ready=lambda line: "http://" in line,
            within=60,
            cwd=ROOT,
            env={key: value for key, value in os.environ.items() if not key.startswith("SCRUTINEER_")},
        )
        line = self.process.ready_line or ""
        self.url = line[line.index("http://") :].partition("/sign-in")[0]
        self.store = Store(f"sqlite:///{self.data / 'scrutineer.db'}")

    def count(self, table: type[EventRow] | type[CaseRow]) -> int:
        with self.store.read() as session:
            return session.scalar(select(func.count()).select_from(table)) or 0

    def health(self) -> str:
        """ "ready", or why it is not."""
        try:
            with urllib.request.urlopen(f"{self.url}/healthz", timeout=30):
                return "ready"
        except urllib.error.HTTPError as error:
            with error:
                return " ".join(json.load(error)["reasons"])

    def until(self, wanted: Callable[[], bool], what: str) -> None:
        ticking = threading.Event()
        for _ in range(int(PATIENCE / 0.1)):
            if wanted():
                return
            ticking.wait(0.1)
        raise AssertionError(f"never came: {what}\n{self.process.last_words()}")

    def ends_with_everything(self) -> None:
        """Every post of the feed became a case, the office is ready again, and it never fell over."""
        self.until(lambda: self.count(CaseRow) == POSTS, "a case for every post")
        self.until(lambda: self.health() == "ready", "ready again")
        assert self.count(EventRow) == POSTS
        assert "Traceback" not in self.process.last_words()


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Watched]:
    office = Watched(tmp_path)
    office.until(lambda: office.count(EventRow) > 0, "the first post")
    yield office
    office.store.close()
    office.process.stop(signal.SIGKILL)


@pytest.mark.timeout(180)
def test_a_database_that_is_locked_for_a_while_loses_nothing(office: Watched) -> None:
    holder = sqlite3.connect(office.data / "scrutineer.db", isolation_level=None)
    holder.execute("BEGIN IMMEDIATE")
    stored = office.count(EventRow)
    released = threading.Timer(LOCKED, lambda: None)
    released.start()
    office.until(lambda: "locked" in office.health(), "it says that it is not ready")
    released.join()
    assert office.count(EventRow) == stored < POSTS
    holder.close()

    office.ends_with_everything()
    said = [line for line in office.process.last_words().splitlines() if "inbox cannot be written" in line]
    assert said
    assert "database is locked" in said[0]


@pytest.mark.timeout(180)
def test_a_disk_that_is_full_for_a_while_loses_nothing(office: Watched) -> None:
    resource.prlimit(office.process.pid, resource.RLIMIT_FSIZE, (FULL, resource.RLIM_INFINITY))
    office.until(lambda: "cannot store what was heard" in office.health(), "it says that it is not ready")
    stored = office.count(EventRow)
    assert stored < POSTS
    assert "make room" in office.health()
    resource.prlimit(office.process.pid, resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))

    office.ends_with_everything()
    assert "inbox cannot be written" in office.process.last_words()
