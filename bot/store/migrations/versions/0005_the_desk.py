"""the desk"""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

Moment = sa.DateTime(timezone=True)
TABLES = ("saved_filter", "task", "second_look", "signature", "remark", "jotting", "hold")


def upgrade() -> None:
    with op.batch_alter_table("case") as batch:
        batch.add_column(sa.Column("rank_at", Moment, nullable=True))
        batch.add_column(sa.Column("suggested", sa.Boolean(), nullable=False, server_default=sa.false()))
        batch.add_column(sa.Column("words", sa.Text(), nullable=False, server_default=""))
        batch.add_column(sa.Column("parked", sa.Text(), nullable=False, server_default=""))
        batch.add_column(sa.Column("needs", sa.String(length=16), nullable=False, server_default=""))
        batch.add_column(sa.Column("said_before", sa.Text(), nullable=False, server_default=""))
        batch.add_column(sa.Column("rests_on", sa.JSON(), nullable=False, server_default="{}"))
        batch.create_index("ix_case_rank", ["rank_at", "id", "parked"])
        batch.create_index("ix_case_entry", ["entry_id", "rank_at"])
        batch.create_index("ix_case_suggested", ["state", "suggested"])
        batch.create_index("ix_case_updated", ["state", "updated_at"])
    _fill()
    _papers()
    _eyes()


def _fill() -> None:
    """A first place in the queue, until a case is written the next time, and the words that search looks through."""
    op.execute(sa.text("UPDATE \"case\" SET rank_at = created_at WHERE state IN ('proposed', 'escalated')"))
    case = sa.table(
        "case",
        sa.column("id", sa.Integer()),
        *(sa.column(name, sa.JSON()) for name in ("match", "subject", "post")),
        sa.column("suggested", sa.Boolean()),
        sa.column("words", sa.Text()),
    )
    here = op.get_bind()
    for row in here.execute(sa.select(case.c.id, case.c.match, case.c.subject, case.c.post)).fetchall():
        said = [f"{(one.get('author') or {}).get('handle', '')} {one.get('text', '')}" for one in row[2:] if one]
        new = {"suggested": (row[1] or {}).get("action") == "suggest", "words": " ".join(said).casefold()[:2000]}
        here.execute(case.update().where(case.c.id == row[0]).values(new))


def _papers() -> None:
    op.create_table(
        "hold",
        sa.Column("case_id", sa.Integer(), sa.ForeignKey("case.id"), primary_key=True),
        sa.Column("who", sa.String(length=100), nullable=False),
        sa.Column("since", Moment, nullable=False),
        sa.Column("until", Moment, nullable=False),
    )
    op.create_table(
        "jotting",
        sa.Column("case_id", sa.Integer(), sa.ForeignKey("case.id"), primary_key=True),
        sa.Column("who", sa.String(length=100), primary_key=True),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("at", Moment, nullable=False),
    )
    op.create_table(
        "remark",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("case_id", sa.Integer(), sa.ForeignKey("case.id"), nullable=False),
        sa.Column("who", sa.String(length=100), nullable=False),
        sa.Column("to", sa.String(length=100), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("at", Moment, nullable=False),
        sa.Column("answered_at", Moment, nullable=True),
    )
    op.create_index("ix_remark_case_id", "remark", ["case_id"])
    op.create_index("ix_remark_to", "remark", ["to", "answered_at"])
    op.create_table(
        "saved_filter",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("user_id", sa.Integer(), sa.ForeignKey("user.id"), nullable=False),
        sa.Column("name", sa.String(length=60), nullable=False),
        sa.Column("query", sa.Text(), nullable=False),
        sa.UniqueConstraint("user_id", "name", name="uq_saved_filter_name"),
    )


def _eyes() -> None:
    op.create_table(
        "signature",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("case_id", sa.Integer(), sa.ForeignKey("case.id"), nullable=False),
        sa.Column("who", sa.String(length=100), nullable=False),
        sa.Column("role", sa.String(length=32), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("at", Moment, nullable=False),
        sa.UniqueConstraint("case_id", "who", name="uq_signature_once"),
    )
    op.create_table(
        "second_look",
        sa.Column("case_id", sa.Integer(), sa.ForeignKey("case.id"), primary_key=True),
        sa.Column("entry_id", sa.String(length=100), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("first_who", sa.String(length=100), nullable=False),
        sa.Column("first_said", sa.String(length=32), nullable=False),
        sa.Column("first_at", Moment, nullable=False),
        sa.Column("second_who", sa.String(length=100), nullable=False),
        sa.Column("second_said", sa.String(length=32), nullable=False),
        sa.Column("second_at", Moment, nullable=True),
    )
    op.create_index("ix_second_look_open", "second_look", ["second_at"])
    op.create_table(
        "task",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("entry_id", sa.String(length=100), nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
        sa.Column("opened_at", Moment, nullable=False),
        sa.Column("closed_at", Moment, nullable=True),
        sa.Column("closed_by", sa.Text(), nullable=False),
    )
    op.create_index("ix_task_entry_id", "task", ["entry_id"])


def downgrade() -> None:
    for table in TABLES:
        op.drop_table(table)
    with op.batch_alter_table("case") as batch:
        for index in ("ix_case_updated", "ix_case_entry", "ix_case_suggested", "ix_case_rank"):
            batch.drop_index(index)
        for column in ("rests_on", "said_before", "needs", "parked", "words", "suggested", "rank_at"):
            batch.drop_column(column)
