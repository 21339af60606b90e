"""Many rows in few statements, written once for both databases.

SQLite gets multi-row `VALUES` (one step of the engine for many rows, and the interpreter's lock is free meanwhile) or
`executemany`; PostgreSQL gets one statement over `unnest`ed arrays, whatever the number of rows (ten times the rate of
a statement a row).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Any

from sqlalchemy import BigInteger, Boolean, Connection, Integer, Table

Row = tuple[Any, ...]

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
    """Insert *rows*; with *returning* give those columns of the rows that were inserted, in order of insertion.

    *conflict* is the text of an `ON CONFLICT` clause.
    """
    if not rows:
        return []
    if connection.dialect.name == "postgresql":
        sql = _pg_insert(table, columns, conflict, returning)
        result = connection.exec_driver_sql(sql, tuple(list(column) for column in zip(*rows, strict=True)))
        return [tuple(row) for row in result] if returning else []
    if not returning:
        connection.exec_driver_sql(_lite_insert(table, columns, 1, conflict, ()), list(rows))
        return []
    found: list[Row] = []
    for chunk in _chunks(rows):
        sql = _lite_insert(table, columns, len(chunk), conflict, returning)
        result = connection.exec_driver_sql(sql, tuple(value for row in chunk for value in row))
        found.extend(tuple(row) for row in result)
    return found


def update(connection: Connection, table: Table, key: str, columns: tuple[str, ...], rows: Sequence[Row]) -> None:
    """Set *columns* where *key* matches. Each row: the columns' values, then the key's."""
    if not rows:
        return
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql(
            _pg_update(table, key, columns), tuple(list(column) for column in zip(*rows, strict=True))
        )
    else:
        assignments = ", ".join(f"{column}=?" for column in columns)
        connection.exec_driver_sql(f"UPDATE {table.name} SET {assignments} WHERE {key}=?", list(rows))


def delete(connection: Connection, table: Table, keys: tuple[str, ...], rows: Sequence[Row]) -> None:
    """Delete the rows whose *keys* equal one of *rows*."""
    if not rows:
        return
    if connection.dialect.name == "postgresql":
        arrays = ", ".join(f"%s::{_pg_type(table, key)}[]" for key in keys)
        names = ", ".join(keys)
        matches = " AND ".join(f"t.{key}=v.{key}" for key in keys)
        sql = f"DELETE FROM {table.name} t USING unnest({arrays}) AS v({names}) WHERE {matches}"
        connection.exec_driver_sql(sql, tuple(list(column) for column in zip(*rows, strict=True)))
    else:
        matches = " AND ".join(f"{key}=?" for key in keys)
        connection.exec_driver_sql(f"DELETE FROM {table.name} WHERE {matches}", list(rows))


def _chunks(rows: Sequence[Row]) -> Iterable[Sequence[Row]]:
    position, size = 0, CHUNK
    while position < len(rows):
        while size > len(rows) - position:
            size //= 2
        yield rows[position : position + size]
        position += size


@lru_cache(maxsize=256)
def _lite_insert(table: Table, columns: tuple[str, ...], size: int, conflict: str, returning: tuple[str, ...]) -> str:
    one = "(" + ",".join("?" * len(columns)) + ")"
    sql = f"INSERT INTO {table.name} ({', '.join(columns)}) VALUES {','.join([one] * size)}"
    return _finished(sql, conflict, returning)


@lru_cache(maxsize=256)
def _pg_insert(table: Table, columns: tuple[str, ...], conflict: str, returning: tuple[str, ...]) -> str:
    arrays = ", ".join(f"%s::{_pg_type(table, column)}[]" for column in columns)
    sql = f"INSERT INTO {table.name} ({', '.join(columns)}) SELECT * FROM unnest({arrays})"
    return _finished(sql, conflict, returning)


@lru_cache(maxsize=256)
def _pg_update(table: Table, key: str, columns: tuple[str, ...]) -> str:
    arrays = ", ".join(f"%s::{_pg_type(table, column)}[]" for column in (*columns, key))
    assignments = ", ".join(f"{column}=v.{column}" for column in columns)
    return (
        f"UPDATE {table.name} t SET {assignments} "
        f"FROM unnest({arrays}) AS v({', '.join((*columns, key))}) WHERE t.{key}=v.{key}"
    )


def _finished(sql: str, conflict: str, returning: tuple[str, ...]) -> str:
    if conflict:
        sql += f" ON CONFLICT {conflict}"
    if returning:
        sql += f" RETURNING {', '.join(returning)}"
    return sql


def _pg_type(table: Table, column: str) -> str:
    kind = table.c[column].type
    if isinstance(kind, BigInteger):
        return "bigint"
    if isinstance(kind, Integer):
        return "integer"
    if isinstance(kind, Boolean):
        return "boolean"
    return "text"
