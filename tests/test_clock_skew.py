"""With a clock that is wrong nothing is sent: limits, expiry and the order of posts would all be wrong with it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from email.utils import format_datetime
from pathlib import Path

import pytest
from sqlalchemy import select

from bot.clock import why_wrong
from bot.life import State
from bot.platforms.times import ahead_of
from bot.store.models import JobRow
from tests.builders import NOW
from tests.contract import World
from tests.contract_bluesky import bluesky_world
from tests.contract_worlds import MastodonWorld
from tests.small_office import SmallOffice


@pytest.mark.parametrize(("ahead", "words"), [(90.0, "90 s ahead of"), (-3600.0, "3600 s behind")])
def test_a_reply_waits_while_the_clock_is_wrong_and_goes_out_when_it_is_set(
    ahead: float, words: str, tmp_path: Path
) -> None:
    office = SmallOffice(f"sqlite:///{tmp_path / 'office.db'}", tmp_path)
    case = office.asked()
    office.approve(case)
    office.platform.ahead = ahead
    office.pass_time()
    office.pass_time()
    assert office.state(case) == State.APPROVED
    with office.store.read() as session:
        (why,) = session.scalars(select(JobRow.last_error).where(JobRow.kind == "send"))
    assert words in why
    assert "timedatectl" in why

    office.platform.ahead = 1.5
    office.pass_time()
    assert office.state(case) == State.PUBLISHED
    office.store.close()


@pytest.mark.parametrize(("skew", "wrong"), [(None, False), (0.0, False), (60.0, False), (60.5, True), (-61.0, True)])
def test_a_minute_is_forgiven(skew: float | None, wrong: bool) -> None:
    assert bool(why_wrong(skew)) == wrong


def test_the_date_of_an_answer_is_read_unless_it_comes_from_a_cache() -> None:
    date = format_datetime(NOW - timedelta(seconds=75), usegmt=True)
    assert ahead_of({"Date": date}, NOW) == pytest.approx(75, abs=1)
    assert ahead_of({"date": date}, NOW) == pytest.approx(75, abs=1)
    assert ahead_of({"Date": date, "Age": "70"}, NOW) is None


@pytest.mark.parametrize("date", ["", "yesterday", "Wed, 99 Nov 2026 10:00:00 GMT", "Wed, 25 Nov 99999 10:00:00 GMT"])
def test_a_date_that_is_none_says_nothing(date: str) -> None:
    assert ahead_of({"Date": date}, NOW) is None


@pytest.fixture(params=["mastodon", "bluesky"])
async def world(request: pytest.FixtureRequest) -> AsyncIterator[World]:
    made: World
    if request.param == "bluesky":
        made = await bluesky_world(request.getfixturevalue("bluesky_net"))
    else:
        made = await MastodonWorld(request.getfixturevalue("mastodon_server")).begin()
    yield made
    await made.close()


async def test_real_servers_tell_their_time_and_it_is_ours(world: World) -> None:
    await world.platform.look(await world.post("vaccines cause autism"))
    skew = world.platform.skew()
    assert skew is not None
    assert abs(skew) < 10
