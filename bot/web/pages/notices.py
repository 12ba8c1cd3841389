"""What the person at the browser wants to be told, and how. Everybody sets their own; addresses are not shown again."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Form
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from bot.errors import BadSettings, NotAllowed
from bot.notices.quiet import zones
from bot.notices.values import Channel, Wish
from bot.notices.wishes import LONGEST, SHORTEST
from bot.web.visit import Myself, Visit

router = APIRouter()

PAGE = "/me/notifications"
Box = Annotated[bool, Form()]


@router.get(PAGE)
def notices(visit: Myself) -> HTMLResponse:
    """What I am told, and how."""
    return _page(visit)


@router.post(PAGE)
def save(
    visit: Myself,
    every: Annotated[int, Form(ge=0, le=10_000)] = SHORTEST,
    new_cases: Box = False,
    on_you: Box = False,
    expiring: Box = False,
    trouble: Box = False,
    quiet_from: Annotated[str, Form(max_length=5)] = "",
    quiet_to: Annotated[str, Form(max_length=5)] = "",
    zone: Annotated[str, Form(max_length=64)] = "UTC",
    wake: Box = False,
) -> Response:
    """Save topics and hours."""
    wish = Wish(
        new_cases=new_cases,
        on_you=on_you,
        expiring=expiring,
        trouble=trouble,
        every_minutes=every,
        quiet_from=quiet_from.strip(),
        quiet_to=quiet_to.strip(),
        zone=zone,
        wake_in_crisis=wake,
    )
    try:
        with visit.hands.store.write() as session:
            visit.hands.wishes.save(session, visit.person.user_id, wish, by=visit.person.name, now=visit.now)
    except NotAllowed as error:
        return _page(visit, problem=str(error))
    return RedirectResponse(PAGE, status_code=303)


@router.post(PAGE + "/{channel}")
def set_channel(
    visit: Myself, channel: Channel, address: Annotated[str, Form(max_length=2_000)] = "", on: Box = False
) -> Response:
    """Set up a channel, or turn it on or off. A new signing key is shown, this once."""
    try:
        with visit.hands.store.write() as session:
            secret = visit.hands.wishes.set_channel(
                session, visit.person.user_id, channel, address=address, on=on, by=visit.person.name, now=visit.now
            )
    except (NotAllowed, BadSettings) as error:
        return _page(visit, problem=str(error))
    return _page(visit, secret=secret) if secret else RedirectResponse(f"{PAGE}#{channel}", status_code=303)


@router.post(PAGE + "/{channel}/remove")
def remove(visit: Myself, channel: Channel) -> Response:
    """Forget a channel and its address."""
    with visit.hands.store.write() as session:
        visit.hands.wishes.drop_channel(session, visit.person.user_id, channel, by=visit.person.name, now=visit.now)
    return RedirectResponse(PAGE, status_code=303)


@router.post(PAGE + "/{channel}/test")
def test(visit: Myself, channel: Channel) -> Response:
    """Have a test sent."""
    try:
        with visit.hands.store.write() as session:
            visit.hands.wishes.ask_test(session, visit.person.user_id, channel, now=visit.now)
    except NotAllowed as error:
        return _page(visit, problem=str(error))
    return RedirectResponse(f"{PAGE}#{channel}", status_code=303)


@router.post(PAGE + "/webhook/secret")
def new_secret(visit: Myself) -> Response:
    """Another signing key, shown this once."""
    try:
        with visit.hands.store.write() as session:
            secret = visit.hands.wishes.renew_secret(session, visit.person.user_id, by=visit.person.name, now=visit.now)
    except (NotAllowed, BadSettings) as error:
        return _page(visit, problem=str(error))
    return _page(visit, secret=secret)


def _page(visit: Visit, *, problem: str = "", secret: str = "") -> HTMLResponse:
    wishes = visit.hands.wishes
    with visit.hands.store.read() as session:
        wish = wishes.of(session, visit.person.user_id)
        channels = wishes.channels(session, visit.person.user_id)
        tests = {one: wishes.last_test(session, visit.person.user_id, one, now=visit.now) for one in Channel}
    return visit.page(
        "notices.html",
        wish=wish,
        channels=channels,
        kinds=list(Channel),
        ways=wishes.ways,
        zones=zones(),
        shortest=SHORTEST,
        longest=LONGEST,
        problem=problem,
        secret=secret,
        tests=tests,
        status=422 if problem else 200,
    )
