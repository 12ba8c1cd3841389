"""The practice network as its readers would see it. It shows it and starts it again; nothing is public."""

from __future__ import annotations

from fastapi import APIRouter
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from sqlalchemy import select
from starlette.exceptions import HTTPException

from bot.store.models import AccountRow
from bot.web.visit import Tender, Visitor

router = APIRouter()


@router.get("/thread")
def thread(visit: Visitor) -> HTMLResponse:
    """Every conversation of the practice network, newest first."""
    with visit.hands.store.read() as session:
        ours = set(session.scalars(select(AccountRow.remote_id)))
    return visit.page("thread.html", threads=visit.hands.fake_threads(), ours=ours)


@router.post("/practice/again")
def again(visit: Tender) -> Response:
    """Empty the practice office, and play its feed from the beginning."""
    if not visit.hands.demo:
        raise HTTPException(404)
    visit.hands.practice_again(visit.person.name)
    return RedirectResponse("/", status_code=303)
