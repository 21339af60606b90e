"""Statements of the hot path: the driver's own cursor, inside SQLAlchemy's transaction.

SQLAlchemy's part of a statement (context, result, row objects) costs five times what the driver's does, some fifteen
times a group of turns. What it does for safety is kept: errors come as its exceptions, without parameters, and a
connection that was cut is invalidated. Statements are written with `?`; rows are plain tuples.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Any

from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError

Row = tuple[Any, ...]

_CURSOR = "smsbot.cursor"
"""Under this name a connection keeps one cursor: each is read to its end at once, and a new one costs half a statement
more."""


def fetch(connection: Connection, statement: str, parameters: Sequence[Any] = ()) -> list[Row]:
    """The rows that *statement* gives. Raises `DBAPIError`."""
    cursor, text = _ready(connection, statement)
    try:
        return cursor.execute(text, parameters).fetchall()  # type: ignore[no-any-return]  # the driver says Any
    except connection.dialect.loaded_dbapi.Error as error:
        raise _wrapped(connection, statement, error) from error


def send(connection: Connection, statement: str, parameters: Sequence[Any] = ()) -> None:
    """Run *statement*, which gives no rows. Raises `DBAPIError`."""
    cursor, text = _ready(connection, statement)
    try:
        cursor.execute(text, parameters)
    except connection.dialect.loaded_dbapi.Error as error:
        raise _wrapped(connection, statement, error) from error


def send_many(connection: Connection, statement: str, rows: Sequence[Row]) -> None:
    """Run *statement* with each of *rows*. Raises `DBAPIError`."""
    cursor, text = _ready(connection, statement)
    try:
        cursor.executemany(text, rows)
    except connection.dialect.loaded_dbapi.Error as error:
        raise _wrapped(connection, statement, error) from error


def array(values: Iterable[Any]) -> str:
    """*values* as PostgreSQL writes an array: numbers, texts, booleans or None.

    One text instead of a list: psycopg looks at each element several times, in Python, at twenty times the cost.
    """
    listed = values if isinstance(values, list | tuple) else list(values)
    if listed and isinstance(listed[0], str):
        try:
            plain = '","'.join(listed)
        except TypeError:  # None among them
            return "{" + ",".join([_quoted(value) for value in listed]) + "}"
        if "\\" in plain or plain.count('"') != 2 * (len(listed) - 1):
            return "{" + ",".join([_quoted(value) for value in listed]) + "}"
        return '{"' + plain + '"}'
    return "{" + ",".join([_quoted(value) for value in listed]) + "}"


def _quoted(value: Any) -> str:
    if value is None:
        return "NULL"
    if isinstance(value, str):
        return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'
    return str(value)


def _ready(connection: Connection, statement: str) -> tuple[Any, str]:
    info = connection.info
    cursor = info.get(_CURSOR)
    if cursor is None:
        cursor = info[_CURSOR] = connection.connection.cursor()
    if connection.dialect.name == "postgresql":
        return cursor, percent(statement)
    return cursor, statement


def _wrapped(connection: Connection, statement: str, error: Exception) -> DBAPIError:
    """*error* as SQLAlchemy would raise it; its connection is given up if it was cut."""
    dialect = connection.dialect
    cut = dialect.is_disconnect(error, connection.connection.dbapi_connection, None)  # type: ignore[arg-type]
    made = DBAPIError.instance(
        statement, None, error, dialect.loaded_dbapi.Error, hide_parameters=True, connection_invalidated=cut,
        dialect=dialect,
    )  # fmt: skip
    if cut:
        connection.invalidate(error)
    assert isinstance(made, DBAPIError)
    return made


@lru_cache(maxsize=512)
def percent(statement: str) -> str:
    """*statement* with psycopg's placeholders."""
    return statement.replace("?", "%s")
