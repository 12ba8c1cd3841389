"""What SQLite and PostgreSQL say differently about time and JSON, said once; and how counts become rows. No figure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy import ColumnElement, Float, Select, String, cast, extract, func, literal_column, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from bot.figures.figure import Cell, Span
from bot.model import Network

NETWORKS = {Network.BLUESKY.value: "Bluesky", Network.MASTODON.value: "Mastodon", Network.FAKE.value: "practice"}

Column = InstrumentedAttribute[Any] | ColumnElement[Any]
Shares = tuple[float, float, int]  # median, 90th percentile, how many


def _said(words: str) -> ColumnElement[str]:
    """Fixed words as they are, not as a parameter: PostgreSQL could not see that two of those are the same."""
    return literal_column(f"'{words}'", String)


_UTC, _DATE, _WEEK = _said("UTC"), _said("YYYY-MM-DD"), _said("week")
_SUNDAY, _BACK = _said("weekday 0"), _said("-6 days")


def on_sqlite(session: Session) -> bool:
    """Is this SQLite? Else it is PostgreSQL."""
    return session.get_bind().dialect.name == "sqlite"


def day(session: Session, at: Column) -> ColumnElement[str]:
    """The date of a moment in UTC, as text."""
    if on_sqlite(session):
        return func.date(at, type_=String)
    return func.to_char(func.timezone(_UTC, at), _DATE, type_=String)


def bucket(session: Session, span: Span, at: Column) -> ColumnElement[str]:
    """The row of the span that a moment belongs to."""
    if not span.by_week:
        return day(session, at)
    if on_sqlite(session):
        return func.date(at, _SUNDAY, _BACK, type_=String)
    return func.to_char(func.date_trunc(_WEEK, func.timezone(_UTC, at)), _DATE, type_=String)


def seconds(session: Session, since: Column, until: Column) -> ColumnElement[float]:
    """How long from one moment to another."""
    if on_sqlite(session):
        return cast((func.julianday(until) - func.julianday(since)) * 86400.0, Float)
    return cast(extract("epoch", until - since), Float)


def within(span: Span, at: Column) -> ColumnElement[bool]:
    """Does a moment lie in the span?"""
    return (at >= span.start) & (at < span.end)


def per_bucket(session: Session, span: Span, at: Column, series: Column, *where: ColumnElement[bool]) -> dict[Any, int]:
    """How often each series occurs in each row of the span: (row, series) to number."""
    inner = select(bucket(session, span, at).label("row"), series.label("series")).where(within(span, at), *where)
    found = inner.subquery()
    query = select(found.c.row, found.c.series, func.count()).group_by(found.c.row, found.c.series)
    return {(row, name): count for row, name, count in session.execute(query)}


def laid_out(span: Span, counted: Mapping[Any, int], names: Iterable[str]) -> tuple[tuple[Cell, ...], ...]:
    """One line for each row of the span, with a number for each name."""
    wanted = tuple(names)
    return tuple((row, *(counted.get((row, name), 0) for name in wanted)) for row in span.buckets)


def by_network(span: Span, counted: Mapping[Any, int]) -> tuple[tuple[str, ...], tuple[tuple[Cell, ...], ...]]:
    """Columns and lines of what was counted for each network."""
    networks = sorted({network for _, network in counted})
    columns = (span.step, *(NETWORKS.get(one, one) for one in networks))
    return columns, laid_out(span, counted, networks)


def shares(session: Session, measured: Select[Any]) -> dict[str, Shares]:
    """Median and 90th percentile (nearest rank) of each group. `measured` selects columns `row` and `took`."""
    took = measured.subquery()
    place = func.row_number().over(partition_by=took.c.row, order_by=took.c.took).label("place")
    many = func.count().over(partition_by=took.c.row).label("many")
    ranked = select(took.c.row, took.c.took, place, many).subquery()
    half, most = (ranked.c.many * 50 + 99) // 100, (ranked.c.many * 90 + 99) // 100
    query = select(ranked.c.row, ranked.c.took, ranked.c.place, ranked.c.many).where(
        (ranked.c.place == half) | (ranked.c.place == most)
    )
    found: dict[str, Shares] = {}
    for row, value, _place, number in session.execute(query.order_by(ranked.c.row, ranked.c.place)):
        found[row] = (found[row][0] if row in found else value, value, number)
    return found
