"""A source that ends, and a database that fails for a moment, stop no source for good."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Mapping
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy.exc import OperationalError

from bot import intake as intake_room
from bot.clock import SystemClock
from bot.intake import Intake
from bot.model import Arrived
from bot.ports import Concern, Heard
from bot.store.engine import Store
from bot.store.models import AccountRow, LeaseRow
from bot.watch import Watch
from tests.builders import a_post


class Ends:
    """A source that tells a few things and ends; `again` is set when it is started once more."""

    name = "ends"

    def __init__(self, count: int) -> None:
        self.count = count
        self.ended = threading.Event()
        self.again = asyncio.Event()

    async def listen(self, cursors: Mapping[str, str], concern: Concern) -> AsyncIterator[Heard]:
        if self.ended.is_set():
            self.again.set()
            await asyncio.Event().wait()
        for number in range(self.count):
            yield Heard(source="s", cursor=str(number), event=Arrived(post=a_post(uri=f"u{number}"), via="tag"))
        self.ended.set()


def an_intake(folder: Path, listener: Ends) -> Intake:
    store = Store(f"sqlite:///{folder / 'office.db'}")
    store.migrate()
    with store.write() as session:
        session.add(AccountRow(id="fake/us", network="fake", remote_id="us", handle="us", server="here", profile={}))
    return Intake(
        store=store,
        clock=SystemClock(),
        account="fake/us",
        listener=listener,
        watch=Watch(tags=[]),
        bell=lambda: None,
        owner="test/1/x",
    )


async def started_again(intake: Intake, listener: Ends) -> None:
    stopping = asyncio.Event()
    running = asyncio.create_task(intake.run(stopping))
    again = asyncio.create_task(listener.again.wait())
    await asyncio.wait({again, running}, timeout=15, return_when=asyncio.FIRST_COMPLETED)
    stopping.set()
    again.cancel()
    await running
    assert listener.again.is_set()
    intake._store.close()


async def test_a_source_that_ends_while_the_store_is_slow_is_started_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(intake_room, "WAITING", 3)
    listener = Ends(4)  # one in hand, three waiting: no room to say that this was all
    intake = an_intake(tmp_path, listener)
    take = intake._take

    def slow(batch: list[Heard]) -> int:
        listener.ended.wait(10)
        return take(batch)

    monkeypatch.setattr(intake, "_take", slow)
    await started_again(intake, listener)


async def test_a_database_that_fails_for_a_moment_ends_no_source(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    listener = Ends(1)
    intake = an_intake(tmp_path, listener)
    hold, failures = intake._hold, [1, 2]

    def shaky() -> bool:
        if failures:
            failures.pop()
            raise OperationalError("UPDATE lease", {}, Exception("disk I/O error"))
        return hold()

    monkeypatch.setattr(intake, "_hold", shaky)
    await started_again(intake, listener)


async def test_a_library_that_fails_in_a_way_nobody_foresaw_ends_no_source(tmp_path: Path) -> None:
    class Breaks(Ends):
        async def listen(self, cursors: Mapping[str, str], concern: Concern) -> AsyncIterator[Heard]:
            if not self.ended.is_set():
                self.ended.set()
                raise ZeroDivisionError("deep inside a library")
            self.again.set()
            await asyncio.Event().wait()
            yield Heard(source="s", cursor=None)

    listener = Breaks(0)
    await started_again(an_intake(tmp_path, listener), listener)


async def test_a_source_that_another_process_took_over_is_let_go(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(intake_room.leases, "TTL", timedelta(seconds=0.3))
    listener = Ends(0)
    listener.ended.set()  # it listens for ever
    intake = an_intake(tmp_path, listener)
    stopping = asyncio.Event()
    running = asyncio.create_task(intake.run(stopping))
    await asyncio.wait_for(listener.again.wait(), 15)
    with intake._store.write() as session:  # this process was suspended, and its lease ran out
        row = session.get(LeaseRow, "listen:ends")
        assert row is not None
        row.owner, row.expires_at = "elsewhere/1/y", SystemClock().now() + timedelta(seconds=2)
    listener.again.clear()
    await asyncio.wait_for(listener.again.wait(), 20)  # it let go, stood by, and came back when the lease ended
    stopping.set()
    await running
    intake._store.close()


def test_each_account_is_asked_under_its_own_name_and_all_share_what_is_known() -> None:
    watch = Watch(tags=["meded"])
    ours, other = watch.for_account("us"), watch.for_account("them")
    ours.remember("a post", ours=True)

    assert ours.post("", [], ["us"], []) == "mention"
    assert other.post("", [], ["us"], []) == ""
    assert other.known("a post")
    assert other.post("", [], [], ["a post"]) == "answer"
