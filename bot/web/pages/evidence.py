"""The evidence table, to read: list, entry, versions. It changes nothing."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query
from fastapi.responses import HTMLResponse
from starlette.exceptions import HTTPException

from bot.evidence import registry
from bot.model import Evidence
from bot.store import codec
from bot.web import lists
from bot.web.visit import Visitor

router = APIRouter()

Version = Annotated[int, Query(ge=0, le=2**31 - 1)]


@router.get("/evidence")
def entries(visit: Visitor, q: Annotated[str, Query(max_length=200)] = "") -> HTMLResponse:
    """Every entry in force whose claim, finding or topics hold all the words."""
    with visit.hands.store.read() as session:
        everything = registry.in_force(session)
    wanted = q.casefold().split()
    found = [one for one in everything if all(word in _words(one) for word in wanted)]
    today = visit.now.date()
    return visit.page("evidence.html", entries=found, total=len(everything), q=q, today=today)


@router.get("/evidence/{entry_id}")
def entry(visit: Visitor, entry_id: str, version: Version = 0) -> HTMLResponse:
    """One entry: the version in force, or an older one."""
    with visit.hands.store.read() as session:
        rows = lists.versions(session, entry_id)
        current = registry.current(session, entry_id)
    chosen = next((row for row in rows if row.version == version), rows[0] if rows and not version else None)
    if chosen is None:
        raise HTTPException(404)
    return visit.page(
        "entry.html",
        entry=codec.load(Evidence, chosen.data),
        versions=rows,
        shown=chosen.version,
        current=current.version if current else 0,
        today=visit.now.date(),
    )


def _words(one: Evidence) -> str:
    return " ".join((one.id, one.claim, one.correction_short, *one.topics)).casefold()
