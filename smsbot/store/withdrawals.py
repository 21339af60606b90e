"""Messages that shall not leave after all: people who stop or leave a topic, broadcasts that are called off."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping

from sqlalchemy import Connection

from smsbot.errors import Conflict
from smsbot.status import Status
from smsbot.store import counts, months, sql
from smsbot.store.audience import from_json

PERSONAL_LIFE_MS = 72 * 3_600_000  # contract §10, "Sending": what is no reply is retried for 72 h


def suppress(connection: Connection, contact_ids: Collection[int], now_ms: int) -> int:
    """Withdraw every broadcast message that waits for these people; give how many there were.

    Waiting: queued, or put off with a reason (another attempt, a pause). What a dispatcher holds is not touched: it
    looks at the person again before it sends.
    """
    running = _running(connection) if contact_ids else []
    return _suppress(connection, {broadcast_id: contact_ids for broadcast_id, _, _ in running}, now_ms)


def suppress_left(
    connection: Connection, contact_id: int, *, left: Collection[str], kept: Collection[str], now_ms: int
) -> int:
    """Withdraw what reached this person only through the topics *left*, now that it has those *kept*: codes."""
    affected: dict[int, Collection[int]] = {}
    for broadcast_id, kind, written in _running(connection):
        audience = from_json(written, kind)
        if audience.everyone or audience.broadcast is not None or set(left).isdisjoint(audience.topics):
            continue
        if set(kept).isdisjoint(audience.topics):
            affected[broadcast_id] = [contact_id]
    return _suppress(connection, affected, now_ms)


def withdraw(
    connection: Connection, broadcast_id: int, channels: Collection[str], *, status: Status, now_ms: int, limit: int
) -> int:
    """Move up to *limit* waiting messages of a broadcast to `cancelled` or `expired`; give how many were moved.

    Waiting: queued, or due for another attempt. One whose dispatcher died may have left: it becomes `unknown`.
    """
    moves: counts.Moves = Counter()
    moved = 0
    for channel in sorted(channels):
        rows = sql.run(
            connection,
            "SELECT id, status, error FROM outbox WHERE channel = ? AND broadcast_id = ? AND due_ms IS NOT NULL"
            f" AND (status = 'queued' OR due_ms <= ? OR error <> ''){months.recent(connection, 'outbox')} LIMIT ?"
            + sql.locked(connection, "FOR UPDATE SKIP LOCKED"),
            (channel, broadcast_id, now_ms, limit - moved),
        ).all()
        fates: dict[tuple[str, Status], list[int]] = {}
        for row in rows:
            fate = Status.UNKNOWN if row.status == Status.SENDING and row.error == "" else status
            fates.setdefault((row.status, fate), []).append(int(row.id))
        for (before, fate), ids in fates.items():
            where, listed = sql.among(connection, "id", ids)
            sql.run(
                connection,
                f"UPDATE outbox SET status = ?, due_ms = NULL, final_ms = ? WHERE {where}"
                f"{months.recent(connection, 'outbox')}",
                (str(fate), now_ms, listed),
            )
            moves[broadcast_id, before, str(fate)] += len(ids)
        moved += len(rows)
        if moved >= limit:
            break
    counts.tally(connection, moves, now_ms)
    return moved


def channels_in_use(connection: Connection) -> list[str]:
    """The channels with anything due, found by leaps through the index."""
    found: set[str] = set()
    for span in months.spans(connection, "outbox", "o."):
        due = f"FROM outbox o WHERE o.due_ms IS NOT NULL{span}"
        rows = sql.run(
            connection,
            f"WITH RECURSIVE used(channel) AS (SELECT (SELECT o.channel {due} ORDER BY o.channel LIMIT 1)"
            f" UNION ALL SELECT (SELECT o.channel {due} AND o.channel > used.channel"
            " ORDER BY o.channel LIMIT 1) FROM used WHERE used.channel IS NOT NULL)"
            " SELECT channel FROM used WHERE channel IS NOT NULL",
        )
        found.update(str(channel) for (channel,) in rows)
    return sorted(found)


def queue_personal(
    connection: Connection, *, channel: str, contact_id: int | None, number: str, text: str, parts: int, now_ms: int,
    in_reply_to: int | None = None, wait_ms: int = 0,
) -> int:  # fmt: skip
    """Queue a message that a member of staff wrote to one person; give its id. `Conflict` if the number stopped.

    *wait_ms*: it leaves that much later.
    """
    row = sql.run(connection, "SELECT state FROM contact WHERE number = ?", (number,)).first()
    if row is not None and row[0] == "stopped":
        raise Conflict("This number has stopped all messages, so nothing can be sent to it.", field="to")
    made = sql.run(
        connection,
        "INSERT INTO outbox (channel, broadcast_id, contact_id, number, text, parts, status, error, in_reply_to,"
        " created_ms, due_ms, expires_ms, attempts, forget)"
        " VALUES (?, 0, ?, ?, ?, ?, 'queued', '', ?, ?, ?, ?, 0, ?) RETURNING id",
        (
            channel,
            contact_id,
            number,
            text,
            parts,
            in_reply_to,
            now_ms,
            now_ms + wait_ms,
            now_ms + PERSONAL_LIFE_MS,
            False,
        ),
    ).one()
    return int(made[0])


def _running(connection: Connection) -> list[tuple[int, str, str]]:
    """Broadcasts with messages that may still leave: id, kind, audience."""
    rows = sql.run(
        connection, "SELECT id, kind, audience FROM broadcast WHERE state IN ('sending', 'paused') ORDER BY id"
    )
    return [(int(key), kind, audience) for key, kind, audience in rows]


def _suppress(connection: Connection, people: Mapping[int, Collection[int]], now_ms: int) -> int:
    moves: counts.Moves = Counter()
    for broadcast_id, contact_ids in people.items():
        if not contact_ids:
            continue
        where, listed = sql.among(connection, "contact_id", sorted(contact_ids))
        for before, put_off in ((Status.QUEUED, ""), (Status.SENDING, " AND due_ms IS NOT NULL AND error <> ''")):
            done = sql.run(
                connection,
                "UPDATE outbox SET status = 'suppressed', due_ms = NULL, final_ms = ?"
                f" WHERE {where} AND broadcast_id = ? AND broadcast_id > 0 AND status = '{before}'{put_off}"
                f"{months.recent(connection, 'outbox')}",
                (now_ms, listed, broadcast_id),
            )
            if done.rowcount > 0:
                moves[broadcast_id, str(before), str(Status.SUPPRESSED)] += done.rowcount
    counts.tally(connection, moves, now_ms)
    return sum(moves.values())
