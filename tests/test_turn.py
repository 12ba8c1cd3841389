"""A turn loses nothing: outages delay it, and what somebody said stays said."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from bot import jobs
from bot.errors import Unreachable
from bot.life import State
from bot.model import Arrived, Ref
from bot.store.models import OptOutRow
from bot.worker import Bell, Worker
from tests.small_office import CLAIM, SmallOffice


@pytest.fixture
def office(tmp_path: Path) -> Iterator[SmallOffice]:
    office = SmallOffice(f"sqlite:///{tmp_path / 'office.db'}", tmp_path)
    yield office
    office.store.close()


async def an_hour_passes(office: SmallOffice) -> None:
    """A real worker does what is due, minute by minute."""
    duties = office.duties.thinking
    worker = Worker(store=office.store, clock=office.clock, bell=Bell(), owner="test", duties=duties, parallel=1)
    for _ in range(60):
        with office.store.write() as session:
            due = jobs.claim(session, worker="test", now=office.clock.now(), limit=10)
        for job in due:
            await worker._do(job)
        office.clock.advance(timedelta(minutes=1))


def test_an_outage_of_an_hour_loses_no_event(office: SmallOffice, monkeypatch: pytest.MonkeyPatch) -> None:
    parent = office.posts("hello", by="ada")
    post = office.posts(f"@check {CLAIM}", under=parent)
    office.hear(Arrived(post=office.platform.as_seen(post), via="mention"))
    look = office.platform.look

    async def down(_ref: Ref) -> None:
        raise Unreachable("the network is down")

    monkeypatch.setattr(office.platform, "look", down)
    asyncio.run(an_hour_passes(office))
    monkeypatch.setattr(office.platform, "look", look)
    office.pass_time(timedelta(minutes=20))
    assert office.case_of(post).state == State.PROPOSED


def test_stop_counts_although_the_message_was_deleted_at_once(office: SmallOffice) -> None:
    parent = office.posts("hello", by="ada")
    post = office.posts("@check STOP", by="ada", under=parent)
    office.hear(Arrived(post=office.platform.as_seen(post), via="mention"))
    office.world.delete(post.ref.uri)
    office.work()
    with office.store.read() as session:
        assert [row.author_id for row in session.scalars(select(OptOutRow))] == [post.author.id]
