"""Quiet hours, by the clock on the person's wall. Pure."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones


@cache
def zones() -> tuple[str, ...]:
    """The time zones a person may choose from."""
    places = {name for name in available_timezones() if "/" in name and not name.startswith(("Etc/", "SystemV/"))}
    return ("UTC", *sorted(places))


def quiet_until(now: datetime, start: str, end: str, zone: str) -> datetime | None:
    """When the quiet that holds now is over; None when it is not quiet. `start` and `end` are like "22:00".

    An hour that comes twice, or never, when the clocks change, counts in favour of the quiet.
    """
    if not start or not end or start == end:
        return None
    where, begin, stop = _zone(zone), time.fromisoformat(start), time.fromisoformat(end)
    today = now.astimezone(where).date()
    for day in (today - timedelta(days=1), today):
        last = day if begin < stop else day + timedelta(days=1)
        since, until = min(_instants(day, begin, where)), max(_instants(last, stop, where))
        if since <= now < until:
            return until
    return None


def _instants(day: date, at: time, where: ZoneInfo) -> list[datetime]:
    """The moments that this time of day may mean: one, or two around a change of the clocks."""
    return [datetime.combine(day, at, where).replace(fold=fold).astimezone(UTC) for fold in (0, 1)]


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):  # this machine knows other zones than the one it was chosen on
        return ZoneInfo("UTC")
