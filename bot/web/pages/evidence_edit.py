"""Write a change of the evidence table: one form, every button of which keeps what was typed. It publishes nothing."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from starlette.datastructures import FormData
from starlette.exceptions import HTTPException

from bot.errors import NotAllowed, PlatformError, Stale
from bot.evidence import answers, proposals
from bot.evidence.proposals import LONGEST_NOTE, OPEN, Kind, Who
from bot.evidence.rows import DOI, PMID
from bot.model import Certainty, Sensitivity, Verdict
from bot.ports import Found
from bot.store.evidence_models import ProposalRow
from bot.web import entry_form, entry_sheet
from bot.web.entry_sheet import Pen
from bot.web.pages.case import MOST
from bot.web.visit import Curator, Visit

router = APIRouter()

Number = Annotated[int, Path(ge=1, le=MOST)]
LONGEST_ID = 100  # characters of the column; a sound id has fewer
NOBODY = "Nothing could be compared: catalogues want to know who asks, and this office has no `contact` address."
NO_NUMBER = "Write a DOI (10.1000/abc) or a PubMed id (digits), or paste the address of either."
KEPT = "What you typed stays; the source counts as unchecked."


async def _sent(request: Request) -> FormData:
    return await request.form()


Sent = Annotated[FormData, Depends(_sent)]


@router.get("/changes/new")
def begin(visit: Curator) -> HTMLResponse:
    """An empty form."""
    return _page(
        visit, Pen(path="/changes/new", kind=Kind.NEW, entry_id="", base=0, row=entry_form.blank(), fresh=True)
    )


@router.post("/changes/new")
def write_new(visit: Curator, sent: Sent) -> Response:
    """A button of the form of a new entry."""
    row = entry_form.typed(sent)
    return _act(visit, Pen(path="/changes/new", kind=Kind.NEW, entry_id=row["id"][:LONGEST_ID], base=0, row=row), sent)


@router.get("/evidence/{entry_id}/edit")
def edit(visit: Curator, entry_id: str) -> Response:
    """The form with the version in force; or the draft that this person began."""
    with visit.hands.store.read() as session:
        entry, retired = proposals.newest(session, entry_id)
        own = next(
            (
                one.id
                for one in proposals.listed(session, open_ones=True, entry_id=entry_id)
                if one.by_user == visit.person.user_id and one.kind == Kind.EDIT
            ),
            None,
        )
    if entry is None or retired:
        raise HTTPException(404)
    if own is not None:
        return RedirectResponse(f"/changes/{own}/edit", status_code=303)
    path = f"/evidence/{entry_id}/edit"
    row = entry_form.row_of(entry)
    return _page(visit, Pen(path=path, kind=Kind.EDIT, entry_id=entry_id, base=entry.version, row=row, fresh=True))


@router.post("/evidence/{entry_id}/edit")
def write(visit: Curator, entry_id: str, sent: Sent) -> Response:
    """A button of the form."""
    row = entry_form.typed(sent) | {"id": entry_id}
    pen = Pen(path=f"/evidence/{entry_id}/edit", kind=Kind.EDIT, entry_id=entry_id, base=_base(sent), row=row)
    with visit.hands.store.read() as session:
        if proposals.newest(session, entry_id)[0] is None:
            raise HTTPException(404)
    return _act(visit, pen, sent)


@router.get("/changes/{number}/edit")
def go_on(visit: Curator, number: Number) -> HTMLResponse:
    """The form with a proposal that is not decided yet."""
    proposal = _own(visit, number)
    pen = Pen(
        path=f"/changes/{number}/edit",
        kind=Kind(proposal.kind),
        entry_id=proposal.entry_id,
        base=proposal.base,
        row=entry_form.blank() | proposal.data,
        note=proposal.note,
        proposal=proposal,
        seen=proposal.version,
    )
    return _page(visit, pen)


@router.post("/changes/{number}/edit")
def write_on(visit: Curator, number: Number, sent: Sent) -> Response:
    """A button of the form of a proposal."""
    proposal = _own(visit, number)
    row = entry_form.typed(sent)
    kind = Kind(proposal.kind)
    if kind is Kind.EDIT:
        row["id"] = proposal.entry_id
    pen = Pen(
        path=f"/changes/{number}/edit",
        kind=kind,
        entry_id=row["id"][:LONGEST_ID],
        base=_base(sent),
        row=row,
        proposal=proposal,
        seen=int(seen) if (seen := str(sent.get("seen", ""))).isdecimal() and len(seen) < 10 else 0,
    )
    return _act(visit, pen, sent)


def _own(visit: Visit, number: int) -> ProposalRow:
    with visit.hands.store.read() as session:
        proposal = proposals.get(session, number)
    if proposal is None or proposal.kind not in (Kind.NEW, Kind.EDIT):
        raise HTTPException(404)
    if proposal.by_user != visit.person.user_id:
        raise NotAllowed(f"only {proposal.by} can edit this proposal; reject it with a reason, or make one of your own")
    if proposal.state not in OPEN:
        raise Stale(f"this proposal was {proposal.state} by {proposal.decided_by} already")
    return proposal


def _base(sent: FormData) -> int:
    given = str(sent.get("base", ""))
    return int(given) if given.isdecimal() and len(given) < 10 else 0


def _act(visit: Visit, pen: Pen, sent: FormData) -> Response:
    """Do what the button says, then show the form again, or go on."""
    pen.note = str(sent.get("note", ""))[:LONGEST_NOTE].strip()
    press = entry_form.pressed(sent)
    sources = pen.row["citations"]
    if press.verb in ("keep", "propose"):
        return _save(visit, pen, submit=press.verb == "propose")
    if press.verb == "add" and press.about == "source":
        _add_source(visit, pen, str(sent.get("source", "")))
    elif press.verb == "add" and press.about == "source-by-hand":
        sources.append(entry_form.bare_source(taken={str(one["key"]) for one in sources}))
    elif press.verb == "add" and press.about in entry_form.GROUPS:
        pen.extra = press.about
    elif press.verb == "drop" and press.number < len(sources):
        del sources[press.number]
    elif press.verb == "look" and press.number < len(sources):
        _look(visit, pen, press.number)
    elif press.verb == "take" and press.number < len(sources):
        _take(visit, pen, press.number, press.about)
    elif press.verb == "try":
        _try(visit, pen)
    elif press.verb == "rebase":
        with visit.hands.store.read() as session:
            newest, _ = proposals.newest(session, pen.entry_id)
        pen.base = newest.version if newest else 0
        pen.told.append(("warn", f"Your text now replaces version {pen.base}. Look at every difference below."))
    return _page(visit, pen)


def _save(visit: Visit, pen: Pen, *, submit: bool) -> Response:
    who = Who(name=visit.person.name, user=visit.person.user_id)
    try:
        if submit and not pen.note:
            raise NotAllowed("say in a few words what was changed and why: it stays with the version")
        with visit.hands.store.write() as session:
            saved = proposals.save(
                session,
                row=proposals.get(session, pen.proposal.id, lock=True) if pen.proposal else None,
                kind=pen.kind,
                entry_id=pen.entry_id,
                base=pen.base,
                data=pen.row,
                note=pen.note,
                submit=submit,
                who=who,
                now=visit.now,
                seen=pen.seen,
            )
            number = saved.id
    except (NotAllowed, Stale) as error:
        pen.told.append(("danger", str(error)))
        return _page(visit, pen, status=409 if isinstance(error, Stale) else 422)
    return RedirectResponse(f"/changes/{number}", status_code=303)


def _add_source(visit: Visit, pen: Pen, text: str) -> None:
    doi, pmid = entry_form.number_of(text)
    if not doi and not pmid:
        pen.told.append(("warn", NO_NUMBER))
        return
    taken = {str(one["key"]) for one in pen.row["citations"]}
    found = _ask(visit, pen, doi, pmid)
    if found is None:
        pen.row["citations"].append(entry_form.bare_source(doi=doi, pmid=pmid, taken=taken))
    else:
        pen.row["citations"].append(entry_form.source_from(found, doi=doi, pmid=pmid, taken=taken))
        words = f"Filled in from {found.catalogue}. Open the source before you mark it as verified."
        pen.told.append(("good", words))


def _look(visit: Visit, pen: Pen, number: int) -> None:
    source = pen.row["citations"][number]
    doi, pmid = str(source["doi"]), str(source["pmid"])
    if not DOI.fullmatch(doi):
        doi = ""
    if not PMID.fullmatch(pmid):
        pmid = ""
    if not doi and not pmid:
        pen.told.append(("warn", NO_NUMBER))
    elif found := _ask(visit, pen, doi, pmid):
        filled = entry_form.fill(source, found)
        source["verification_level"] = f"compared with {found.catalogue} on {visit.now.date()}"
        words = f"Compared with {found.catalogue}. Differences stand beside the fields."
        pen.told.append(("good", f"{words} Filled in: {', '.join(filled).replace('_', ' ')}." if filled else words))


def _ask(visit: Visit, pen: Pen, doi: str, pmid: str) -> Found | None:
    """Ask every catalogue that has a number for it; the first answer counts, notices count from both."""
    if visit.hands.lookup is None:
        pen.told.append(("warn", f"{NOBODY} {KEPT}"))
        return None
    found: list[Found] = []
    for number, ask in ((doi, visit.hands.lookup.by_doi), (pmid, visit.hands.lookup.by_pmid)):
        try:
            found += [ask(number)] if number else []
        except PlatformError as error:
            pen.told.append(("warn", f"Nothing could be compared: {error}. {KEPT}"))
    return found[0] if found else None


def _take(visit: Visit, pen: Pen, number: int, name: str) -> None:
    source = pen.row["citations"][number]
    with visit.hands.store.read() as session:
        shown = entry_sheet.source(source, answers.kept(session, entry_sheet.keys(source)))
    if shown.answer and shown.answer.found:
        entry_form.take(source, name, shown.answer.found)


def _try(visit: Visit, pen: Pen) -> None:
    entry = pen.read
    if entry is None or visit.hands.backtest is None:
        pen.told.append(("warn", "Mend what is marked below first: a half-written entry cannot be tried."))
        return
    try:
        pen.test = visit.hands.backtest(pen.entry_id, entry)
    except NotAllowed as error:
        pen.told.append(("warn", str(error)))


def _page(visit: Visit, pen: Pen, status: int = 200) -> HTMLResponse:
    with visit.hands.store.read() as session:
        sheet = entry_sheet.lay_out(session, pen, visit.now.date())
    return visit.page(
        "entry_edit.html",
        status=status,
        sheet=sheet,
        pen=pen,
        verdicts=list(Verdict),
        certainties=list(Certainty),
        sensitivities=list(Sensitivity),
        can_look_up=visit.hands.lookup is not None,
    )
