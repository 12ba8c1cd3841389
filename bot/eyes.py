"""Four eyes: whose yes an approval needs, and who said yes to exactly these words so far. It moves no case.

A signature counts only for the wording, the entry version and the post it was given for: whoever changes a word starts
anew. The rules read the case as it is, so that nothing that changed meanwhile is approved by yesterday's signatures.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from bot import audit
from bot.errors import NotAllowed
from bot.model import Sensitivity
from bot.rights import Right, Role, may
from bot.store.desk_models import SignatureRow
from bot.store.models import AccountRow, CaseRow
from bot.store.office_models import UserRow

SECOND, CLINICIAN = "second person", "clinician"  # CaseRow.needs: whose yes an editor asked for


_WHY_A_CLINICIAN = {True: "a colleague asked for a clinician", False: "this entry needs a clinician"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Needed:
    """What an approval of this case takes, and why."""

    people: int = 1
    clinician: bool = False
    why: str = ""


def needed(session: Session, row: CaseRow) -> Needed:
    """Whose yes this case needs. In practice, where nothing reaches the public, one person may try everything."""
    if not session.get_one(AccountRow, row.account).public:
        return Needed()
    clinician = row.sensitivity == Sensitivity.EXPERT_REVIEW or row.needs == CLINICIAN
    if row.sensitivity == Sensitivity.HIGH_CARE:
        return Needed(people=2, clinician=clinician, why="this entry is to be handled with care")
    if row.needs == SECOND:
        return Needed(people=2, clinician=clinician, why="a colleague asked for a second opinion")
    return Needed(clinician=clinician, why=_WHY_A_CLINICIAN[row.needs == CLINICIAN] if clinician else "")


def signatures(session: Session, row: CaseRow, text: str) -> list[SignatureRow]:
    """Who said yes to exactly this, in the order in which they did."""
    query = select(SignatureRow).where(SignatureRow.case_id == row.id, SignatureRow.digest == digest(row, text))
    return list(session.scalars(query.order_by(SignatureRow.id)))


def sign(session: Session, row: CaseRow, text: str, who: str, now: datetime) -> None:
    """One person's yes. An older yes of theirs, to other words, is replaced."""
    session.execute(delete(SignatureRow).where(SignatureRow.case_id == row.id, SignatureRow.who == who))
    session.add(SignatureRow(case_id=row.id, who=who, role=role_of(session, who), digest=digest(row, text), at=now))
    session.flush()
    audit.note(session, who=who, what="signed", now=now, case_id=row.id, text=row.address + text)


def still_missing(session: Session, row: CaseRow, text: str) -> str:
    """What the approval of this text still lacks, in words; "" when every yes is there."""
    wanted, signed = needed(session, row), signatures(session, row, text)
    if wanted.clinician and not any(_clinician(one.role) for one in signed):
        return f"a clinical reviewer must say yes: {wanted.why}"
    if len(signed) < wanted.people:
        return f"a second person must say yes to the same words: {wanted.why}"
    return ""


def before_sending(session: Session, row: CaseRow) -> str:
    """The same for words that were approved, asked again at the moment of sending. One yes is on the case itself."""
    wanted = needed(session, row)
    return still_missing(session, row, row.draft) if wanted.clinician or wanted.people > 1 else ""


def may_sign(session: Session, row: CaseRow, text: str, who: str) -> None:
    """Raises `NotAllowed` if this person said yes to these words already."""
    if any(one.who == who for one in signatures(session, row, text)):
        raise NotAllowed(f"you said yes to this already; {still_missing(session, row, text) or 'nothing is missing'}")


def forget(session: Session, case_id: int) -> None:
    """Take every yes back: the case goes back to the desk."""
    session.execute(delete(SignatureRow).where(SignatureRow.case_id == case_id))


def role_of(session: Session, who: str) -> str:
    """The role of the person of this name; "" for a name that signs on the command line without an account."""
    return session.scalar(select(UserRow.role).where(UserRow.name == who)) or ""


def digest(row: CaseRow, text: str) -> str:
    """What a yes is given to: the words, the entry behind them, and the post they answer."""
    parts = [row.address + text, row.entry_id, row.entry_version, row.post.get("text"), row.subject.get("text")]
    return hashlib.sha256(json.dumps(parts).encode("utf-8", "surrogatepass")).hexdigest()


def _clinician(role: str) -> bool:
    return role in set(Role) and may(Role(role), Right.DECIDE_SENSITIVE)
