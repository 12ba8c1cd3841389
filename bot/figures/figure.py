"""What a figure is, and the days it is about. Values only."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum

LONGEST = 731  # days: two years and a day
DAILY = 92  # days up to which each day has a row of its own; longer ranges are shown by the week
DAY = timedelta(days=1)

Cell = str | int | float | None


class Shape(StrEnum):
    """How a figure is drawn. `LINES`: the first column is time. `BARS`: a label, then the number that is drawn."""

    LINES = "lines"
    BARS = "bars"


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One figure with the table behind it. `note` says what stands beside the numbers, in sentences."""

    name: str  # in addresses and file names
    title: str
    shape: Shape
    columns: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    unit: str
    note: str
    empty: str  # what to say when there is nothing to show
    lines: int | None = None  # how many columns are drawn as lines, if not all

    @property
    def drawn(self) -> tuple[str, ...]:
        """The columns that are drawn; the others stand in the table only."""
        return self.columns[1:2] if self.shape is Shape.BARS else self.columns[1:][: self.lines]

    @property
    def has_something(self) -> bool:
        """Is anything that is drawn more than nothing? What was measured, not counted, is something even at 0.0."""
        drawn = (value for row in self.rows for value in row[1 : 1 + len(self.drawn)])
        return any(value or isinstance(value, float) for value in drawn)


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """Whole days in UTC, the first and the last included, seen from `now`."""

    first: date
    last: date
    now: datetime

    @property
    def start(self) -> datetime:
        """Midnight before the first day."""
        return datetime.combine(self.first, time(), UTC)

    @property
    def end(self) -> datetime:
        """Midnight after the last day; it belongs to the range no more."""
        return datetime.combine(self.last + DAY, time(), UTC)

    @property
    def days(self) -> int:
        """How many days."""
        return (self.last - self.first).days + 1

    @property
    def days_so_far(self) -> int:
        """How many of them have begun."""
        return max((min(self.last, self.now.date()) - self.first).days + 1, 0)

    @property
    def by_week(self) -> bool:
        """Is a row a week (beginning on Monday) instead of a day?"""
        return self.days > DAILY

    @property
    def step(self) -> str:
        """What a row stands for."""
        return "week from" if self.by_week else "day"

    @property
    def buckets(self) -> tuple[str, ...]:
        """The name of every row, in order: the date of the day, or of the Monday."""
        at = self.first - timedelta(days=self.first.weekday()) if self.by_week else self.first
        step, found = timedelta(days=7 if self.by_week else 1), []
        while at <= self.last:
            found.append(at.isoformat())
            at += step
        return tuple(found)


def last_days(days: int, now: datetime) -> Span:
    """Today and the days before it."""
    return Span(first=now.date() - timedelta(days=days - 1), last=now.date(), now=now)
