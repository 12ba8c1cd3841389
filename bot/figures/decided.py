"""Figures about the desk: how long posts wait, how soon people decide, what they decide and why."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta

from sqlalchemy import Select, case, func, literal_column, select
from sqlalchemy.orm import Session, aliased

from bot.figures.figure import Cell, Figure, Shape, Span
from bot.figures.sql import bucket, laid_out, per_bucket, seconds, shares, within
from bot.life import MOVES, WAITING, State
from bot.store.models import CaseRow
from bot.store.office_models import AuditRow

_S = State
KINDS = {
    "approved": ((_S.PROPOSED, _S.APPROVED),),
    "declined": ((_S.PROPOSED, _S.DECLINED),),
    "handed over": ((_S.PROPOSED, _S.HANDED_OVER), (_S.ESCALATED, _S.HANDED_OVER)),
    "filed": ((_S.PROPOSED, _S.FILED), (_S.ESCALATED, _S.FILED)),
    "too late": ((_S.PROPOSED, _S.EXPIRED), (_S.ESCALATED, _S.EXPIRED)),
}
AGES = (
    ("less than 1 h", timedelta(hours=1)),
    ("1 to 6 h", timedelta(hours=6)),
    ("6 to 24 h", timedelta(hours=24)),
    ("longer", timedelta.max),
)
NOBODY_DECIDED = "too late"


def move(before: State, to: State) -> str:
    """How the record writes that a case moved (see `bot.cases.change`)."""
    return f"case {before} → {to}"


BEGAN = [move(before, to) for before, after in MOVES.items() for to in after & WAITING if before not in WAITING]
"""A case begins to wait, or begins again."""
NAMES = {move(before, to): kind for kind, moves in KINDS.items() for before, to in moves}


def queue_age(session: Session, span: Span) -> Figure:
    """How long the cases that wait now have been waiting."""
    began = (
        select(func.max(AuditRow.at)).where(AuditRow.case_id == CaseRow.id, AuditRow.what.in_(BEGAN)).scalar_subquery()
    )
    waiting = select(func.coalesce(began, CaseRow.created_at, type_=CaseRow.created_at.type)).where(
        CaseRow.state.in_([state.value for state in WAITING])
    )
    ages = [span.now - since for since in session.scalars(waiting)]
    counted = Counter(next(name for name, limit in AGES if age < limit) for age in ages)
    oldest = f"The oldest has waited {minutes(max(ages).total_seconds())} minutes. " if ages else ""
    return Figure(
        name="queue-age",
        title="Cases that wait now, by age",
        shape=Shape.BARS,
        columns=("waiting for", "cases"),
        rows=tuple((name, counted[name]) for name, _ in AGES) if ages else (),
        unit="cases",
        note=f"{oldest}As of now, whatever days are chosen; drafts and posts that need a person.",
        empty="Nothing waits.",
    )


def time_to_decision(session: Session, span: Span) -> Figure:
    """How soon people decide: half of the cases sooner than the median, nine of ten sooner than p90."""
    by_row = shares(session, _took(session, span, whole=False))
    whole = shares(session, _took(session, span, whole=True)).get("")
    rows: list[tuple[Cell, ...]] = []
    for row in span.buckets:
        median, most, many = by_row.get(row, (None, None, 0))
        rows.append((row, minutes(median), minutes(most), many))
    together = (
        f"In all these days together: median {minutes(whole[0])}, p90 {minutes(whole[1])} minutes,"
        f" {whole[2]} decisions. "
        if whole
        else ""
    )
    return Figure(
        name="time-to-decision",
        title="Minutes from waiting to decision",
        shape=Shape.LINES,
        columns=(span.step, "median", "p90", "decisions"),
        rows=tuple(rows) if whole else (),
        unit="minutes",
        note=f"{together}An approval that was taken back counts, and so does the next one.",
        empty="Nobody decided anything in these days.",
        lines=2,
    )


def _took(session: Session, span: Span, *, whole: bool) -> Select[tuple[str, float]]:
    decided = [what for what, kind in NAMES.items() if kind != NOBODY_DECIDED]
    before = aliased(AuditRow)
    began = (
        select(func.max(before.at))
        .where(before.case_id == AuditRow.case_id, before.id < AuditRow.id, before.what.in_(BEGAN))
        .scalar_subquery()
    )
    row = literal_column("''") if whole else bucket(session, span, AuditRow.at)
    inner = select(row.label("row"), seconds(session, began, AuditRow.at).label("took")).where(
        within(span, AuditRow.at), AuditRow.what.in_(decided)
    )
    found = inner.subquery()
    return select(found.c.row, found.c.took).where(found.c.took.is_not(None))


def decisions(session: Session, span: Span) -> Figure:
    """What was decided."""
    kind = case(NAMES, value=AuditRow.what, else_="")
    counted = per_bucket(session, span, AuditRow.at, kind, AuditRow.what.in_(NAMES))
    return Figure(
        name="decisions",
        title="Decisions",
        shape=Shape.LINES,
        columns=(span.step, *KINDS),
        rows=laid_out(span, counted, KINDS) if counted else (),
        unit="cases",
        note="“Too late” means that nobody decided in time.",
        empty="Nobody decided anything in these days.",
    )


def reasons(session: Session, span: Span) -> Figure:
    """Why drafts were declined."""
    declined = select(AuditRow.detail["reason"].as_string().label("reason")).where(
        within(span, AuditRow.at), AuditRow.what == move(State.PROPOSED, State.DECLINED)
    )
    found, many = declined.subquery(), func.count().label("many")
    query = select(func.coalesce(found.c.reason, "not said").label("why"), many)
    rows = session.execute(query.group_by(found.c.reason).order_by(many.desc(), found.c.reason)).all()
    return Figure(
        name="reasons",
        title="Why drafts were declined",
        shape=Shape.BARS,
        columns=("reason", "drafts"),
        rows=tuple((why, count) for why, count in rows),
        unit="drafts",
        note="The reason that the editor chose; remarks are not shown here.",
        empty="No draft was declined in these days.",
    )


def minutes(seconds: float | None) -> float | None:
    """Seconds as minutes, with one decimal."""
    return None if seconds is None else round(seconds / 60, 1)
