"""Who owns what must be single (a stream, a session, the clock). A dead owner's lease ends by itself."""

from __future__ import annotations

import os
import secrets
import socket
from datetime import datetime, timedelta

from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from bot.store.models import LeaseRow

TTL = timedelta(seconds=30)


def new_owner() -> str:
    """A name for this process: host, process id, and something random."""
    return f"{socket.gethostname()}/{os.getpid()}/{secrets.token_hex(4)}"


def hold(session: Session, name: str, owner: str, *, now: datetime) -> bool:
    """Take or renew a lease; False while somebody else holds it."""
    dialect = sqlite if session.get_bind().dialect.name == "sqlite" else postgresql
    new = dialect.insert(LeaseRow).values(name=name, owner=owner, expires_at=now + TTL).on_conflict_do_nothing()
    if session.scalar(new.returning(LeaseRow.name)) is not None:
        return True
    row = session.get(LeaseRow, name, with_for_update=True)
    if row is None:  # given back at this very moment: the next try gets it
        return False
    if row.owner != owner and row.expires_at > now and not is_dead(row.owner):
        return False
    row.owner, row.expires_at = owner, now + TTL
    return True


def release(session: Session, owner: str) -> None:
    """Give back everything this owner holds."""
    session.query(LeaseRow).filter(LeaseRow.owner == owner).delete()


def is_dead(owner: str) -> bool:
    """Did the owner run on this very machine, and is its process gone? Then nobody needs to wait for it."""
    host, pid, _ = (*owner.split("/"), "", "")[:3]
    if host != socket.gethostname() or not pid.isdigit():
        return False
    try:
        os.kill(int(pid), 0)
    except ProcessLookupError:
        return True
    except PermissionError:
        return False
    return False
