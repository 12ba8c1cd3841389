"""The way in with a passkey: a challenge, and its answer. It is two factors: the device, and its owner's touch."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Form, Request
from fastapi.responses import Response

from bot import passkeys, steps, throttle
from bot.passkeys import NO_FIT
from bot.web import words
from bot.web.auth import cookies
from bot.web.auth.guard import Forbidden, hands_of
from bot.web.auth.letting_in import SECOND_STEP, address, admit, later, lead_in
from bot.web.auth.sign_in import sign_in_page
from bot.web.auth.site import local, passkey_site

router = APIRouter()

STEP = "passkey"


@router.post("/sign-in/passkey/begin")
def begin(request: Request) -> Response:
    """A challenge for any passkey of this desk; after a password, for one of this person."""
    hands = hands_of(request)
    now, site = hands.clock.now(), passkey_site(request, hands)
    if site is None:
        raise Forbidden("Passkeys need https, or localhost.")
    with hands.store.write() as session:
        half = steps.look(session, SECOND_STEP, cookies.read(request, hands, cookies.SECOND), now=now)
        options, challenge = passkeys.check_options(session, site, user_id=half.user_id if half else None)
        token = steps.begin(session, STEP, now=now, challenge=challenge)
    response = Response(options, media_type="application/json")
    cookies.put(response, hands, cookies.PASSKEY, token, life=steps.STEP_LIFE)
    return response


@router.post("/sign-in/passkey")
def finish(
    request: Request,
    credential: Annotated[str, Form(max_length=20_000)] = "",
    wanted: Annotated[str, Form(max_length=1000)] = "/",
) -> Response:
    """The signed challenge: in, with both factors."""
    hands = hands_of(request)
    now, site, here = hands.clock.now(), passkey_site(request, hands), address(request)
    half_token = cookies.read(request, hands, cookies.SECOND)
    admitted = None
    with hands.store.write() as session:
        wait = throttle.knock(session, (here,), now=now)
        step = steps.take(session, STEP, cookies.read(request, hands, cookies.PASSKEY), now=now)
        half = steps.look(session, SECOND_STEP, half_token, now=now)
        if site is not None and step is not None and not wait:
            user = passkeys.check(session, credential, site, challenge=step.data["challenge"], now=now)
            if user is not None and (half is None or half.user_id == user.id):
                throttle.welcome(session, throttle.by_person(user.id), address=here, now=now)
                steps.take(session, SECOND_STEP, half_token, now=now)
                admitted = admit(session, request, user, method="passkey", strong=True, wanted=local(wanted))
    if admitted is not None:
        return lead_in(request, admitted)
    if wait:
        return sign_in_page(request, status=429, problem=later(wait.total_seconds()), wanted=wanted)
    return sign_in_page(request, status=422, problem=words.sentence(NO_FIT), wanted=wanted)
