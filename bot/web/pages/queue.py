"""The first page: what waits, what is on its way, what was said; narrowed, searched, leafed through."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Form, Query
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from sqlalchemy import select
from sqlalchemy.orm import Session

from bot import audit, holds, second_looks
from bot.model import Network, Sensitivity
from bot.store.models import AccountRow
from bot.store.office_models import EntryRow
from bot.web import filters, lists, saved, words
from bot.web.filters import View
from bot.web.visit import Decider, Myself, Tender, Visitor

router = APIRouter()

Asked = Annotated[View, Depends(filters.view_of)]
MOST_CHOICES = 200  # entries that the filter offers; more are reached by search
AGES = (1, 3, 6, 12, 24)  # hours
NOTICES = {
    "none-free": "Nothing is free to take: what waits is held by colleagues, locked or laid aside.",
    "saved": "This view is saved.",
}


@router.get("/")
def queue(
    visit: Visitor,
    view: Asked,
    done: Annotated[int, Query(ge=0, le=2**31 - 1)] = 0,
    said: Annotated[str, Query(max_length=20)] = "",
) -> HTMLResponse:
    """The list, or (asked by our script) only its rows."""
    name, now = visit.person.name, visit.now
    with visit.hands.store.read() as session:
        rows, more = filters.rows(session, view, name, now)
        content: dict[str, Any] = {
            "lines": lists.lines(session, rows, now),
            "more": more,
            "counts": filters.counts(session, view, name, now),
            "view": view,
            "show": view.show,
        }
        if visit.by_htmx:
            return visit.part("_list.html", **content)
        content |= {
            "choices": _choices(session),
            "saved": saved.of(session, visit.person.user_id),
            "second_looks": len(second_looks.waiting(session, name)),
            "tasks": second_looks.tasks(session),
            "done": lists.find(session, done),
        }
    return visit.page("queue.html", **content, live=visit.hands.live(), notice=NOTICES.get(said, ""))


@router.post("/next")
def take_next(visit: Decider) -> Response:
    """Take the case that should be read next."""
    with visit.hands.store.write() as session:
        case_id = holds.take_next(session, visit.person.name, visit.now)
    return RedirectResponse(f"/case/{case_id}" if case_id else "/?said=none-free", status_code=303)


@router.get("/badge")
def badge(visit: Visitor, after: Annotated[int, Query(ge=0, le=2**31 - 1)] = 0) -> HTMLResponse:
    """How many cases came in since this page was opened."""
    with visit.hands.store.read() as session:
        return visit.part(
            "_badge.html", newest=after, fresh=lists.newer(session, after), waiting=lists.count_waiting(session)
        )


@router.post("/live")
def live(visit: Tender, on: Annotated[bool, Form()] = False) -> Response:
    """Also read the live public stream, or stop reading it. Nothing is ever sent because of it."""
    visit.hands.set_live(on)
    with visit.hands.store.write() as session:
        audit.note(session, who=visit.person.name, what=f"live reading turned {'on' if on else 'off'}", now=visit.now)
    return RedirectResponse("/", status_code=303)


@router.post("/views")
def save_view(
    visit: Myself, name: Annotated[str, Form(max_length=60)], query: Annotated[str, Form(max_length=2000)] = ""
) -> Response:
    """Keep this view under a name, for this person."""
    with visit.hands.store.write() as session:
        kept = saved.keep(session, visit.person.user_id, name, query)
    return RedirectResponse(f"/?{kept}&said=saved" if kept else "/?said=saved", status_code=303)


@router.post("/views/{view_id}/forget")
def forget_view(visit: Myself, view_id: int) -> Response:
    """Keep it no longer."""
    with visit.hands.store.write() as session:
        saved.forget(session, visit.person.user_id, view_id)
    return RedirectResponse("/", status_code=303)


def _choices(session: Session) -> dict[str, list[tuple[str, str]]]:
    """What the filters offer: value and name."""
    entries = session.scalars(select(EntryRow.id).order_by(EntryRow.id).limit(MOST_CHOICES))
    networks = sorted(set(session.scalars(select(AccountRow.network))))
    return {
        "network": [(one, words.network(one)) for one in networks if one in set(Network)],
        "entry": [(one, one.replace("-", " ")) for one in entries],
        "care": [(Sensitivity.HIGH_CARE.value, "high care"), (Sensitivity.EXPERT_REVIEW.value, "expert review")],
        "lang": list(words.LANGUAGES.items()),
        "older": [(str(hours), f"{hours} h or longer") for hours in AGES],
    }
