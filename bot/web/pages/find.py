"""One box that finds anything: a case by its number or words, an entry, an account, a page."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Query
from fastapi.responses import HTMLResponse
from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.model import Post
from bot.store import codec
from bot.store.derived import folded
from bot.store.models import AccountRow, CaseRow
from bot.web import filters, words
from bot.web.filters import View
from bot.web.pages.case import MOST
from bot.web.visit import Visit, Visitor

router = APIRouter()

MOST_EACH = 6  # of each kind
PAGES = (
    ("/", "Queue"),
    ("/?show=mine", "My cases"),
    ("/?show=published", "Published replies"),
    ("/?show=closed", "Closed cases"),
    ("/second-looks", "Blind second looks"),
    ("/agreement", "How far editors agree"),
    ("/evidence", "Evidence"),
    ("/templates", "Templates: the words of replies"),
    ("/sources", "Sources"),
    ("/log", "Log"),
    ("/stop", "Stop publishing"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """One thing that was found."""

    kind: str
    name: str
    href: str


@router.get("/find")
def find(visit: Visitor, q: Annotated[str, Query(max_length=100)] = "") -> HTMLResponse:
    """What fits these words; nothing for nothing."""
    found = _find(visit, q.strip()) if q.strip() else []
    if visit.by_htmx:
        return visit.part("_found.html", found=found, q=q, by_finder=True)
    return visit.page("find.html", found=found, q=q, by_finder=False)


def _find(visit: Visit, q: str) -> list[Found]:
    wanted = folded(q)
    with visit.hands.store.read() as session:
        found = [*_by_number(session, wanted), *_pages(wanted), *_accounts(session, wanted)]
        rows, _ = filters.rows(session, View(show="waiting", q=q), visit.person.name, visit.now)
        closed, _ = filters.rows(session, View(show="published", q=q), visit.person.name, visit.now)
        found += [_case(row) for row in [*rows, *closed][:MOST_EACH]]
    entries = visit.hands.search_entries(q)[:MOST_EACH]
    return [*found, *(Found(kind="entry", name=one.claim, href=f"/evidence/{one.id}") for one in entries)]


def _by_number(session: Session, wanted: str) -> list[Found]:
    number = wanted.removeprefix("case").strip(" #")
    row = session.get(CaseRow, int(number)) if number.isascii() and number.isdigit() and int(number) <= MOST else None
    return [_case(row)] if row is not None else []


def _case(row: CaseRow) -> Found:
    post = codec.load(Post, row.subject)
    said = " ".join(post.text.split())[:90]
    who = post.author.display_name or post.author.handle
    return Found(kind=words.state(row.state), name=f"{row.id} · {who}: {said}", href=f"/case/{row.id}")


def _pages(wanted: str) -> list[Found]:
    return [Found(kind="page", name=name, href=href) for href, name in PAGES if wanted in folded(name)]


def _accounts(session: Session, wanted: str) -> list[Found]:
    rows = session.scalars(select(AccountRow).order_by(AccountRow.id))
    fitting = [row for row in rows if wanted in folded(f"{row.id} {row.handle}")]
    return [Found(kind="account", name=row.handle, href="/accounts") for row in fitting[:MOST_EACH]]
