"""The kill switch: stop all publishing, at once, through the database or a file. It survives restarts."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from sqlalchemy.orm import Session

from bot import audit
from bot.errors import NotAllowed
from bot.store.office_models import SwitchRow

PUBLISHING = "publishing"


def stop(session: Session, *, by: str, reason: str, now: datetime) -> None:
    """Stop publishing. Needs a person and a reason."""
    _set(session, stopped=True, by=by, reason=reason, now=now)


def resume(session: Session, *, by: str, reason: str, now: datetime) -> None:
    """Allow publishing again. Needs a person and a reason."""
    _set(session, stopped=False, by=by, reason=reason, now=now)


def why_stopped(session: Session, flag: Path) -> str:
    """Why nothing is published ("" when publishing is allowed). The file counts even if the database says nothing."""
    if file_stops(flag):
        return f"the file {flag.name} exists in the data directory; delete it to lift this stop"
    row = session.get(SwitchRow, PUBLISHING)
    return f"stopped by {row.by} at {row.at:%Y-%m-%d %H:%M} UTC: {row.reason}" if row and row.stopped else ""


def file_stops(flag: Path) -> bool:
    """Is the file flag there? Works with the database down; a path that cannot be read counts as a stop."""
    try:
        flag.lstat()
    except FileNotFoundError:
        return False
    except OSError:
        return True
    return True


def needs_words(by: str, reason: str) -> None:
    """Raises `NotAllowed` without a name or a reason."""
    if not by.strip() or not reason.strip():
        raise NotAllowed('the stop switch needs a name and a reason: scrutineer stop "reason" --as NAME')


def _set(session: Session, *, stopped: bool, by: str, reason: str, now: datetime) -> None:
    needs_words(by, reason)
    row = session.get(SwitchRow, PUBLISHING)
    if row is None:
        row = SwitchRow(name=PUBLISHING, stopped=stopped, reason=reason, by=by, at=now)
        session.add(row)
    row.stopped, row.reason, row.by, row.at = stopped, reason, by, now
    audit.note(session, who=by, what="publishing stopped" if stopped else "publishing resumed", now=now, reason=reason)
