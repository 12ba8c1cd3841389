"""People stop, take back and undo: it reaches what is under way, and it is remembered."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from bot import cases, review
from bot.errors import NotAllowed
from bot.life import State
from bot.model import Ref
from bot.ports import Outgoing
from bot.store.models import JobRow
from tests.small_office import UNDO, SmallOffice

LONG = timedelta(minutes=3)


@pytest.fixture
def office(tmp_path: Path) -> Iterator[SmallOffice]:
    office = SmallOffice(f"sqlite:///{tmp_path / 'office.db'}", tmp_path)
    yield office
    office.store.close()


def test_a_stop_reaches_replies_that_are_under_way(office: SmallOffice, monkeypatch: pytest.MonkeyPatch) -> None:
    """A slow network: the stop comes while the adapter still prepares its request."""
    case = office.approve(office.asked())
    publish = office.platform.publish
    at_work, go_on = asyncio.Event(), asyncio.Event()

    async def slow(outgoing: Outgoing) -> Ref:
        at_work.set()
        await go_on.wait()
        return await publish(outgoing)

    monkeypatch.setattr(office.platform, "publish", slow)
    office.clock.advance(UNDO)

    async def story() -> None:
        sending = asyncio.create_task(office.outbox.send(case.id))
        await at_work.wait()
        await asyncio.to_thread(office.stop)
        await asyncio.wait_for(sending, 5)

    asyncio.run(story())
    assert office.state(case) is State.UNKNOWN
    monkeypatch.undo()
    office.pass_time(LONG)
    assert office.ours() == []


def test_a_second_withdrawal_is_done_although_an_earlier_one_gave_up(office: SmallOffice) -> None:
    case = office.approve(office.asked())
    office.pass_time(UNDO)
    case = office.now(case)
    with office.store.write() as session:
        review.withdraw(session, case.id, version=case.version, who="Grace", why="wrong", now=office.clock.now())
        job = session.scalars(select(JobRow).where(JobRow.kind == "withdraw")).one()
        job.dead = True
    office.pass_time(LONG)
    assert office.state(case) is State.PUBLISHED
    with office.store.write() as session:
        review.withdraw(session, case.id, version=case.version, who="Grace", why="wrong", now=office.clock.now())
    office.pass_time(LONG)
    assert office.state(case) is State.WITHDRAWN


def test_what_was_deleted_while_a_send_failed_is_withdrawn_in_the_end(office: SmallOffice) -> None:
    post = office.posts()
    office.hear_of(post)
    case = office.approve(office.case_of(post))
    office.world.next_publish = "lost_before"
    office.pass_time(UNDO)
    office.vanished(post)
    office.work()
    with office.store.write() as session:  # the network says no in the end
        row = cases.get(session, case.id)
        cases.change(session, row, State.FAILED, who="t", why="t", now=office.clock.now())
    office.pass_time(LONG)
    assert office.state(case) is State.WITHDRAWN


def test_a_reply_that_was_taken_back_still_counts_for_its_author(office: SmallOffice) -> None:
    case = office.approve(office.asked(by="ada"))
    office.pass_time(UNDO)
    case = office.now(case)
    with office.store.write() as session:
        review.withdraw(session, case.id, version=case.version, who="Grace", why="wrong", now=office.clock.now())
    office.pass_time(LONG)
    assert office.state(case) is State.WITHDRAWN
    again = office.asked("@check The MMR vaccine causes autism, everybody knows it", by="ada")
    assert "answered this person" in again.lock


@pytest.mark.parametrize("who", ["the office", "The Office ", "First editor", "  "])
def test_neither_the_machine_nor_a_stand_in_can_sign(office: SmallOffice, who: str) -> None:
    case = office.asked()
    with pytest.raises(NotAllowed, match="name of a person"):
        office.approve(case, who=who)
    assert office.state(case) is State.PROPOSED
