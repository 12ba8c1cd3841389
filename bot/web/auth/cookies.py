"""The cookies of the desk: for this host alone, out of reach of scripts. It decides nothing."""

from __future__ import annotations

from datetime import timedelta

from fastapi import Request
from fastapi.responses import Response

from bot.web.hands import Hands

SESSION, DOOR, SECOND, PASSKEY, ELSEWHERE = "session", "door", "second", "passkey", "elsewhere"


def cookie_name(hands: Hands, what: str) -> str:
    """Behind TLS the name itself forbids other hosts and plain connections to set the cookie."""
    return f"__Host-{what}" if hands.secure_cookies else what


def read(request: Request, hands: Hands, what: str) -> str:
    """The value of a cookie of ours, or ""."""
    return request.cookies.get(cookie_name(hands, what), "")


def put(response: Response, hands: Hands, what: str, value: str, *, life: timedelta | None = None) -> None:
    """Set a cookie; without `life` it ends with the browser."""
    response.set_cookie(
        cookie_name(hands, what),
        value,
        max_age=int(life.total_seconds()) if life else None,
        path="/",
        secure=hands.secure_cookies,
        httponly=True,
        samesite="lax",  # links to cases in mails must work, and the way back from single sign-on; changes need a token
    )


def drop(response: Response, hands: Hands, *names: str) -> None:
    """Take cookies away."""
    for what in names:
        response.delete_cookie(cookie_name(hands, what), path="/", secure=hands.secure_cookies, httponly=True)
