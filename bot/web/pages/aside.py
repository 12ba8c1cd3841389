"""Short of deciding: lay a case aside, ask for more eyes, take another entry, another wording. `set_aside` acts."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Form, Query
from fastapi.responses import HTMLResponse, Response
from sqlalchemy.orm import Session

from bot import set_aside
from bot.errors import NotAllowed
from bot.evidence import registry
from bot.store.models import CaseRow
from bot.web import lists
from bot.web.pages.case import CaseId, Text, case_page, typed
from bot.web.pages.decide import Version, Words, act_on, back
from bot.web.visit import Decider, Drafter, Visitor

router = APIRouter()

EntryId = Annotated[str, Form(max_length=100)]
MOST_FOUND = 8  # entries that a search for another one shows


@router.post("/case/{case_id}/park")
def park(visit: Decider, case_id: CaseId, version: Version, why: Words = "") -> Response:
    """Lay it aside, with a reason."""
    return act_on(
        visit,
        case_id,
        lambda session: set_aside.park(
            session, case_id, version=version, who=visit.person.name, why=why, now=visit.now
        ),
    ) or back(case_id)


@router.post("/case/{case_id}/unpark")
def unpark(visit: Decider, case_id: CaseId, version: Version) -> Response:
    """Take it up again."""
    return act_on(
        visit,
        case_id,
        lambda session: set_aside.unpark(session, case_id, version=version, who=visit.person.name, now=visit.now),
    ) or back(case_id)


@router.post("/case/{case_id}/ask-for")
def ask_for(visit: Decider, case_id: CaseId, version: Version, what: Words) -> Response:
    """A second person's yes, or a clinician's, is needed from now on."""
    return act_on(
        visit,
        case_id,
        lambda session: set_aside.ask_for(
            session, case_id, version=version, who=visit.person.name, what=what, now=visit.now
        ),
    ) or back(case_id)


@router.get("/case/{case_id}/others")
def others(visit: Visitor, case_id: CaseId, q: Annotated[str, Query(max_length=200)] = "") -> HTMLResponse:
    """Other entries this post may be about: the next best by the matcher, or those found by words."""
    with visit.hands.store.read() as session:
        row = lists.find(session, case_id)
    if row is None:
        return case_page(visit, case_id)
    found = visit.hands.search_entries(q)[:MOST_FOUND] if q.strip() else visit.hands.other_entries(row)
    content: dict[str, Any] = {"case": row, "others": [one for one in found if one.id != row.entry_id], "q": q}
    content["by_script"] = visit.by_htmx
    return visit.part("_others.html", **content) if visit.by_htmx else visit.page("others.html", **content)


@router.post("/case/{case_id}/entry")
def take_entry(visit: Decider, case_id: CaseId, version: Version, entry: EntryId) -> Response:
    """This other entry is what the post is about: a new draft from it."""

    def act(session: Session) -> CaseRow:
        row, wanted = session.get_one(CaseRow, case_id), registry.current(session, entry)
        if wanted is None:
            raise NotAllowed("this entry is not in force")
        drafted = visit.hands.draft_from(row, wanted)
        if drafted is None:
            raise NotAllowed("no wording of this entry fits this network")
        return set_aside.take_entry(
            session,
            case_id,
            version=version,
            who=visit.person.name,
            entry=wanted,
            drafted=drafted,
            now=visit.now,
        )

    return act_on(visit, case_id, act) or back(case_id)


@router.post("/case/{case_id}/rests-on")
def rests_on(
    visit: Decider, case_id: CaseId, version: Version, rests: Annotated[str, Form(max_length=200)], text: Text = ""
) -> Response:
    """This sentence rests on that citation: `rests` is the number of the sentence and the key of the citation."""
    wording = typed(text)
    number, _, key = rests.partition(":")

    def act(session: Session) -> CaseRow:
        sentences = visit.hands.carried(session.get_one(CaseRow, case_id), wording)
        if not (number.isascii() and number.isdigit() and int(number) < len(sentences)):
            raise NotAllowed("this sentence is not there any more; look at the draft again")
        sentence = sentences[int(number)].text
        return set_aside.rests_on(
            session,
            case_id,
            version=version,
            who=visit.person.name,
            text=wording,
            sentence=sentence,
            on=key,
            now=visit.now,
        )

    return act_on(visit, case_id, act, text=wording) or back(case_id)


@router.post("/case/{case_id}/wording")
def wording(visit: Drafter, case_id: CaseId, kind: Annotated[str, Form(max_length=20)]) -> HTMLResponse:
    """Put another wording into the box. It is not saved before the editor saves or approves it."""
    with visit.hands.store.read() as session:
        row = lists.find(session, case_id)
    text = visit.hands.wordings(row).get(kind) if row is not None else None
    if row is not None and text is None:
        return case_page(visit, case_id, problems=("there is no such wording that fits here",), status=422)
    return case_page(visit, case_id, text=text)
