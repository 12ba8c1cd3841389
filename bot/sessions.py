"""Browsers that are signed in: opened, renewed, listed, ended. Only hashes of their tokens are kept."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from bot import audit
from bot.rights import Role
from bot.store.office_models import UserRow, WebSessionRow

SESSION_IDLE = timedelta(hours=12)
SESSION_LIFE = timedelta(days=14)
HANDLE = 16  # characters of a session's hash by which its owner names it


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedIn:
    """A person at a browser."""

    user_id: int
    name: str
    role: Role
    csrf: str
    seen_at: datetime
    strong: bool = False  # a second factor was given
    proven_at: datetime  # when they last showed that it is them
    session: str = ""  # the handle of this session in the list of their own


def hashed(token: str) -> str:
    """What is kept of a token. Tokens are long and random, so a plain hash will do."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()


def open_session(session: Session, user: UserRow, *, method: str, strong: bool, now: datetime, agent: str) -> str:
    """Sign a browser in; its token. The caller has checked everything."""
    token = secrets.token_urlsafe(32)
    session.add(
        WebSessionRow(
            token_hash=hashed(token),
            user_id=user.id,
            csrf=secrets.token_urlsafe(24),
            created_at=now,
            seen_at=now,
            expires_at=now + SESSION_LIFE,
            agent=agent[:200],
            method=method,
            strong=strong,
            proven_at=now,
        )
    )
    user.signed_in_at = now
    audit.note(session, who=user.name, what="signed in", now=now, by=method, second_factor=strong)
    return token


def who_is(session: Session, token: str, *, now: datetime) -> SignedIn | None:
    """The person behind a browser session, or None if it ended (idle, old, revoked, user disabled)."""
    row = session.get(WebSessionRow, hashed(token))
    if row is None or row.expires_at < now or row.seen_at + SESSION_IDLE < now:
        return None
    user = session.get(UserRow, row.user_id)
    if user is None or user.disabled_at is not None:
        return None
    return SignedIn(
        user_id=user.id,
        name=user.name,
        role=Role(user.role),
        csrf=row.csrf,
        seen_at=row.seen_at,
        strong=row.strong,
        proven_at=row.proven_at or row.created_at,
        session=row.token_hash[:HANDLE],
    )


def seen(session: Session, token: str, *, now: datetime) -> None:
    """Keep a browser session from idling out."""
    row = session.get(WebSessionRow, hashed(token))
    if row is not None:
        row.seen_at = now


def renew(session: Session, token: str, *, now: datetime, strong: bool | None = None) -> str | None:
    """The person has just shown that it is them: a new token for the same session. The old one ends.

    Open pages of theirs stay good: the token of their forms is kept. `strong` says whether a second factor counts from
    now on; None leaves that as it is.
    """
    row = session.get(WebSessionRow, hashed(token))
    if row is None:
        return None
    fresh = secrets.token_urlsafe(32)
    session.add(
        WebSessionRow(
            token_hash=hashed(fresh),
            user_id=row.user_id,
            csrf=row.csrf,
            created_at=row.created_at,
            seen_at=now,
            expires_at=row.expires_at,
            agent=row.agent,
            method=row.method,
            strong=row.strong if strong is None else strong,
            proven_at=now,
        )
    )
    session.delete(row)
    return fresh


def sign_out(session: Session, token: str) -> None:
    """End a browser session."""
    session.execute(delete(WebSessionRow).where(WebSessionRow.token_hash == hashed(token)))


def of_person(session: Session, user_id: int, *, now: datetime) -> list[WebSessionRow]:
    """The open sessions of a person, the one used last first."""
    query = select(WebSessionRow).where(
        WebSessionRow.user_id == user_id,
        WebSessionRow.expires_at >= now,
        WebSessionRow.seen_at >= now - SESSION_IDLE,
    )
    return list(session.scalars(query.order_by(WebSessionRow.seen_at.desc())))


def end_one(session: Session, user_id: int, handle: str) -> bool:
    """End one session of this person, named by its handle; of nobody else."""
    rows = session.scalars(select(WebSessionRow).where(WebSessionRow.user_id == user_id))
    found = [row for row in rows if row.token_hash[:HANDLE] == handle]
    for row in found:
        session.delete(row)
    return bool(found)


def end_all(session: Session, user_id: int, *, keep: str = "") -> None:
    """End every session of this person, but for the one with the token `keep`."""
    kept = hashed(keep) if keep else ""
    session.execute(delete(WebSessionRow).where(WebSessionRow.user_id == user_id, WebSessionRow.token_hash != kept))
