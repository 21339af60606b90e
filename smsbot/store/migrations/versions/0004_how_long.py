"""How long things are kept: what has been erased, how far the work has come; why a number is dormant"""

import sqlalchemy as sa
import sqlmodel
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # Columns are added in place: no table is rebuilt, so the ledger's triggers stay.
    op.add_column("inbound", sa.Column("erased_ms", sa.BigInteger(), nullable=True))
    op.add_column("outbox", sa.Column("erased_ms", sa.BigInteger(), nullable=True))
    op.add_column("contact", sa.Column("dormant_reason", sqlmodel.sql.sqltypes.AutoString(), nullable=True))
    op.add_column("contact", sa.Column("noticed_ms", sa.BigInteger(), nullable=True))
    op.create_table(
        "walk",
        sa.Column("name", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("at_ms", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_walk"),
    )
    op.execute("UPDATE contact SET dormant_reason = 'unreachable' WHERE dormant_ms IS NOT NULL")
    op.execute("UPDATE inbound SET erased_ms = at_ms WHERE number = '' AND text = ''")
    op.execute(
        "UPDATE outbox SET erased_ms = COALESCE(final_ms, created_ms) WHERE (broadcast_id = 0 AND text IS NULL)"
        " OR (broadcast_id > 0 AND contact_id IS NULL) OR (forget AND due_ms IS NULL)"
    )


def downgrade() -> None:
    op.drop_table("walk")
    op.drop_column("contact", "noticed_ms")
    op.drop_column("contact", "dormant_reason")
    op.drop_column("outbox", "erased_ms")
    op.drop_column("inbound", "erased_ms")
