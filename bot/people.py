"""The named people of the office: their roles, and the one-time links that let them in. No web framework.

What each role may do stands in `bot.rights`; browsers that are signed in, in `bot.sessions`.
"""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from bot import audit, sessions
from bot.errors import NotAllowed
from bot.rights import Role as Role  # noqa: PLC0414  a person and their role are asked for in one place
from bot.sessions import hashed
from bot.store.codec import clean_text
from bot.store.office_models import SignInLinkRow, UserRow
from bot.store.sign_in_models import LoginRow

LINK_LIFE = timedelta(hours=24)
INVITATION_LIFE = timedelta(days=7)  # for people who were never here: they may be on leave
LONGEST_NAME = 100  # characters
FIRST_NAME = "First editor"  # stands in until the first person says who they are; nobody can sign with it


def ensure_user(session: Session, name: str, role: Role, *, by: str, now: datetime) -> UserRow:
    """The user of this name; made if new."""
    name = _fit(name)
    user = session.scalar(select(UserRow).where(UserRow.name == name))
    if user is None:
        user = UserRow(name=name, role=role.value, created_at=now)
        session.add(user)
        session.flush()
        audit.note(session, who=by, what="user added", now=now, name=name, role=role.value)
    return user


def invite(session: Session, name: str, role: Role, *, by: str, now: datetime) -> tuple[UserRow, str]:
    """A new person, and the token of their link. Raises `NotAllowed` if the name is taken."""
    name = _fit(clean_text(name))
    if named(session, name) is not None or name.casefold() in (FIRST_NAME.casefold(), audit.OFFICE):
        raise NotAllowed(f"somebody is called {name} already; choose another name")
    user = ensure_user(session, name, role, by=by, now=now)
    return user, new_link(session, user, now=now)


def named(session: Session, name: str) -> UserRow | None:
    """The person of this name, however they write its capitals (None also where that fits two people)."""
    exact = session.scalar(select(UserRow).where(UserRow.name == name.strip()))
    if exact is not None:
        return exact
    wanted = name.strip().casefold()
    alike = [user for user in session.scalars(select(UserRow)) if user.name.casefold() == wanted]
    return alike[0] if len(alike) == 1 else None


def rename(session: Session, user_id: int, name: str, *, by: str, now: datetime) -> None:
    """Another name for a person; what was signed before keeps the old one."""
    user, name = get(session, user_id), _fit(name)
    if name == FIRST_NAME:
        raise NotAllowed("approvals are signed with a person's own name; write yours")
    if session.scalar(select(UserRow).where(UserRow.name == name, UserRow.id != user_id)):
        raise NotAllowed(f"somebody is called {name} already; choose another name")
    audit.note(session, who=by, what="user renamed", now=now, before=user.name, after=name)
    user.name = name


def set_role(session: Session, user_id: int, role: Role, *, by: str, now: datetime) -> None:
    """Another role for a person, from their next click on. The last administrator stays one."""
    user = get(session, user_id)
    if user.role == role:
        return
    if role is not Role.ADMINISTRATOR:
        _not_the_last(session, user)
    audit.note(session, who=by, what="role changed", now=now, name=user.name, before=user.role, after=role.value)
    user.role = role.value


def disable(session: Session, user_id: int, *, by: str, now: datetime) -> None:
    """Shut a person out, at once: sessions and links end. Their name stays under what they signed."""
    user = get(session, user_id)
    _not_the_last(session, user)
    if user.disabled_at is None:
        user.disabled_at = now
        sessions.end_all(session, user.id)
        _drop_links(session, user.id)
        audit.note(session, who=by, what="user disabled", now=now, name=user.name)


def enable(session: Session, user_id: int, *, by: str, now: datetime) -> None:
    """Let a person in again."""
    user = get(session, user_id)
    if user.disabled_at is not None:
        user.disabled_at = None
        audit.note(session, who=by, what="user enabled", now=now, name=user.name)


def withdraw_invitation(session: Session, user_id: int, *, by: str, now: datetime) -> None:
    """Their link stops working. Whoever was never here is gone from the list, too."""
    user = get(session, user_id)
    _drop_links(session, user.id)
    audit.note(session, who=by, what="invitation withdrawn", now=now, name=user.name)
    known = session.scalar(select(LoginRow).where(LoginRow.user_id == user.id))
    if user.signed_in_at is None and known is None:
        _not_the_last(session, user)
        session.execute(delete(SignInLinkRow).where(SignInLinkRow.user_id == user.id))
        session.delete(user)


