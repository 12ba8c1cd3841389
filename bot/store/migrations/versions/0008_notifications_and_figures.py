"""notifications, and indexes for the figures"""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

WHEN = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "notice_wish",
        sa.Column("user_id", sa.Integer(), nullable=False),
        *(sa.Column(name, sa.Boolean(), nullable=False) for name in ("new_cases", "on_you", "expiring", "trouble")),
        sa.Column("every_minutes", sa.Integer(), nullable=False),
        sa.Column("quiet_from", sa.String(length=5), nullable=False),
        sa.Column("quiet_to", sa.String(length=5), nullable=False),
        sa.Column("zone", sa.String(length=64), nullable=False),
        sa.Column("wake_in_crisis", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"]),
        sa.PrimaryKeyConstraint("user_id"),
    )
    op.create_table(
        "notice_channel",
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("channel", sa.String(length=16), nullable=False),
        sa.Column("on", sa.Boolean(), nullable=False),
        sa.Column("shown", sa.Text(), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("trouble", sa.Text(), nullable=False),
        *(
            sa.Column(name, WHEN, nullable=True)
            for name in ("retry_at", "given_up_at", "digest_at", "urgent_at", "sent_at")
        ),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"]),
        sa.PrimaryKeyConstraint("user_id", "channel"),
    )
    op.create_table(
        "notice_message",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("channel", sa.String(length=16), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("things", sa.JSON(), nullable=False),
        sa.Column("made_at", WHEN, nullable=False),
        sa.Column("settled_at", WHEN, nullable=True),
        sa.Column("outcome", sa.String(length=16), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_notice_message_user_id", "notice_message", ["user_id"])
    op.create_table(
        "notice_told",
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("channel", sa.String(length=16), nullable=False),
        sa.Column("thing", sa.String(length=300), nullable=False),
        sa.Column("at", WHEN, nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"]),
        sa.PrimaryKeyConstraint("user_id", "channel", "thing"),
    )
    op.create_index("ix_event_received", "event", ["received_at", "kind", "network", "source"])
    op.create_index("ix_case_created", "case", ["created_at"])
    op.create_index("ix_audit_what", "audit", ["what", "at"])


def downgrade() -> None:
    op.drop_index("ix_audit_what", "audit")
    op.drop_index("ix_case_created", "case")
    op.drop_index("ix_event_received", "event")
    for name in ("notice_told", "notice_message", "notice_channel", "notice_wish"):
        op.drop_table(name)
