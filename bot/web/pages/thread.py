"""The practice network as its readers would see it. It shows conversations; nothing here is public."""

from __future__ import annotations

from fastapi import APIRouter
from fastapi.responses import HTMLResponse
from sqlalchemy import select

from bot.store.models import AccountRow
from bot.web.visit import Visitor

router = APIRouter()


@router.get("/thread")
def thread(visit: Visitor) -> HTMLResponse:
    """Every conversation of the practice network, newest first."""
    with visit.hands.store.read() as session:
        ours = set(session.scalars(select(AccountRow.remote_id)))
    return visit.page("thread.html", threads=visit.hands.fake_threads(), ours=ours)
