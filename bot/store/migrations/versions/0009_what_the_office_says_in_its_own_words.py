"""what the office says in its own words"""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

Moment = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "reply_template",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("lang", sa.String(length=16), nullable=False),
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("by", sa.String(length=100), nullable=False),
        sa.Column("by_id", sa.Integer(), nullable=False),
        sa.Column("at", Moment, nullable=False),
        sa.Column("put_by", sa.String(length=100), nullable=False),
        sa.Column("put_at", Moment, nullable=True),
        sa.UniqueConstraint("lang", "name", "version", name="uq_reply_template_version"),
    )
    op.create_index("ix_reply_template_state", "reply_template", ["lang", "state"])


def downgrade() -> None:
    op.drop_table("reply_template")
