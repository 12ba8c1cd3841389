"""What a named person may do with a case: approve, edit, decline, undo, hand over, file. Used by web and CLI alike."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy.orm import Session

from bot import audit, cases, eyes, holds, inbox, jobs, ledger, second_looks
from bot.audit import OFFICE
from bot.errors import NotAllowed
from bot.life import State
from bot.model import Post
from bot.people import FIRST_NAME
from bot.store import codec
from bot.store.codec import clean_text
from bot.store.models import CaseRow

NOBODY = frozenset({"", OFFICE.casefold(), FIRST_NAME.casefold()})  # names that stand for no person

Objections = Callable[[CaseRow, str], tuple[str, ...]]
"""Given a case and a draft text (without the address): every reason why it may not be approved as it stands."""


class Declined(StrEnum):
    """Why an editor said no. The first three teach the matcher."""

    WRONG_CLAIM = "wrong claim"
    THEY_WERE_RIGHT = "they were right"
    LEAVE_ALONE = "leave alone"
    NOT_NEEDED = "not needed"
    EVIDENCE_TOO_WEAK = "evidence too weak"
    TONE = "tone"
    OTHER = "other"


def edit(session: Session, case_id: int, *, version: int, text: str, who: str, now: datetime) -> CaseRow:
    """Save another wording of the draft. It stays a draft."""
    case = _mine(session, case_id, version, who, now)
    _must_be(case, State.PROPOSED, "edited")
    before, case.draft, case.updated_at = case.draft, clean_text(text).strip(), now
    holds.drop_jotting(session, case.id, who)
    if case.draft != before:
        audit.note(session, who=who, what="draft edited", now=now, case_id=case.id, before=before, after=case.draft)
    cases.flush(session)
    return case


def approve(
    session: Session,
    case_id: int,
    *,
    version: int,
    who: str,
    now: datetime,
    undo: timedelta,
    objections: Objections,
    text: str | None = None,
    second_look_share: float = 0.0,
) -> CaseRow:
    """A named person says yes to exactly this text; it is sent after the undo delay unless a gate closes.

    Where one yes is not enough (see `bot.eyes`) the case stays on the desk until the others are there.
    Raises `NotAllowed` with every objection (lock, civility, length), `Stale` if the case changed meanwhile.
    """
    case = _mine(session, case_id, version, who, now)
    _must_be(case, State.PROPOSED, "approved")
    if case.lock:
        raise NotAllowed(case.lock)
    if text is not None:
        case.draft = clean_text(text).strip()
    if found := objections(case, case.draft):
        raise NotAllowed(" · ".join(found))
    eyes.may_sign(session, case, case.draft, who)
    eyes.sign(session, case, case.draft, who, now)
    holds.let_go(session, case.id)
    if missing := eyes.still_missing(session, case, case.draft):
        case.reason, case.updated_at, case.parked = f"{who} said yes; {missing}", now, ""
        cases.flush(session)
        return case
    second_looks.put_by(session, case, second_looks.APPROVE, who, now, share=second_look_share)
    case.approved_by, case.approved_at, case.send_after = who, now, now + undo
    case.approved_text = case.address + case.draft
    case.changed, case.said_before = False, ""
    cases.change(
        session,
        case,
        State.APPROVED,
        who=who,
        why=f"approved by {who}",
        now=now,
        text=case.approved_text,
        basis=case.basis,
        proof=case.proof,
        entry=case.entry_id,
        entry_version=case.entry_version,
    )
    jobs.put(session, "send", f"send:{case.id}:{case.version}", due_at=case.send_after, payload={"case": case.id})
    return case


def undo(session: Session, case_id: int, *, version: int, who: str, now: datetime) -> CaseRow:
    """Take an approval back while the undo delay runs."""
    case = _mine(session, case_id, version, who, now)
    _must_be(case, State.APPROVED, "taken back")
    unapprove(session, case)
    return cases.change(session, case, State.PROPOSED, who=who, why=f"{who} took the approval back", now=now)


def unapprove(session: Session, case: CaseRow) -> None:
    """Forget the approval and every yes on the row; the history keeps them."""
    eyes.forget(session, case.id)
    case.approved_by, case.approved_at, case.approved_text, case.send_after = "", None, "", None


def decline(
    session: Session,
    case_id: int,
    *,
    version: int,
    who: str,
    reason: Declined,
    now: datetime,
    remark: str = "",
    second_look_share: float = 0.0,
) -> CaseRow:
    """Say no, with a reason."""
    case = _mine(session, case_id, version, who, now)
    _must_be(case, State.PROPOSED, "declined")
    second_looks.put_by(session, case, reason.value, who, now, share=second_look_share)
    why = f"{reason.value}: {remark.strip()}" if remark.strip() else reason.value
    return _close(session, case, State.DECLINED, who, why, now, reason=reason.value)


def take_up(session: Session, case_id: int, *, version: int, who: str, now: datetime) -> CaseRow:
    """Have a draft made of what the matcher only suggested. It waits for approval like any other."""
    case = _mine(session, case_id, version, who, now)
    _must_be(case, State.IGNORED, "taken up")
    if not case.match:
        raise NotAllowed("the matcher suggests nothing here")
    post = codec.load(Post, case.post)
    inbox.take_up(session, post, account=case.account, now=now)
    case.reason, case.updated_at = f"{who} took the suggestion up; a draft is being made", now
    audit.note(session, who=who, what="suggestion taken up", now=now, case_id=case.id)
    cases.flush(session)
    return case


def hand_over(session: Session, case_id: int, *, version: int, who: str, now: datetime) -> CaseRow:
    """The editor answers from their own account, if they judge it fit; the office says nothing."""
    case = _mine(session, case_id, version, who, now)
    return _close(session, case, State.HANDED_OVER, who, f"{who} took it to their own account", now)


def file(session: Session, case_id: int, *, version: int, who: str, now: datetime) -> CaseRow:
    """Keep it for statistics only."""
    case = _mine(session, case_id, version, who, now)
    return _close(session, case, State.FILED, who, "filed for statistics", now)


def reopen(session: Session, case_id: int, *, version: int, who: str, now: datetime) -> CaseRow:
    """Put a declined, filed or failed case back on the desk; not while an earlier try of it may stand."""
    case = _mine(session, case_id, version, who, now)
    if ledger.in_doubt(session, case.id):
        raise NotAllowed("an earlier try may stand on the network, and nobody could tell: a second could be a repeat")
    unapprove(session, case)
    case.closed_by = ""
    return cases.change(session, case, State.PROPOSED, who=who, why=f"reopened by {who}", now=now)


def withdraw(session: Session, case_id: int, *, version: int, who: str, why: str, now: datetime) -> CaseRow:
    """Take a published reply back. The deletion itself is a job."""
    case = _mine(session, case_id, version, who, now)
    _must_be(case, State.PUBLISHED, "withdrawn")
    take_back(session, case, who=who, why=why, now=now)
    audit.note(session, who=who, what="withdrawal asked for", now=now, case_id=case.id, why=why)
    return case


def take_back(session: Session, case: CaseRow, *, who: str, why: str, now: datetime) -> None:
    """Have what we said, or are just saying, deleted from its network: the job that does it."""
    payload = {"case": case.id, "why": why, "who": who}
    jobs.put(session, "withdraw", f"withdraw:{case.id}", due_at=now, payload=payload, anew=True)


def _close(session: Session, case: CaseRow, to: State, who: str, why: str, now: datetime, **detail: str) -> CaseRow:
    case.closed_by, case.parked = who, ""
    holds.let_go(session, case.id)
    eyes.forget(session, case.id)
    return cases.change(session, case, to, who=who, why=why, now=now, **detail)


def _mine(session: Session, case_id: int, version: int, who: str, now: datetime) -> CaseRow:
    if who.strip().casefold() in NOBODY:
        raise NotAllowed("a decision needs the name of a person")
    case = cases.get(session, case_id)
    cases.expect_version(case, version)
    holds.check(session, case_id, who, now)
    return case


def _must_be(case: CaseRow, state: State, verb: str) -> None:
    if case.state != state:
        raise NotAllowed(f"case {case.id} is {case.state}; only a case that is {state} can be {verb}")
