"""The evidence table, to read: list with filters, entry, versions and what differs between two. It changes nothing."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Query
from fastapi.responses import HTMLResponse
from starlette.exceptions import HTTPException

from bot.evidence import cards, proposals, registry
from bot.evidence.cards import CITATIONS, REVIEWS, SORTS, STATUSES, Wanted
from bot.evidence.diff import changes
from bot.model import Certainty, Evidence, Sensitivity
from bot.web import table
from bot.web.visit import Visitor

router = APIRouter()

MOST_VERSION = 2**31 - 1
Version = Annotated[int, Query(ge=0, le=MOST_VERSION)]
Word = Annotated[str, Query(max_length=200)]
Review = Literal["", "overdue", "soon", "none", "later"]
Cited = Literal["", "retracted", "corrected", "unchecked", "ok"]
Status = Literal["", "signed", "unsigned", "draft", "waiting", "retired"]
Sort = Literal["id", "claim", "review", "changed"]


@router.get("/evidence")
def entries(
    visit: Visitor,
    q: Word = "",
    topic: Word = "",
    certainty: Literal["", Certainty.HIGH, Certainty.MODERATE, Certainty.LOW, Certainty.VERY_LOW] = "",
    sensitivity: Literal["", Sensitivity.STANDARD, Sensitivity.HIGH_CARE, Sensitivity.EXPERT_REVIEW] = "",
    review: Review = "",
    citations: Cited = "",
    status: Status = "",
    sort: Sort = "id",
    page: Annotated[int, Query(ge=1, le=100_000)] = 1,
) -> HTMLResponse:
    """One page of the entries that fit. Everything that was chosen stands in the address."""
    wanted = Wanted(
        words=q,
        topic=topic,
        certainty=str(certainty),
        sensitivity=str(sensitivity),
        review=review,
        citations=citations,
        status=status,
        sort=sort,
        page=page,
    )
    with visit.hands.store.read() as session:
        drawer = cards.find(session, wanted, visit.now.date())
        topics = cards.topics(session)
        unsigned, retracted, waiting = cards.unsigned(session), cards.retracted(session), proposals.waiting(session)
    chosen = {
        "q": q,
        "topic": topic,
        "certainty": wanted.certainty,
        "sensitivity": wanted.sensitivity,
        "review": review,
        "citations": citations,
        "status": status,
        "sort": sort if sort != "id" else "",
    }
    return visit.page(
        "evidence.html",
        drawer=drawer,
        wanted=wanted,
        chosen={name: value for name, value in chosen.items() if value},
        topics=topics,
        unsigned=unsigned,
        retracted=retracted,
        changes_waiting=waiting,
        choices={
            "certainty": [one.value for one in Certainty],
            "sensitivity": [one.value for one in Sensitivity],
            "review": REVIEWS,
            "citations": CITATIONS,
            "status": STATUSES,
            "sort": tuple(SORTS),
        },
        today=visit.now.date(),
    )


@router.get("/evidence/{entry_id}")
def entry(visit: Visitor, entry_id: str, version: Version = 0) -> HTMLResponse:
    """One entry: the version in force, or an older one."""
    with visit.hands.store.read() as session:
        newest, retired = proposals.newest(session, entry_id)
        shown = registry.version_of(session, entry_id, version) if version else newest
        if newest is None or shown is None:
            raise HTTPException(404)
        return visit.page(
            "entry.html",
            entry=shown,
            top=newest,
            retired=retired,
            lines=table.history(session, entry_id),
            comings=table.comings(session, entry_id),
            changes_open=table.open_for(session, entry_id),
            resting=table.resting(session, entry_id),
            today=visit.now.date(),
        )


@router.get("/evidence/{entry_id}/versions")
def versions(visit: Visitor, entry_id: str, old: Version = 0, new: Version = 0) -> HTMLResponse:
    """Every version, and what differs between any two; between the newest two if none are named."""
    with visit.hands.store.read() as session:
        lines = table.history(session, entry_id)
        comings = table.comings(session, entry_id)
    if not lines:
        raise HTTPException(404)
    known: dict[int, Evidence] = {line.row.version: registry.read(line.row) for line in lines}
    newest = max(known)
    new = new or newest
    old = old or max((one for one in known if one < new), default=0)
    if new not in known or (old and old not in known):
        raise HTTPException(404)
    return visit.page(
        "entry_versions.html",
        entry=known[new],
        lines=lines,
        comings=comings,
        old=old,
        new=new,
        differences=changes(known.get(old), known[new]) if old else (),
    )
