"""Two processes of one office do the same thing at the same moment: on SQLite and on PostgreSQL, neither breaks."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from bot import leases, people
from bot.store.engine import Store
from tests.builders import NOW

OPEN = """
import sys
from pathlib import Path
from bot.opening import open_store
from bot.settings import Settings
sys.stdin.readline()
open_store(Settings(database_url=sys.argv[1], data_dir=Path(sys.argv[2]))).close()
"""


@pytest.fixture(params=["sqlite", "postgres"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'office.db'}"
    return str(request.getfixturevalue("postgres_url"))


def test_three_processes_that_open_a_new_database_at_once_all_open_it(url: str, tmp_path: Path) -> None:
    openers = [
        subprocess.Popen(
            [sys.executable, "-c", OPEN, url, str(tmp_path)],
            stdin=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for _ in range(3)
    ]
    for opener in openers:
        assert opener.stdin is not None
        opener.stdin.write("go\n")
        opener.stdin.flush()
    said = [opener.communicate(timeout=60)[1] for opener in openers]
    assert [opener.returncode for opener in openers] == [0, 0, 0], said


def test_of_two_that_take_a_new_lease_at_once_one_gets_it(url: str) -> None:
    store = Store(url)
    store.migrate()
    got: list[bool] = []
    meet = threading.Barrier(2)

    def take(owner: str) -> Callable[[], None]:
        def run() -> None:
            meet.wait()
            with store.write() as session:
                got.append(leases.hold(session, "listen:x", owner, now=NOW))

        return run

    threads = [threading.Thread(target=take(owner)) for owner in ("a/1/a", "b/1/b")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    store.close()
    assert sorted(got) == [False, True]


def test_a_sign_in_link_that_is_used_twice_at_once_lets_one_browser_in(url: str) -> None:
    store = Store(url)
    store.migrate()
    with store.write() as session:
        user = people.ensure_user(session, "Grace", people.Role.EDITOR, by="tests", now=NOW)
        token = people.new_link(session, user, now=NOW)
    got: list[object] = []
    meet = threading.Barrier(2)

    def use() -> None:
        meet.wait()
        with store.write() as session:
            got.append(people.use_link(session, token, now=NOW))

    threads = [threading.Thread(target=use) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    store.close()
    assert sum(one is not None for one in got) == 1
