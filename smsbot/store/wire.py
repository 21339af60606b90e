"""Statements of the hot path: below SQLAlchemy, inside its transaction.

SQLAlchemy's part of a statement (context, result, row objects) costs five times what the driver's does, some ten times
a group of turns. What it does for safety is kept: errors come as its exceptions, without parameters, and a connection
that was cut is invalidated. Statements are written with `?`; rows are plain tuples.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Protocol

from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError

from smsbot.store.libpq import Straight, percent
from smsbot.store.outage import is_copy

Row = tuple[Any, ...]

_LINK = "smsbot.link"
"""Under this name a connection keeps what its statements go through."""


def own(connection: Connection) -> None:
    """*connection* is one thread's from now on: on PostgreSQL its statements take the shorter way (`store.libpq`)."""
    if connection.dialect.name == "postgresql":
        driver: Any = connection.connection.driver_connection
        if driver.info.encoding == "utf-8":
            connection.info[_LINK] = Straight(driver)


def renew(connection: Connection) -> None:
    """After a rollback: what was prepared on a connection of one's own may be gone."""
    link = None if connection.closed or connection.invalidated else connection.info.get(_LINK)
    if isinstance(link, Straight):
        link.renew()


def disown(connection: Connection) -> None:
    """It goes back to those that anybody may use."""
    if not (connection.closed or connection.invalidated):
        connection.info.pop(_LINK, None)


class _Link(Protocol):
    def fetch(self, statement: str, parameters: Sequence[Any]) -> list[Row]: ...

    def send(self, statement: str, parameters: Sequence[Any]) -> None: ...

    def send_many(self, statement: str, rows: Sequence[Row]) -> None: ...


class _Cursor:
    """One cursor of the driver's for all statements: each is read to its end at once, and a new one costs half a
    statement more."""

    def __init__(self, cursor: Any, *, percents: bool) -> None:
        self._cursor = cursor
        self._percents = percents

    def fetch(self, statement: str, parameters: Sequence[Any]) -> list[Row]:
        text = percent(statement) if self._percents else statement
        return self._cursor.execute(text, parameters).fetchall()  # type: ignore[no-any-return]  # the driver says Any

    def send(self, statement: str, parameters: Sequence[Any]) -> None:
        self._cursor.execute(percent(statement) if self._percents else statement, parameters)

    def send_many(self, statement: str, rows: Sequence[Row]) -> None:
        self._cursor.executemany(percent(statement) if self._percents else statement, rows)

    def insert(self, statement: str, parameters: Sequence[Any]) -> tuple[int, int]:
        """Only on SQLite: PostgreSQL's driver knows no id of the last row."""
        self._cursor.execute(statement, parameters)
        return self._cursor.rowcount, self._cursor.lastrowid


def fetch(connection: Connection, statement: str, parameters: Sequence[Any] = ()) -> list[Row]:
    """The rows that *statement* gives. Raises `DBAPIError`."""
    try:
        return _link(connection).fetch(statement, parameters)
    except connection.dialect.loaded_dbapi.Error as error:
        raise _wrapped(connection, statement, error) from error


def send(connection: Connection, statement: str, parameters: Sequence[Any] = ()) -> None:
    """Run *statement*, whose rows, if it gives any, nobody wants. Raises `DBAPIError`."""
    try:
        _link(connection).send(statement, parameters)
    except connection.dialect.loaded_dbapi.Error as error:
        raise _wrapped(connection, statement, error) from error


def send_many(connection: Connection, statement: str, rows: Sequence[Row]) -> None:
    """Run *statement* with each of *rows*. Raises `DBAPIError`."""
    try:
        _link(connection).send_many(statement, rows)
    except connection.dialect.loaded_dbapi.Error as error:
        raise _wrapped(connection, statement, error) from error


def insert(connection: Connection, statement: str, parameters: Sequence[Any]) -> tuple[int, int]:
    """Run *statement*, an INSERT on SQLite: how many rows it made, and the id of the last. Raises `DBAPIError`."""
    link = _link(connection)
    assert isinstance(link, _Cursor)
    try:
        return link.insert(statement, parameters)
    except connection.dialect.loaded_dbapi.Error as error:
        raise _wrapped(connection, statement, error) from error


def array(values: Iterable[Any]) -> str:
    """*values* as PostgreSQL writes an array: numbers, texts, booleans or None.

    One text instead of a list: psycopg looks at each element several times, in Python, at twenty times the cost.
    """
    listed = list(values)
    if listed and isinstance(listed[0], str):
        try:
            plain = '","'.join(listed)
        except TypeError:  # None among them
            return "{" + ",".join([_quoted(value) for value in listed]) + "}"
        if "\\" in plain or plain.count('"') != 2 * (len(listed) - 1):
            return "{" + ",".join([_quoted(value) for value in listed]) + "}"
        return '{"' + plain + '"}'
    written = str(listed)
    if not any(mark in written for mark in "'\"<"):  # nothing but numbers, booleans and None
        return "{" + written[1:-1].replace("None", "NULL") + "}"
    return "{" + ",".join([_quoted(value) for value in listed]) + "}"


def _quoted(value: Any) -> str:
    if value is None:
        return "NULL"
    if isinstance(value, str):
        return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'
    return str(value)


def _link(connection: Connection) -> _Link:
    info = connection.info
    link: _Link | None = info.get(_LINK)
    if link is None:
        percents = connection.dialect.name == "postgresql"
        link = info[_LINK] = _Cursor(connection.connection.cursor(), percents=percents)
    return link


def _wrapped(connection: Connection, statement: str, error: Exception) -> DBAPIError:
    """*error* as SQLAlchemy would raise it; its connection is given up if it was cut."""
    dialect = connection.dialect
    cut = is_copy(error) or dialect.is_disconnect(error, connection.connection.dbapi_connection, None)  # type: ignore[arg-type]
    made = DBAPIError.instance(
        statement, None, error, dialect.loaded_dbapi.Error, hide_parameters=True, connection_invalidated=cut,
        dialect=dialect,
    )  # fmt: skip
    if cut:
        connection.invalidate(error)
    assert isinstance(made, DBAPIError)
    return made
