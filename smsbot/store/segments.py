"""The parts of a message where the gateway names each of them, and what they say of the whole.

A message with one id has no row here. The first part's id also stands in the message's own row.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

from sqlalchemy import Connection

from smsbot.status import Status, supersedes
from smsbot.store import bulk, sql
from smsbot.store.delivery_tables import OutboxPart
from smsbot.store.tables import table

_PART = table(OutboxPart)
LOST = (Status.FAILED, Status.EXPIRED)

Key = tuple[str, str]
"""Channel and the gateway's id."""


@dataclass(slots=True)
class Segments:
    """The parts of one message by their id, in order, and which of them have moved."""

    channel: str
    statuses: dict[str, Status]
    moved: set[str] = field(default_factory=set)

    def move(self, external_id: str, status: Status) -> bool:
        """Forward only; False: nothing has changed."""
        if not supersedes(status, self.statuses[external_id]):
            return False
        self.statuses[external_id] = status
        self.moved.add(external_id)
        return True

    def place(self, external_id: str) -> str:
        """Such as `part 2 of 3`."""
        return f"part {list(self.statuses).index(external_id) + 1} of {len(self.statuses)}"

    @property
    def whole(self) -> Status:
        """Delivered is what is delivered in all its parts; lost, what has lost one."""
        statuses = self.statuses.values()
        for status in statuses:
            if status in LOST:
                return status
        if all(status is Status.DELIVERED for status in statuses):
            return Status.DELIVERED
        return Status.UNKNOWN if Status.UNKNOWN in statuses else Status.SENT


def add(connection: Connection, channel: str, messages: Mapping[int, Sequence[str]], status: Status) -> None:
    """Write down the ids of the parts of each message, the first included. What has parts already keeps those."""
    where, listed = sql.among(connection, "outbox_id", sorted(messages))
    known = {int(key) for (key,) in sql.run(connection, f"SELECT outbox_id FROM outbox_part WHERE {where}", (listed,))}
    rows = [
        (channel, external_id, key, number, str(status))
        for key, ids in sorted(messages.items())
        if key not in known
        for number, external_id in enumerate(dict.fromkeys(ids), 1)
    ]
    columns = ("channel", "external_id", "outbox_id", "number", "status")
    bulk.insert(connection, _PART, columns, rows, conflict="(channel, external_id) DO NOTHING")


def find(connection: Connection, channel: str, external_ids: Collection[str]) -> dict[str, int]:
    """Which of these ids name a part, and of which message."""
    if not external_ids:
        return {}
    where, listed = sql.among(connection, "external_id", sorted(external_ids))
    statement = f"SELECT external_id, outbox_id FROM outbox_part WHERE channel = ? AND {where}"
    return {str(name): int(key) for name, key in sql.run(connection, statement, (channel, listed))}


def of(connection: Connection, outbox_ids: Collection[int]) -> dict[int, Segments]:
    """The parts of these messages. Their rows in the outbox must be locked if anything is to be moved."""
    if not outbox_ids:
        return {}
    where, listed = sql.among(connection, "outbox_id", sorted(outbox_ids))
    found: dict[int, Segments] = {}
    statement = (
        f"SELECT outbox_id, channel, external_id, status FROM outbox_part WHERE {where} ORDER BY outbox_id, number"
    )
    for key, channel, external_id, status in sql.run(connection, statement, (listed,)):
        segments = found.setdefault(int(key), Segments(channel, {}))
        segments.statuses[external_id] = Status(status)
    return found


def save(connection: Connection, changed: Collection[Segments]) -> None:
    sql.run_many(
        connection,
        "UPDATE outbox_part SET status = ? WHERE channel = ? AND external_id = ?",
        [(str(each.statuses[one]), each.channel, one) for each in changed for one in sorted(each.moved)],
    )
