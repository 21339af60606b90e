"""What leaves: the parts of a message, when to ask for its fate, who is blocked or dormant, what a channel tells"""

import sqlalchemy as sa
import sqlmodel
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "outbox_part",
        sa.Column("channel", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("external_id", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("outbox_id", sa.BigInteger(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("status", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.PrimaryKeyConstraint("channel", "external_id", name="pk_outbox_part"),
    )
    op.create_index("ix_outbox_part", "outbox_part", ["outbox_id", "number"])
    op.create_table(
        "poll",
        sa.Column("outbox_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("channel", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("due_ms", sa.BigInteger(), nullable=False),
        sa.Column("left_ms", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("outbox_id", name="pk_poll"),
    )
    op.create_index("ix_poll_due", "poll", ["channel", "due_ms", "outbox_id"])
    op.create_table(
        "contact_block",
        sa.Column("contact_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("channel", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("at_ms", sa.BigInteger(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("contact_id", "channel", name="pk_contact_block"),
    )
    op.add_column("contact", sa.Column("dormant_ms", sa.BigInteger(), nullable=True))
    op.create_index(
        "ix_contact_dormant", "contact", ["dormant_ms"],
        sqlite_where=sa.text("dormant_ms IS NOT NULL"), postgresql_where=sa.text("dormant_ms IS NOT NULL"),
    )  # fmt: skip
    op.add_column("parked_report", sa.Column("blocked", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.add_column(
        "broadcast_text", sa.Column("hint", sqlmodel.sql.sqltypes.AutoString(), nullable=False, server_default="")
    )
    op.create_table(
        "channel_vitals",
        sa.Column("name", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("accepted", sa.BigInteger(), nullable=False),
        sa.Column("refused", sa.BigInteger(), nullable=False),
        sa.Column("uncertain", sa.BigInteger(), nullable=False),
        sa.Column("parts_per_s", sa.Float(), nullable=False),
        sa.Column("read_ms", sa.BigInteger(), nullable=True),
        sa.Column("error", sa.Text(), nullable=False),
        sa.Column("error_ms", sa.BigInteger(), nullable=True),
        sa.Column("closed_until_ms", sa.BigInteger(), nullable=False),
        sa.Column("via", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("balance", sa.Float(), nullable=True),
        sa.Column("balance_unit", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("balance_ms", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("name", name="pk_channel_vitals"),
    )


def downgrade() -> None:
    op.drop_table("channel_vitals")
    op.drop_column("broadcast_text", "hint")
    op.drop_column("parked_report", "blocked")
    op.drop_index("ix_contact_dormant", "contact")
    op.drop_column("contact", "dormant_ms")
    op.drop_table("contact_block")
    op.drop_index("ix_poll_due", "poll")
    op.drop_table("poll")
    op.drop_index("ix_outbox_part", "outbox_part")
    op.drop_table("outbox_part")
