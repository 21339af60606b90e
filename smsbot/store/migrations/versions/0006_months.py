"""Messages by months on PostgreSQL, and how many of a broadcast's rows have gone"""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

SPACE = 10_000_000_000
FIRST_MONTH = 2000_01 * SPACE  # ids of months begin here; all before are below
DUE, REPLIES, NAMED, KEPT = "due_ms IS NOT NULL", "broadcast_id = 0", "external_id IS NOT NULL", "inbox <> ''"
OUTBOX = (
    ("ix_outbox_due", "channel, broadcast_id, due_ms, id", DUE),
    ("ix_outbox_number", "number, id", REPLIES),
    ("ix_outbox_external", "channel, external_id", NAMED),
)
INBOUND = (("ix_inbound_number", "number, id", ""), ("ix_inbound_inbox", "inbox, id", KEPT))
TABLES = (("outbox", OUTBOX, "uq_outbox_broadcast"), ("inbound", INBOUND, "uq_inbound_external"))


def upgrade() -> None:
    op.add_column("broadcast_count", sa.Column("gone", sa.BigInteger(), nullable=False, server_default="0"))
    if op.get_context().dialect.name == "postgresql":
        for name, indexes, unique in TABLES:
            _part(name, indexes, unique)


def _part(name: str, indexes: tuple[tuple[str, str, str], ...], unique: str) -> None:
    """The table becomes the first part of a new one, which takes its names. Each row is read once, none is copied."""
    first = f"{name}_first"
    op.execute(f"ALTER TABLE {name} RENAME TO {first}")
    for index in (f"pk_{name}", unique, *(index for index, _, _ in indexes)):
        op.execute(f"ALTER INDEX {index} RENAME TO {index}_first")
    op.execute(f"CREATE TABLE {name} (LIKE {first} INCLUDING DEFAULTS) PARTITION BY RANGE (id)")
    op.execute(f"ALTER TABLE {name} ADD CONSTRAINT pk_{name} PRIMARY KEY (id)")
    _index(name, indexes)
    op.execute(f"ALTER SEQUENCE {name}_id_seq OWNED BY {name}.id")
    op.execute(f"ALTER TABLE {name} ATTACH PARTITION {first} FOR VALUES FROM (MINVALUE) TO ({_end(first)})")


def _end(first: str) -> int:
    """Of the ids of the first part. After a way back it holds months, and ends with the last of them."""
    last = op.get_bind().exec_driver_sql(f"SELECT COALESCE(max(id), 0) FROM {first}").scalar_one()
    month = int(last) // SPACE
    return FIRST_MONTH if last < FIRST_MONTH else (month + 1 if month % 100 < 12 else month + 89) * SPACE


def _index(name: str, indexes: tuple[tuple[str, str, str], ...]) -> None:
    for index, columns, where in indexes:
        op.execute(f"CREATE INDEX {index} ON {name} ({columns})" + (f" WHERE {where}" if where else ""))


def downgrade() -> None:
    if op.get_context().dialect.name == "postgresql":
        for name, indexes, unique in TABLES:
            _join(name, indexes, unique)
    op.drop_column("broadcast_count", "gone")


def _join(name: str, indexes: tuple[tuple[str, str, str], ...], unique: str) -> None:
    """What came since is copied into the first part, which is the table again."""
    first = f"{name}_first"
    later = f"SELECT * FROM {name} ORDER BY id"
    op.execute(f"CREATE TABLE IF NOT EXISTS {first} (LIKE {name} INCLUDING DEFAULTS)")  # it may have been dropped
    op.execute(
        f"DO $$ BEGIN IF EXISTS (SELECT 1 FROM pg_inherits WHERE inhrelid = '{first}'::regclass) THEN"
        f" ALTER TABLE {name} DETACH PARTITION {first}; END IF; END $$"
    )
    op.execute(f"INSERT INTO {first} {later} ON CONFLICT DO NOTHING")  # two months may hold one external id
    op.execute(f"ALTER SEQUENCE {name}_id_seq OWNED BY {first}.id")
    op.execute(f"DROP TABLE {name}")
    op.execute(f"ALTER TABLE {first} RENAME TO {name}")
    keys = {f"pk_{name}": f"ADD CONSTRAINT pk_{name} PRIMARY KEY (id)"}
    if name == "inbound":
        keys[unique] = f"ADD CONSTRAINT {unique} UNIQUE (channel, external_id)"
    for index in (f"pk_{name}", unique, *(index for index, _, _ in indexes)):
        op.execute(f"ALTER INDEX IF EXISTS {index}_first RENAME TO {index}")
    for key, clause in keys.items():
        op.execute(f"DO $$ BEGIN IF to_regclass('{key}') IS NULL THEN ALTER TABLE {name} {clause}; END IF; END $$")
    for index, columns, where in indexes:
        condition = f" WHERE {where}" if where else ""
        op.execute(f"CREATE INDEX IF NOT EXISTS {index} ON {name} ({columns}){condition}")
    if name == "outbox":
        op.execute(
            f"CREATE UNIQUE INDEX IF NOT EXISTS {unique} ON {name} (contact_id, broadcast_id) WHERE broadcast_id > 0"
        )
