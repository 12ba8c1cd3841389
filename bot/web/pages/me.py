"""Your account: what opens the desk for you, and where you are signed in. Of others it shows nothing."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Form
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from sqlalchemy.orm import Session

from bot import audit, factors, house_rules, logins, passkeys, passwords, sessions
from bot.errors import NotAllowed
from bot.rights import needs_second_factor
from bot.store.office_models import UserRow
from bot.web.auth import cookies
from bot.web.auth.letting_in import carry
from bot.web.auth.site import local, passkey_site
from bot.web.visit import Myself, MyselfProven, Visit

router = APIRouter()

PAGE = "/me"
Password = Annotated[str, Form(max_length=1000)]


@router.get(PAGE)
def me(visit: Myself, wanted: str = "") -> HTMLResponse:
    """Everything about this person's own access. `wanted`: the page that asked for a second factor."""
    return account_page(visit, wanted=wanted)


@router.post("/me/password")
def set_password(visit: MyselfProven, password: Password = "", again: Password = "") -> Response:
    """A first or another password. Sessions elsewhere end."""
    names = (visit.person.name, visit.hands.organisation, "scrutineer")
    try:
        if passwords.normal(password) != passwords.normal(again):
            raise NotAllowed("the two passwords differ; type the same one twice")
        passwords.must_be_good(password, names=names)
    except NotAllowed as error:
        return account_page(visit, problem=str(error))
    made = passwords.hash_of(password)  # outside any transaction: it takes its time
    with visit.hands.store.write() as session:
        user = session.get_one(UserRow, visit.person.user_id)
        what = "password changed" if user.password else "password set"
        user.password = made
        audit.note(session, who=user.name, what=what, now=visit.now)
        token = anew(visit, session)
    return with_session(visit, RedirectResponse(PAGE, status_code=303), token)


@router.post("/me/sessions/end")
def end_session(visit: Myself, session: Annotated[str, Form(max_length=64)] = "") -> Response:
    """End one of their own sessions; of nobody else."""
    with visit.hands.store.write() as opened:
        if not sessions.end_one(opened, visit.person.user_id, session):
            raise NotAllowed("you have no such session; reload the page")
        audit.note(opened, who=visit.person.name, what="session ended", now=visit.now)
    return RedirectResponse(PAGE, status_code=303)


@router.post("/me/sessions/end-others")
def end_others(visit: Myself) -> Response:
    """End every session of theirs but this one."""
    mine = cookies.read(visit.request, visit.hands, cookies.SESSION)
    with visit.hands.store.write() as opened:
        sessions.end_all(opened, visit.person.user_id, keep=mine)
        audit.note(opened, who=visit.person.name, what="other sessions ended", now=visit.now)
    return RedirectResponse(PAGE, status_code=303)


def anew(visit: Visit, session: Session, *, strong: bool | None = None) -> str:
    """Keys changed: every other session of theirs ends, and this one gets a new token."""
    mine = cookies.read(visit.request, visit.hands, cookies.SESSION)
    sessions.end_all(session, visit.person.user_id, keep=mine)
    return sessions.renew(session, mine, now=visit.now, strong=strong) or ""


def with_session(visit: Visit, response: Response, token: str) -> Response:
    """The response, carrying the new token."""
    carry(visit.request, response, token)
    return response


def account_page(visit: Visit, *, problem: str = "", wanted: str = "") -> HTMLResponse:
    """The page, perhaps with what went wrong."""
    hands = visit.hands
    with hands.store.read() as session:
        user = session.get_one(UserRow, visit.person.user_id)
        required = house_rules.second_factor_required(session, practice=hands.demo)
        content = {
            "user": user,
            "keys": passkeys.of_person(session, user.id),
            "codes": factors.recovery_codes_left(session, user.id),
            "second": factors.has_second(session, user),
            "browsers": sessions.of_person(session, user.id, now=visit.now),
            "logins": logins.of_person(session, user.id),
            "returns": factors.can_return(session, user),
        }
    return visit.page(
        "me.html",
        status=422 if problem else 200,
        problem=problem,
        wanted=local(wanted) if wanted else "",
        needed=required and needs_second_factor(visit.person.role),
        passkeys_here=passkey_site(visit.request, hands) is not None,
        sign_on=hands.sign_on.name if hands.sign_on else "",
        handle=sessions.HANDLE,
        shortest=passwords.SHORTEST,
        **content,
    )
