"""The first page: what waits, what is on its way, what was said. It also turns live reading on and off."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Form, Query
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from bot import audit
from bot.web import lists
from bot.web.visit import Tender, Visitor

router = APIRouter()

Which = Literal["waiting", "sending", "published", "closed", "perhaps", "passed"]


@router.get("/")
def queue(visit: Visitor, show: Which = "waiting", done: Annotated[int, Query(ge=0, le=2**31 - 1)] = 0) -> HTMLResponse:
    """The list, or (asked by our script) only its rows."""
    with visit.hands.store.read() as session:
        lines = lists.lines(session, show)
        counts = lists.counts(session)
        finished = lists.find(session, done)
    content: dict[str, Any] = {"lines": lines, "counts": counts, "show": show}
    if visit.by_htmx:
        return visit.part("_list.html", **content)
    return visit.page("queue.html", **content, done=finished, live=visit.hands.live())


@router.get("/badge")
def badge(visit: Visitor, after: Annotated[int, Query(ge=0, le=2**31 - 1)] = 0) -> HTMLResponse:
    """How many cases came in since this page was opened."""
    with visit.hands.store.read() as session:
        return visit.part(
            "_badge.html", newest=after, fresh=lists.newer(session, after), waiting=lists.count_waiting(session)
        )


@router.post("/live")
def live(visit: Tender, on: Annotated[bool, Form()] = False) -> Response:
    """Also read the live public stream, or stop reading it. Nothing is ever sent because of it."""
    visit.hands.set_live(on)
    with visit.hands.store.write() as session:
        audit.note(session, who=visit.person.name, what=f"live reading turned {'on' if on else 'off'}", now=visit.now)
    return RedirectResponse("/", status_code=303)