def get(session: Session, user_id: int) -> UserRow:
    """This person. Raises `NotAllowed`."""
    user = session.get(UserRow, user_id)
    if user is None:
        raise NotAllowed("there is no such person")
    return user


def signature(name: str) -> str:
    """A name that may stand under a decision given on the command line. Raises `NotAllowed`."""
    name = _fit(clean_text(name))
    if name.casefold() in (FIRST_NAME.casefold(), audit.OFFICE):
        raise NotAllowed("decisions are signed with a person's own name; write yours")
    return name


def first_administrator(session: Session) -> UserRow | None:
    """The oldest administrator who is not disabled, under whatever name."""
    query = select(UserRow).where(UserRow.role == Role.ADMINISTRATOR.value, UserRow.disabled_at.is_(None))
    return session.scalar(query.order_by(UserRow.id).limit(1))


def new_link(session: Session, user: UserRow, *, now: datetime) -> str:
    """A one-time token for a sign-in link; older unused links of this user stop working."""
    _drop_links(session, user.id)
    token = secrets.token_urlsafe(32)
    life = LINK_LIFE if user.signed_in_at else INVITATION_LIFE
    session.add(SignInLinkRow(token_hash=hashed(token), user_id=user.id, created_at=now, expires_at=now + life))
    return token


def open_links(session: Session, *, now: datetime) -> dict[int, SignInLinkRow]:
    """Links that still work, by person."""
    query = select(SignInLinkRow).where(SignInLinkRow.used_at.is_(None), SignInLinkRow.expires_at >= now)
    return {row.user_id: row for row in session.scalars(query)}


def owner_of_link(session: Session, token: str, *, now: datetime) -> str | None:
    """Whose link this is, without using it up; None if it is used, old or unknown."""
    user = _owner(session, session.get(SignInLinkRow, hashed(token)), now)
    return user.name if user else None


def use_link(session: Session, token: str, *, now: datetime, name: str = "") -> UserRow | None:
    """Use a link up: whose it was, or None if it is used, old or unknown. It opens no session.

    Whoever has no name of their own yet must give one: every approval is signed with it. Raises `NotAllowed`.
    """
    return use_hashed_link(session, hashed(token), now=now, name=name)


def use_hashed_link(session: Session, token_hash: str, *, now: datetime, name: str = "") -> UserRow | None:
    """The same for a link of which only the hash was kept meanwhile."""
    link = session.get(SignInLinkRow, token_hash, with_for_update=True)  # two at once: one gets in
    user = _owner(session, link, now)
    if link is None or user is None:
        return None
    if user.name == FIRST_NAME:
        rename(session, user.id, name, by=name.strip(), now=now)
    link.used_at = now
    return user


def _owner(session: Session, link: SignInLinkRow | None, now: datetime) -> UserRow | None:
    if link is None or link.used_at is not None or link.expires_at < now:
        return None
    user = session.get(UserRow, link.user_id)
    return user if user is not None and user.disabled_at is None else None


def _drop_links(session: Session, user_id: int) -> None:
    session.execute(delete(SignInLinkRow).where(SignInLinkRow.user_id == user_id, SignInLinkRow.used_at.is_(None)))


def _not_the_last(session: Session, user: UserRow) -> None:
    """Raises `NotAllowed` if nobody else could run the office. Two at once wait for each other."""
    query = select(UserRow).where(UserRow.role == Role.ADMINISTRATOR.value, UserRow.disabled_at.is_(None))
    heads = list(
        session.scalars(query.order_by(UserRow.id).with_for_update().execution_options(populate_existing=True))
    )
    if user in heads and len(heads) == 1:
        raise NotAllowed(f"{user.name} is the last administrator; make somebody else one first")


def _fit(name: str) -> str:
    name = name.strip()
    if not 1 <= len(name) <= LONGEST_NAME:
        raise NotAllowed(f"a name needs 1 to {LONGEST_NAME} characters")
    return name
