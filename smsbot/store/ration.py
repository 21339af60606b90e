"""No more than so many broadcasts to one person in a day (`[sending] per_day`).

Counted is what has left today, may have, or is about to. Urgent broadcasts, corrections and replies neither count nor
wait.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence, Set
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection

from smsbot.status import Status
from smsbot.store import counts, months, sql

RATION = 736_773_004
"""Of PostgreSQL's advisory locks: who claims while people have a ration. Dispatchers of two channels would else both
see a person's last place free."""
SENTENCE = "this person had as many broadcasts on that day as `sending.per_day` allows"


@dataclass(frozen=True, slots=True)
class Ration:
    """*most* a day; the day began at *began_ms*, and what is over waits until *morrow_ms*."""

    most: int
    began_ms: int
    morrow_ms: int


def set_aside(connection: Connection, broadcast_id: int, rows: Sequence[Any], ration: Ration, now_ms: int) -> Set[int]:
    """Which of *rows* (messages of *broadcast_id* that could leave now) are for people who have had their ration: these
    wait for the next day, or are `expired` where that would be too late."""
    had = _had(connection, broadcast_id, [int(row.contact_id) for row in rows], ration)
    over = [row for row in rows if had[int(row.contact_id)] >= ration.most]
    if not over:
        return frozenset()
    late = [row for row in over if row.expires_ms is not None and row.expires_ms <= ration.morrow_ms]
    gone = {int(row.id) for row in late}
    where, listed = sql.among(connection, "id", [int(row.id) for row in over if int(row.id) not in gone])
    sql.run(connection, f"UPDATE outbox SET due_ms = ? WHERE {where}", (ration.morrow_ms, listed))
    sql.run_many(
        connection,
        "UPDATE outbox SET status = 'expired', error = ?, final_ms = ?, due_ms = NULL WHERE id = ?",
        [(SENTENCE, now_ms, key) for key in sorted(gone)],
    )
    moves: counts.Moves = Counter((broadcast_id, str(row.status), str(Status.EXPIRED)) for row in late)
    counts.tally(connection, moves, now_ms)
    return {int(row.id) for row in over}


def _had(connection: Connection, broadcast_id: int, people: Sequence[int], ration: Ration) -> Counter[int]:
    """How many broadcasts each of *people* has had today. One look-up in the index of people and broadcasts; none
    where no other broadcast was under way today."""
    recent = sql.run(
        connection,
        "SELECT id FROM broadcast WHERE id <> ? AND NOT urgent AND corrects IS NULL AND (state IN ('sending', 'paused')"
        " OR done_ms >= ?)",
        (broadcast_id, ration.began_ms),
    ).all()
    if not recent or not people:
        return Counter()
    who, listed = sql.among(connection, "contact_id", people)
    which, these = sql.among(connection, "broadcast_id", [int(key) for (key,) in recent])
    found = sql.run(
        connection,
        f"SELECT contact_id, count(*) FROM outbox WHERE {who} AND {which} AND broadcast_id > 0"
        " AND (handed_ms >= ? OR (status = 'sending' AND error = '') OR (status = 'unknown' AND final_ms >= ?))"
        f"{months.recent(connection, 'outbox')} GROUP BY contact_id",
        (listed, these, ration.began_ms, ration.began_ms),
    )
    return Counter({int(key): int(n) for key, n in found})
