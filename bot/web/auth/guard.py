"""The guard: who is at the browser, and did their own click cause it. What they may do is for `bot.web.visit`."""

from __future__ import annotations

import hmac
from datetime import timedelta
from typing import Annotated
from urllib.parse import urlsplit

from fastapi import Depends, Request

from bot import sessions
from bot.sessions import SignedIn
from bot.web.auth import cookies
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


class ProveFirst(Exception):
    """They may, but too long ago they showed that it is them."""


class SecondFactorFirst(Exception):
    """They may, but only after a second factor."""


def hands_of(request: Request) -> Hands:
    """What `create_app` was given."""
    hands: Hands = request.app.state.hands
    return hands


def whoever(request: Request) -> SignedIn | None:
    """The person of this browser session, or None."""
    hands = hands_of(request)
    token = cookies.read(request, hands, cookies.SESSION)
    if not token:
        return None
    now = hands.clock.now()
    with hands.store.read() as session:
        person = sessions.who_is(session, token, now=now)
    if person is not None and person.seen_at + SEEN_EVERY < now:
        with hands.store.write() as session:
            sessions.seen(session, token, now=now)
    return person


Whoever = Annotated[SignedIn | None, Depends(whoever)]


def signed_in(person: Whoever) -> SignedIn:
    """The person, or `NotSignedIn`."""
    if person is None:
        raise NotSignedIn
    return person


async def guard(request: Request, person: Whoever) -> None:
    """Before every change: the request comes from our own page and carries the token of this session."""
    if request.method in SAFE:
        return
    _from_our_own_page(request)
    form = await request.form()
    typed = form.get("text", "")
    request.state.typed = typed if isinstance(typed, str) else ""
    if f"{request.url.path}/".startswith(SIGN_IN):
        expected = cookies.read(request, hands_of(request), cookies.DOOR)
    elif person is None:
        raise NotSignedIn(request.state.typed)
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
