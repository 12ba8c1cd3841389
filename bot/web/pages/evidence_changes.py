"""Decide about changes of the evidence table: publish, reject, withdraw, retire, sign off. A name stands under each."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Form, Path
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from starlette.exceptions import HTTPException

from bot import rulings
from bot.errors import NotAllowed, Stale
from bot.evidence import answers, proposals, registry
from bot.evidence.diff import changes
from bot.evidence.proposals import FREE, LONGEST_NOTE, SIGNATURE, Kind, Who
from bot.web import entry_sheet, table
from bot.web.pages.case import MOST
from bot.web.visit import Administrator, Curator, SignerOff, Visit, Visitor

router = APIRouter()

Number = Annotated[int, Path(ge=1, le=MOST)]
Seen = Annotated[int, Form(ge=0, le=MOST)]
Words = Annotated[str, Form(max_length=LONGEST_NOTE)]


def _who(visit: Visit) -> Who:
    return Who(name=visit.person.name, user=visit.person.user_id)


@router.get("/changes")
def proposed(visit: Visitor) -> HTMLResponse:
    """What waits to be published, what is being written, what was decided lately."""
    return _list(visit)


@router.post("/changes/rule")
def rule(visit: Administrator, value: Annotated[Literal["allowed", "off"], Form()], why: Words = "") -> Response:
    """Decide whether one person may both propose and publish."""
    try:
        with visit.hands.store.write() as session:
            rulings.rule_office(session, rulings.EVIDENCE_ALONE, value, by=visit.person.name, why=why, now=visit.now)
    except NotAllowed as error:
        return _list(visit, problem=str(error))
    return RedirectResponse("/changes", status_code=303)


@router.get("/changes/{number}")
def change(visit: Visitor, number: Number) -> HTMLResponse:
    """One proposal, beside the table as it is."""
    return _one(visit, number)


@router.post("/changes/{number}/publish")
def publish(visit: Curator, number: Number, seen: Seen = 0) -> Response:
    """A second person brings it into force."""
    try:
        with visit.hands.store.write() as session:
            alone = rulings.may_publish_alone(session, practice=visit.hands.demo)
            done = proposals.put_in_force(session, number, seen=seen, alone=alone, who=_who(visit), now=visit.now)
            entry_id = done.entry_id
    except (NotAllowed, Stale) as error:
        return _refused(visit, number, error)
    return RedirectResponse(f"/evidence/{entry_id}", status_code=303)


@router.post("/changes/{number}/reject")
def reject(visit: Curator, number: Number, seen: Seen = 0, why: Words = "") -> Response:
    """Say no, and why."""
    try:
        with visit.hands.store.write() as session:
            proposals.reject(session, number, seen=seen, why=why, who=_who(visit), now=visit.now)
    except (NotAllowed, Stale) as error:
        return _refused(visit, number, error)
    return RedirectResponse("/changes", status_code=303)


@router.post("/changes/{number}/withdraw")
def withdraw(visit: Curator, number: Number, seen: Seen = 0) -> Response:
    """Take one's own proposal back."""
    try:
        with visit.hands.store.write() as session:
            proposals.withdraw(session, number, seen=seen, who=_who(visit), now=visit.now)
    except (NotAllowed, Stale) as error:
        return _refused(visit, number, error)
    return RedirectResponse("/changes", status_code=303)


@router.post("/evidence/{entry_id}/sign")
def sign(
    visit: SignerOff,
    entry_id: str,
    version: Annotated[int, Form(ge=1, le=MOST)],
    read: Annotated[bool, Form()] = False,
) -> Response:
    """A clinician takes responsibility for the version they have read, with name and date."""
    if not read:
        raise NotAllowed("say that you have read the entry and opened every source; nothing was signed")
    with visit.hands.store.write() as session:
        registry.sign_off(session, entry_id, by=visit.person.name, now=visit.now, read=version)
    return RedirectResponse(f"/evidence/{entry_id}", status_code=303)


@router.post("/evidence/{entry_id}/{act}")
def turn_off_or_on(visit: Curator, entry_id: str, act: Literal["retire", "revive"], why: Words = "") -> Response:
    """Propose that an entry be retired, or come back."""
    if not why.strip():
        raise NotAllowed(f"say in a few words why this entry should be {act}d")
    with visit.hands.store.write() as session:
        newest, _ = proposals.newest(session, entry_id)
        if newest is None:
            raise HTTPException(404)
        saved = proposals.save(
            session,
            row=None,
            kind=Kind(act),
            entry_id=entry_id,
            base=newest.version,
            data={},
            note=why.strip(),
            submit=True,
            who=_who(visit),
            now=visit.now,
        )
        number = saved.id
    return RedirectResponse(f"/changes/{number}", status_code=303)


def _refused(visit: Visit, number: int, error: NotAllowed | Stale) -> HTMLResponse:
    return _one(visit, number, problem=str(error), status=409 if isinstance(error, Stale) else 422)


def _one(visit: Visit, number: int, *, problem: str = "", status: int = 200) -> HTMLResponse:
    with visit.hands.store.read() as session:
        row = proposals.get(session, number)
        if row is None:
            raise HTTPException(404)
        state = proposals.situation(session, row, visit.now.date())
        resting = table.resting(session, row.entry_id)
        alone = rulings.may_publish_alone(session, practice=visit.hands.demo)
        cited = row.data.get("citations", [])
        known = answers.kept(session, (key for one in cited for key in entry_sheet.keys(one)))
    ours = changes(state.base, state.proposed) if state.proposed else ()
    changed = {one.field.partition("[")[0].partition(".")[0] for one in ours}
    return visit.page(
        "change.html",
        status=status,
        problem=problem,
        state=state,
        change=row,
        ours=ours,
        theirs=changes(state.base, state.now) if state.moved and state.base and state.now else (),
        resting=resting,
        alone=alone,
        mine=row.by_user == visit.person.user_id,
        unsigns=bool(state.base and state.base.signed_off_by) and not changed <= FREE | SIGNATURE,
        sources=[entry_sheet.source(one, known) for one in cited],
    )


def _list(visit: Visit, problem: str = "") -> HTMLResponse:
    with visit.hands.store.read() as session:
        open_ones = proposals.listed(session, open_ones=True)
        decided = proposals.listed(session, open_ones=False)
        ruling = rulings.of_office(session, rulings.EVIDENCE_ALONE)
        alone = rulings.may_publish_alone(session, practice=visit.hands.demo)
    return visit.page(
        "changes.html",
        status=422 if problem else 200,
        problem=problem,
        open_ones=open_ones,
        decided=decided,
        ruling=ruling,
        alone=alone,
    )
