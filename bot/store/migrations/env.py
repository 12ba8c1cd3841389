"""Alembic's entry: runs migrations on the connection that `Store.migrate` hands over. No configuration of its own."""

from __future__ import annotations

from typing import Any, Literal

from alembic import context

from bot.store import (  # noqa: F401  they register their tables on one Base
    desk_models,
    evidence_models,
    models,
    notice_models,
    office_models,
    sign_in_models,
)
from bot.store.columns import UtcDateTime


def render_item(kind: str, item: Any, _context: Any) -> str | Literal[False]:
    """Migrations name plain SQL types, so that old ones never depend on today's code."""
    if kind == "type" and isinstance(item, UtcDateTime):
        return "sa.DateTime(timezone=True)"
    return False


connection = context.config.attributes["connection"]
context.configure(
    connection=connection,
    target_metadata=models.Base.metadata,
    render_as_batch=True,
    render_item=render_item,
)
with context.begin_transaction():
    context.run_migrations()
