"""Rows of messages go for good, `rows_days` after they were made: whole months on PostgreSQL, rows on SQLite.

Long before that they have lost their words. A row goes only when it is through: the walk that takes its words has
passed it, and it waits neither for a dispatcher nor for staff. What a broadcast's rows had come to is added to its
counts (`broadcast_count.gone`), and where the texts that came now begin is noted, so that `smsbot verify` still holds.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

from sqlalchemy import Connection

from smsbot.clock import DAY_MS
from smsbot.settings import Retention
from smsbot.store import months, sql, walk
from smsbot.store.months import Part
from smsbot.store.retention import Piece, Step

AT_ONCE = 500  # rows of one transaction on SQLite; citizens' texts wait behind it
MADE = {"outbox": "created_ms", "inbound": "at_ms"}
WAITS = {"outbox": "due_ms IS NOT NULL", "inbound": "inbox = 'open' AND inbox <> ''"}
ALL = "SELECT count(*) FROM {}"
COUNTED = "SELECT count(*), status, broadcast_id FROM {} WHERE {} GROUP BY status, broadcast_id"


def _find(table: str, connection: Connection, kept: Retention, now_ms: int) -> Piece | None:
    if not kept.messages_days:
        return None
    horizon_ms = now_ms - kept.messages_days * DAY_MS
    if sql.is_postgresql(connection):
        part = _oldest(connection, table)
        if part is None or not _through(connection, table, part, horizon_ms):
            return None
        return Piece(part.low, part.high, more=True, horizons=(horizon_ms, None))
    keys = _rows(connection, table, horizon_ms)
    return Piece(0, 0, keys, more=len(keys) == AT_ONCE) if keys else None


def _do(table: str, connection: Connection, piece: Piece, now_ms: int) -> int:
    if sql.is_postgresql(connection):
        return _drop(connection, table, piece, now_ms)
    return _delete(connection, table, piece.keys, now_ms)


def _oldest(connection: Connection, table: str) -> Part | None:
    """The first part, if messages have gone on for months since."""
    known = months.parts(connection, table)
    return known[0] if months.newest(connection, table, known) > months.BACK else None


def _through(connection: Connection, table: str, part: Part, horizon_ms: int) -> bool:
    """Is every row old enough and through? The last one tells before all are read."""
    made = MADE[table]
    last = sql.run(connection, f"SELECT id, {made} FROM {part.name} ORDER BY id DESC LIMIT 1").first()
    if last is None:
        return True
    if last[1] > horizon_ms or last[0] > walk.place(connection, table).position:
        return False
    wanting = (WAITS[table], f"{made} > {int(horizon_ms)}")
    return not any(
        sql.run(connection, f"SELECT 1 FROM {part.name} WHERE {where} LIMIT 1").first() is not None for where in wanting
    )


def _drop(connection: Connection, table: str, piece: Piece, now_ms: int) -> int:
    """Nobody changes the part while it is counted; all wait only for the moment of the dropping."""
    part, horizon_ms = _oldest(connection, table), piece.horizons[0]
    if part is None or part.low != piece.before or horizon_ms is None:
        return 0
    if not months.patiently(connection, f"LOCK TABLE {part.name} IN SHARE MODE"):
        return 0
    if not _through(connection, table, part, horizon_ms):
        return 0
    counted = sql.run(connection, COUNTED.format(part.name, "true") if table == "outbox" else ALL.format(part.name))
    rows = counted.all()
    if not months.patiently(connection, f"DO $$ BEGIN DROP TABLE {part.name}; END $$"):
        return 0
    _note(connection, table, rows, part.high, now_ms)
    return sum(int(row[0]) for row in rows)


def _rows(connection: Connection, table: str, horizon_ms: int) -> list[int]:
    """The leading rows that are through, but never the last of all: SQLite would give its id again."""
    made, waits = MADE[table], WAITS[table]
    found: list[int] = []
    rows = sql.run(
        connection,
        f"SELECT id, {made}, {waits} FROM {table} WHERE id <= ? AND id < (SELECT max(id) FROM {table})"
        " ORDER BY id LIMIT ?",
        (walk.place(connection, table).position, AT_ONCE),
    )
    for key, made_ms, waiting in rows:
        if waiting or made_ms > horizon_ms:
            break
        found.append(int(key))
    return found


def _delete(connection: Connection, table: str, keys: Sequence[int], now_ms: int) -> int:
    where, listed = sql.among(connection, "id", keys)
    rows: Sequence[Any] = ()
    if table == "outbox":
        rows = sql.run(connection, COUNTED.format(table, where), (listed,)).all()
    done = sql.run(connection, f"DELETE FROM {table} WHERE {where} AND NOT ({WAITS[table]})", (listed,)).rowcount
    _note(connection, table, rows, keys[-1] + 1, now_ms)
    return done


def _note(connection: Connection, table: str, counted: Sequence[Any], begin: int, now_ms: int) -> None:
    moves = [tuple(row) for row in counted if table == "outbox" and row[2]]
    sql.run_many(
        connection, "UPDATE broadcast_count SET gone = gone + ? WHERE status = ? AND broadcast_id = ?", sorted(moves)
    )
    walk.put(connection, f"begin {table}", begin, now_ms)


STEPS: Sequence[Step] = tuple(
    Step(f"rows of {table}", partial(_find, table), partial(_do, table)) for table in ("outbox", "inbound")
)
