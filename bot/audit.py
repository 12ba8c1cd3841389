"""Write down what happened: who, what, when, to which case. Ids and words only, never secrets."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from bot.store.codec import clean_text
from bot.store.office_models import AuditRow

OFFICE = "the office"  # the name under which the machine itself acts


def note(session: Session, *, who: str, what: str, now: datetime, case_id: int | None = None, **detail: Any) -> None:
    """Add one line to the record."""
    plain = {key: clean_text(value) if isinstance(value, str) else value for key, value in detail.items()}
    session.add(AuditRow(at=now, who=clean_text(who), what=what, case_id=case_id, detail=plain))


def latest(session: Session) -> int:
    """The number of the newest line: it grows whenever anything happens, so pages can watch it."""
    return session.scalar(select(func.max(AuditRow.id))) or 0


def of_case(session: Session, case_id: int) -> list[AuditRow]:
    """The history of one case, oldest first."""
    return list(session.scalars(select(AuditRow).where(AuditRow.case_id == case_id).order_by(AuditRow.id)))
