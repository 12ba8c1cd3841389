"""Figures about what reaches the office: posts, tags, sources, and the entries they match."""

from __future__ import annotations

from collections import Counter
from typing import Any

from sqlalchemy import ColumnElement, and_, case, func, literal_column, select, text
from sqlalchemy.orm import Session

from bot.figures.figure import Figure, Shape, Span
from bot.figures.sql import by_network, day, on_sqlite, per_bucket, within
from bot.life import State
from bot.model import Action
from bot.store.models import CaseRow, CursorRow, EventRow, GapRow
from bot.store.office_models import EntryRow, EntryVersionRow

MOST_BARS = 15
SOURCE_COLUMNS = (
    "source",
    "days with news, %",
    "days with news",
    "events",
    "last news, UTC",
    "hours since",
    "gaps noticed",
    "gaps still open",
)
ARRIVED = EventRow.kind.like("arrived:%")


def intake(session: Session, span: Span) -> Figure:
    """Posts that concerned us, by network."""
    counted = per_bucket(session, span, EventRow.received_at, EventRow.network, ARRIVED)
    columns, rows = by_network(span, counted)
    return Figure(
        name="intake",
        title="Posts that reached us, by network",
        shape=Shape.LINES,
        columns=columns,
        rows=rows,
        unit="posts",
        note="A post that was found and then asks us counts twice: it reached us in two ways.",
        empty="No post reached us in these days.",
    )


def tags(session: Session, span: Span) -> Figure:
    """The tags that came with them."""
    tag = _each_tag(session)
    inner = select(EventRow.id, tag.c.value.label("tag")).select_from(EventRow).join(tag, literal_column("true"))
    found = inner.where(within(span, EventRow.received_at), ARRIVED).subquery()
    many = func.count().label("many")
    query = select(found.c.tag, many).group_by(found.c.tag).order_by(many.desc(), found.c.tag).limit(MOST_BARS)
    rows = tuple((f"#{name}", count) for name, count in session.execute(query))
    return Figure(
        name="tags",
        title="Hashtags of those posts",
        shape=Shape.BARS,
        columns=("hashtag", "posts"),
        rows=rows,
        unit="posts",
        note=f"The {MOST_BARS} most frequent. A post with several hashtags counts for each of them.",
        empty="No post of these days carried a hashtag.",
    )


def _each_tag(session: Session) -> Any:
    """The tags of an event, one a row; none where the event holds no post."""
    if on_sqlite(session):
        return func.json_each(EventRow.payload, text("'$.post.tags'")).table_valued("value", name="tag")
    listed = EventRow.payload["post"]["tags"]
    safe = case((func.json_typeof(listed) == "array", listed), else_=literal_column("'[]'::json"))
    return func.json_array_elements_text(safe).table_valued("value", name="tag").render_derived()


def sources(session: Session, span: Span) -> Figure:
    """How well each source was heard, and how old its last news is."""
    sourced = select(EventRow.source, day(session, EventRow.received_at).label("day")).where(
        within(span, EventRow.received_at)
    )
    found = sourced.subquery()
    query = select(found.c.source, func.count(), func.count(found.c.day.distinct())).group_by(found.c.source)
    heard = {source: (events, days) for source, events, days in session.execute(query)}
    noticed = Counter(session.scalars(select(GapRow.source).where(within(span, GapRow.noticed_at))))
    still_open = Counter(session.scalars(select(GapRow.source).where(GapRow.closed_at.is_(None))))
    rows = []
    for one in session.scalars(select(CursorRow).order_by(CursorRow.source)):
        events, days = heard.get(one.source, (0, 0))
        covered = round(100 * days / span.days_so_far) if span.days_so_far else 0
        silent = round(max((span.now - one.heard_at).total_seconds(), 0) / 3600, 1)
        last = f"{one.heard_at:%Y-%m-%d %H:%M}"
        rows.append((one.source, covered, days, events, last, silent, noticed[one.source], still_open[one.source]))
    return Figure(
        name="sources",
        title="Sources: days with news, and how old the last news is",
        shape=Shape.BARS,
        columns=SOURCE_COLUMNS,
        rows=tuple(rows),
        unit="% of days",
        note="“Last news” and “gaps still open” are as of now, whatever days are chosen. A day without news may be a"
        " quiet day. A gap is a stretch that we may have missed.",
        empty="No source was heard in these days.",
    )


def matches(session: Session, span: Span) -> Figure:
    """Which entries of the table the posts are about."""
    inner = select(
        func.coalesce(CaseRow.entry_id, CaseRow.match["entry_id"].as_string()).label("entry"),
        case((CaseRow.entry_id.is_not(None), 1), else_=0).label("drafted"),
        case((_suggested(), 1), else_=0).label("suggested"),
    ).where(within(span, CaseRow.created_at))
    found = inner.subquery()
    many = func.sum(found.c.drafted + found.c.suggested).label("many")
    query = (
        select(found.c.entry, many, func.sum(found.c.drafted), func.sum(found.c.suggested))
        .where(found.c.entry.is_not(None), found.c.drafted + found.c.suggested > 0)
        .group_by(found.c.entry)
        .order_by(many.desc(), found.c.entry)
        .limit(MOST_BARS)
    )
    counted = session.execute(query).all()
    claims = _claims(session, [entry for entry, *_ in counted])
    return Figure(
        name="matches",
        title="Matches, by entry of the evidence table",
        shape=Shape.BARS,
        columns=("claim", "cases", "with a draft", "suggested only", "entry"),
        rows=tuple((claims.get(entry, entry), *(int(one) for one in numbers), entry) for entry, *numbers in counted),
        unit="cases",
        note=f"Cases that began in these days, for the {MOST_BARS} most frequent entries.",
        empty="No post of these days matched an entry.",
    )


def _suggested() -> ColumnElement[bool]:
    action = CaseRow.match["action"].as_string()
    return and_(CaseRow.entry_id.is_(None), CaseRow.state == State.IGNORED.value, action == Action.SUGGEST.value)


def _claims(session: Session, entries: list[str]) -> dict[str, str]:
    query = (
        select(EntryRow.id, EntryVersionRow.data)
        .join(
            EntryVersionRow, (EntryVersionRow.entry_id == EntryRow.id) & (EntryVersionRow.version == EntryRow.version)
        )
        .where(EntryRow.id.in_(entries))
    )
    return {entry: str(data["claim"]) for entry, data in session.execute(query)}
