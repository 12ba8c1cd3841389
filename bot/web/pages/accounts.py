"""Our accounts: may they send, may they answer hashtag posts. Everybody reads; administrators decide, recorded."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Form
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from sqlalchemy import select

from bot import rulings
from bot.errors import NotAllowed
from bot.store.models import AccountRow
from bot.web.visit import AccountManager, Visit, Visitor

router = APIRouter()

Setting = Literal["sending", "hashtag_replies", "pause"]


@router.get("/accounts")
def accounts(visit: Visitor) -> HTMLResponse:
    """Every account with its decisions."""
    return _page(visit)


@router.post("/accounts")
def decide(
    visit: AccountManager,
    account: Annotated[str, Form(max_length=200)],
    setting: Annotated[Setting, Form()],
    value: Annotated[str, Form(max_length=16)],
    why: Annotated[str, Form(max_length=500)] = "",
) -> Response:
    """Record a decision about one account."""
    try:
        with visit.hands.store.write() as session:
            rulings.rule(session, account, setting, value, by=visit.person.name, why=why, now=visit.now)
    except NotAllowed as error:
        return _page(visit, problem=str(error))
    return RedirectResponse("/accounts", status_code=303)


def _page(visit: Visit, problem: str = "") -> HTMLResponse:
    with visit.hands.store.read() as session:
        rows = list(session.scalars(select(AccountRow).order_by(AccountRow.id)))
        decided = {row.id: rulings.history(session, row.id) for row in rows}
    return visit.page("accounts.html", accounts=rows, decided=decided, problem=problem, status=422 if problem else 200)
