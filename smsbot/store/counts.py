"""A broadcast's counts, kept in the transaction that changes its messages. Their sum is its recipients."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping

from sqlalchemy import Connection

from smsbot.status import Status
from smsbot.store import sql

Moves = Counter[tuple[int, str, str]]
"""(broadcast, status before, status after) → how many messages."""


def open_counts(connection: Connection, broadcast_id: int, recipients: int) -> None:
    """A row for each status, so that every later change is an UPDATE; all recipients are `queued`."""
    rows = [(broadcast_id, str(status), recipients if status is Status.QUEUED else 0) for status in Status]
    sql.run_many(connection, "INSERT INTO broadcast_count (broadcast_id, status, n) VALUES (?, ?, ?)", rows)


def read(connection: Connection, broadcast_ids: Iterable[int]) -> dict[int, dict[str, int]]:
    where, listed = sql.among(connection, "broadcast_id", list(broadcast_ids))
    rows = sql.run(connection, f"SELECT broadcast_id, status, n FROM broadcast_count WHERE {where}", (listed,))
    found: dict[int, dict[str, int]] = {}
    for broadcast_id, status, n in rows:
        found.setdefault(int(broadcast_id), {str(each): 0 for each in Status})[str(status)] = int(n)
    return found


def tally(connection: Connection, moves: Mapping[tuple[int, str, str], int], now_ms: int) -> None:
    """Carry *moves* into the counts, and close the broadcasts that this ends.

    Call it last in a transaction: several writers take the same few rows, in this one order.
    """
    changes: Counter[tuple[int, str]] = Counter()
    for (broadcast_id, before, after), n in moves.items():
        if broadcast_id and before != after:
            changes[broadcast_id, str(before)] -= n
            changes[broadcast_id, str(after)] += n
    add(connection, changes)
    finish(connection, sorted({key for (key, status), n in changes.items() if status in _PENDING and n < 0}), now_ms)


def add(connection: Connection, changes: Mapping[tuple[int, str], int]) -> None:
    """Add to the counts without regard to their sum."""
    rows = [(n, broadcast_id, status) for (broadcast_id, status), n in sorted(changes.items()) if n]
    sql.run_many(connection, "UPDATE broadcast_count SET n = n + ? WHERE broadcast_id = ? AND status = ?", rows)


def finish(connection: Connection, broadcast_ids: Iterable[int], now_ms: int) -> None:
    """A broadcast that is all written out and has nothing queued or in flight is `done`."""
    for broadcast_id in broadcast_ids:
        sql.run(
            connection,
            "UPDATE broadcast SET state = 'done', done_ms = ? WHERE id = ? AND state = 'sending' AND expanded"
            " AND NOT EXISTS (SELECT 1 FROM broadcast_count k WHERE k.broadcast_id = ?"
            " AND k.status IN ('queued', 'sending') AND k.n > 0)",
            (now_ms, broadcast_id, broadcast_id),
        )


_PENDING = {str(Status.QUEUED), str(Status.SENDING)}
