"""The numbers people look at: every figure for a range of days, and each as a file. It counts nothing itself."""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta
from typing import Annotated

from fastapi import APIRouter, Query
from fastapi.responses import HTMLResponse, Response
from starlette.exceptions import HTTPException

from bot.errors import NotAllowed
from bot.figures.board import FIGURES, named
from bot.figures.figure import LONGEST, Span, last_days
from bot.spreadsheet import csv_file
from bot.web import charts
from bot.web.visit import Visitor

router = APIRouter()

PRESETS = (7, 30, 90)
USUAL = 30
EARLIEST = date(2000, 1, 1)

First = Annotated[str, Query(alias="from", max_length=40)]
Last = Annotated[str, Query(alias="to", max_length=40)]


@router.get("/numbers")
def numbers(visit: Visitor, first: First = "", last: Last = "") -> HTMLResponse:
    """Every figure."""
    problem, span = "", last_days(USUAL, visit.now)
    try:
        span = read_span(first, last, visit.now)
    except NotAllowed as error:
        problem = str(error)
    with visit.hands.store.read() as session:
        figures = [made(session, span) for made in FIGURES]
    return visit.page(
        "numbers.html",
        status=422 if problem else 200,
        problem=problem,
        figures=figures,
        span=span,
        presets=[(days, last_days(days, visit.now)) for days in PRESETS],
        charts=charts,
    )


@router.get("/numbers/{figure}.csv")
def spreadsheet(visit: Visitor, figure: str, first: First = "", last: Last = "") -> Response:
    """The table behind one figure."""
    made = named(figure)
    if made is None:
        raise HTTPException(404)
    span = read_span(first, last, visit.now)
    with visit.hands.store.read() as session:
        found = made(session, span)
    name = f"{found.name}-{span.first}-{span.last}.csv"
    return Response(
        csv_file(found.columns, found.rows),
        media_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


def read_span(first: str, last: str, now: datetime) -> Span:
    """The days that the address names; one end is enough, none means the usual range. Raises `NotAllowed`."""
    today = now.date()
    until = _day(last, "to") if last else today
    since = _day(first, "from") if first else until - timedelta(days=USUAL - 1)
    if since > until:
        raise NotAllowed(f"the first day ({since}) comes after the last ({until}); swap them")
    if until > today:
        raise NotAllowed(f"the last day ({until}) has not come yet: today is {today} in UTC")
    if (until - since).days >= LONGEST:
        raise NotAllowed(f"that is more than {LONGEST} days; choose a shorter range")
    return Span(first=since, last=until, now=now)


def _day(text: str, which: str) -> date:
    try:
        found = date.fromisoformat(text) if re.fullmatch(r"\d{4}-\d{2}-\d{2}", text, re.ASCII) else None
    except ValueError:
        found = None
    if found is None or found < EARLIEST:
        raise NotAllowed(f"“{which}” must be a date such as 2026-12-01, not before {EARLIEST}")
    return found
