"""Figures about what left the office and what came of it: replies, outcomes, opt-outs, and what held replies back."""

from __future__ import annotations

from collections import Counter

from sqlalchemy import case, func, select
from sqlalchemy.orm import Session

from bot.figures.decided import move
from bot.figures.figure import Cell, Figure, Shape, Span
from bot.figures.sql import by_network, per_bucket, within
from bot.life import State
from bot.model import Via
from bot.store.models import CaseRow, EventRow, OptOutRow
from bot.store.office_models import AuditRow

PUBLISHED = [move(State.SENDING, State.PUBLISHED), move(State.UNKNOWN, State.PUBLISHED)]
REFUSED = [move(State.SENDING, State.FAILED), move(State.UNKNOWN, State.FAILED)]
NOT_SENT = [move(State.APPROVED, to) for to in (State.PROPOSED, State.EXPIRED, State.WITHDRAWN)]
CAPS = {  # how the two limits are written into the lock of a case (see handlers/manners/limits.py)
    "draft locked: limit per person": "%at most one reply in%",
    "draft locked: limit per thread": "%we have spoken in this thread already%",
}
SWITCHES = {
    "account paused": "account paused",
    "pause set to lifted": "pause lifted",
    "publishing stopped": "publishing stopped",
    "publishing resumed": "publishing resumed",
}


def replies(session: Session, span: Span) -> Figure:
    """Replies that were published."""
    published = (
        select(AuditRow.at, CaseRow.network)
        .join(CaseRow, CaseRow.id == AuditRow.case_id)
        .where(AuditRow.what.in_(PUBLISHED), within(span, AuditRow.at))
        .subquery()
    )
    counted = per_bucket(session, span, published.c.at, published.c.network)
    columns, rows = by_network(span, counted)
    return Figure(
        name="replies",
        title="Replies published, by network",
        shape=Shape.LINES,
        columns=columns,
        rows=rows,
        unit="replies",
        note="Counted on the day they were published, also when they were taken back later.",
        empty="No reply was published in these days.",
    )


def outcomes(session: Session, span: Span) -> Figure:
    """What became of the replies of these days, so far."""
    published = (
        select(AuditRow.case_id, func.min(AuditRow.at).label("at"))
        .where(AuditRow.what.in_(PUBLISHED), within(span, AuditRow.at))
        .group_by(AuditRow.case_id)
        .subquery()
    )
    ours = select(CaseRow.state, func.count()).join(published, published.c.case_id == CaseRow.id)
    now = {row[0]: row[1] for row in session.execute(ours.group_by(CaseRow.state))}
    left = session.scalar(
        select(func.count())
        .select_from(CaseRow)
        .join(published, published.c.case_id == CaseRow.id)
        .join(OptOutRow, (OptOutRow.network == CaseRow.network) & (OptOutRow.author_id == CaseRow.author_id))
        .where(OptOutRow.at >= published.c.at)
    )
    refused = select(func.count(AuditRow.case_id.distinct())).where(
        AuditRow.what.in_(REFUSED), within(span, AuditRow.at)
    )
    answers = select(func.count()).where(EventRow.kind == f"arrived:{Via.ANSWER}", within(span, EventRow.received_at))
    rows: tuple[tuple[Cell, ...], ...] = (
        ("published, and still stands", now.get(State.PUBLISHED.value, 0)),
        ("published, then taken back", now.get(State.WITHDRAWN.value, 0)),
        ("could not be sent", session.scalar(refused) or 0),
        ("person opted out afterwards", left or 0),
        ("answers to replies of ours", session.scalar(answers) or 0),
    )
    return Figure(
        name="outcomes",
        title="What came of our replies, so far",
        shape=Shape.BARS,
        columns=("outcome", "number"),
        rows=rows,
        unit="",
        note="The first two are the replies of these days as they stand now. A person who opted out is also counted"
        " there. Answers are those that arrived in these days, to replies of any day.",
        empty="No reply was published or answered in these days.",
    )


def opt_outs(session: Session, span: Span) -> Figure:
    """People who must not be addressed again."""
    counted = per_bucket(session, span, OptOutRow.at, OptOutRow.network)
    columns, rows = by_network(span, counted)
    in_force = session.scalar(select(func.count()).select_from(OptOutRow).where(OptOutRow.lifted_at.is_(None))) or 0
    return Figure(
        name="opt-outs",
        title="Opt-outs, by network",
        shape=Shape.LINES,
        columns=columns,
        rows=rows,
        unit="people",
        note=f"In force now: {in_force}. Counted on the day of the first opt-out of a person.",
        empty=f"Nobody opted out in these days. In force now: {in_force}.",
    )


def held_back(session: Session, span: Span) -> Figure:
    """Caps, pauses, and every gate that kept an approved reply from leaving."""
    counted: Counter[str] = Counter()
    locked = [func.sum(case((CaseRow.lock.like(words), 1), else_=0)) for words in CAPS.values()]
    found = session.execute(select(*locked).where(within(span, CaseRow.created_at), CaseRow.lock != "")).one()
    counted.update({name: int(times or 0) for name, times in zip(CAPS, found, strict=True)})
    switched = select(AuditRow.what, func.count()).where(AuditRow.what.in_(SWITCHES), within(span, AuditRow.at))
    for what, times in session.execute(switched.group_by(AuditRow.what)):
        counted[SWITCHES[what]] += times
    stayed = select(AuditRow.detail).where(AuditRow.what.in_(NOT_SENT), within(span, AuditRow.at))
    for detail in session.scalars(stayed):
        for gate in detail.get("gates", ()):
            counted[f"approved, not sent: {gate}"] += 1
    rows = sorted(((name, times) for name, times in counted.items() if times), key=lambda row: (-row[1], row[0]))
    return Figure(
        name="held-back",
        title="Caps, pauses, and what kept replies from leaving",
        shape=Shape.BARS,
        columns=("what", "times"),
        rows=tuple(rows),
        unit="times",
        note="Before sending every rule is asked again; a reply that several rules hold back counts for each.",
        empty="No cap, pause or rule held anything back in these days.",
    )
