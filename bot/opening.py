"""Open the office's database, and the door for its first person. It knows no network, handler or reply."""

from __future__ import annotations

from sqlalchemy import func, select
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from bot import audit, people
from bot.audit import OFFICE
from bot.clock import SystemClock
from bot.errors import BadSettings, NotAllowed
from bot.evidence import registry
from bot.evidence.pack import starter_pack
from bot.people import FIRST_NAME, Role
from bot.ports import Clock
from bot.settings import Settings
from bot.store.engine import ONE_OPENS, Store
from bot.store.office_models import EntryRow, UserRow


def open_store(settings: Settings) -> Store:
    """The migrated database with the starter table in it. Raises `BadSettings` with the remedy."""
    try:
        store = Store(settings.database)
        store.migrate()
        with store.write() as session:
            if store.dialect != "sqlite":
                session.execute(ONE_OPENS)
            if session.scalar(select(func.count()).select_from(EntryRow)) == 0:
                now = SystemClock().now()
                registry.store_pack(session, starter_pack(), name="starter", by=OFFICE, now=now)
    except DBAPIError as error:
        raise BadSettings(_cannot_be_used(settings, error)) from error
    except OSError as error:
        raise BadSettings(
            f"data_dir: {settings.data_dir} cannot be used ({error.strerror}); check path, permissions and free space"
        ) from error
    return store


def _cannot_be_used(settings: Settings, error: DBAPIError) -> str:
    """One line without a password: what the database said, and what to do about it."""
    url = make_url(settings.database)
    why = " ".join(str(error.orig).split())
    if url.get_backend_name() != "sqlite":
        remedy = "check that the server runs, and host, port, name, user and password"
    elif "locked" in why:
        remedy = "another process holds it: try again, or end that process"
    elif "not a database" in why or "malformed" in why:
        remedy = "restore a backup, or set data_dir to an empty folder"
    else:
        remedy = "check path, permissions and free space"
    return f"database_url: {url.render_as_string(hide_password=True)} cannot be used ({why}); {remedy}"


def sign_in_link(
    store: Store, settings: Settings, clock: Clock, *, name: str = "", role: Role = Role.EDITOR, by: str = OFFICE
) -> str:
    """A fresh one-time link for a person; for an administrator if no name is given. `role` is for newcomers."""
    now = clock.now()
    with store.write() as session:
        user = people.first_administrator(session) if not name else people.named(session, name)
        if user is None:
            role = role if name else Role.ADMINISTRATOR
            user = people.ensure_user(session, name or FIRST_NAME, role, by=by, now=now)
        if user.disabled_at is not None:
            raise NotAllowed(f"{user.name} is disabled; `scrutineer people enable` lets them in again")
        token = people.new_link(session, user, now=now)
        if name:
            audit.note(session, who=by, what="sign-in link made", now=now, name=user.name)
    return f"{settings.base_url}/sign-in/{token}"


def nobody_signed_in_yet(session: Session) -> bool:
    """Has no browser ever been signed in?"""
    return not session.scalar(select(func.count()).select_from(UserRow).where(UserRow.signed_in_at.is_not(None)))
