"""The record of what happened: the newest lines, to read."""

from __future__ import annotations

from fastapi import APIRouter
from fastapi.responses import HTMLResponse

from bot.web import lists
from bot.web.visit import Visitor

router = APIRouter()

LINES = 200


@router.get("/log")
def log(visit: Visitor) -> HTMLResponse:
    """The newest lines, newest first."""
    with visit.hands.store.read() as session:
        lines = lists.log(session, LINES)
    return visit.page("log.html", lines=lines, most=LINES)
