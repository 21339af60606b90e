"""What waits on a channel that is down, moved to another that works.

Only what surely has not been accepted is moved: a message in the queue, or one that waits for another attempt and whose
attempts all ended before anything could have left (`handed_ms` is empty). One UPDATE moves it, so it stands on one
channel at any time. What may have been accepted stays: it is `unknown`, or its own gateway removes repeats.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection

from smsbot.dialogue.stop_hint import StopHint
from smsbot.store import bulk, months, sql, variants
from smsbot.store.tables import Outbox, table
from smsbot.text.gsm7 import measure

_OUTBOX = table(Outbox)
WORKS = ("up", "degraded")


@dataclass(frozen=True, slots=True)
class Target:
    """A channel that can take over. *most_parts* None: any number; *hint*: where its texts say that STOP goes."""

    name: str
    most_parts: int | None = None
    rate_per_s: float = 1.0
    hint: StopHint | None = None


def usable(connection: Connection, targets: Sequence[Target], now_ms: int) -> Target | None:
    """The first that works and that a living process serves."""
    for target in targets:
        row = sql.run(
            connection,
            "SELECT h.state FROM channel_health h JOIN lease l ON l.name = ? WHERE h.name = ? AND l.until_ms > ?",
            (f"channel:{target.name}", target.name, now_ms),
        ).first()
        if row is not None and row[0] in WORKS:
            return target
    return None


def waiting(connection: Connection, channel: str, broadcast_id: int, most: int) -> int:
    """How many messages of a lane wait on *channel*, counted up to *most*."""
    found = sql.run(
        connection,
        "SELECT count(*) FROM (SELECT 1 FROM outbox WHERE channel = ? AND broadcast_id = ? AND due_ms IS NOT NULL"
        " LIMIT ?) AS those",
        (channel, broadcast_id, most),
    )
    return int(found.scalar_one())


def move(
    connection: Connection, source: str, target: Target, broadcast_id: int, *, now_ms: int, limit: int, reason: str
) -> int:
    """Move up to *limit* messages of a lane (0: replies) from *source*; give how many were moved.

    They are due at once and begin their attempts anew. A text too long for the target stays where it is.
    """
    rows = sql.run(connection, *_movable(connection, source, target, broadcast_id, limit)).all()
    if not rows:
        return 0
    if target.hint is None:
        where, listed = sql.among(connection, "id", [int(row.id) for row in rows])
        sql.run(
            connection,
            "UPDATE outbox SET channel = ?, due_ms = ?, attempts = 0,"
            f" error = CASE WHEN status = 'sending' THEN ? ELSE '' END WHERE {where}"
            f"{months.recent(connection, 'outbox')}",
            (target.name, now_ms, reason, listed),
        )
        return len(rows)
    hinted = _Hinted(connection, target.hint)
    moves = []
    for row in rows:
        text, text_id, parts = hinted.reply(row) if broadcast_id == 0 else hinted.broadcast(row)
        if target.most_parts is None or parts <= target.most_parts:
            error = reason if row.status == "sending" else ""
            moves.append((target.name, now_ms, 0, error, text, text_id, parts, int(row.id)))
    columns = ("channel", "due_ms", "attempts", "error", "text", "text_id", "parts")
    bulk.update(connection, _OUTBOX, "id", columns, moves, where=months.recent(connection, "outbox", "t."))
    return len(moves)


def _movable(
    connection: Connection, source: str, target: Target, broadcast_id: int, limit: int
) -> tuple[str, tuple[Any, ...]]:
    """Oldest first, and locked: what a dispatcher is taking up just now is left to it."""
    person = ", c.language" if target.hint is not None else ""
    join = "LEFT JOIN contact c ON c.id = o.contact_id" if target.hint is not None else ""
    most = target.most_parts if target.most_parts is not None else 255
    recent = months.recent(connection, "outbox", "o.")
    statement = (
        f"SELECT o.id, o.status, o.text, o.text_id, o.parts{person} FROM outbox o {join}"
        f" WHERE o.channel = ? AND o.broadcast_id = ? AND o.due_ms IS NOT NULL{recent} AND o.parts <= ?"
        " AND (o.status = 'queued' OR (o.status = 'sending' AND o.error <> '' AND o.handed_ms IS NULL))"
        " ORDER BY o.due_ms, o.id LIMIT ?" + sql.locked(connection, "FOR UPDATE OF o SKIP LOCKED")
    )
    return statement, (source, broadcast_id, most, limit)


class _Hinted:
    """Texts as they leave by a channel that cannot be answered."""

    def __init__(self, connection: Connection, hint: StopHint) -> None:
        self._connection = connection
        self._hint = hint
        self._texts: dict[int, tuple[int, int]] = {}  # text → the text that says it, and its parts

    def reply(self, row: Any) -> tuple[str | None, int | None, int]:
        text = self._hint.say(row.text or "", row.language)
        return text, row.text_id, int(row.parts) if text == row.text else measure(text).parts

    def broadcast(self, row: Any) -> tuple[str | None, int | None, int]:
        found = self._texts.get(row.text_id)
        if found is None:
            variant = variants.hinted(self._connection, int(row.text_id), self._hint)
            found = self._texts[row.text_id] = variant.id, variant.parts
        return row.text, found[0], found[1]
