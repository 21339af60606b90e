"""What moves a broadcast from state to state.

awaiting_approval → scheduled → sending → done, and from each but the last `paused` and `cancelled`. Pausing touches no
message: nobody claims from a broadcast that is not `sending`.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from sqlalchemy import Connection

from smsbot.errors import Conflict, Missing
from smsbot.status import Status
from smsbot.store import counts, sql
from smsbot.store.broadcasts import BroadcastState
from smsbot.store.withdrawals import channels_in_use, withdraw

AT_ONCE = 20_000  # messages withdrawn inside the call; the rest follows in pieces of this size

WORDS = {
    BroadcastState.AWAITING_APPROVAL: "is still waiting for approval",
    BroadcastState.SCHEDULED: "is scheduled and has not begun",
    BroadcastState.SENDING: "is being sent",
    BroadcastState.PAUSED: "is paused",
    BroadcastState.DONE: "is finished",
    BroadcastState.CANCELLED: "was cancelled",
}


@dataclass(frozen=True, slots=True)
class Course:
    """What decides when a broadcast may begin."""

    id: int
    state: BroadcastState
    urgent: bool
    send_at_ms: int | None
    approved_ms: int | None
    expires_ms: int | None
    created_by: str
    begun: bool  # its messages are being written, or are


def course(connection: Connection, broadcast_id: int) -> Course:
    """The broadcast, locked until the end of the transaction. Raises `Missing`."""
    row = sql.run(
        connection,
        "SELECT id, state, urgent, send_at_ms, approved_ms, expires_ms, created_by, cursor, expanded FROM broadcast"
        " WHERE id = ?" + sql.locked(connection),
        (broadcast_id,),
    ).first()
    if row is None:
        raise Missing(f"There is no broadcast {broadcast_id}.")
    return Course(
        id=int(row.id),
        state=BroadcastState(row.state),
        urgent=bool(row.urgent),
        send_at_ms=row.send_at_ms,
        approved_ms=row.approved_ms,
        expires_ms=row.expires_ms,
        created_by=row.created_by,
        begun=bool(row.cursor > 0 or row.expanded),
    )


def waiting(connection: Connection) -> list[Course]:
    """The scheduled broadcasts."""
    rows = sql.run(
        connection,
        "SELECT id, urgent, send_at_ms, approved_ms, expires_ms, created_by FROM broadcast WHERE state = 'scheduled'"
        " ORDER BY id",
    )
    return [
        Course(
            int(row.id), BroadcastState.SCHEDULED, bool(row.urgent), row.send_at_ms, row.approved_ms, row.expires_ms,
            row.created_by, False,
        )
        for row in rows
    ]  # fmt: skip


def approve(connection: Connection, broadcast_id: int, by: str, now_ms: int) -> None:
    """Somebody else's yes. Raises `Conflict` for the author's own and where none is asked for."""
    found = course(connection, broadcast_id)
    if found.state is not BroadcastState.AWAITING_APPROVAL:
        raise Conflict(f"Broadcast {broadcast_id} {WORDS[found.state]}: there is nothing to approve.")
    if found.created_by == by:
        raise Conflict("You wrote this broadcast, so somebody else has to approve it.")
    if found.expires_ms is not None and found.expires_ms <= now_ms:
        raise Conflict(f"Broadcast {broadcast_id} is past its expiry; write a new one.")
    sql.run(
        connection,
        "UPDATE broadcast SET state = 'scheduled', approved_by = ?, approved_ms = ? WHERE id = ?",
        (by, now_ms, broadcast_id),
    )


def begin(connection: Connection, broadcast_id: int) -> bool:
    """From `scheduled` to `sending`; the time is the caller's to judge."""
    row = sql.run(
        connection,
        "UPDATE broadcast SET state = 'sending' WHERE id = ? AND state = 'scheduled' RETURNING id",
        (broadcast_id,),
    ).first()
    return row is not None


def pause(connection: Connection, broadcast_id: int, because: str = "") -> None:
    """*because*: why smsbot itself does it, for staff to read. Raises `Conflict` where there is nothing to pause."""
    found = course(connection, broadcast_id)
    if found.state not in (BroadcastState.SCHEDULED, BroadcastState.SENDING):
        raise Conflict(f"Broadcast {broadcast_id} {WORDS[found.state]} and cannot be paused.")
    sql.run(
        connection, "UPDATE broadcast SET state = 'paused', paused_because = ? WHERE id = ?", (because, broadcast_id)
    )


def resume(connection: Connection, broadcast_id: int, now_ms: int) -> None:
    """One that had not begun is scheduled again, and begins when it may."""
    found = course(connection, broadcast_id)
    if found.state is not BroadcastState.PAUSED:
        raise Conflict(f"Broadcast {broadcast_id} {WORDS[found.state]}: only a paused one can be resumed.")
    state = BroadcastState.SENDING if found.begun else BroadcastState.SCHEDULED
    sql.run(connection, "UPDATE broadcast SET state = ?, paused_because = '' WHERE id = ?", (str(state), broadcast_id))
    counts.finish(connection, [broadcast_id], now_ms)


def cancel(connection: Connection, broadcast_id: int, now_ms: int) -> None:
    """No further message is claimed from now on. Those in flight leave; the first `AT_ONCE` that wait are marked here,
    the rest soon after by whoever tends the broadcasts."""
    found = course(connection, broadcast_id)
    if found.state in (BroadcastState.DONE, BroadcastState.CANCELLED):
        raise Conflict(f"Broadcast {broadcast_id} {WORDS[found.state]}: there is nothing left to cancel.")
    sql.run(connection, "UPDATE broadcast SET state = 'cancelled', done_ms = ? WHERE id = ?", (now_ms, broadcast_id))
    call_off(connection, broadcast_id, Status.CANCELLED, now_ms)


def call_off(connection: Connection, broadcast_id: int, status: Status, now_ms: int, limit: int = AT_ONCE) -> int:
    """Mark up to *limit* messages that wait, and everybody for whom none is written yet; give how many were written.

    The broadcast must be locked or no longer be written out.
    """
    row = sql.run(
        connection,
        "SELECT recipients, written, expanded FROM broadcast WHERE id = ?" + sql.locked(connection),
        (broadcast_id,),
    ).one()
    moved = 0
    if row.written:
        moved = withdraw(
            connection, broadcast_id, channels_in_use(connection), status=status, now_ms=now_ms, limit=limit
        )
    if not row.expanded:
        sql.run(connection, "UPDATE broadcast SET expanded = ? WHERE id = ?", (True, broadcast_id))
        unwritten = max(0, int(row.recipients) - int(row.written))
        moves: counts.Moves = Counter({(broadcast_id, str(Status.QUEUED), str(status)): unwritten})
        counts.tally(connection, moves, now_ms)
    counts.finish(connection, [broadcast_id], now_ms)
    return moved
