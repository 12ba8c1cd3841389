"""The people of the office, for administrators: invite, change roles, shut out, and the rule on second factors.

A link is shown once. Every change is recorded.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Literal

from fastapi import APIRouter, Form
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from sqlalchemy import select
from sqlalchemy.orm import Session

from bot import audit, factors, house_rules, logins, rights, sessions
from bot import people as office
from bot.errors import NotAllowed
from bot.people import Role
from bot.store.office_models import UserRow
from bot.web.auth.approver import MOST
from bot.web.auth.guard import SIGN_IN
from bot.web.auth.site import base_of
from bot.web.visit import Administrator, AdministratorProven, Visit

router = APIRouter()

PAGE = "/people"
User = Annotated[int, Form(ge=1, le=MOST)]
Name = Annotated[str, Form(max_length=100)]
Why = Annotated[str, Form(max_length=500)]
Act = Callable[[Session], None]


@router.get(PAGE)
def people(visit: Administrator) -> HTMLResponse:
    """Who works here."""
    return _page(visit)


@router.post(PAGE)
def invite(visit: AdministratorProven, name: Name = "", role: Annotated[Role, Form()] = Role.EDITOR) -> HTMLResponse:
    """Invite a person: their link is shown this once."""
    try:
        with visit.hands.store.write() as session:
            row, token = office.invite(session, name, role, by=visit.person.name, now=visit.now)
    except NotAllowed as error:
        return _page(visit, problem=str(error))
    return _page(visit, link=_address(visit, token), link_for=row.name)


@router.post("/people/link")
def link(visit: AdministratorProven, user: User) -> HTMLResponse:
    """Make a sign-in link and show it, this once."""
    with visit.hands.store.write() as session:
        row = office.get(session, user)
        if row.disabled_at is not None:
            raise NotAllowed("there is no such person")
        token = office.new_link(session, row, now=visit.now)
        audit.note(session, who=visit.person.name, what="sign-in link made", now=visit.now, name=row.name)
    return _page(visit, link=_address(visit, token), link_for=row.name)


@router.post("/people/rename")
def rename(visit: AdministratorProven, user: User, name: Name = "") -> Response:
    """Give a person the name with which they sign. What they signed before keeps the old one."""
    return _do(visit, lambda session: office.rename(session, user, name, by=visit.person.name, now=visit.now))


@router.post("/people/role")
def role(visit: AdministratorProven, user: User, role: Annotated[Role, Form()]) -> Response:
    """Give a person another role."""
    return _do(visit, lambda session: office.set_role(session, user, role, by=visit.person.name, now=visit.now))


@router.post("/people/disable")
def disable(visit: AdministratorProven, user: User) -> Response:
    """Shut a person out, at once."""
    return _do(visit, lambda session: office.disable(session, user, by=visit.person.name, now=visit.now))


@router.post("/people/enable")
def enable(visit: AdministratorProven, user: User) -> Response:
    """Let a person in again."""
    return _do(visit, lambda session: office.enable(session, user, by=visit.person.name, now=visit.now))


@router.post("/people/withdraw")
def withdraw(visit: AdministratorProven, user: User) -> Response:
    """Withdraw an invitation or a link that was not used yet."""
    return _do(visit, lambda session: office.withdraw_invitation(session, user, by=visit.person.name, now=visit.now))


@router.post("/people/reset")
def reset(visit: AdministratorProven, user: User) -> Response:
    """Somebody lost their phone: their second factors are gone, and they are signed out everywhere."""

    def act(session: Session) -> None:
        if user == visit.person.user_id:
            raise NotAllowed("your own second factor is changed on the page Your account")
        row = office.get(session, user)
        factors.reset(session, visit.hands.vault, row, by=visit.person.name, now=visit.now)
        sessions.end_all(session, row.id)

    return _do(visit, act)


@router.post("/people/second-factor")
def second_factor(
    visit: AdministratorProven, value: Annotated[Literal["required", "relaxed"], Form()], why: Why = ""
) -> Response:
    """Must whoever decides give a second factor?"""
    return _do(visit, lambda session: house_rules.rule(session, value, by=visit.person.name, why=why, now=visit.now))


def _do(visit: Visit, act: Act) -> Response:
    try:
        with visit.hands.store.write() as session:
            act(session)
    except NotAllowed as error:
        return _page(visit, problem=str(error))
    return RedirectResponse(PAGE, status_code=303)


def _address(visit: Visit, token: str) -> str:
    return base_of(visit.request, visit.hands) + SIGN_IN + token


def _page(visit: Visit, *, problem: str = "", link: str = "", link_for: str = "") -> HTMLResponse:
    with visit.hands.store.read() as session:
        rows = list(session.scalars(select(UserRow).order_by(UserRow.disabled_at.is_not(None), UserRow.name)))
        content = {
            "second": {row.id for row in rows if factors.has_second(session, row)},
            "elsewhere": {row.id for row in rows if logins.of_person(session, row.id)},
            "links": office.open_links(session, now=visit.now),
            "required": house_rules.second_factor_required(session, practice=visit.hands.demo),
            "ruling": house_rules.ruling(session),
        }
    return visit.page(
        "people.html",
        people=rows,
        roles=list(Role),
        deciding={one.value for one in Role if rights.needs_second_factor(one)},
        problem=problem,
        link=link,
        link_for=link_for,
        status=422 if problem else 200,
        **content,
    )
