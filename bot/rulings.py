"""An administrator's recorded decisions about an account: what, who, when, why. It checks no role: the caller does."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot import audit
from bot.errors import NotAllowed
from bot.store.codec import clean_text
from bot.store.models import AccountRow
from bot.store.office_models import RulingRow

SENDING = "sending"
HASHTAG_REPLIES = "hashtag_replies"
PAUSE = "pause"
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
