"""Messages whose fate the gateway has to be asked for, and when next.

The questions widen: what was not told within a minute is seldom told within the next. 72 hours after it left a message
is asked about no more and stays `sent` (or `unknown`): nobody can tell what became of it.

A row of its own, not a column of the outbox: it is moved a dozen times for each message, and there it would rewrite
the message and all its indexes each time. What a report has settled meanwhile is dropped when its turn comes.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

from sqlalchemy import Connection

from smsbot.clock import HOUR_MS, MINUTE_MS, SECOND_MS
from smsbot.status import Status
from smsbot.store import bulk, months, segments, sql
from smsbot.store.delivery_tables import Poll
from smsbot.store.reports import PREFIX
from smsbot.store.tables import table

AGES_MS = (
    10 * SECOND_MS, 30 * SECOND_MS, MINUTE_MS, 5 * MINUTE_MS, 15 * MINUTE_MS, HOUR_MS, 3 * HOUR_MS, 6 * HOUR_MS,
    *(hours * HOUR_MS for hours in range(12, 72, 12)),
    72 * HOUR_MS,
)  # fmt: skip
"""How long after it left a message is asked about: as reports come, most within seconds, the last within the three days
that operators keep a text (civic 5, "expired (72 h)")."""

OPEN = (Status.SENT, Status.UNKNOWN)
_POLL = table(Poll)


@dataclass(frozen=True, slots=True)
class Due:
    """One question: about a message, or about one part of it. *message_id*: ours, as it is known outside."""

    outbox_id: int
    left_ms: int
    message_id: str
    external_id: str | None
    number: str = field(repr=False)


def next_ms(left_ms: int, now_ms: int) -> int | None:
    """When a message that left at *left_ms* is asked about next; None: never again."""
    step = bisect_right(AGES_MS, max(0, now_ms - left_ms))
    return left_ms + AGES_MS[step] if step < len(AGES_MS) else None


def begin(connection: Connection, channel: str, outbox_ids: Collection[int], now_ms: int) -> None:
    """These have just left by *channel*."""
    rows = [(key, channel, now_ms + AGES_MS[0], now_ms) for key in sorted(outbox_ids)]
    bulk.insert(
        connection, _POLL, ("outbox_id", "channel", "due_ms", "left_ms"), rows, conflict="(outbox_id) DO NOTHING"
    )


DUE = "SELECT outbox_id, left_ms FROM poll WHERE channel = ? AND due_ms <= ? ORDER BY due_ms, outbox_id LIMIT ?"


def due(connection: Connection, channel: str, now_ms: int, limit: int) -> tuple[list[Due], list[int]]:
    """Up to *limit* messages to ask about, oldest first, and those that nobody needs to ask about any more."""
    rows = sql.run(connection, DUE, (channel, now_ms, limit)).all()
    if not rows:
        return [], []
    where, listed = sql.among(connection, "o.id", [int(key) for key, _ in rows])
    found = sql.run(
        connection,
        "SELECT o.id, o.channel, o.status, o.external_id, COALESCE(o.number, c.number) AS number"
        f" FROM outbox o LEFT JOIN contact c ON c.id = o.contact_id WHERE {where}"
        f"{months.recent(connection, 'outbox', 'o.')}",
        (listed,),
    )
    messages = {int(row.id): row for row in found if row.channel == channel and row.status in OPEN and row.number}
    parts = segments.of(connection, messages)
    asked: list[Due] = []
    over: list[int] = []
    for key, left_ms in rows:
        message = messages.get(int(key))
        if message is None:
            over.append(int(key))
            continue
        ids: Sequence[str | None] = [message.external_id]
        if key in parts:
            ids = [one for one, status in parts[key].statuses.items() if status in OPEN]
        asked.extend(Due(int(key), int(left_ms), f"{PREFIX}{key}", one, message.number) for one in ids)
    return asked, over


def later(connection: Connection, asked: Sequence[Due], over: Collection[int], now_ms: int) -> None:
    """They have been asked about: set when next, and drop those that are too old or *over*."""
    gone = set(over)
    moves = []
    for key, left_ms in {each.outbox_id: each.left_ms for each in asked}.items():
        following = next_ms(left_ms, now_ms)
        if following is None:
            gone.add(key)
        else:
            moves.append((following, key))
    bulk.update(connection, _POLL, "outbox_id", ("due_ms",), moves)
    if gone:
        where, listed = sql.among(connection, "outbox_id", sorted(gone))
        sql.run(connection, f"DELETE FROM poll WHERE {where}", (listed,))


def first_due_ms(connection: Connection, channel: str) -> int | None:
    """When the next question is due."""
    row = sql.run(connection, "SELECT due_ms FROM poll WHERE channel = ? ORDER BY due_ms LIMIT 1", (channel,)).first()
    return None if row is None else int(row[0])
