"""Keep a connected account in the store: its row, its secrets, a line in the record. It talks to nobody."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from bot import audit
from bot.audit import OFFICE
from bot.errors import NotAllowed
from bot.platforms.facts import Us
from bot.store.codec import clean_text
from bot.store.models import AccountRow
from bot.vault import Vault


@dataclass(frozen=True, slots=True, kw_only=True)
class NewAccount:
    """Everything that was learnt about an account. `secrets`: what it is called → what to encrypt."""

    id: str
    us: Us
    server: str
    limits: Sequence[tuple[str, int]]
    secrets: Mapping[str, str]
    more: Mapping[str, Any]  # further lines of the profile, e.g. the rules as confirmed
    logins: Sequence[str] = ()


def keep(session: Session, vault: Vault, new: NewAccount, *, now: datetime) -> None:
    """Store it. A new account may not send; one that is connected again keeps what was decided about it.

    Raises `NotAllowed` if another account was connected under this name before.
    """
    row = session.get(AccountRow, new.id)
    if row is None:
        row = AccountRow(id=new.id, network=new.us.network.value, remote_id=new.us.id, public=True, sending=False)
        session.add(row)
    elif row.remote_id != new.us.id:
        raise NotAllowed(
            f"{new.id} was connected as {row.remote_id}, and this is {new.us.id}: its cases and decisions belong to"
            " the other one; use another data_dir for this account"
        )
    row.handle, row.server, row.paused = clean_text(new.us.handle), new.server, ""
    row.profile = {
        "display_name": clean_text(new.us.display_name),
        "bio": clean_text(new.us.bio),
        "is_bot": new.us.is_bot,
        "scopes": list(new.us.scopes) if new.us.scopes is not None else None,
        "limits": dict(new.limits),
        "read_at": now.isoformat(),
        **new.more,
    }
    row.logins = list(new.logins)
    for name, value in new.secrets.items():
        vault.put(session, f"{new.id}/{name}", value, now=now)
    audit.note(session, who=OFFICE, what="account connected", now=now, account=new.id, remote=new.us.id)
