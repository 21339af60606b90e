"""What has to be done for broadcasts from time to time, whoever's dispatchers are at work."""

from __future__ import annotations

from sqlalchemy import Connection

from smsbot.status import Status
from smsbot.store import counts, sql
from smsbot.store.steering import AT_ONCE, call_off


def call_off_cancelled(connection: Connection, now_ms: int, limit: int = AT_ONCE) -> bool:
    """Mark messages of cancelled broadcasts that still wait; True if there may be more at once."""
    rows = sql.run(
        connection,
        "SELECT DISTINCT b.id FROM broadcast b JOIN broadcast_count k ON k.broadcast_id = b.id"
        " WHERE b.state = 'cancelled' AND k.status IN ('queued', 'sending') AND k.n > 0 ORDER BY b.id",
    ).all()
    return any(call_off(connection, int(key), Status.CANCELLED, now_ms, limit) >= limit for (key,) in rows)


def call_off_expired(connection: Connection, now_ms: int, limit: int = AT_ONCE) -> bool:
    """Mark what waits of broadcasts past their expiry, begun or not; True if there may be more at once."""
    rows = sql.run(
        connection,
        "UPDATE broadcast SET state = 'sending' WHERE state IN ('scheduled', 'sending', 'paused')"
        " AND expires_ms <= ? RETURNING id",
        (now_ms,),
    ).all()
    return any(call_off(connection, int(key), Status.EXPIRED, now_ms, limit) >= limit for (key,) in rows)


def finish_all(connection: Connection, now_ms: int) -> None:
    """Close what nobody closed: two transactions that each saw the other's messages still open."""
    rows = sql.run(connection, "SELECT id FROM broadcast WHERE state = 'sending' AND expanded ORDER BY id").all()
    counts.finish(connection, [int(key) for (key,) in rows], now_ms)
