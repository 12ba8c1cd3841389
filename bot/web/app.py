"""Build the web application from the hands it is given. It builds nothing else and knows no network."""

from __future__ import annotations

from pathlib import Path

from fastapi import Depends, FastAPI
from starlette.staticfiles import StaticFiles

from bot.web import problems
from bot.web.auth import door
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
    find,
    health,
    hold,
    log,
    people,
    queue,
    second_looks,
    sources,
    stop,
    templates,
    thread,
)
from bot.web.visit import environment

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
    evidence,
    templates,
    sources,
    stop,
    accounts,
    people,
    log,
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
    for room in (door, *PAGES):
        app.include_router(room.router, dependencies=[Depends(guard)])
    app.mount("/static", StaticFiles(directory=STATIC), name="static")
    return app
