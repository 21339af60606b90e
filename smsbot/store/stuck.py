"""Messages that a dispatcher's transaction fails over, whatever the reason: found and ended, so that others go on."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection

from sqlalchemy import Connection

from smsbot.status import Status
from smsbot.store import counts, months, outbox, settling, sql
from smsbot.store.outbox import Lane

ERROR_CAP = 200  # characters of a reason that are kept


class Undone(Exception):
    """It worked; nothing of it is kept."""


def try_claim(
    connection: Connection, channel: str, lane: Lane, now_ms: int, limit: int, *, without: Collection[int]
) -> None:
    """Claim as a dispatcher does, to see whether that fails. Raises `Undone` if not."""
    outbox.claim(connection, channel, lane, now_ms, limit, without=without)
    raise Undone


def due(
    connection: Connection, channel: str, broadcast_id: int, now_ms: int, most: int, *, without: Collection[int]
) -> list[int]:
    """The first that are due, in the order in which they are claimed."""
    found: list[int] = []
    for span in months.spans(connection, "outbox"):
        rows = sql.run(
            connection,
            f"SELECT id FROM outbox WHERE channel = ? AND broadcast_id = ? AND due_ms <= ?{span}"
            " ORDER BY due_ms, id LIMIT ?",
            (channel, broadcast_id, now_ms, most + len(without) - len(found)),
        )
        found += [int(key) for (key,) in rows if key not in without]
        if len(found) >= most:
            break
    return found[:most]


def end(connection: Connection, key: int, reason: str, now_ms: int, *, ours: bool = False) -> Status | None:
    """End the message *key*: `failed`, or `unknown` where it may have left; None: it does not wait any more. *ours*: it
    is in our hands and has not left them.

    By the plainest statements there are, since nobody knows what is wrong with it.
    """
    row = sql.run(
        connection,
        "SELECT broadcast_id, status, handed_ms, error FROM outbox WHERE id = ? AND due_ms IS NOT NULL"
        + sql.locked(connection),
        (key,),
    ).first()
    if row is None:
        return None
    in_doubt = row.status == Status.SENDING and row.error == "" and not ours
    status = Status.UNKNOWN if in_doubt or row.handed_ms is not None else Status.FAILED
    sql.run(
        connection,
        "UPDATE outbox SET status = ?, error = ?, due_ms = NULL, final_ms = ? WHERE id = ?",
        (str(status), reason[:ERROR_CAP], now_ms, key),
    )
    moves: counts.Moves = Counter({(int(row.broadcast_id), str(row.status), str(status)): 1})
    counts.tally(connection, moves, now_ms)
    if row.broadcast_id == 0:
        settling.forget(connection, [key])
    return status
