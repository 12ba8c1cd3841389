"""cards of entries, proposed changes, look-ups, uploaded packs; decisions about the whole office"""

import json
from collections.abc import Iterable
from datetime import date
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

SEARCHED = ("id", "claim", "correction_short", "correction_long", "limits")
LISTS = ("topics", "paraphrases", "negations", "questions")


def upgrade() -> None:
    moment = sa.DateTime(timezone=True)
    with op.batch_alter_table("entry_version") as batch:
        batch.add_column(sa.Column("note", sa.Text(), nullable=False, server_default=""))
    with op.batch_alter_table("ruling") as batch:
        batch.alter_column("account", existing_type=sa.String(200), nullable=True)
    card = op.create_table(
        "entry_card",
        sa.Column("entry_id", sa.String(100), sa.ForeignKey("entry.id"), primary_key=True),
        sa.Column("version", sa.Integer(), nullable=False),
        *(sa.Column(name, sa.Text(), nullable=False) for name in ("claim", "correction", "words")),
        *(sa.Column(name, sa.String(16), nullable=False) for name in ("verdict", "certainty", "sensitivity")),
        sa.Column("topics", sa.Text(), nullable=False),
        sa.Column("sources", sa.Text(), nullable=False),
        sa.Column("review_by", sa.Date(), nullable=True),
        sa.Column("signed", sa.Boolean(), nullable=False),
        sa.Column("citations", sa.String(16), nullable=False),
        sa.Column("retired", sa.Boolean(), nullable=False),
        sa.Column("changed_at", moment, nullable=False),
    )
    op.create_table(
        "proposal",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("entry_id", sa.String(100), nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("base", sa.Integer(), nullable=False),
        sa.Column("data", sa.JSON(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("by_user", sa.Integer(), nullable=True),
        sa.Column("created_at", moment, nullable=False),
        sa.Column("updated_at", moment, nullable=False),
        sa.Column("decided_by", sa.Text(), nullable=False),
        sa.Column("decided_at", moment, nullable=True),
        sa.Column("why", sa.Text(), nullable=False),
        sa.Column("became", sa.Integer(), nullable=True),
    )
    op.create_index("ix_proposal_entry", "proposal", ["entry_id"])
    op.create_index("ix_proposal_state", "proposal", ["state"])
    op.create_table(
        "lookup_answer",
        sa.Column("key", sa.String(256), primary_key=True),
        sa.Column("answer", sa.JSON(), nullable=True),
        sa.Column("trouble", sa.Text(), nullable=False),
        sa.Column("asked_at", moment, nullable=False),
    )
    op.create_table(
        "pack_upload",
        sa.Column("digest", sa.String(64), primary_key=True),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("kind", sa.String(8), nullable=False),
        sa.Column("data", sa.LargeBinary(), nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("by_user", sa.Integer(), nullable=True),
        sa.Column("at", moment, nullable=False),
    )
    _write_cards(card)


def _write_cards(card: sa.Table) -> None:
    """A card for every entry that is there already."""
    entry = sa.table("entry", sa.column("id"), sa.column("version"), sa.column("retired_at"))
    version = sa.table(
        "entry_version",
        *(sa.column(name) for name in ("entry_id", "version")),
        sa.column("data", sa.JSON()),
        sa.column("created_at", sa.DateTime(timezone=True)),
    )
    query = sa.select(entry.c.id, version.c.version, version.c.data, version.c.created_at, entry.c.retired_at).join(
        version, (version.c.entry_id == entry.c.id) & (version.c.version == entry.c.version)
    )
    rows = [
        _card(entry_id, number, data if isinstance(data, dict) else json.loads(data), at, retired)
        for entry_id, number, data, at, retired in op.get_bind().execute(query)
    ]
    if rows:
        op.bulk_insert(card, rows)


def _card(entry_id: str, number: int, data: dict[str, Any], at: object, retired: object) -> dict[str, Any]:
    cited = data.get("citations") or []
    texts = [data.get(name) or "" for name in SEARCHED] + [one for name in LISTS for one in data.get(name) or []]
    texts += [one.get(name) or "" for one in cited for name in ("key", "title", "first_author", "doi", "pmid")]
    sources = [f"doi:{one['doi'].lower()}" for one in cited if one.get("doi")]
    sources += [f"pmid:{one['pmid']}" for one in cited if one.get("pmid")]
    flags = [one["flagged"].casefold() for one in cited if one.get("flagged")]
    checked = bool(cited) and all(one.get("verified") for one in cited)
    state = "ok" if checked else "unchecked"
    if flags:
        state = "retracted" if any("retract" in one for one in flags) else "corrected"
    return {
        "entry_id": entry_id,
        "version": number,
        "claim": data["claim"],
        "correction": data["correction_short"],
        "words": _lines(" ".join(one.split()).casefold() for one in texts),
        "verdict": data["verdict"],
        "certainty": data["certainty"],
        "sensitivity": data.get("sensitivity") or "standard",
        "topics": _lines(data.get("topics") or []),
        "sources": _lines(sources),
        "review_by": date.fromisoformat(data["review_by"]) if data.get("review_by") else None,
        "signed": data.get("status") == "signed-off" and bool(data.get("signed_off_by")),
        "citations": state,
        "retired": retired is not None,
        "changed_at": at,
    }


def _lines(texts: Iterable[str]) -> str:
    return "\n" + "".join(f"{one}\n" for one in texts if one)


def downgrade() -> None:
    for table in ("pack_upload", "lookup_answer", "proposal", "entry_card"):
        op.drop_table(table)
    op.execute("DELETE FROM ruling WHERE account IS NULL")
    with op.batch_alter_table("ruling") as batch:
        batch.alter_column("account", existing_type=sa.String(200), nullable=False)
    with op.batch_alter_table("entry_version") as batch:
        batch.drop_column("note")
