"""Who may act for what, until when. The fence grows with each change of owner.

`succeed` is for what two must never have at once, a channel: no clock that can be set decides. `acquire` is for work
that two at once do no worse than one, such as tidying; it needs no memory between two rounds.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection

from smsbot.process import is_gone
from smsbot.store import sql, wire


@dataclass(slots=True)
class Sighting:
    """What a process that waits for a lease has seen of it, by a clock that nobody sets: a lease is over when its
    record has not changed for a whole term. So a clock that jumps, or another machine's that is wrong, takes nothing
    from an owner who keeps renewing."""

    record: tuple[str, int, int] | None = None  # owner, fence, until_ms
    since_s: float = 0.0

    def over(self, record: tuple[str, int, int], *, now_s: float, term_ms: int) -> bool:
        if record != self.record:
            self.record, self.since_s = record, now_s
        return (now_s - self.since_s) * 1_000 >= term_ms


def succeed(
    connection: Connection, name: str, owner: str, *, now_ms: int, now_s: float, term_ms: int, sighting: Sighting
) -> int | None:
    """As `acquire`, but what decides is *sighting*, not what the record says of its end; *now_s* is monotonic."""
    row = sql.run(connection, "SELECT owner, fence, until_ms FROM lease WHERE name = ?", (name,)).first()
    if row is None:
        return _take(connection, name, owner, now_ms=now_ms, term_ms=term_ms)
    record = (str(row[0]), int(row[1]), int(row[2]))
    free = record[0] in ("", owner) or is_gone(record[0])
    if not free and not sighting.over(record, now_s=now_s, term_ms=term_ms):
        return None
    taken = sql.run(
        connection,
        "UPDATE lease SET owner = ?, until_ms = ?, fence = fence + CASE WHEN owner = ? THEN 0 ELSE 1 END"
        " WHERE name = ? AND owner = ? AND fence = ? AND until_ms = ? RETURNING fence",
        (owner, now_ms + term_ms, owner, name, *record),
    ).first()
    return None if taken is None else int(taken[0])


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
    found = wire.fetch(
        connection, "SELECT until_ms FROM lease WHERE name = ? AND owner = ? AND fence = ?", (name, owner, fence)
    )
    return max(0, int(found[0][0]) - now_ms) if found else None


def release(connection: Connection, name: str, owner: str, fence: int) -> None:
    """Give the lease back, so that another may take it at once. The row stays, for its fence."""
    sql.run(
        connection,
        "UPDATE lease SET until_ms = 0, owner = '' WHERE name = ? AND owner = ? AND fence = ?",
        (name, owner, fence),
    )
