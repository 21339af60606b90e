"""The dispatchers' last word on their channels, for every process to show."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection

from smsbot.store import sql


@dataclass(frozen=True, slots=True)
class Health:
    """*state*: `up`, `degraded`, `down` or `misconfigured` (contract §8)."""

    name: str
    state: str
    reason: str
    since_ms: int
    success_ms: int | None = None


def report(connection: Connection, name: str, state: str, reason: str, *, now_ms: int, success_ms: int | None) -> None:
    """Write it down; `since` stays while the state does."""
    sql.run(
        connection,
        "INSERT INTO channel_health (name, state, reason, since_ms, success_ms) VALUES (?, ?, ?, ?, ?)"
        " ON CONFLICT (name) DO UPDATE SET reason = excluded.reason,"
        " since_ms = CASE WHEN channel_health.state = excluded.state THEN channel_health.since_ms"
        " ELSE excluded.since_ms END, state = excluded.state,"
        " success_ms = COALESCE(excluded.success_ms, channel_health.success_ms)",
        (name, state, reason, now_ms, success_ms),
    )


def one(connection: Connection, name: str) -> Health | None:
    row = sql.run(
        connection, "SELECT name, state, reason, since_ms, success_ms FROM channel_health WHERE name = ?", (name,)
    ).first()
    return None if row is None else Health(row.name, row.state, row.reason, row.since_ms, row.success_ms)


def read(connection: Connection) -> list[Health]:
    rows = sql.run(connection, "SELECT name, state, reason, since_ms, success_ms FROM channel_health ORDER BY name")
    return [Health(row.name, row.state, row.reason, row.since_ms, row.success_ms) for row in rows]
