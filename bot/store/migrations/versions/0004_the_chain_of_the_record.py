"""the chain of the record"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("audit") as batch:
        batch.add_column(sa.Column("place", sa.Integer(), nullable=True))
        batch.add_column(sa.Column("content", sa.String(length=64), nullable=True))
        batch.add_column(sa.Column("seal", sa.String(length=64), nullable=True))
        batch.add_column(sa.Column("erased", sa.Boolean(), nullable=False, server_default=sa.false()))
        batch.create_unique_constraint("uq_audit_place", ["place"])


def downgrade() -> None:
    with op.batch_alter_table("audit") as batch:
        batch.drop_constraint("uq_audit_place", type_="unique")
        for column in ("erased", "seal", "content", "place"):
            batch.drop_column(column)
