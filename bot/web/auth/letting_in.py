"""After the first proof: straight in, or on to the second factor. It checks no password, link or passkey itself."""

from __future__ import annotations

from dataclasses import dataclass

from fastapi import Request
from fastapi.responses import RedirectResponse, Response
from sqlalchemy.orm import Session

from bot import factors, sessions, steps, throttle
from bot.store.office_models import UserRow
from bot.throttle import Guess
from bot.web.auth import cookies
from bot.web.auth.guard import hands_of
from bot.web.auth.site import local

SECOND_STEP = "second"
SECOND_PAGE = "/sign-in/second"
ACCOUNT_PAGE = "/me"


@dataclass(frozen=True, slots=True, kw_only=True)
class Admitted:
    """Somebody who showed who they are: a session, or the step before it."""

    token: str
    half: bool  # a second factor is still to come
    to: str


def admit(
    session: Session, request: Request, user: UserRow, *, method: str, strong: bool = False, wanted: str = "/"
) -> Admitted:
    """In the caller's transaction. `strong`: the proof was two factors already."""
    hands = hands_of(request)
    now = hands.clock.now()
    if not strong and factors.has_second(session, user):
        token = steps.begin(session, SECOND_STEP, now=now, user_id=user.id, method=method, wanted=wanted)
        return Admitted(token=token, half=True, to=SECOND_PAGE)
    if old := cookies.read(request, hands, cookies.SESSION):
        sessions.sign_out(session, old)
    agent = request.headers.get("user-agent", "")
    token = sessions.open_session(session, user, method=method, strong=strong, now=now, agent=agent)
    homeless = not hands.demo and not factors.can_return(session, user)
    return Admitted(token=token, half=False, to=ACCOUNT_PAGE if homeless else local(wanted))


def lead_in(request: Request, admitted: Admitted) -> Response:
    """The answer to the browser."""
    hands = hands_of(request)
    response = RedirectResponse(admitted.to, status_code=303)
    if admitted.half:
        cookies.put(response, hands, cookies.SECOND, admitted.token, life=steps.STEP_LIFE)
    else:
        carry(request, response, admitted.token)
        cookies.drop(response, hands, cookies.DOOR, cookies.SECOND, cookies.PASSKEY, cookies.ELSEWHERE)
    return response


def carry(request: Request, response: Response, token: str) -> None:
    """Give the browser its (new) session."""
    cookies.put(response, hands_of(request), cookies.SESSION, token, life=sessions.SESSION_LIFE)


def address(request: Request) -> Guess:
    """Where the request comes from, for the count of failures."""
    return throttle.by_address(request.client.host if request.client else "")


def later(seconds: float) -> str:
    """How long to wait, in words."""
    seconds = max(int(seconds + 0.999), 1)
    span = f"{seconds} seconds" if seconds < 90 else f"{(seconds + 59) // 60} minutes"
    return f"Too many tries. Wait {span}, then try again."
