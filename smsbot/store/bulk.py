"""Many rows in few statements, written once for both databases.

SQLite gets multi-row `VALUES`: one step of the engine for many rows, and the interpreter's lock is free meanwhile. The
driver lets go of it at each step, and where the event loop waits for it, each costs both threads a call of the kernel:
so no rows are asked back either, their ids are known. Only deletions, which are rare, take a step a row. PostgreSQL
gets one statement over `unnest`ed arrays, whatever the number of rows (ten times the rate of a statement a row).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Any

from sqlalchemy import BigInteger, Boolean, Connection, Integer, Table

from smsbot.store import wire

Row = wire.Row
CHUNK = 64  # rows of one SQLite statement; sizes are powers of two so that few statements are ever prepared


def insert(
    connection: Connection,
    table: Table,
    columns: tuple[str, ...],
    rows: Sequence[Row],
    *,
    conflict: str = "",
    returning: tuple[str, ...] = (),
) -> list[Row]:
    """Insert *rows*; with *returning* give those columns of the rows that were inserted, in order of insertion: of
    what is inserted, and the `id` that the row gets.

    *conflict* is the text of an `ON CONFLICT` clause; beside *returning* it must be `DO NOTHING`.
    """
    if not rows:
        return []
    if connection.dialect.name == "postgresql":
        statement = pg_insert(table, columns, conflict, returning)
        if returning:
            return wire.fetch(connection, statement, arrays(rows))
        wire.send(connection, statement, arrays(rows))
        return []
    found: list[Row] = []
    for chunk in chunks(rows):
        statement = _lite_insert(table, columns, len(chunk), conflict)
        number, last = wire.insert(connection, statement, [value for row in chunk for value in row])
        if returning and number:
            ids = range(last - number + 1, last + 1)
            found += _lite_made(connection, table, columns, chunk, ids=ids, returning=returning)
    return found


def _lite_made(
    connection: Connection, table: Table, columns: tuple[str, ...], rows: Sequence[Row], *, ids: range,
    returning: tuple[str, ...],
) -> list[Row]:  # fmt: skip
    """The *returning* columns of what was made of *rows*. There is one writer, and keys are plain `INTEGER PRIMARY
    KEY`: each id is one more than the last. (With AUTOINCREMENT a row that is left out would leave a gap.)"""
    if len(ids) == len(rows):
        given = {name: [row[columns.index(name)] for row in rows] for name in returning if name != "id"}
        return list(zip(*(ids if name == "id" else given[name] for name in returning), strict=True))
    names = ", ".join(returning)
    between = f"SELECT {names} FROM {table.name} WHERE id BETWEEN ? AND ? ORDER BY id"
    return wire.fetch(connection, between, (ids[0], ids[-1]))


def update(
    connection: Connection, table: Table, key: str, columns: tuple[str, ...], rows: Sequence[Row], *, where: str = ""
) -> None:
    """Set *columns* where *key* matches. Each row: the columns' values, then the key's. *where*: of `months.recent`,
    with the alias `t.`."""
    if where and rows:  # on PostgreSQL only
        wire.send(connection, _pg_update(table, key, columns) + where, arrays(rows))
        return
    several = Several(connection)
    several.update(table, key, columns, rows)
    several.run()


def delete(connection: Connection, table: Table, keys: tuple[str, ...], rows: Sequence[Row]) -> None:
    """Delete the rows whose *keys* equal one of *rows*."""
    several = Several(connection)
    several.delete(table, keys, rows)
    several.run()


class Several:
    """Changes that need nothing of each other, on different rows: on PostgreSQL all of them are one statement, for each
    costs a way there and back (docs/performance.md). Nothing is sure to be done before `run` or `ask`."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self.one = connection.dialect.name == "postgresql"
        self._statements: list[str] = []
        self._parameters: list[str] = []

    def insert(self, table: Table, columns: tuple[str, ...], rows: Sequence[Row], *, conflict: str = "") -> None:
        if not rows:
            return
        if self.one:
            self._add(pg_insert(table, columns, conflict, ()), rows)
        else:
            insert(self.connection, table, columns, rows, conflict=conflict)

    def update(self, table: Table, key: str, columns: tuple[str, ...], rows: Sequence[Row]) -> None:
        """As the function of this name."""
        if not rows:
            return
        if self.one:
            self._add(_pg_update(table, key, columns), rows)
        else:
            for chunk in chunks(rows):
                statement = _lite_update(table, key, columns, len(chunk))
                wire.send(self.connection, statement, [value for row in chunk for value in row])

    def delete(self, table: Table, keys: tuple[str, ...], rows: Sequence[Row]) -> None:
        """As the function of this name."""
        if not rows:
            return
        if self.one:
            self._add(_pg_delete(table, keys), rows)
        else:
            matches = " AND ".join(f"{key}=?" for key in keys)
            wire.send_many(self.connection, f"DELETE FROM {table.name} WHERE {matches}", rows)

    def run(self) -> None:
        if self._statements:
            last = self._statements.pop()
            wire.send(self.connection, self._with(last), self._parameters)
            self._forget()

    def ask(self, statement: str, parameters: Sequence[Any]) -> list[Row]:
        """On PostgreSQL: make the changes and run *statement*, all as one; its rows."""
        found = wire.fetch(self.connection, self._with(statement), [*self._parameters, *parameters])
        self._forget()
        return found

    def _add(self, statement: str, rows: Sequence[Row]) -> None:
        self._statements.append(statement)
        self._parameters += arrays(rows)

    def _with(self, last: str) -> str:
        named = [f"change{position} AS ({statement})" for position, statement in enumerate(self._statements)]
        if last.startswith("WITH "):
            named.append(last.removeprefix("WITH "))
            return f"WITH {', '.join(named)}"
        return f"WITH {', '.join(named)} {last}" if named else last

    def _forget(self) -> None:
        self._statements, self._parameters = [], []


