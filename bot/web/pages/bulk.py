"""Close many drafts at once: decline, or file. There is no such way to approve, and there never will be."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Form
from fastapi.responses import HTMLResponse
from sqlalchemy.orm import Session

from bot import review
from bot.errors import NotAllowed, Stale
from bot.review import Declined
from bot.web.pages.case import MOST
from bot.web.visit import Decider, Visit

router = APIRouter()

MOST_AT_ONCE = 200
Chosen = Annotated[list[str], Form(max_length=MOST_AT_ONCE)]  # "number:version" of each case


@router.post("/bulk")
def bulk(
    visit: Decider,
    what: Annotated[Literal["decline", "file"], Form()],
    chosen: Chosen = [],  # noqa: B006  FastAPI copies it
    reason: Annotated[Declined, Form()] = Declined.NOT_NEEDED,
    remark: Annotated[str, Form(max_length=500)] = "",
) -> HTMLResponse:
    """Close each of them by itself; what cannot be closed is named with its reason, and stays."""
    closed, kept = [], []
    for case_id, version in _numbers(chosen):
        try:
            with visit.hands.store.write() as session:
                if what == "file":
                    review.file(session, case_id, version=version, who=visit.person.name, now=visit.now)
                else:
                    _decline(visit, session, case_id, version, reason, remark)
            closed.append(case_id)
        except (NotAllowed, Stale) as error:
            kept.append((case_id, str(error)))
    return visit.page("bulk.html", closed=closed, kept=kept, what=what, status=200 if closed or not kept else 409)


def _decline(visit: Visit, session: Session, case_id: int, version: int, reason: Declined, remark: str) -> None:
    review.decline(
        session, case_id, version=version, who=visit.person.name, reason=reason, now=visit.now, remark=remark,
        second_look_share=visit.hands.second_look_share,
    )  # fmt: skip


def _numbers(chosen: list[str]) -> list[tuple[int, int]]:
    found = []
    for one in dict.fromkeys(chosen):
        case_id, _, version = one.partition(":")
        if case_id.isascii() and case_id.isdigit() and version.isascii() and version.isdigit():
            found.append((min(int(case_id), MOST), min(int(version), MOST)))
    return found
