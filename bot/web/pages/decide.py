"""What a person does with a case: approve, edit, decline, undo and the quiet ways. `bot.review` decides if they may."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated

from fastapi import APIRouter, Depends, Form
from fastapi.responses import RedirectResponse, Response
from sqlalchemy.orm import Session

from bot import review
from bot.errors import NotAllowed, Stale
from bot.review import Declined
from bot.rights import Right
from bot.web import lists
from bot.web.auth.approver import Approver
from bot.web.pages.case import MOST, CaseId, Text, case_page, typed
from bot.web.visit import Needs, Visit, Visitor

router = APIRouter(dependencies=[Depends(Needs(Right.DECIDE))])

Version = Annotated[int, Form(ge=1, le=MOST)]
Seen = Annotated[int, Form(ge=0, le=MOST)]
Words = Annotated[str, Form(max_length=500)]
Act = Callable[[Session], object]


@router.post("/case/{case_id}/approve")
def approve(visit: Approver, case_id: CaseId, version: Version, text: Text = "", seen: Seen = 0) -> Response:
    """Say yes to exactly this text, and go on to the next case."""
    wording = typed(text)

    def act(session: Session) -> object:
        if not wording.strip():
            raise NotAllowed("the reply is empty")
        return review.approve(
            session,
            case_id,
            version=version,
            who=visit.person.name,
            now=visit.now,
            undo=visit.hands.undo,
            objections=visit.hands.objections,
            text=wording,
            second_look_share=visit.hands.second_look_share,
        )

    after = _after(visit, case_id)
    return act_on(visit, case_id, act, seen=seen, text=wording) or _on(visit, case_id, after)


@router.post("/case/{case_id}/edit")
def edit(visit: Visitor, case_id: CaseId, version: Version, text: Text = "", seen: Seen = 0) -> Response:
    """Save a wording; it stays a draft."""
    wording = typed(text)
    return act_on(visit, case_id, _save(visit, case_id, version, wording), seen=seen, text=wording) or back(case_id)


@router.post("/case/{case_id}/take-up")
def take_up(visit: Visitor, case_id: CaseId, version: Version) -> Response:
    """Have a draft made of what the matcher only suggested."""
    return act_on(
        visit,
        case_id,
        lambda session: review.take_up(session, case_id, version=version, who=visit.person.name, now=visit.now),
    ) or back(case_id)


@router.post("/case/{case_id}/decline")
def decline(
    visit: Visitor, case_id: CaseId, version: Version, reason: Annotated[Declined, Form()], remark: Words = ""
) -> Response:
    """Say no, with a reason."""
    after = _after(visit, case_id)
    return act_on(
        visit,
        case_id,
        lambda session: review.decline(
            session,
            case_id,
            version=version,
            who=visit.person.name,
            reason=reason,
            now=visit.now,
            remark=remark,
            second_look_share=visit.hands.second_look_share,
        ),
    ) or _on(visit, case_id, after)


@router.post("/case/{case_id}/undo")
def undo(visit: Visitor, case_id: CaseId, version: Version) -> Response:
    """Take an approval back."""
    return act_on(
        visit,
        case_id,
        lambda session: review.undo(session, case_id, version=version, who=visit.person.name, now=visit.now),
    ) or back(case_id)


@router.post("/case/{case_id}/hand-over")
def hand_over(visit: Visitor, case_id: CaseId, version: Version, text: Text = "", seen: Seen = 0) -> Response:
    """The editor answers from their own account. The wording they typed is kept for them to copy."""
    wording = typed(text)

    def act(session: Session) -> object:
        now_version = version
        if wording.strip():
            saved = review.edit(session, case_id, version=version, text=wording, who=visit.person.name, now=visit.now)
            now_version = saved.version
        return review.hand_over(session, case_id, version=now_version, who=visit.person.name, now=visit.now)

    return act_on(visit, case_id, act, seen=seen, text=wording) or back(case_id)


@router.post("/case/{case_id}/file")
def file(visit: Visitor, case_id: CaseId, version: Version) -> Response:
    """Keep it for statistics only."""
    after = _after(visit, case_id)
    return act_on(
        visit,
        case_id,
        lambda session: review.file(session, case_id, version=version, who=visit.person.name, now=visit.now),
    ) or _on(visit, case_id, after)


@router.post("/case/{case_id}/reopen")
def reopen(visit: Visitor, case_id: CaseId, version: Version) -> Response:
    """Put a closed case back on the desk."""
    return act_on(
        visit,
        case_id,
        lambda session: review.reopen(session, case_id, version=version, who=visit.person.name, now=visit.now),
    ) or back(case_id)


@router.post("/case/{case_id}/withdraw")
def withdraw(visit: Visitor, case_id: CaseId, version: Version, why: Words = "") -> Response:
    """Take a published reply back."""

    def act(session: Session) -> object:
        if not why.strip():
            raise NotAllowed("taking a reply back needs a reason")
        return review.withdraw(session, case_id, version=version, who=visit.person.name, why=why.strip(), now=visit.now)

    return act_on(visit, case_id, act) or back(case_id)


def _save(visit: Visit, case_id: int, version: int, wording: str) -> Act:
    return lambda session: review.edit(
        session, case_id, version=version, text=wording, who=visit.person.name, now=visit.now
    )


def act_on(visit: Visit, case_id: int, act: Act, *, seen: int = 0, text: str | None = None) -> Response | None:
    """Do it in one transaction; if it cannot be done, the same page again, with the reasons and the typed text."""
    with visit.hands.store.read() as session:
        if lists.find(session, case_id) is None:
            return case_page(visit, case_id)
    try:
        with visit.hands.store.write() as session:
            act(session)
    except Stale:
        return case_page(visit, case_id, text=text, seen=seen, status=409)
    except NotAllowed as error:
        return case_page(visit, case_id, text=text, problems=tuple(str(error).split(" · ")), status=422)
    return None


def back(case_id: int) -> Response:
    """Show the case again."""
    return RedirectResponse(f"/case/{case_id}", status_code=303)


def _after(visit: Visit, case_id: int) -> int | None:
    """The case below this one in the list, as long as this one still stands there."""
    with visit.hands.store.read() as session:
        return lists.neighbours(session, case_id)[1]


def _on(visit: Visit, case_id: int, after: int | None) -> Response:
    """Go to the next case that waits, or to the queue; both show what was just done."""
    with visit.hands.store.read() as session:
        following = lists.next_waiting(session, after=after, who=visit.person.name, now=visit.now)
    return RedirectResponse(f"/case/{following}?done={case_id}" if following else f"/?done={case_id}", status_code=303)
