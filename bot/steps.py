"""A sign-in that waits for its next step: kept in the database, found by a token, used once, gone in ten minutes."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete
from sqlalchemy.orm import Session

from bot.sessions import hashed
from bot.store.sign_in_models import SignInStepRow

STEP_LIFE = timedelta(minutes=10)


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """What was remembered."""

    user_id: int | None
    data: dict[str, Any]


def begin(session: Session, kind: str, *, now: datetime, user_id: int | None = None, **data: Any) -> str:
    """Remember this; the token by which the same browser finds it again."""
    token = secrets.token_urlsafe(32)
    row = SignInStepRow(token_hash=hashed(token), kind=kind, user_id=user_id, data=data, expires_at=now + STEP_LIFE)
    session.add(row)
    return token


def look(session: Session, kind: str, token: str, *, now: datetime) -> Step | None:
    """What was remembered, without using it up."""
    row = session.get(SignInStepRow, hashed(token)) if token else None
    if row is None or row.kind != kind or row.expires_at < now:
        return None
    return Step(user_id=row.user_id, data=row.data)


def take(session: Session, kind: str, token: str, *, now: datetime) -> Step | None:
    """What was remembered, once: of two at the same time one gets it."""
    found = look(session, kind, token, now=now)
    if found is None:
        return None
    gone = session.execute(delete(SignInStepRow).where(SignInStepRow.token_hash == hashed(token)))
    return found if gone.rowcount == 1 else None  # type: ignore[attr-defined]


def sweep(session: Session, *, now: datetime) -> None:
    """Forget what nobody finished."""
    session.execute(delete(SignInStepRow).where(SignInStepRow.expires_at < now))
