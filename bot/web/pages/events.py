"""Tell open pages that something happened. Only a number travels; the page asks for what it may see."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Annotated

import anyio
from anyio import to_thread
from fastapi import APIRouter, Header, Query
from fastapi.sse import EventSourceResponse, ServerSentEvent

from bot import audit, sessions
from bot.web.auth import cookies
from bot.web.visit import Visit, Visitor

router = APIRouter()

GLANCES = 4  # looks at the stop flag between two looks at the database
GLANCE = 0.25  # seconds
RETRY = 3000  # milliseconds until a browser comes back


@router.get("/events", response_class=EventSourceResponse)
async def events(
    visit: Visitor,
    since: Annotated[int, Query(ge=0)] = 0,
    last_event_id: Annotated[str, Header()] = "",
) -> AsyncIterator[ServerSentEvent]:
    """A `changed` event whenever the record grew beyond what the page knows. Ends with the office or the session."""
    known = max(since, int(last_event_id) if last_event_id.isdecimal() and len(last_event_id) < 19 else 0)
    yield ServerSentEvent(comment="open", retry=RETRY)
    while not visit.hands.stopping.is_set():
        latest = await to_thread.run_sync(_latest, visit)
        if latest is None:
            return
        if latest > known:
            known = latest
            yield ServerSentEvent(event="changed", raw_data=str(latest), id=str(latest))
        for _ in range(GLANCES):
            if not visit.hands.stopping.is_set():
                await anyio.sleep(GLANCE)


def _latest(visit: Visit) -> int | None:
    token = cookies.read(visit.request, visit.hands, cookies.SESSION)
    with visit.hands.store.read() as session:
        if sessions.who_is(session, token, now=visit.now) is None:
            return None
        return audit.latest(session)
