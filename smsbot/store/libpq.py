"""Statements to PostgreSQL by one call of libpq each, on psycopg's connection and inside its transaction.

A cursor of psycopg sends, waits and reads in Python, and takes the interpreter's lock anew for each of them; libpq does
all of it in one call without the lock. That halves the processor time of a statement (docs/performance.md). Only what
psycopg documents is used: `pgconn`, `adapt.Transformer` and its exceptions.

psycopg forgets every prepared statement of the session, these too, after a ROLLBACK, DROP or ALTER. So this is for the
connections of `smsbot.store.writer` alone, which says when that may have happened.
"""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from functools import lru_cache
from itertools import count
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from psycopg import Connection
    from psycopg.pq.abc import PGresult

Row = tuple[Any, ...]

PREPARED_AFTER = 2  # uses: what is asked once in a while is not worth keeping
PREPARED_MOST = 256  # statements of a connection
SERVER_ENDS = b"57P"  # PostgreSQL's codes of a server or session that ends; libpq's own words about a cut have none


class Straight:
    """One connection of psycopg's, and the statements that are prepared on it.

    Placeholders are `?`; parameters are texts, integers, booleans or None, and their types follow from the statement.
    """

    def __init__(self, driver: Connection[Any]) -> None:
        from psycopg import adapt, errors, pq  # noqa: PLC0415  # a start on SQLite need not wait for it

        self._driver = driver
        self._pgconn = driver.pgconn
        self._errors = errors
        self._rows = adapt.Transformer(driver)
        self._idle = int(pq.TransactionStatus.IDLE)
        self._bad = int(pq.ConnStatus.BAD)
        self._sqlstate = pq.DiagnosticField.SQLSTATE
        self._good = (int(pq.ExecStatus.TUPLES_OK), int(pq.ExecStatus.COMMAND_OK))
        self._uses: dict[str, int] = {}
        self._prepared: dict[str, bytes] = {}
        self._serials = count(1)

    def renew(self) -> None:
        """After a rollback, by which psycopg has forgotten all that was prepared: so must the server, and we."""
        if self._pgconn.transaction_status == self._idle:
            with contextlib.suppress(self._errors.Error):  # on a connection that is being cut nothing is left anyway
                self._pgconn.exec_(b"DEALLOCATE ALL")
        self._prepared.clear()
        self._uses.clear()

    def fetch(self, statement: str, parameters: Sequence[Any]) -> list[Row]:
        """The rows that *statement* gives. Raises psycopg's exceptions."""
        result = self._run(statement, parameters)
        found = result.ntuples
        if not found:
            return []
        self._rows.set_pgresult(result)
        return self._rows.load_rows(0, found, tuple)

    def send(self, statement: str, parameters: Sequence[Any]) -> None:
        """Run *statement*, and drop the rows if it gives any. Raises psycopg's exceptions."""
        self._run(statement, parameters)

    def send_many(self, statement: str, rows: Sequence[Row]) -> None:
        """Run *statement* with each of *rows*, by psycopg. Raises its exceptions."""
        with self._driver.cursor() as cursor:
            cursor.executemany(percent(statement), rows)

    def _run(self, statement: str, parameters: Sequence[Any]) -> PGresult:
        pgconn = self._pgconn
        if pgconn.transaction_status == self._idle:
            self._begin()
        values = [self._written(value) for value in parameters]
        name = self._prepared.get(statement) or self._prepare(statement)
        if name is not None:
            return self._checked(pgconn.exec_prepared(name, values))  # type: ignore[arg-type]  # it takes None
        return self._checked(pgconn.exec_params(numbered(statement), values))

    def _begin(self) -> None:
        driver = self._driver
        if driver.autocommit:
            return
        if (driver.isolation_level, driver.read_only, driver.deferrable) == (None, None, None):
            self._checked(self._pgconn.exec_(b"BEGIN"))
        else:
            driver.execute("SELECT")  # psycopg begins it as it was told

    def _prepare(self, statement: str) -> bytes | None:
        uses = self._uses[statement] = self._uses.get(statement, 0) + 1
        if uses <= PREPARED_AFTER or len(self._prepared) >= PREPARED_MOST or self._driver.prepare_threshold is None:
            if len(self._uses) > 4 * PREPARED_MOST:
                self._uses.clear()
            return None
        name = b"smsbot_%d" % next(self._serials)
        self._checked(self._pgconn.prepare(name, numbered(statement)))
        self._prepared[statement] = name
        return name

    def _written(self, value: Any) -> bytes | None:
        if value is None:
            return None
        if isinstance(value, str):
            octets = value.encode()
            if b"\0" in octets:  # libpq would end the text there
                raise self._errors.DataError("PostgreSQL keeps no text with NUL in it")
            return octets
        if isinstance(value, bool):
            return b"t" if value else b"f"
        if isinstance(value, int):
            return b"%d" % value
        raise TypeError(f"{type(value).__name__} is no parameter of the hot path")

    def _checked(self, result: PGresult) -> PGresult:
        if result.status in self._good:
            return result
        state = result.error_field(self._sqlstate)
        if self._pgconn.status == self._bad or state is None or state.startswith(SERVER_ENDS):
            self._driver.close()  # so that everybody sees that nothing comes of it any more
            raise self._errors.OperationalError("the connection was cut")
        raise self._errors.error_from_result(result)


@lru_cache(maxsize=512)
def numbered(statement: str) -> bytes:
    """*statement* with libpq's placeholders."""
    first, *rest = statement.split("?")
    return "".join([first, *(f"${number}{piece}" for number, piece in enumerate(rest, 1))]).encode()


@lru_cache(maxsize=512)
def percent(statement: str) -> str:
    """*statement* with psycopg's placeholders."""
    return statement.replace("?", "%s")
