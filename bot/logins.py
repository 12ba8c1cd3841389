"""Logins at the organisation's single sign-on provider, and whose they are. It knows no protocol and no page."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from bot import audit, people
from bot.errors import NotAllowed
from bot.people import LONGEST_NAME, Role
from bot.store.codec import clean_text
from bot.store.office_models import UserRow
from bot.store.sign_in_models import LoginRow


@dataclass(frozen=True, slots=True, kw_only=True)
class Login:
    """What the provider vouches for."""

    issuer: str
    subject: str
    name: str
    role: Role | None  # what its groups give; None: nothing
    strong: bool  # it asked for a second factor, and we trust it in that


@dataclass(frozen=True, slots=True, kw_only=True)
class Begun:
    """A round trip to the provider: where to send the browser, and what to remember until it comes back."""

    url: str
    memory: dict[str, str] = field(repr=False)


class SignOn(Protocol):
    """The organisation's single sign-on, as the pages use it."""

    name: str  # for the button
    newcomers: bool  # may somebody whom nobody invited come in, as an auditor?

    def begin(self, back: str, *, anew: bool) -> Begun:
        """Start a round trip that comes back to the address `back`. `anew`: the provider must ask the person again."""
        ...

    def finish(self, back: str, memory: dict[str, str], answer: dict[str, str], *, anew: bool, now: datetime) -> Login:
        """Check everything the provider says. Raises `NotAllowed` with a sentence that gives nothing away."""
        ...


def owner(session: Session, login: Login) -> UserRow | None:
    """Whose login this is; None if nobody's, or of somebody who is shut out."""
    row = session.get(LoginRow, (login.issuer, login.subject))
    user = session.get(UserRow, row.user_id) if row is not None else None
    return user if user is not None and user.disabled_at is None else None


def of_person(session: Session, user_id: int) -> list[LoginRow]:
    """The logins of this person."""
    return list(session.scalars(select(LoginRow).where(LoginRow.user_id == user_id)))


def connect(session: Session, user: UserRow, login: Login, *, now: datetime) -> None:
    """From now on this login is theirs. Raises `NotAllowed` if it is somebody else's."""
    row = session.get(LoginRow, (login.issuer, login.subject))
    if row is not None and row.user_id != user.id:
        raise NotAllowed("this login belongs to somebody else here")
    if row is None:
        new = LoginRow(issuer=login.issuer, subject=login.subject, user_id=user.id, linked_at=now)
        session.add(new)
        session.flush()
        audit.note(session, who=user.name, what="single sign-on connected", now=now, issuer=login.issuer)


def disconnect(session: Session, user: UserRow, *, by: str, now: datetime) -> None:
    """No login opens the desk for them any more."""
    if of_person(session, user.id):
        session.execute(delete(LoginRow).where(LoginRow.user_id == user.id))
        audit.note(session, who=by, what="single sign-on disconnected", now=now, name=user.name)


def newcomer(session: Session, login: Login, *, now: datetime) -> UserRow:
    """Somebody nobody invited: a new person, who reads and does no more unless the provider's groups say so."""
    if session.get(LoginRow, (login.issuer, login.subject)) is not None:
        raise NotAllowed("this login was shut out")
    name = _free_name(session, login.name)
    user = people.ensure_user(session, name, login.role or Role.AUDITOR, by=audit.OFFICE, now=now)
    connect(session, user, login, now=now)
    return user


def follow_groups(session: Session, user: UserRow, login: Login, *, now: datetime) -> None:
    """A role that the provider's groups give comes, changes and goes with them; one that was given here stays.

    The last administrator stays one, whatever the groups say.
    """
    row = session.get_one(LoginRow, (login.issuer, login.subject))
    wanted = login.role
    if wanted is None and row.role and user.role == row.role:
        wanted = Role.AUDITOR
    row.role = login.role.value if login.role else ""
    if wanted is None:
        return
    try:
        people.set_role(session, user.id, wanted, by=audit.OFFICE, now=now)
    except NotAllowed:
        row.role = ""


def _free_name(session: Session, name: str) -> str:
    name = clean_text(name).strip()[: LONGEST_NAME - 5] or "Newcomer"
    tries = (name, *(f"{name} ({number})" for number in range(2, 100)))
    for one in tries:
        if people.named(session, one) is None and one.casefold() not in (people.FIRST_NAME.casefold(), audit.OFFICE):
            return one
    raise NotAllowed("nobody knows what to call you; ask an administrator for an invitation")
