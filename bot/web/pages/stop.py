"""The stop switch: everybody but an auditor may stop publishing at once; only an administrator lifts it."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Form
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from bot import switch
from bot.errors import NotAllowed
from bot.web.visit import Resumer, Stopper, Visit, Visitor

router = APIRouter()

Reason = Annotated[str, Form(max_length=500)]


@router.get("/stop")
def stop_page(visit: Visitor) -> HTMLResponse:
    """One big button."""
    return _page(visit)


@router.post("/stop")
def stop(visit: Stopper, reason: Reason = "") -> Response:
    """Stop publishing."""
    if not reason.strip():
        return _page(visit, problem="Say in a few words why publishing must stop.")
    with visit.hands.store.write() as session:
        switch.stop(session, by=visit.person.name, reason=reason.strip(), now=visit.now)
    return RedirectResponse("/stop", status_code=303)


@router.post("/resume")
def resume(visit: Resumer, reason: Reason = "") -> Response:
    """Allow publishing again."""
    if not reason.strip():
        return _page(visit, problem="Say in a few words why publishing may go on.")
    if switch.file_stops(visit.hands.stop_flag):
        raise NotAllowed(f"the file {visit.hands.stop_flag.name} stops publishing; delete it in the data directory")
    with visit.hands.store.write() as session:
        switch.resume(session, by=visit.person.name, reason=reason.strip(), now=visit.now)
    return RedirectResponse("/stop", status_code=303)


def _page(visit: Visit, problem: str = "") -> HTMLResponse:
    return visit.page(
        "stop.html",
        problem=problem,
        by_file=switch.file_stops(visit.hands.stop_flag),
        status=422 if problem else 200,
    )
