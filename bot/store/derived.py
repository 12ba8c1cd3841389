"""What a case row says about itself in another form: its place in the queue, the words it is found by.

Worked out whenever a row is written, so that no other place can forget it. It decides nothing.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import event

from bot.model import Action
from bot.priority import facts_of, rank_at
from bot.store.models import CaseRow

MOST_WORDS = 2000  # characters of a case that can be searched


@event.listens_for(CaseRow, "before_insert")
@event.listens_for(CaseRow, "before_update")
def derive(_mapper: Any, _connection: Any, row: CaseRow) -> None:
    """Called by SQLAlchemy before a row goes to the database."""
    row.rank_at = rank_at(facts_of(row))
    row.suggested = (row.match or {}).get("action") == Action.SUGGEST
    row.words = folded(" ".join(_said(part) for part in (row.subject, row.post)))[:MOST_WORDS]


def folded(text: str) -> str:
    """The form in which words are compared."""
    return " ".join(text.casefold().split())


def _said(post: dict[str, Any] | None) -> str:
    author = (post or {}).get("author") or {}
    return f"{author.get('handle') or ''} {author.get('display_name') or ''} {(post or {}).get('text') or ''}"
