"""Blind second looks, and how far editors agree. The first decision is not on the page before the second is made."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from typing import Annotated, Literal

from fastapi import APIRouter, Form
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from bot import second_looks
from bot.errors import NotAllowed
from bot.evidence import registry
from bot.model import Post
from bot.review import Declined
from bot.second_looks import Agreement
from bot.store import codec
from bot.store.desk_models import SecondLookRow
from bot.store.models import CaseRow
from bot.web.pages.case import CaseId
from bot.web.visit import Curator, Decider, Visit, Visitor

router = APIRouter()

Said = Annotated[Literal["approve"] | Declined, Form()]


@router.get("/second-looks")
def show(visit: Visitor) -> HTMLResponse:
    """The next case that this person may judge, without what was decided."""
    return _page(visit)


@router.post("/second-looks/{case_id}")
def answer(visit: Decider, case_id: CaseId, said: Said) -> Response:
    """What this person would have decided."""
    try:
        with visit.hands.store.write() as session:
            row = second_looks.answer(session, case_id, str(said), visit.person.name, visit.now)
            told = (case_id, row.first_said, row.second_said)
    except NotAllowed as error:
        return _page(visit, problem=str(error))
    return _page(visit, told=told)


@router.get("/agreement")
def agreement(visit: Visitor) -> HTMLResponse:
    """Agreement over all, by entry and by editor, and what waits for a curator."""
    with visit.hands.store.read() as session:
        rows = second_looks.done(session)
        tasks = second_looks.tasks(session)
        claims = {key: entry.claim for key in {r.entry_id for r in rows} if (entry := registry.current(session, key))}
    return visit.page(
        "agreement.html",
        overall=second_looks.agreement(rows),
        by_entry=_by(rows, lambda row: [row.entry_id]),
        by_editor=_by(rows, lambda row: [row.first_who, row.second_who]),
        claims=claims,
        tasks=tasks,
    )


@router.post("/tasks/{task_id}/close")
def close(visit: Curator, task_id: int) -> Response:
    """The curator has seen to it."""
    with visit.hands.store.write() as session:
        second_looks.close_task(session, task_id, visit.person.name, visit.now)
    return RedirectResponse("/agreement", status_code=303)


def _page(visit: Visit, *, told: tuple[int, str, str] | None = None, problem: str = "") -> HTMLResponse:
    with visit.hands.store.read() as session:
        waiting = second_looks.waiting(session, visit.person.name)
        row = waiting[0] if waiting else None
        case = session.get(CaseRow, row.case_id) if row else None
        entry = registry.version_of(session, row.entry_id, case.entry_version or 0) if row and case else None
    return visit.page(
        "second_looks.html",
        look=row,
        case=case,
        post=codec.load(Post, case.subject) if case else None,
        entry=entry,
        left=len(waiting),
        told=told,
        problem=problem,
        status=409 if problem else 200,
    )


def _by(rows: list[SecondLookRow], names: Callable[[SecondLookRow], list[str]]) -> dict[str, Agreement]:
    groups: dict[str, list[SecondLookRow]] = defaultdict(list)
    for row in rows:
        for name in names(row):
            groups[name].append(row)
    return {name: second_looks.agreement(found) for name, found in sorted(groups.items())}
