"""The named people of the office, and how they get in: one-time links and revocable sessions. No web framework."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from bot import audit
from bot.errors import NotAllowed
from bot.store.codec import clean_text
from bot.store.office_models import SignInLinkRow, UserRow, WebSessionRow

LINK_LIFE = timedelta(hours=24)
SESSION_IDLE = timedelta(hours=12)
SESSION_LIFE = timedelta(days=14)
LONGEST_NAME = 100  # characters
FIRST_NAME = "First editor"  # stands in until the first person says who they are; nobody can sign with it


class Role(StrEnum):
    """What a person may do. An administrator may do what an editor may."""

    ADMINISTRATOR = "administrator"
    EDITOR = "editor"


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedIn:
    """A person at a browser."""

    user_id: int
    name: str
    role: Role
    csrf: str
    seen_at: datetime


def ensure_user(session: Session, name: str, role: Role, *, by: str, now: datetime) -> UserRow:
    """The user of this name; made if new."""
    name = name.strip()
    if not 1 <= len(name) <= LONGEST_NAME:
        raise NotAllowed(f"a name needs 1 to {LONGEST_NAME} characters")
    user = session.scalar(select(UserRow).where(UserRow.name == name))
    if user is None:
        user = UserRow(name=name, role=role.value, created_at=now)
        session.add(user)
        session.flush()
        audit.note(session, who=by, what="user added", now=now, name=name, role=role.value)
    return user


def rename(session: Session, user_id: int, name: str, *, by: str, now: datetime) -> None:
    """Another name for a person; what was signed before keeps the old one."""
    name, user = name.strip(), session.get(UserRow, user_id)
    if user is None:
        raise NotAllowed("there is no such person")
    if not 1 <= len(name) <= LONGEST_NAME:
        raise NotAllowed(f"a name needs 1 to {LONGEST_NAME} characters")
    if name == FIRST_NAME:
        raise NotAllowed("approvals are signed with a person's own name; write yours")
    if session.scalar(select(UserRow).where(UserRow.name == name, UserRow.id != user_id)):
        raise NotAllowed(f"somebody is called {name} already; choose another name")
    audit.note(session, who=by, what="user renamed", now=now, before=user.name, after=name)
    user.name = name


def signature(name: str) -> str:
    """A name that may stand under a decision given on the command line. Raises `NotAllowed`."""
    name = clean_text(name).strip()
    if not 1 <= len(name) <= LONGEST_NAME:
        raise NotAllowed(f"a name needs 1 to {LONGEST_NAME} characters")
    if name.casefold() in (FIRST_NAME.casefold(), audit.OFFICE):
        raise NotAllowed("decisions are signed with a person's own name; write yours")
    return name


def first_administrator(session: Session) -> UserRow | None:
    """The oldest administrator who is not disabled, under whatever name."""
    query = select(UserRow).where(UserRow.role == Role.ADMINISTRATOR.value, UserRow.disabled_at.is_(None))
    return session.scalar(query.order_by(UserRow.id).limit(1))


def new_link(session: Session, user: UserRow, *, now: datetime) -> str:
    """A one-time token for a sign-in link; older unused links of this user stop working."""
    session.execute(delete(SignInLinkRow).where(SignInLinkRow.user_id == user.id, SignInLinkRow.used_at.is_(None)))
    token = secrets.token_urlsafe(32)
    session.add(SignInLinkRow(token_hash=_hash(token), user_id=user.id, created_at=now, expires_at=now + LINK_LIFE))
    return token


def owner_of_link(session: Session, token: str, *, now: datetime) -> str | None:
    """Whose link this is, without using it up; None if it is used, old or unknown."""
    user = _owner(session, session.get(SignInLinkRow, _hash(token)), now)
    return user.name if user else None


def use_link(session: Session, token: str, *, now: datetime, agent: str, name: str = "") -> str | None:
    """Redeem a link: the token of a new browser session, or None if the link is used, old or unknown.

    Whoever has no name of their own yet must give one: every approval is signed with it. Raises `NotAllowed`.
    """
    link = session.get(SignInLinkRow, _hash(token), with_for_update=True)  # two at once: one gets in
    user = _owner(session, link, now)
    if link is None or user is None:
        return None
    if user.name == FIRST_NAME:
        rename(session, user.id, name, by=name.strip(), now=now)
    link.used_at = now
    session_token = secrets.token_urlsafe(32)
    session.add(
        WebSessionRow(
            token_hash=_hash(session_token),
            user_id=user.id,
            csrf=secrets.token_urlsafe(24),
            created_at=now,
            seen_at=now,
            expires_at=now + SESSION_LIFE,
            agent=agent[:200],
        )
    )
    audit.note(session, who=user.name, what="signed in", now=now)
    return session_token


def who_is(session: Session, session_token: str, *, now: datetime) -> SignedIn | None:
    """The person behind a browser session, or None if it ended (idle, old, revoked, user disabled)."""
    row = session.get(WebSessionRow, _hash(session_token))
    if row is None or row.expires_at < now or row.seen_at + SESSION_IDLE < now:
        return None
    user = session.get(UserRow, row.user_id)
    if user is None or user.disabled_at is not None:
        return None
    return SignedIn(user_id=user.id, name=user.name, role=Role(user.role), csrf=row.csrf, seen_at=row.seen_at)


def seen(session: Session, session_token: str, *, now: datetime) -> None:
    """Keep a browser session from idling out."""
    row = session.get(WebSessionRow, _hash(session_token))
    if row is not None:
        row.seen_at = now


def sign_out(session: Session, session_token: str) -> None:
    """End a browser session."""
    session.execute(delete(WebSessionRow).where(WebSessionRow.token_hash == _hash(session_token)))


def _owner(session: Session, link: SignInLinkRow | None, now: datetime) -> UserRow | None:
    if link is None or link.used_at is not None or link.expires_at < now:
        return None
    user = session.get(UserRow, link.user_id)
    return user if user is not None and user.disabled_at is None else None


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()
