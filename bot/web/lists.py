"""What the pages read from the store: lists, counts and one case with everything around it. It writes nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Select, case, func, select
from sqlalchemy.orm import Session

from bot import audit
from bot.evidence import registry
from bot.life import WAITING, State
from bot.model import Action, Basis, Context, Evidence, Match, Mention, Post
from bot.store import codec
from bot.store.models import AccountRow, CaseRow, DeliveryRow
from bot.store.office_models import AuditRow, EntryVersionRow

FILTERS: dict[str, frozenset[State]] = {
    "waiting": WAITING,
    "sending": frozenset({State.APPROVED, State.SENDING, State.UNKNOWN, State.FAILED}),
    "published": frozenset({State.PUBLISHED}),
    "closed": frozenset({State.DECLINED, State.HANDED_OVER, State.FILED, State.WITHDRAWN, State.EXPIRED}),
    "perhaps": frozenset({State.IGNORED}),  # of these, the ones that the matcher suggests
    "passed": frozenset({State.IGNORED}),
}
SUGGESTED = CaseRow.match["action"].as_string() == Action.SUGGEST.value
ON_A_PAGE = 100  # rows; older ones are reached by deciding, or through the log


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One row of the list."""

    case: CaseRow
    post: Post
    claim: str
    asker: str  # who asked about somebody else's post ("" when the author themselves asked, or nobody did)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """One case, with everything an editor looks at."""

    case: CaseRow
    account: AccountRow
    post: Post
    subject: Post
    context: Context
    match: Match | None
    asked_by: Mention | None
    entry: Evidence | None  # the version the draft was made from
    entry_now: Evidence | None  # the version in force
    history: list[AuditRow]
    delivery: DeliveryRow | None


def find(session: Session, case_id: int) -> CaseRow | None:
    """The case of this number, or None."""
    return session.get(CaseRow, case_id) if case_id else None


def count_waiting(session: Session) -> int:
    """How many cases wait for an editor."""
    return session.scalar(select(func.count()).where(_in(WAITING))) or 0


def newest(session: Session) -> int:
    """The number of the newest case: what is above it was not there when the page was made."""
    return session.scalar(select(func.max(CaseRow.id))) or 0


def newer(session: Session, case_id: int) -> int:
    """How many waiting cases came after that one."""
    return session.scalar(select(func.count()).where(_in(WAITING), CaseRow.id > case_id)) or 0


def counts(session: Session) -> dict[str, int]:
    """Cases per filter."""
    rows = session.execute(select(CaseRow.state, func.count()).group_by(CaseRow.state))
    per_state = {State(name): number for name, number in rows}
    found = {name: sum(per_state.get(one, 0) for one in states) for name, states in FILTERS.items()}
    found["perhaps"] = session.scalar(select(func.count()).where(_in(FILTERS["perhaps"]), SUGGESTED)) or 0
    return found


def lines(session: Session, which: str) -> list[Line]:
    """The rows of one filter, in the order in which they should be read."""
    query = select(CaseRow).where(_in(FILTERS[which])).limit(ON_A_PAGE)
    if which == "perhaps":
        query = query.where(SUGGESTED)
    rows = list(session.scalars(in_reading_order(query) if which == "waiting" else _newest_first(query)))
    claims = _claims(session, rows)
    return [
        Line(
            case=row,
            post=codec.load(Post, row.subject),
            claim=claims.get((row.entry_id, row.entry_version), ""),
            asker=_asker(row),
        )
        for row in rows
    ]


def neighbours(session: Session, case_id: int) -> tuple[int | None, int | None]:
    """The waiting cases before and after this one, in reading order."""
    order = list(session.scalars(in_reading_order(select(CaseRow.id).where(_in(WAITING)))))
    if case_id not in order:
        return None, order[0] if order else None
    at = order.index(case_id)
    return (order[at - 1] if at else None), (order[at + 1] if at + 1 < len(order) else None)


def next_waiting(session: Session, *, after: int | None) -> int | None:
    """The case an editor should read next: the one that came after in their list if it still waits, else the first."""
    if after is not None and session.scalar(select(CaseRow.id).where(CaseRow.id == after, _in(WAITING))):
        return after
    query = select(CaseRow.id).where(_in(WAITING))
    found: int | None = session.scalar(in_reading_order(query).limit(1))
    return found


def in_reading_order(query: Select[Any]) -> Select[Any]:
    """First what needs a person, then what may be answered, then what is locked; the oldest first."""
    urgent = case((CaseRow.state == State.ESCALATED.value, 0), (CaseRow.lock == "", 1), else_=2)
    return query.order_by(urgent, CaseRow.created_at, CaseRow.id)


def sheet(session: Session, row: CaseRow) -> Sheet:
    """The case with all that stands around it."""
    account = session.get_one(AccountRow, row.account)
    match = codec.load(Match, row.match) if row.match else None
    entry_id, version = row.entry_id, row.entry_version or 0
    if entry_id is None and match is not None and match.entry_id:  # suggested, and not taken up so far
        entry_id, version = match.entry_id, match.entry_version
    entry = registry.version_of(session, entry_id, version) if entry_id else None
    delivery = session.scalar(
        select(DeliveryRow).where(DeliveryRow.case_id == row.id).order_by(DeliveryRow.intent_at.desc()).limit(1)
    )
    return Sheet(
        case=row,
        account=account,
        post=codec.load(Post, row.post),
        subject=codec.load(Post, row.subject),
        context=codec.load(Context, row.context) if row.context else Context(),
        match=match,
        asked_by=codec.load(Mention, row.asked_by) if row.asked_by else None,
        entry=entry,
        entry_now=registry.current(session, entry_id) if entry_id else None,
        history=audit.of_case(session, row.id),
        delivery=delivery,
    )


def versions(session: Session, entry_id: str) -> list[EntryVersionRow]:
    """Every version of an entry, newest first."""
    query = select(EntryVersionRow).where(EntryVersionRow.entry_id == entry_id)
    return list(session.scalars(query.order_by(EntryVersionRow.version.desc())))


def log(session: Session, most: int) -> list[AuditRow]:
    """The newest lines of the record, newest first."""
    return list(session.scalars(select(AuditRow).order_by(AuditRow.id.desc()).limit(most)))


def _asker(row: CaseRow) -> str:
    if row.basis != Basis.SUMMONER:
        return ""
    author = codec.load(Post, row.post).author
    return author.display_name or author.handle or "somebody"


def _claims(session: Session, rows: Sequence[CaseRow]) -> dict[tuple[str | None, int | None], str]:
    wanted = {(row.entry_id, row.entry_version) for row in rows if row.entry_id}
    entries = select(EntryVersionRow).where(EntryVersionRow.entry_id.in_({entry for entry, _ in wanted}))
    return {
        (one.entry_id, one.version): str(one.data["claim"])
        for one in session.scalars(entries)
        if (one.entry_id, one.version) in wanted
    }


def _newest_first(query: Select[Any]) -> Select[Any]:
    return query.order_by(CaseRow.updated_at.desc(), CaseRow.id.desc())


def _in(states: frozenset[State]) -> ColumnElement[bool]:
    return CaseRow.state.in_({one.value for one in states})
