"""Show again that it is you, before keys or roles are changed; and give a second factor to a session without one."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Form
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from sqlalchemy.orm import Session

from bot import factors, logins, passkeys, passwords, sessions, steps, throttle
from bot.passkeys import NO_FIT
from bot.store.office_models import UserRow
from bot.web import words
from bot.web.auth import cookies
from bot.web.auth.guard import Forbidden
from bot.web.auth.letting_in import address, carry, later
from bot.web.auth.site import local, passkey_site
from bot.web.visit import Myself, Visit

router = APIRouter()

STEP = "prove"
NO = "That did not fit. Please try again."
Word = Annotated[str, Form(max_length=1000)]


@router.get("/prove")
def page(visit: Myself, next: str = "/") -> HTMLResponse:  # noqa: A002  the usual name in an address
    """Ask."""
    return _page(visit, wanted=next)


@router.post("/prove")
def prove(visit: Myself, password: Word = "", code: Word = "", wanted: Word = "/") -> Response:
    """A password, or a code of the authenticator."""
    here, person = address(visit.request), throttle.by_person(visit.person.user_id)
    with visit.hands.store.write() as session:
        wait = throttle.knock(session, (here, person), now=visit.now)
        user = session.get_one(UserRow, visit.person.user_id)
    if wait:
        return _page(visit, status=429, problem=later(wait.total_seconds()), wanted=wanted)
    fits = passwords.matches(user.password, password) if password else False
    token = None
    with visit.hands.store.write() as session:
        user = session.get_one(UserRow, visit.person.user_id)
        strong = bool(code) and factors.second_fits(session, visit.hands.vault, user, code, now=visit.now)
        if strong or (fits and not code):
            throttle.welcome(session, person, address=here, now=visit.now)
            token = _renew(session, visit, strong=strong)
    if token is None:
        return _page(visit, status=422, problem=NO, wanted=wanted)
    return _on(visit, token, wanted)


@router.post("/prove/passkey/begin")
def begin(visit: Myself) -> Response:
    """A challenge for one of their passkeys."""
    site = passkey_site(visit.request, visit.hands)
    if site is None:
        raise Forbidden("Passkeys need https, or localhost.")
    with visit.hands.store.write() as session:
        options, challenge = passkeys.check_options(session, site, user_id=visit.person.user_id)
        token = steps.begin(session, STEP, now=visit.now, user_id=visit.person.user_id, challenge=challenge)
    response = Response(options, media_type="application/json")
    cookies.put(response, visit.hands, cookies.PASSKEY, token, life=steps.STEP_LIFE)
    return response


@router.post("/prove/passkey")
def by_passkey(visit: Myself, credential: Annotated[str, Form(max_length=20_000)] = "", wanted: Word = "/") -> Response:
    """The signed challenge."""
    site, token = passkey_site(visit.request, visit.hands), None
    with visit.hands.store.write() as session:
        step = steps.take(session, STEP, cookies.read(visit.request, visit.hands, cookies.PASSKEY), now=visit.now)
        if site is not None and step is not None:
            user = passkeys.check(session, credential, site, challenge=step.data["challenge"], now=visit.now)
            if user is not None and user.id == step.user_id == visit.person.user_id:
                token = _renew(session, visit, strong=True)
    if token is None:
        return _page(visit, status=422, problem=words.sentence(NO_FIT), wanted=wanted)
    return _on(visit, token, wanted)


def _renew(session: Session, visit: Visit, *, strong: bool) -> str | None:
    mine = cookies.read(visit.request, visit.hands, cookies.SESSION)
    return sessions.renew(session, mine, now=visit.now, strong=True if strong else None)


def _on(visit: Visit, token: str, wanted: str) -> Response:
    response = RedirectResponse(local(wanted), status_code=303)
    carry(visit.request, response, token)
    return response


def _page(visit: Visit, *, status: int = 200, problem: str = "", wanted: str) -> HTMLResponse:
    with visit.hands.store.read() as session:
        user = session.get_one(UserRow, visit.person.user_id)
        second = factors.has_second(session, user)
        key = factors.has_passkey(session, user.id) and passkey_site(visit.request, visit.hands) is not None
        linked = bool(logins.of_person(session, user.id))
    return visit.page(
        "prove.html",
        status=status,
        problem=problem,
        wanted=local(wanted),
        weak=second and not visit.person.strong,
        password=bool(user.password) and (visit.person.strong or not second),
        app=user.totp_at is not None,
        passkeys=key,
        sign_on=visit.hands.sign_on.name if visit.hands.sign_on and linked else "",
    )
