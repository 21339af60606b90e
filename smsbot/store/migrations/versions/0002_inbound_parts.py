"""Texts that arrive in parts"""

import sqlalchemy as sa
import sqlmodel
from alembic import op

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")  # SQLite auto-increments only INTEGER

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "inbound_set",
        sa.Column("id", BIG, autoincrement=True, nullable=False),
        sa.Column("channel", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("sender", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("recipient", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("reference", sa.BigInteger(), nullable=False),
        sa.Column("total", sa.Integer(), nullable=False),
        sa.Column("began_ms", sa.BigInteger(), nullable=False),
        sa.Column("closed_ms", sa.BigInteger(), nullable=True),
        sa.Column("due_ms", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_inbound_set")),
    )
    op.create_index("ix_inbound_set_sender", "inbound_set", ["sender", "channel"], unique=False)
    op.create_index("ix_inbound_set_due", "inbound_set", ["due_ms"], unique=False)
    op.create_table(
        "inbound_part",
        sa.Column("id", BIG, autoincrement=True, nullable=False),
        sa.Column("set_id", sa.BigInteger(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("channel", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("external_id", sqlmodel.sql.sqltypes.AutoString(), nullable=True),
        sa.Column("digest", sa.BigInteger(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("sent_ms", sa.BigInteger(), nullable=True),
        sa.Column("at_ms", sa.BigInteger(), nullable=False),
        sa.Column("optout", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_inbound_part")),
        sa.UniqueConstraint("set_id", "number", name="uq_inbound_part_number"),
        sa.UniqueConstraint("channel", "external_id", "number", name="uq_inbound_part_external"),
    )


def downgrade() -> None:
    op.drop_table("inbound_part")
    op.drop_table("inbound_set")