def arrays(rows: Sequence[Row]) -> list[str]:
    return [wire.array(column) for column in zip(*rows, strict=True)]


def chunks(rows: Sequence[Row]) -> Iterable[Sequence[Row]]:
    """*rows* as SQLite gets them."""
    position, size = 0, CHUNK
    while position < len(rows):
        while size > len(rows) - position:
            size //= 2
        yield rows[position : position + size]
        position += size


@lru_cache(maxsize=256)
def _lite_insert(table: Table, columns: tuple[str, ...], size: int, conflict: str) -> str:
    return _finished(
        f"INSERT INTO {table.name} ({', '.join(columns)}) {_lite_values(len(columns), size)}", conflict, ()
    )


@lru_cache(maxsize=256)
def _lite_update(table: Table, key: str, columns: tuple[str, ...], size: int) -> str:
    return f"{lite_rows((*columns, key), size)} UPDATE {table.name} AS t {_assigned(key, columns, 'v')}"


def lite_rows(names: tuple[str, ...], size: int) -> str:
    """Before a statement of SQLite: *size* rows of parameters as the table `v`, as `unnest` is on PostgreSQL."""
    return f"WITH v({', '.join(names)}) AS ({_lite_values(len(names), size)})"


def _lite_values(width: int, size: int) -> str:
    one = "(" + ",".join("?" * width) + ")"
    return f"VALUES {','.join([one] * size)}"


def _assigned(key: str, columns: tuple[str, ...], rows: str) -> str:
    """*rows*: where the table `v` comes from."""
    assignments = ", ".join(f"{column}=v.{column}" for column in columns)
    return f"SET {assignments} FROM {rows} WHERE t.{key}=v.{key}"


@lru_cache(maxsize=256)
def _pg_delete(table: Table, keys: tuple[str, ...]) -> str:
    matches = " AND ".join(f"t.{key}=v.{key}" for key in keys)
    unnested = f"unnest({pg_arrays(table, keys)}) AS v({', '.join(keys)})"
    return f"DELETE FROM {table.name} t USING {unnested} WHERE {matches}"


@lru_cache(maxsize=256)
def pg_insert(table: Table, columns: tuple[str, ...], conflict: str, returning: tuple[str, ...]) -> str:
    sql = f"INSERT INTO {table.name} ({', '.join(columns)}) SELECT * FROM unnest({pg_arrays(table, columns)})"
    return _finished(sql, conflict, returning)


@lru_cache(maxsize=256)
def _pg_update(table: Table, key: str, columns: tuple[str, ...]) -> str:
    names = (*columns, key)
    rows = f"unnest({pg_arrays(table, names)}) AS v({', '.join(names)})"
    return f"UPDATE {table.name} t {_assigned(key, columns, rows)}"


def _finished(sql: str, conflict: str, returning: tuple[str, ...]) -> str:
    if conflict:
        sql += f" ON CONFLICT {conflict}"
    if returning:
        sql += f" RETURNING {', '.join(returning)}"
    return sql


def pg_arrays(table: Table, columns: tuple[str, ...]) -> str:
    return ", ".join(f"?::{_pg_type(table, column)}[]" for column in columns)


def _pg_type(table: Table, column: str) -> str:
    kind = table.c[column].type
    if isinstance(kind, BigInteger):
        return "bigint"
    if isinstance(kind, Integer):
        return "integer"
    if isinstance(kind, Boolean):
        return "boolean"
    return "text"
