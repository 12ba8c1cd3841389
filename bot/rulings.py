"""An administrator's recorded decisions about an account or the whole office: what, who, when, why.

It checks no role: the caller does.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from bot import audit
from bot.errors import NotAllowed
from bot.store.codec import clean_text
from bot.store.models import AccountRow
from bot.store.office_models import RulingRow, UserRow

SENDING = "sending"
HASHTAG_REPLIES = "hashtag_replies"
PAUSE = "pause"
EVIDENCE_ALONE = "evidence_alone"  # about the office: may who proposes a change of the evidence also publish it?
VALUES = {SENDING: ("on", "off"), HASHTAG_REPLIES: ("allowed", "off"), PAUSE: ("lifted",)}


def rule(session: Session, account_id: str, setting: str, value: str, *, by: str, why: str, now: datetime) -> None:
    """Decide, and write down who decided and why."""
    if value not in VALUES.get(setting, ()):
        raise NotAllowed(f"{setting} cannot be {value!r}; known are {VALUES}")
    if not by.strip() or not why.strip():
        raise NotAllowed("a decision about an account needs a name and a reason")
    account = session.get(AccountRow, account_id)
    if account is None:
        raise NotAllowed(f"there is no account {account_id!r}; connect it with `scrutineer init`")
    if setting == SENDING:
        account.sending = value == "on"
    elif setting == PAUSE:
        account.paused = ""
    else:
        account.hashtag_replies = value
    why = clean_text(why).strip()
    session.add(RulingRow(account=account_id, setting=setting, value=value, by=by, why=why, at=now))
    audit.note(session, who=by, what=f"{setting} set to {value}", now=now, account=account_id, setting=setting, why=why)


def history(session: Session, account_id: str) -> list[RulingRow]:
    """Every decision about this account, newest first."""
    query = select(RulingRow).where(RulingRow.account == account_id)
    return list(session.scalars(query.order_by(RulingRow.id.desc())))


def rule_office(session: Session, setting: str, value: str, *, by: str, why: str, now: datetime) -> None:
    """Decide for the whole office, and write down who decided and why."""
    if setting != EVIDENCE_ALONE or value not in ("allowed", "off"):
        raise NotAllowed(f"{setting} cannot be {value!r} for the whole office")
    if not by.strip() or not why.strip():
        raise NotAllowed("a decision about the office needs a name and a reason")
    why = clean_text(why).strip()
    session.add(RulingRow(account=None, setting=setting, value=value, by=by, why=why, at=now))
    audit.note(session, who=by, what=f"{setting} set to {value}", now=now, setting=setting, why=why)


def of_office(session: Session, setting: str) -> RulingRow | None:
    """The decision in force about the whole office, if there is one."""
    query = select(RulingRow).where(RulingRow.account.is_(None), RulingRow.setting == setting)
    return session.scalar(query.order_by(RulingRow.id.desc()).limit(1))


def may_publish_alone(session: Session, *, practice: bool) -> bool:
    """May one person propose and publish a change of the evidence?

    Only while an administrator's decision says so, and only where nothing reaches the public or nobody else works.
    """
    ruling = of_office(session, EVIDENCE_ALONE)
    return ruling is not None and ruling.value == "allowed" and (practice or people_here(session) <= 1)


def people_here(session: Session) -> int:
    """How many people could sign in."""
    query = select(func.count()).select_from(UserRow).where(UserRow.disabled_at.is_(None))
    return session.scalar(query) or 0
