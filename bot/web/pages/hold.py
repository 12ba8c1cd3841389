"""Who works on a case: take it, keep it while the page is open, give it back, hand it on, and write to colleagues."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Form
from fastapi.responses import HTMLResponse, Response

from bot import holds, remarks
from bot.web import lists
from bot.web.pages.case import CaseId, Text, case_page, typed
from bot.web.pages.decide import act_on, back
from bot.web.visit import Decider

router = APIRouter()


@router.post("/case/{case_id}/take")
def take(visit: Decider, case_id: CaseId, over: Annotated[bool, Form()] = False) -> Response:
    """Hold this case, so that nobody else decides it meanwhile; `over` breaks somebody else's hold."""
    return act_on(
        visit, case_id, lambda session: holds.take(session, case_id, visit.person.name, visit.now, over=over)
    ) or back(case_id)


@router.post("/case/{case_id}/release")
def release(visit: Decider, case_id: CaseId) -> Response:
    """Give the case back."""
    return act_on(
        visit, case_id, lambda session: holds.release(session, case_id, visit.person.name, visit.now)
    ) or back(case_id)


@router.post("/case/{case_id}/keep")
def keep(visit: Decider, case_id: CaseId, text: Text = "") -> HTMLResponse:
    """Our script says that somebody types: hold the case for them, and keep their words. The answer is the bar."""
    with visit.hands.store.write() as session:
        row = lists.find(session, case_id)
        mine = row is not None and holds.keep(session, case_id, visit.person.name, visit.now, typed(text))
        holder = holds.holder(session, case_id, visit.now) if row is not None else None
    if row is None:
        return case_page(visit, case_id)
    return visit.part("_hold.html", case=row, holder=holder, mine=mine, kept=True)


@router.post("/case/{case_id}/forget-typed")
def forget_typed(visit: Decider, case_id: CaseId) -> Response:
    """Throw away what I typed and did not save."""
    return act_on(
        visit, case_id, lambda session: holds.drop_jotting(session, case_id, visit.person.name)
    ) or back(case_id)  # fmt: skip


@router.post("/case/{case_id}/hand")
def hand(visit: Decider, case_id: CaseId, to: Annotated[str, Form(max_length=100)]) -> Response:
    """Give the case to a colleague."""
    return act_on(
        visit, case_id, lambda session: holds.hand_to(session, case_id, visit.person.name, to, visit.now)
    ) or back(case_id)


@router.post("/case/{case_id}/remark")
def remark(visit: Decider, case_id: CaseId, text: Annotated[str, Form(max_length=remarks.LONGEST * 2)]) -> Response:
    """Write a note to colleagues; `@Name` at its beginning asks that person."""
    return act_on(
        visit, case_id, lambda session: remarks.leave(session, case_id, visit.person.name, typed(text), visit.now)
    ) or back(case_id)
