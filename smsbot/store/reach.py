"""Whether people can be reached: permanent failures in a row, and stop-lists that are not ours.

A third permanent failure in a row makes a number dormant: broadcasts leave it out until a text comes from it or a
message arrives (civic rule 20); so does a year without any sign (`quiet`). Who is on a gateway's or an operator's
stop-list has withdrawn nothing from us: the fact stands by itself until a message is delivered by that channel. Consent
and its ledger are not touched here.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy import Connection

from smsbot.store import bulk, sql
from smsbot.store.delivery_tables import ContactBlock
from smsbot.store.tables import Contact, table

DORMANT_AFTER = 3  # civic rule 20
UNREACHABLE, QUIET = "unreachable", "quiet"
"""Why a number is dormant: it failed, or nothing was heard of it and nothing came to it for long."""
REASON_CAP = 200

_CONTACT = table(Contact)
_BLOCK = table(ContactBlock)


@dataclass(frozen=True, slots=True)
class Blocked:
    channel: str
    at_ms: int
    reason: str


class Reach:
    """What the fates of a batch of messages say of people, in their order."""

    def __init__(self) -> None:
        self._failures: dict[int, int] = {}  # contact → failures since the last arrival of this batch, or ever
        self._arrived: set[int] = set()
        self._blocks: dict[tuple[int, str], str | None] = {}  # None: lifted

    def delivered(self, contact_id: int | None, channel: str) -> None:
        if contact_id is not None:
            self._failures.pop(contact_id, None)
            self._arrived.add(contact_id)
            self._blocks[contact_id, channel] = None

    def unreachable(self, contact_id: int | None) -> None:
        """A permanent failure: no phone has this number."""
        if contact_id is not None:
            self._failures[contact_id] = self._failures.get(contact_id, 0) + 1

    def blocked(self, contact_id: int | None, channel: str, reason: str) -> None:
        if contact_id is not None:
            self._blocks[contact_id, channel] = reason[:REASON_CAP]

    def write(self, connection: Connection, now_ms: int) -> None:
        self._write_failures(connection, now_ms)
        lifted: dict[str, list[int]] = {}
        for (contact_id, channel), reason in self._blocks.items():
            if reason is None:
                lifted.setdefault(channel, []).append(contact_id)
        for channel, people in sorted(lifted.items()):
            where, listed = sql.among(connection, "contact_id", sorted(people))
            sql.run(connection, f"DELETE FROM contact_block WHERE channel = ? AND {where}", (channel, listed))
        bulk.insert(
            connection,
            _BLOCK,
            ("contact_id", "channel", "at_ms", "reason"),
            [(*key, now_ms, reason) for key, reason in sorted(self._blocks.items()) if reason is not None],
            conflict="(contact_id, channel) DO UPDATE SET at_ms = excluded.at_ms, reason = excluded.reason",
        )

    def _write_failures(self, connection: Connection, now_ms: int) -> None:
        touched = self._arrived | self._failures.keys()
        if not touched:
            return
        mine, listed = sql.among(connection, "id", sorted(touched))
        failing, failed = sql.among(connection, "id", sorted(self._failures))
        rows = sql.run(
            connection,
            f"SELECT id, unreachable, dormant_ms, dormant_reason FROM contact WHERE {mine}"
            f" AND (unreachable > 0 OR dormant_ms IS NOT NULL OR {failing}) ORDER BY number{sql.locked(connection)}",
            (listed, failed),
        ).all()
        changes = []
        for key, before, dormant_ms, why in rows:
            arrived = key in self._arrived
            times = (0 if arrived else int(before)) + self._failures.get(key, 0)
            dormant = (None, None) if arrived else (dormant_ms, why)
            if dormant[0] is None and times >= DORMANT_AFTER:
                dormant = (now_ms, UNREACHABLE)
            changes.append((times, *dormant, key))
        bulk.update(connection, _CONTACT, "id", ("unreachable", "dormant_ms", "dormant_reason"), changes)


@dataclass(frozen=True, slots=True)
class Dormancy:
    """Since when and why broadcasts leave a number out; *noticed_ms*: when the neutral text was last queued."""

    since_ms: int
    reason: str
    noticed_ms: int | None = None

    @property
    def owes_notice(self) -> bool:
        """Must a neutral text come before anything else does (civic rule 20)?"""
        return self.noticed_ms is None or self.noticed_ms < self.since_ms


def dormancy(connection: Connection, contact_id: int) -> Dormancy | None:
    """None: the number is not dormant. Locks the person to the end of a writing transaction."""
    row = sql.run(
        connection,
        "SELECT dormant_ms, dormant_reason, noticed_ms FROM contact WHERE id = ?" + sql.locked(connection),
        (contact_id,),
    ).first()
    if row is None or row.dormant_ms is None:
        return None
    return Dormancy(int(row.dormant_ms), row.dormant_reason or UNREACHABLE, row.noticed_ms)


def wake(connection: Connection, contact_ids: Collection[int]) -> None:
    """Broadcasts go to these numbers again."""
    where, listed = sql.among(connection, "id", sorted(contact_ids))
    sql.run(connection, f"UPDATE contact SET dormant_ms = NULL, unreachable = 0 WHERE {where}", (listed,))


def noticed(connection: Connection, contact_ids: Collection[int], now_ms: int) -> None:
    """The neutral text to these numbers is queued."""
    where, listed = sql.among(connection, "id", sorted(contact_ids))
    sql.run(connection, f"UPDATE contact SET noticed_ms = ? WHERE {where}", (now_ms, listed))


def blocks(connection: Connection, contact_id: int) -> tuple[Blocked, ...]:
    """The stop-lists a person is on, by channel."""
    rows = sql.run(
        connection,
        "SELECT channel, at_ms, reason FROM contact_block WHERE contact_id = ? ORDER BY channel",
        (contact_id,),
    )
    return tuple(Blocked(*row) for row in rows)


def forget(connection: Connection, contact_id: int) -> None:
    """The person is erased."""
    sql.run(connection, "DELETE FROM contact_block WHERE contact_id = ?", (contact_id,))
