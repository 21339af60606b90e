"""What came and left by a channel since a moment, and who works on this database: for whoever tries a channel."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection

from smsbot.process import is_gone
from smsbot.status import Status
from smsbot.store import sql

YOUNGEST = 2_000
"""Reports are looked for among so many messages, the last ones: the outbox may hold millions."""


@dataclass(frozen=True, slots=True)
class Mark:
    """The last ids at a moment."""

    inbound: int
    outbox: int
    parked: int
    at_ms: int


@dataclass(frozen=True, slots=True)
class Fate:
    """Of a message. *channel* is the one that it left or is to leave by."""

    channel: str
    status: Status
    error: str = ""


@dataclass(frozen=True, slots=True)
class Trace:
    """*texts* of people that came, the *replies* to them, and how many delivery *reports* came."""

    texts: int
    replies: tuple[Fate, ...]
    reports: int


def mark(connection: Connection, now_ms: int) -> Mark:
    row = sql.run(
        connection,
        "SELECT (SELECT max(id) FROM inbound), (SELECT max(id) FROM outbox), (SELECT max(id) FROM parked_report)",
        (),
    ).one()
    return Mark(row[0] or 0, row[1] or 0, row[2] or 0, now_ms)


def trace(connection: Connection, channel: str, since: Mark) -> Trace:
    texts = sql.run(connection, "SELECT count(*) FROM inbound WHERE id > ? AND channel = ?", (since.inbound, channel))
    replies = sql.run(
        connection,
        "SELECT channel, status, error FROM outbox WHERE id > ? AND in_reply_to IN"
        " (SELECT id FROM inbound WHERE id > ? AND channel = ?) ORDER BY id",
        (since.outbox, since.inbound, channel),
    )
    told = sql.run(
        connection,
        "SELECT count(*) FROM outbox WHERE id > ? AND channel = ? AND final_ms >= ? AND handed_ms IS NOT NULL"
        " AND status IN ('delivered', 'failed', 'expired')",
        (since.outbox - YOUNGEST, channel, since.at_ms),
    )
    early = sql.run(
        connection, "SELECT count(*) FROM parked_report WHERE id > ? AND channel = ?", (since.parked, channel)
    )
    return Trace(
        int(texts.scalar_one()), _fates(replies.all()), int(told.scalar_one()) + int(early.scalar_one())
    )  # fmt: skip


def fate(connection: Connection, message: int) -> Fate:
    """Of the message with this id, which exists."""
    row = sql.run(connection, "SELECT channel, status, error FROM outbox WHERE id = ?", (message,)).one()
    return _fates([row])[0]


def _fates(rows: Sequence[Sequence[str]]) -> tuple[Fate, ...]:
    return tuple(Fate(row[0], Status(row[1]), row[2]) for row in rows)


def working(connection: Connection, now_ms: int) -> bool:
    """Does a process deliver on this database? Its leases tell; one that ended on this machine does not count."""
    owners = sql.run(connection, "SELECT owner FROM lease WHERE until_ms > ? AND owner <> ''", (now_ms,))
    return any(not is_gone(owner) for (owner,) in owners)
