"""Open the office's database, and the door for its first person. It knows no network, handler or reply."""

from __future__ import annotations

from sqlalchemy import func, select
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from bot import people
from bot.audit import OFFICE
from bot.clock import SystemClock
from bot.errors import BadSettings
from bot.evidence import registry
from bot.evidence.pack import starter_pack
from bot.people import FIRST_NAME, Role
from bot.ports import Clock
from bot.settings import Settings
from bot.store.engine import Store
from bot.store.office_models import EntryRow, WebSessionRow


def open_store(settings: Settings) -> Store:
    """The migrated database with the starter table in it. Raises `BadSettings` with the remedy."""
    try:
        store = Store(settings.database)
        store.migrate()
        with store.write() as session:
            if session.scalar(select(func.count()).select_from(EntryRow)) == 0:
                now = SystemClock().now()
                registry.store_pack(session, starter_pack(), name="starter", by=OFFICE, now=now)
    except OperationalError as error:
        raise BadSettings(
            f"database_url: {settings.database} cannot be used ({error.orig}); check path, permissions and free space"
        ) from error
    except OSError as error:
        raise BadSettings(
            f"data_dir: {settings.data_dir} cannot be used ({error.strerror}); check path, permissions and free space"
        ) from error
    return store


def sign_in_link(store: Store, settings: Settings, clock: Clock, *, name: str = "", by: str = OFFICE) -> str:
    """A fresh one-time link for a person; for an administrator if no name is given."""
    with store.write() as session:
        user = people.first_administrator(session) if not name else None
        if user is None:
            role = Role.EDITOR if name else Role.ADMINISTRATOR
            user = people.ensure_user(session, name or FIRST_NAME, role, by=by, now=clock.now())
        token = people.new_link(session, user, now=clock.now())
    return f"{settings.base_url}/sign-in/{token}"


def nobody_signed_in_yet(session: Session) -> bool:
    """Has no browser ever been signed in?"""
    return not session.scalar(select(func.count()).select_from(WebSessionRow))
