"""Who may act for what, until when. The fence grows with each change of owner."""

from __future__ import annotations

from sqlalchemy import Connection

from smsbot.process import is_gone
from smsbot.store import sql


def acquire(connection: Connection, name: str, owner: str, *, now_ms: int, term_ms: int) -> int | None:
    """Take the lease *name* if it is free, over, already ours, or of a process of this machine that has ended; give
    its fence, or None if somebody else has it."""
    fence = _take(connection, name, owner, now_ms=now_ms, term_ms=term_ms)
    if fence is None:
        holder = sql.run(connection, "SELECT owner FROM lease WHERE name = ?", (name,)).scalar()
        if holder and is_gone(holder):
            sql.run(connection, "UPDATE lease SET until_ms = 0 WHERE name = ? AND owner = ?", (name, holder))
            fence = _take(connection, name, owner, now_ms=now_ms, term_ms=term_ms)
    return fence


def _take(connection: Connection, name: str, owner: str, *, now_ms: int, term_ms: int) -> int | None:
    row = sql.run(
        connection,
        "INSERT INTO lease (name, owner, fence, until_ms) VALUES (?, ?, 1, ?) ON CONFLICT (name) DO UPDATE SET"
        " owner = excluded.owner, until_ms = excluded.until_ms,"
        " fence = lease.fence + CASE WHEN lease.owner = excluded.owner THEN 0 ELSE 1 END"
        " WHERE lease.owner = excluded.owner OR lease.until_ms <= ? RETURNING fence",
        (name, owner, now_ms + term_ms, now_ms),
    ).first()
    return None if row is None else int(row[0])


def renew(connection: Connection, name: str, owner: str, fence: int, *, now_ms: int, term_ms: int) -> bool:
    """Keep the lease for another *term_ms*; False if it is no longer ours."""
    row = sql.run(
        connection,
        "UPDATE lease SET until_ms = ? WHERE name = ? AND owner = ? AND fence = ? RETURNING fence",
        (now_ms + term_ms, name, owner, fence),
    ).first()
    return row is not None


def left_ms(connection: Connection, name: str, owner: str, fence: int, *, now_ms: int) -> int | None:
    """How long it is still ours (0 if it has run out and nobody has taken it yet); None if it is somebody else's."""
    row = sql.run(
        connection, "SELECT until_ms FROM lease WHERE name = ? AND owner = ? AND fence = ?", (name, owner, fence)
    ).first()
    return None if row is None else max(0, int(row[0]) - now_ms)


def release(connection: Connection, name: str, owner: str, fence: int) -> None:
    """Give the lease back, so that another may take it at once. The row stays, for its fence."""
    sql.run(
        connection,
        "UPDATE lease SET until_ms = 0, owner = '' WHERE name = ? AND owner = ? AND fence = ?",
        (name, owner, fence),
    )
