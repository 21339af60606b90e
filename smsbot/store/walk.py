"""How far work that goes through a table in pieces has come.

The position moves in the transaction that does the piece, so a crash between two pieces loses and doubles nothing.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import Connection

from smsbot.store import sql


@dataclass(frozen=True, slots=True)
class Place:
    """The last key done, and when that was."""

    position: int = 0
    at_ms: int = 0


def place(connection: Connection, name: str) -> Place:
    row = sql.run(connection, "SELECT position, at_ms FROM walk WHERE name = ?", (name,)).first()
    return Place() if row is None else Place(int(row[0]), int(row[1]))


def put(connection: Connection, name: str, position: int, now_ms: int) -> None:
    """Note a position, wherever the last one was."""
    sql.run(
        connection,
        "INSERT INTO walk (name, position, at_ms) VALUES (?, ?, ?) ON CONFLICT (name) DO UPDATE SET"
        " position = excluded.position, at_ms = excluded.at_ms",
        (name, position, now_ms),
    )


def move(connection: Connection, name: str, before: int, after: int, now_ms: int) -> bool:
    """Take the step from *before* to *after*; False if another process has taken it meanwhile."""
    sql.run(
        connection,
        "INSERT INTO walk (name, position, at_ms) VALUES (?, 0, 0) ON CONFLICT (name) DO NOTHING",
        (name,),
    )
    row = sql.run(
        connection,
        "UPDATE walk SET position = ?, at_ms = ? WHERE name = ? AND position = ? RETURNING name",
        (after, now_ms, name, before),
    ).first()
    return row is not None


def aged(rows: Iterable[tuple[int, int]], horizon_ms: int, now_ms: int) -> int | None:
    """The last key of the leading *rows* (key, instant; in order of keys) that are not younger than *horizon_ms*; None
    if the first is. One from the future was written by a clock that ran ahead: it is as old as the one after it."""
    last: int | None = None
    for key, at_ms in rows:
        if at_ms <= horizon_ms:
            last = key
        elif at_ms <= now_ms:
            break
    return last
