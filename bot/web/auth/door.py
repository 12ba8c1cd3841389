"""The way in by a one-time link, redeemed by a click and never by a preview, and the way out."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from bot import people, sessions
from bot.errors import NotAllowed
from bot.store.codec import clean_text
from bot.web.auth import cookies
from bot.web.auth.guard import SIGN_IN, hands_of
from bot.web.auth.letting_in import admit, lead_in
from bot.web.auth.sign_in import sign_in_page, with_door
from bot.web.visit import Myself

router = APIRouter()


@router.get(SIGN_IN + "{token}")
def link_page(request: Request, token: str) -> Response:
    """Show whose link this is, with a button. Looking at it uses nothing up."""
    hands = hands_of(request)
    with hands.store.read() as session:
        name = people.owner_of_link(session, token, now=hands.clock.now())
    if name is None:
        return _used_up(request)
    return _show(request, token, name)


@router.post(SIGN_IN + "{token}")
def use_link(request: Request, token: str, name: Annotated[str, Form(max_length=1000)] = "") -> Response:
    """Redeem the link: a new session, and the end of an older one in this browser. The first person says their name."""
    hands = hands_of(request)
    name = clean_text(name)
    try:
        with hands.store.write() as session:
            user = people.use_link(session, token, now=hands.clock.now(), name=name)
            admitted = admit(session, request, user, method="link") if user is not None else None
    except NotAllowed as error:
        return _show(request, token, people.FIRST_NAME, problem=str(error), typed=name)
    return lead_in(request, admitted) if admitted is not None else _used_up(request)


@router.post("/sign-out")
def sign_out(visit: Myself) -> Response:
    """End this browser's session."""
    with visit.hands.store.write() as session:
        sessions.sign_out(session, cookies.read(visit.request, visit.hands, cookies.SESSION))
    response = RedirectResponse("/", status_code=303)
    cookies.drop(response, visit.hands, cookies.SESSION)
    return response


def _show(request: Request, token: str, name: str, *, problem: str = "", typed: str = "") -> HTMLResponse:
    hands = hands_of(request)
    return with_door(
        request,
        "link.html",
        status=422 if problem else 200,
        name=name,
        nameless=name == people.FIRST_NAME,
        problem=problem,
        typed=typed,
        token=token,
        sign_on=hands.sign_on.name if hands.sign_on else "",
    )


def _used_up(request: Request) -> HTMLResponse:
    return sign_in_page(request, status=410, used_up=True)
