"""Plain statements for both databases: written with `?`, lists of keys bound as one parameter."""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import Connection, CursorResult

from smsbot.store import libpq, wire


def is_postgresql(connection: Connection) -> bool:
    return connection.dialect.name == "postgresql"


def run(connection: Connection, statement: str, parameters: Sequence[Any] = ()) -> CursorResult[*tuple[Any, ...]]:
    """Execute *statement*, whose placeholders are `?` and which holds no other question or percent mark."""
    if is_postgresql(connection):
        statement = libpq.percent(statement)
    return connection.exec_driver_sql(statement, tuple(parameters))


def run_many(connection: Connection, statement: str, rows: Sequence[tuple[Any, ...]]) -> None:
    if not rows:
        return
    wire.send_many(connection, statement, rows)


def among(connection: Connection, column: str, values: Collection[int] | Collection[str]) -> tuple[str, Any]:
    """The condition that *column* is one of *values*, and its one parameter."""
    listed = list(values)
    if is_postgresql(connection):
        kind = "text" if listed and isinstance(listed[0], str) else "bigint"
        return f"{column} = ANY(CAST(? AS {kind}[]))", wire.array(listed)
    return f"{column} IN (SELECT value FROM json_each(?))", json.dumps(listed)


def locked(connection: Connection, clause: str = "FOR UPDATE") -> str:
    """*clause* where rows can be locked; SQLite's one writer needs none."""
    return f" {clause}" if is_postgresql(connection) else ""


FIRST_START = 736_773_001
"""Of PostgreSQL's advisory locks: who makes what a new database begins with."""
UPGRADE = 736_773_002
"""Who changes the tables."""
MONTHS = 736_773_003
"""Who makes or begins a month (`months`)."""


def alone(connection: Connection, lock: int) -> None:
    """Wait until no other transaction holds *lock*, and hold it to the end of this one. SQLite has one writer."""
    if is_postgresql(connection):
        run(connection, "SELECT pg_advisory_xact_lock(?)", (lock,))
