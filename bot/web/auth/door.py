"""The way in and out: a one-time link, redeemed by a click and never by a preview, and signing out."""

from __future__ import annotations

import secrets
from typing import Annotated

from fastapi import APIRouter, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from bot import people
from bot.errors import NotAllowed
from bot.store.codec import clean_text
from bot.web.auth.guard import SIGN_IN, cookie_name, hands_of
from bot.web.hands import Hands
from bot.web.visit import Visitor, render

router = APIRouter()


@router.get(SIGN_IN + "{token}")
def sign_in_page(request: Request, token: str) -> Response:
    """Show whose link this is, with a button. Looking at it uses nothing up."""
    hands = hands_of(request)
    with hands.store.read() as session:
        name = people.owner_of_link(session, token, now=hands.clock.now())
    if name is None:
        return _used_up(request)
    return _show(request, name)


@router.post(SIGN_IN + "{token}")
def sign_in(request: Request, token: str, name: Annotated[str, Form(max_length=1000)] = "") -> Response:
    """Redeem the link: a new session, and the end of an older one in this browser. The first person says their name."""
    hands = hands_of(request)
    now = hands.clock.now()
    agent, name = request.headers.get("user-agent", ""), clean_text(name)
    try:
        with hands.store.write() as session:
            made = people.use_link(session, token, now=now, agent=agent, name=name)
            if made is not None and (old := request.cookies.get(cookie_name(hands, "session"))):
                people.sign_out(session, old)
    except NotAllowed as error:
        return _show(request, people.FIRST_NAME, problem=str(error), typed=name)
    if made is None:
        return _used_up(request)
    response = RedirectResponse("/", status_code=303)
    _set_cookie(response, hands, "session", made, max_age=int(people.SESSION_LIFE.total_seconds()))
    response.delete_cookie(cookie_name(hands, "door"), path="/", secure=hands.secure_cookies, httponly=True)
    return response


@router.post("/sign-out")
def sign_out(visit: Visitor) -> Response:
    """End this browser's session."""
    name = cookie_name(visit.hands, "session")
    with visit.hands.store.write() as session:
        people.sign_out(session, visit.request.cookies.get(name, ""))
    response = RedirectResponse("/", status_code=303)
    response.delete_cookie(name, path="/", secure=visit.hands.secure_cookies, httponly=True)
    return response


def _show(request: Request, name: str, *, problem: str = "", typed: str = "") -> HTMLResponse:
    door = secrets.token_urlsafe(24)
    nameless = name == people.FIRST_NAME
    page = render(request, "sign_in.html", name=name, nameless=nameless, problem=problem, typed=typed, csrf=door)
    response = HTMLResponse(page, status_code=422 if problem else 200)
    _set_cookie(response, hands_of(request), "door", door, path="/")
    return response


def _used_up(request: Request) -> HTMLResponse:
    return HTMLResponse(render(request, "not_signed_in.html", used_up=True, typed=""), status_code=410)


def _set_cookie(
    response: Response, hands: Hands, what: str, value: str, *, max_age: int | None = None, path: str = "/"
) -> None:
    response.set_cookie(
        cookie_name(hands, what),
        value,
        max_age=max_age,
        path=path,
        secure=hands.secure_cookies,
        httponly=True,
        samesite="lax",  # links to cases in mails must work; every change needs a token anyway
    )
