"""Quiet hours: by the clock on the person's wall, through the nights in which the clocks change."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from bot.errors import Unreachable
from bot.notices.quiet import quiet_until, zones
from bot.notices.values import Channel
from tests.builders import NOW
from tests.notice_world import HOUR, MINUTE, NoticeWorld


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


BERLIN = ("22:00", "06:00", "Europe/Berlin")


@pytest.mark.parametrize(
    ("now", "until"),
    [
        ("2026-12-01T20:59", None),  # 21:59 in Berlin
        ("2026-12-01T21:00", "2026-12-02T05:00"),
        ("2026-12-02T04:59", "2026-12-02T05:00"),
        ("2026-12-02T05:00", None),
        ("2026-07-01T20:00", "2026-07-02T04:00"),  # summer time
        ("2026-03-28T23:00", "2026-03-29T04:00"),  # the night in which an hour is left out
        ("2026-10-24T23:00", "2026-10-25T05:00"),  # the night in which an hour comes twice
    ],
)
def test_quiet_hours_go_by_the_clock_on_the_persons_wall(now: str, until: str | None) -> None:
    assert quiet_until(at(now), *BERLIN) == (at(until) if until else None)


@pytest.mark.parametrize(
    ("now", "hours", "until"),
    [
        ("2026-10-25T00:15", ("01:00", "02:30"), "2026-10-25T01:30"),  # 02:30 comes twice: the later one counts
        ("2026-10-25T01:15", ("01:00", "02:30"), "2026-10-25T01:30"),
        ("2026-10-25T00:40", ("02:30", "04:00"), "2026-10-25T03:00"),  # and the earlier one, for a beginning
        ("2026-03-29T01:10", ("00:00", "02:30"), "2026-03-29T01:30"),  # 02:30 never comes: 03:30 counts
        ("2026-03-29T00:40", ("02:30", "04:00"), "2026-03-29T02:00"),
    ],
)
def test_an_hour_that_comes_twice_or_never_counts_for_the_quiet(now: str, hours: tuple[str, str], until: str) -> None:
    assert quiet_until(at(now), *hours, "Europe/Berlin") == at(until)


def test_no_hours_no_quiet_and_an_unknown_zone_is_utc() -> None:
    for start, end in (("", ""), ("22:00", ""), ("06:00", "06:00")):
        assert quiet_until(NOW, start, end, "UTC") is None
    assert quiet_until(NOW, "11:00", "13:00", "Nowhere/Land") == NOW + HOUR
    assert zones()[0] == "UTC"
    assert {"Europe/Berlin", "America/New_York", "Asia/Kolkata"} <= set(zones())


def test_in_quiet_hours_nothing_is_sent_and_afterwards_all_in_one(tmp_path: Path) -> None:
    world = NoticeWorld(f"sqlite:///{tmp_path / 'office.db'}", tmp_path, at=at("2026-12-01T20:30"))
    world.person("Grace", every_minutes=5, quiet_from="22:00", quiet_to="06:00", zone="Europe/Berlin")
    world.way[Channel.MAIL].trouble = Unreachable("down")
    world.draft()
    world.minute(29 * MINUTE)
    world.way[Channel.MAIL].trouble = None  # what could not arrive before the quiet waits until after it, too
    while world.clock.now() < at("2026-12-02T04:59"):
        world.draft()
        world.minute(30 * MINUTE)
        assert world.mails == [], world.clock.now()
    world.minute(MINUTE)
    world.minute(5 * MINUTE)
    world.store.close()

    assert [mail.subject.split(" ")[0] for mail in world.mails] == ["1", "16"]
