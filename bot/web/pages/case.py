"""One case on one screen: the post, the evidence, the reply. It shows and checks; `decide` acts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, Form, Path, Query
from fastapi.responses import HTMLResponse
from starlette.exceptions import HTTPException

from bot.life import IN_FLIGHT, OPEN, State
from bot.model import Network
from bot.ports import Measure
from bot.store.codec import clean_text
from bot.store.models import CaseRow
from bot.web import lists, words
from bot.web.around import around
from bot.web.hands import Carried, Hands, Remark
from bot.web.lists import Sheet
from bot.web.visit import Drafter, Visit, Visitor

router = APIRouter()

MOST = 2**31 - 1  # the largest number every database takes as an id
CaseId = Annotated[int, Path(ge=1, le=MOST)]
Number = Annotated[int, Query(ge=0, le=MOST)]
Text = Annotated[str, Form(max_length=20_000)]
THE_LOCK = frozenset({"not locked", "consent"})  # gates that say again why the public reply is locked
THE_EVIDENCE = "evidence publishable"  # stands beside the evidence
NOT_CARRIED = "no source carries"  # said beside the sentence itself
COMPOSE = "https://bsky.app/intent/compose?text="


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """A wording, and everything there is to say about it before it is approved."""

    text: str
    whole: str  # with the address: what will be sent
    measures: tuple[Measure, ...]
    remarks: tuple[Remark, ...]
    objections: tuple[str, ...]
    carried: tuple[Carried, ...]
    level: str  # how hard it is to read, in a word


def typed(text: str) -> str:
    """What a browser sent, with plain line ends and only what every database can hold."""
    return clean_text(text.replace("\r\n", "\n").replace("\r", "\n"))


def proofread(hands: Hands, row: CaseRow, text: str) -> Proof:
    """Look at a wording as a careful colleague would."""
    remarks = hands.remarks(row, text)
    said = {f"{remark.message} {remark.suggestion}".strip() for remark in remarks if remark.blocks}
    carried = hands.carried(row, text)
    return Proof(
        text=text,
        whole=row.address + text,
        measures=hands.measure(row, text),
        remarks=remarks,
        # of a locked case everything but the wording is said already: it cannot be approved
        objections=()
        if row.lock
        else tuple(one for one in hands.objections(row, text) if one not in said and not one.startswith(NOT_CARRIED)),
        carried=carried,
        level=hands.reading_level(text),
    )


def case_page(
    visit: Visit,
    case_id: int,
    *,
    text: str | None = None,
    problems: tuple[str, ...] = (),
    seen: int | None = None,
    done: int = 0,
    status: int = 200,
) -> HTMLResponse:
    """The whole page. `text` is what the editor typed; `seen` the last line of the history they saw (stale)."""
    with visit.hands.store.read() as session:
        sheet = lists.sheet(session, _row(lists.find(session, case_id)))
        before, after = lists.neighbours(session, case_id)
        finished = lists.find(session, done)
        beside = around(session, sheet.case, sheet.subject.author, visit.person.name, visit.now)
    row = sheet.case
    kept = next((one for one in beside.typed if one.who == visit.person.name), None)
    shown = text if text is not None else kept.text if kept is not None else row.draft
    gates = _closed_gates(visit, row)
    return visit.page(
        "case.html",
        status=status,
        sheet=sheet,
        case=row,
        proof=proofread(visit.hands, row, shown) if row.state == "proposed" else None,
        typed=text,
        kept=kept if text is None else None,
        around=beside,
        holder=beside.holder,
        mine=beside.mine,
        wordings=tuple(visit.hands.wordings(row)) if row.state == State.PROPOSED else (),
        problems=problems,
        missed=[line for line in sheet.history if seen is not None and line.id > seen],
        stale=seen is not None,
        blockers=_blockers(visit, sheet),
        gates=tuple((name, why) for name, why in gates if name != THE_EVIDENCE),
        visibility=words.visibility(Network(row.network), note=row.note),
        notified=words.notified(Network(row.network), sheet.post, sheet.context.above, row.address, note=row.note),
        compose=COMPOSE + quote(shown) if row.network == Network.BLUESKY else "",
        before=before,
        after=after,
        done=finished,
    )


@router.get("/case/{case_id}")
def show(visit: Visitor, case_id: CaseId, done: Number = 0) -> HTMLResponse:
    """Read a case."""
    return case_page(visit, case_id, done=done)


@router.get("/case/{case_id}/status")
def status(visit: Visitor, case_id: CaseId, version: Number = 0, flash: bool = False) -> HTMLResponse:
    """Where the case stands now: countdown, sending, published; or that somebody changed it."""
    with visit.hands.store.read() as session:
        row = _row(lists.find(session, case_id))
    return visit.part("_status.html", case=row, version=version, flash=flash)


@router.post("/case/{case_id}/check")
def check(visit: Drafter, case_id: CaseId, text: Text = "") -> HTMLResponse:
    """Counters, remarks and the look of a wording while it is typed. It changes nothing."""
    with visit.hands.store.read() as session:
        sheet = lists.sheet(session, _row(lists.find(session, case_id)))
    proof = proofread(visit.hands, sheet.case, typed(text))
    return visit.part("_proof.html", case=sheet.case, sheet=sheet, proof=proof)


def _row(row: CaseRow | None) -> CaseRow:
    if row is None:
        raise HTTPException(404)
    return row


def _closed_gates(visit: Visit, row: CaseRow) -> tuple[tuple[str, str], ...]:
    """What speaks against sending, while sending is still possible. The lock stands beside the reply, once."""
    if State(row.state) not in OPEN | IN_FLIGHT:
        return ()
    gates = visit.hands.gates(row)
    if row.lock:
        gates = tuple((name, why) for name, why in gates if name not in THE_LOCK and why not in row.lock)
    return gates


def _blockers(visit: Visit, sheet: Sheet) -> tuple[str, ...]:
    if sheet.case.entry_id is None:
        return ()
    if sheet.entry_now is None:
        return ("the entry is no longer in force",)
    return sheet.entry_now.why_not_publishable(visit.now.date())
