"""The guard: who is at the browser, may they do this, and did their own click cause it. It renders nothing."""

from __future__ import annotations

import hmac
from datetime import timedelta
from typing import Annotated
from urllib.parse import urlsplit

from fastapi import Depends, Request

from bot import people
from bot.people import Role, SignedIn
from bot.web.hands import Hands

SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
TOKEN_FIELD = "csrf"  # noqa: S105  the name of a form field
TOKEN_HEADER = "X-CSRF-Token"  # noqa: S105  the name of a header
SIGN_IN = "/sign-in/"
SEEN_EVERY = timedelta(minutes=5)  # how often a session row is touched; keeps reading from writing


class NotSignedIn(Exception):
    """Nobody is signed in. `typed` is text that would be lost."""

    def __init__(self, typed: str = "") -> None:
        super().__init__("not signed in")
        self.typed = typed


class Forbidden(Exception):
    """This person may not do this, or the request did not come from our own page."""


def hands_of(request: Request) -> Hands:
    """What `create_app` was given."""
    hands: Hands = request.app.state.hands
    return hands


def cookie_name(hands: Hands, what: str) -> str:
    """Behind TLS the name itself forbids other hosts and plain connections to set the cookie."""
    return f"__Host-{what}" if hands.secure_cookies else what


def whoever(request: Request) -> SignedIn | None:
    """The person of this browser session, or None."""
    hands = hands_of(request)
    token = request.cookies.get(cookie_name(hands, "session"), "")
    if not token:
        return None
    now = hands.clock.now()
    with hands.store.read() as session:
        person = people.who_is(session, token, now=now)
    if person is not None and person.seen_at + SEEN_EVERY < now:
        with hands.store.write() as session:
            people.seen(session, token, now=now)
    return person


Whoever = Annotated[SignedIn | None, Depends(whoever)]


def signed_in(person: Whoever) -> SignedIn:
    """The person, or `NotSignedIn`."""
    if person is None:
        raise NotSignedIn
    return person


def administrator(person: Annotated[SignedIn, Depends(signed_in)]) -> SignedIn:
    """The person if they are an administrator, or `Forbidden`."""
    if person.role is not Role.ADMINISTRATOR:
        raise Forbidden("Only an administrator can do this.")
    return person


async def guard(request: Request, person: Whoever) -> None:
    """Before every change: the request comes from our own page and carries the token of this session."""
    if request.method in SAFE:
        return
    _from_our_own_page(request)
    form = await request.form()
    if request.url.path.startswith(SIGN_IN):
        expected = request.cookies.get(cookie_name(hands_of(request), "door"), "")
    elif person is None:
        raise NotSignedIn(str(form.get("text", "")))
    else:
        expected = person.csrf
    given = request.headers.get(TOKEN_HEADER) or str(form.get(TOKEN_FIELD, ""))
    if not expected or not hmac.compare_digest(given.encode(), expected.encode()):
        raise Forbidden("This form is out of date. Go back, reload the page and try again.")


def _from_our_own_page(request: Request) -> None:
    site = request.headers.get("sec-fetch-site")
    origin = request.headers.get("origin")
    if site is not None and site not in {"same-origin", "none"}:
        raise Forbidden("This request came from another site.")
    if origin is not None and urlsplit(origin).netloc != request.headers.get("host"):
        raise Forbidden("This request came from another site.")
