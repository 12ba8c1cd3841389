"""Views of the queue that a person keeps under a name. Only addresses of our own list are kept."""

from __future__ import annotations

from urllib.parse import parse_qsl, urlencode

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from bot.errors import NotAllowed
from bot.store.codec import clean_text
from bot.store.desk_models import SavedFilterRow
from bot.web.filters import KNOWN

MOST = 20  # views a person may keep


def of(session: Session, user_id: int) -> list[SavedFilterRow]:
    """The views of this person, by name."""
    query = select(SavedFilterRow).where(SavedFilterRow.user_id == user_id).order_by(SavedFilterRow.name)
    return list(session.scalars(query))


def keep(session: Session, user_id: int, name: str, query: str) -> str:
    """Keep a view, or replace the one of this name. Returns the query as it was kept. Raises `NotAllowed`."""
    name = " ".join(clean_text(name).split())
    if not name:
        raise NotAllowed("a view needs a name")
    kept = urlencode([(key, value) for key, value in parse_qsl(clean_text(query)) if key in KNOWN and key != "page"])
    row = session.scalar(select(SavedFilterRow).where(SavedFilterRow.user_id == user_id, SavedFilterRow.name == name))
    if row is not None:
        row.query = kept
    elif len(of(session, user_id)) >= MOST:
        raise NotAllowed(f"{MOST} views are kept already; remove one first")
    else:
        session.add(SavedFilterRow(user_id=user_id, name=name, query=kept))
    return kept


def forget(session: Session, user_id: int, view_id: int) -> None:
    """Remove a view of this person."""
    session.execute(delete(SavedFilterRow).where(SavedFilterRow.id == view_id, SavedFilterRow.user_id == user_id))
