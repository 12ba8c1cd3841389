"""The way in with a password, and the page of the second factor. Every refusal sounds the same."""

from __future__ import annotations

import secrets
from typing import Annotated

import structlog
from fastapi import APIRouter, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from bot import factors, passwords, people, steps, throttle
from bot.store.codec import clean_text
from bot.store.office_models import UserRow
from bot.web.auth import cookies
from bot.web.auth.guard import hands_of
from bot.web.auth.letting_in import SECOND_PAGE, SECOND_STEP, Admitted, address, admit, later, lead_in
from bot.web.auth.site import local, passkey_site
from bot.web.visit import render

router = APIRouter()
log = structlog.get_logger("sign-in")

NO = "This did not fit. Check the name and the password, or use another way in."
NO_CODE = "This code did not fit, or it was used already. Wait for the next one, or use a recovery code."
Word = Annotated[str, Form(max_length=1000)]


@router.get("/sign-in")
def door(request: Request, next: str = "/") -> HTMLResponse:  # noqa: A002  the usual name in an address
    """Every way in."""
    return sign_in_page(request, wanted=local(next))


@router.post("/sign-in")
def sign_in(request: Request, name: Word = "", password: Word = "", wanted: Word = "/") -> Response:
    """Name and password; then the second factor, for whoever has one."""
    hands = hands_of(request)
    now = hands.clock.now()
    name = clean_text(name)
    here, account = address(request), throttle.by_account(name)
    with hands.store.write() as session:
        wait = throttle.knock(session, (here, account), now=now)
    if wait:
        return sign_in_page(request, status=429, problem=later(wait.total_seconds()), wanted=wanted, name=name)
    with hands.store.read() as session:
        user = people.named(session, name)
    stored = user.password if user is not None and user.disabled_at is None else ""
    fits = passwords.matches(stored, password)  # outside any transaction: it takes its time
    admitted = None
    if fits and user is not None:
        better = passwords.hash_of(password) if passwords.is_dated(stored) else stored
        with hands.store.write() as session:
            fresh = session.get_one(UserRow, user.id)
            if fresh.disabled_at is None and fresh.password == stored:
                fresh.password = better
                throttle.welcome(session, account, address=here, now=now)
                admitted = admit(session, request, fresh, method="password", wanted=local(wanted))
    if admitted is None:
        log.info("sign-in refused", known=user is not None)  # never the name: people type passwords into that box
        return sign_in_page(request, status=422, problem=NO, wanted=wanted, name=name)
    return lead_in(request, admitted)


@router.get(SECOND_PAGE)
def second_page(request: Request) -> Response:
    """The second factor."""
    return _second(request)


@router.post(SECOND_PAGE)
def second(request: Request, code: Word = "") -> Response:
    """A code of the authenticator, or a recovery code."""
    hands = hands_of(request)
    now = hands.clock.now()
    token = cookies.read(request, hands, cookies.SECOND)
    admitted: Admitted | None = None
    with hands.store.write() as session:
        step = steps.look(session, SECOND_STEP, token, now=now)
        user = session.get(UserRow, step.user_id) if step and step.user_id else None
        if step is None or user is None or user.disabled_at is not None:
            return RedirectResponse("/sign-in", status_code=303)
        here, person = address(request), throttle.by_person(user.id)
        wait = throttle.knock(session, (here, person), now=now)
        if (
            not wait
            and factors.second_fits(session, hands.vault, user, code, now=now)
            and steps.take(session, SECOND_STEP, token, now=now)
        ):
            throttle.welcome(session, person, address=here, now=now)
            method, wanted = step.data["method"], step.data["wanted"]
            admitted = admit(session, request, user, method=method, strong=True, wanted=wanted)
    if admitted is not None:
        return lead_in(request, admitted)
    if wait:
        return _second(request, status=429, problem=later(wait.total_seconds()))
    return _second(request, status=422, problem=NO_CODE)


def sign_in_page(
    request: Request,
    *,
    status: int = 200,
    problem: str = "",
    wanted: str = "/",
    name: str = "",
    used_up: bool = False,
    ended: bool = False,
    typed: str = "",
) -> HTMLResponse:
    """The page with every way in. `ended`: they came for another page; `typed` is text that would be lost."""
    hands = hands_of(request)
    return with_door(
        request,
        "sign_in.html",
        status=status,
        problem=problem,
        wanted=local(wanted),
        name=name,
        used_up=used_up,
        ended=ended,
        typed=typed,
        passkeys=passkey_site(request, hands) is not None,
        sign_on=hands.sign_on.name if hands.sign_on else "",
    )


def with_door(request: Request, template: str, *, status: int = 200, **more: object) -> HTMLResponse:
    """A page for somebody without a session, whose forms carry a token all the same: one for all tabs of a browser."""
    hands = hands_of(request)
    token = cookies.read(request, hands, cookies.DOOR) or secrets.token_urlsafe(24)
    response = HTMLResponse(render(request, template, csrf=token, **more), status_code=status)
    cookies.put(response, hands, cookies.DOOR, token)
    return response


def _second(request: Request, *, status: int = 200, problem: str = "") -> Response:
    hands = hands_of(request)
    now = hands.clock.now()
    with hands.store.read() as session:
        step = steps.look(session, SECOND_STEP, cookies.read(request, hands, cookies.SECOND), now=now)
        user = session.get(UserRow, step.user_id) if step and step.user_id else None
        if step is None or user is None:
            return RedirectResponse("/sign-in", status_code=303)
        passkey = passkey_site(request, hands) is not None and factors.has_passkey(session, user.id)
    return with_door(
        request,
        "second.html",
        status=status,
        problem=problem,
        name=user.name,
        app=user.totp_at is not None,
        passkeys=passkey,
        wanted=step.data["wanted"],
    )
