"""Build the web application from the hands it is given. It builds nothing else and knows no network."""

from __future__ import annotations

from pathlib import Path

from fastapi import Depends, FastAPI
from starlette.staticfiles import StaticFiles

from bot.web import problems
from bot.web.auth import by_passkey, door, elsewhere, prove, sign_in
from bot.web.auth.guard import guard
from bot.web.hands import Hands
from bot.web.headers import SecurityHeaders
from bot.web.pages import (
    accounts,
    aside,
    bulk,
    case,
    decide,
    events,
    evidence,
    evidence_changes,
    evidence_edit,
    evidence_packs,
    find,
    health,
    hold,
    log,
    me,
    me_keys,
    notices,
    numbers,
    people,
    queue,
    second_looks,
    sources,
    stop,
    templates,
    thread,
)
from bot.web.visit import environment

DOORS = (sign_in, by_passkey, elsewhere, prove, door)  # in this order: the last one takes any word after /sign-in/
TABLE = (evidence_edit, evidence, evidence_changes, evidence_packs)  # the first has the narrower addresses
PAGES = (
    queue,
    bulk,
    case,
    decide,
    hold,
    aside,
    second_looks,
    find,
    thread,
    *TABLE,
    templates,
    sources,
    numbers,
    stop,
    accounts,
    people,
    log,
    me,
    me_keys,
    notices,
    events,
    health,
)
STATIC = Path(__file__).parent / "static"


def create_app(hands: Hands) -> FastAPI:
    """The queue, ready to be served."""
    app = FastAPI(title="Scrutineer", docs_url=None, redoc_url=None, openapi_url=None)
    app.state.hands = hands
    app.state.templates = environment()
    app.add_middleware(SecurityHeaders, secure=hands.secure_cookies)
    problems.install(app)
    for room in (*DOORS, *PAGES):
        app.include_router(room.router, dependencies=[Depends(guard)])
    app.mount("/static", StaticFiles(directory=STATIC), name="static")
    return app
