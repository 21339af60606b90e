"""What has to be done for texts in parts from time to time, and when a person is erased."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import Connection

from smsbot.store import sql
from smsbot.store.parts import KEEP_MS


def expired(connection: Connection, now_ms: int, limit: int) -> list[int]:
    """The oldest unfinished sets whose time is over."""
    rows = sql.run(
        connection,
        "SELECT id FROM inbound_set WHERE due_ms <= ? AND closed_ms IS NULL ORDER BY due_ms, id LIMIT ?",
        (now_ms, limit),
    )
    return [int(key) for (key,) in rows]


def forgettable(connection: Connection, now_ms: int, limit: int) -> list[int]:
    """The oldest closed sets whose repeats nobody expects any more."""
    rows = sql.run(
        connection,
        "SELECT id FROM inbound_set WHERE due_ms <= ? AND closed_ms IS NOT NULL ORDER BY due_ms, id LIMIT ?",
        (now_ms, limit),
    )
    return [int(key) for (key,) in rows]


def forget(connection: Connection, set_ids: Collection[int]) -> None:
    if set_ids:
        where, listed = sql.among(connection, "set_id", set_ids)
        sql.run(connection, f"DELETE FROM inbound_part WHERE {where}", (listed,))
        where, listed = sql.among(connection, "id", set_ids)
        sql.run(connection, f"DELETE FROM inbound_set WHERE {where}", (listed,))


def erase(connection: Connection, sender: str, *, now_ms: int) -> None:
    """Blank what is kept of *sender*; the ids stay for a while, to recognise repeats. A set that another transaction is
    completing at this moment is left to it: its text comes after the erasure."""
    rows = sql.run(
        connection,
        "SELECT id FROM inbound_set WHERE sender = ?" + sql.locked(connection, "FOR UPDATE SKIP LOCKED"),
        (sender,),
    ).all()
    if not rows:
        return
    ids = [int(key) for (key,) in rows]
    where, listed = sql.among(connection, "set_id", ids)
    sql.run(connection, f"UPDATE inbound_part SET text = '', digest = 0 WHERE {where}", (listed,))
    where, listed = sql.among(connection, "id", ids)
    sql.run(
        connection,
        f"UPDATE inbound_set SET sender = '', closed_ms = COALESCE(closed_ms, ?), due_ms = ? WHERE {where}",
        (now_ms, now_ms + KEEP_MS, listed),
    )
