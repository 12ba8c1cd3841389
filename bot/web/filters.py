"""One view of the queue, as its address says it: which cases, narrowed by what. It reads counts and rows, no more."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from datetime import datetime, timedelta
from typing import Annotated, Any, Literal, get_args
from urllib.parse import urlencode

from fastapi import Query
from sqlalchemy import ColumnElement, Select, and_, func, select
from sqlalchemy.orm import Session

from bot import remarks
from bot.life import State
from bot.priority import ASKING
from bot.store.derived import folded
from bot.store.desk_models import HoldRow
from bot.store.models import CaseRow

Show = Literal["waiting", "mine", "parked", "sending", "published", "closed", "perhaps", "passed"]
STATES: dict[str, frozenset[State]] = {
    "sending": frozenset({State.APPROVED, State.SENDING, State.UNKNOWN, State.FAILED}),
    "published": frozenset({State.PUBLISHED}),
    "closed": frozenset({State.DECLINED, State.HANDED_OVER, State.FILED, State.WITHDRAWN, State.EXPIRED}),
    "perhaps": frozenset({State.IGNORED}),  # of these, the ones that the matcher suggests
    "passed": frozenset({State.IGNORED}),
}
BY_PLACE = ("waiting", "mine", "parked")  # read in the order of the queue; all others newest first
ON_A_PAGE = 50  # rows
MOST_PAGES = 2000  # further back a search is quicker than leafing
LONGEST_SEARCH = 100  # characters


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """What is looked at. Empty fields narrow nothing."""

    show: Show = "waiting"
    network: str = ""
    entry: str = ""
    care: str = ""
    lang: str = ""
    asked: str = ""  # "yes": only where somebody asked us
    older: int = 0  # hours that a case has waited at least
    by: str = ""  # who decided
    q: str = ""
    page: int = 1

    @property
    def narrowed(self) -> bool:
        """Is any filter in force?"""
        return bool(self.query(page=1, show="waiting"))

    def query(self, **other: Any) -> str:
        """The address of this view, with some parts changed; defaults are left out."""
        wanted = replace(self, **other)
        given = {one.name: getattr(wanted, one.name) for one in fields(View)}
        return urlencode({name: value for name, value in given.items() if value != _DEFAULTS[name]})


_DEFAULTS = {one.name: one.default for one in fields(View)}
KNOWN = frozenset(_DEFAULTS)  # the parts an address of the list may have
Short = Annotated[str, Query(max_length=200)]


def view_of(
    show: Show = "waiting",
    network: Short = "",
    entry: Short = "",
    care: Short = "",
    lang: Short = "",
    asked: Short = "",
    older: Annotated[int | Literal[""], Query(ge=0, le=10_000)] = 0,
    by: Short = "",
    q: Short = "",
    page: Annotated[int, Query(ge=1, le=MOST_PAGES)] = 1,
) -> View:
    """The view that an address asks for: a dependency of routes."""
    return View(
        show=show, network=network, entry=entry, care=care, lang=lang, asked=asked, older=older or 0, by=by,
        q=q.strip()[:LONGEST_SEARCH], page=page,
    )  # fmt: skip


def rows(session: Session, view: View, who: str, now: datetime) -> tuple[list[CaseRow], bool]:
    """The cases of this page, and whether there are more."""
    query = narrowed(session, select(CaseRow), view, who, now)
    query = query.order_by(CaseRow.rank_at, CaseRow.id) if view.show in BY_PLACE else _newest_first(query)
    found = list(session.scalars(query.offset((view.page - 1) * ON_A_PAGE).limit(ON_A_PAGE + 1)))
    return found[:ON_A_PAGE], len(found) > ON_A_PAGE


def counts(session: Session, view: View, who: str, now: datetime) -> dict[str, int]:
    """How many cases each tab holds, under the filters in force."""
    if not view.narrowed:
        return _plain_counts(session, who, now)
    names: tuple[Show, ...] = get_args(Show)
    each = [func.count().filter(and_(*_tab(session, name, who, now))) for name in names]
    found = session.execute(select(*each).select_from(CaseRow).where(*_narrow(view, now))).one()  # one look at all rows
    return dict(zip(names, found, strict=True))


def narrowed(session: Session, query: Select[Any], view: View, who: str, now: datetime) -> Select[Any]:
    """The query, for the cases of this view only."""
    return query.where(*_tab(session, view.show, who, now), *_narrow(view, now))


def _tab(session: Session, show: str, who: str, now: datetime) -> list[ColumnElement[bool]]:
    if show == "waiting":
        return [CaseRow.rank_at.is_not(None), CaseRow.parked == ""]
    if show == "parked":
        return [CaseRow.rank_at.is_not(None), CaseRow.parked != ""]
    if show == "mine":
        held = select(HoldRow.case_id).where(HoldRow.who == who, HoldRow.until > now)
        return [CaseRow.rank_at.is_not(None), CaseRow.id.in_(held) | CaseRow.id.in_(remarks.asked(session, who))]
    states = CaseRow.state.in_([state.value for state in STATES[show]])
    return [states, CaseRow.suggested.is_(True)] if show == "perhaps" else [states]


def _narrow(view: View, now: datetime) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    for column, value in ((CaseRow.network, view.network), (CaseRow.entry_id, view.entry)):
        if value:
            found.append(column == value)
    if view.care:
        found.append(CaseRow.sensitivity == view.care)
    if view.lang:
        found.append(CaseRow.subject["langs"][0].as_string().startswith(view.lang, autoescape=True))
    if view.asked:
        found.append(CaseRow.basis.in_(ASKING))
    if view.older:
        found.append(CaseRow.created_at <= now - timedelta(hours=view.older))
    if view.by:
        found.append((CaseRow.approved_by == view.by) | (CaseRow.closed_by == view.by))
    found += [CaseRow.words.contains(word, autoescape=True) for word in folded(view.q).split()]
    return found


def _plain_counts(session: Session, who: str, now: datetime) -> dict[str, int]:
    per_state = {State(name): number for name, number in session.execute(_PER_STATE)}
    found = {name: sum(per_state.get(one, 0) for one in states) for name, states in STATES.items()}
    for name in (*BY_PLACE, "perhaps"):
        count = select(func.count()).select_from(CaseRow).where(*_tab(session, name, who, now))
        found[name] = session.scalar(count) or 0
    return found


_PER_STATE = select(CaseRow.state, func.count()).group_by(CaseRow.state)


def _newest_first(query: Select[Any]) -> Select[Any]:
    return query.order_by(CaseRow.updated_at.desc(), CaseRow.id.desc())
