"""Rules of the office that an administrator may change, on the record: must who decides give a second factor."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from sqlalchemy.orm import Session

from bot import audit
from bot.errors import NotAllowed
from bot.store.codec import clean_text
from bot.store.sign_in_models import HouseRuleRow

SECOND_FACTOR = "second factor"
Demand = Literal["required", "relaxed"]


def second_factor_required(session: Session, *, practice: bool) -> bool:
    """Must whoever decides have given a second factor? Nothing leaves a practice office, so there it is relaxed."""
    ruled = ruling(session)
    return ruled.value == "required" if ruled else not practice


def ruling(session: Session) -> HouseRuleRow | None:
    """What an administrator decided about it, if anybody did."""
    return session.get(HouseRuleRow, SECOND_FACTOR)


def rule(session: Session, value: Demand, *, by: str, why: str, now: datetime) -> None:
    """Decide, and write down who decided and why."""
    why = clean_text(why).strip()
    if not by.strip() or not why:
        raise NotAllowed("a rule of the office needs a name and a reason")
    row = session.get(HouseRuleRow, SECOND_FACTOR)
    before = row.value if row else ""
    if row is None:
        row = HouseRuleRow(name=SECOND_FACTOR, value=value, by=by, why=why, at=now)
        session.add(row)
    row.value, row.by, row.why, row.at = value, by, why, now
    audit.note(session, who=by, what=f"second factor {value}", now=now, before=before, after=value, why=why)
