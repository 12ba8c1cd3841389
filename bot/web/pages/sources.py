"""What the office listens to, what it may have missed, and what got stuck; a person settles it. It sends nothing."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Path
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from bot import upkeep
from bot.web.pages.case import MOST
from bot.web.visit import Tender, Visitor

router = APIRouter()

Number = Annotated[int, Path(ge=1, le=MOST)]
ACTS = {"again": upkeep.try_again, "let-go": upkeep.let_go}


@router.get("/sources")
def sources(visit: Visitor) -> HTMLResponse:
    """Every source, and whatever needs a person's eye."""
    with visit.hands.store.read() as session:
        state = upkeep.look(session)
    troubles = [(name, why) for name, why in visit.hands.sources() if why]
    return visit.page("sources.html", state=state, troubles=troubles)


@router.post("/sources/gap/{gap_id}")
def close_gap(visit: Tender, gap_id: Number) -> Response:
    """I know about this."""
    with visit.hands.store.write() as session:
        upkeep.close_gap(session, gap_id, by=visit.person.name, now=visit.now)
    return RedirectResponse("/sources", status_code=303)


@router.post("/sources/job/{job_id}/{act}")
def settle_job(visit: Tender, job_id: Number, act: Literal["again", "let-go"]) -> Response:
    """Try a job again, or let it go."""
    with visit.hands.store.write() as session:
        ACTS[act](session, job_id, by=visit.person.name, now=visit.now)
    return RedirectResponse("/sources", status_code=303)
