"""The people of the office: an administrator adds one and hands out sign-in links. A link is shown once."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Form
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from sqlalchemy import select

from bot import audit
from bot import people as office
from bot.errors import NotAllowed
from bot.people import Role
from bot.store.office_models import UserRow
from bot.web.auth.guard import SIGN_IN
from bot.web.visit import Administrator, Visit

router = APIRouter()


@router.get("/people")
def people(visit: Administrator) -> HTMLResponse:
    """Who works here."""
    return _page(visit)


@router.post("/people")
def add(
    visit: Administrator, name: Annotated[str, Form(max_length=100)] = "", role: Annotated[Role, Form()] = Role.EDITOR
) -> Response:
    """Add a person; they need a link before they can sign in."""
    try:
        with visit.hands.store.write() as session:
            office.ensure_user(session, name, role, by=visit.person.name, now=visit.now)
    except NotAllowed as error:
        return _page(visit, problem=str(error))
    return RedirectResponse("/people", status_code=303)


@router.post("/people/rename")
def rename(
    visit: Administrator,
    user: Annotated[int, Form(ge=1, le=2**31 - 1)],
    name: Annotated[str, Form(max_length=100)] = "",
) -> Response:
    """Give a person the name with which they sign. What they signed before keeps the old one."""
    try:
        with visit.hands.store.write() as session:
            office.rename(session, user, name, by=visit.person.name, now=visit.now)
    except NotAllowed as error:
        return _page(visit, problem=str(error))
    return RedirectResponse("/people", status_code=303)


@router.post("/people/link")
def link(visit: Administrator, user: Annotated[int, Form(ge=1, le=2**31 - 1)]) -> HTMLResponse:
    """Make a sign-in link and show it, this once."""
    with visit.hands.store.write() as session:
        row = session.get(UserRow, user)
        if row is None or row.disabled_at is not None:
            raise NotAllowed("there is no such person")
        token = office.new_link(session, row, now=visit.now)
        audit.note(session, who=visit.person.name, what="sign-in link made", now=visit.now, name=row.name)
    url = str(visit.request.base_url).rstrip("/") + SIGN_IN + token
    return _page(visit, link=url, link_for=row.name)


def _page(visit: Visit, *, problem: str = "", link: str = "", link_for: str = "") -> HTMLResponse:
    with visit.hands.store.read() as session:
        rows = list(session.scalars(select(UserRow).order_by(UserRow.name)))
    return visit.page(
        "people.html",
        people=rows,
        roles=list(Role),
        problem=problem,
        link=link,
        link_for=link_for,
        status=422 if problem else 200,
    )
