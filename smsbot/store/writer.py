"""The threads that write. Jobs queue here; each runs in one transaction; its caller is told after the commit."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from typing import Any, TypeVar

import structlog
from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DBAPIError

from smsbot.errors import StoreUnavailable
from smsbot.store import sql, wire

log = structlog.get_logger()

T = TypeVar("T")
Job = Callable[[Connection], T]
Done = Callable[[Any, BaseException | None], None]

RETRIES = 3
PLANS_LAST = 4_096  # transactions, after the second, the fourth, the eighth …
RETRYABLE_STATES = {"40001", "40P01", "26000", "0A000"}
"""PostgreSQL: serialization_failure, deadlock_detected; after a change of tables, invalid_sql_statement_name, where the
driver has forgotten what was prepared, and feature_not_supported, where that gives rows of the old kind."""


class Writer:
    """*threads* workers over one engine, each with a connection of its own. Urgent jobs go first."""

    def __init__(self, engine: Engine, *, threads: int) -> None:
        self._engine = engine
        self._urgent: deque[tuple[Job[Any], Done]] = deque()
        self._patient: deque[tuple[Job[Any], Done]] = deque()
        self._ready = threading.Condition()
        self._closing = False
        self._aside: Callable[[Connection], object] | None = None
        self._threads = [threading.Thread(target=self._work, name=f"writer-{n}", daemon=True) for n in range(threads)]

    def start(self) -> None:
        for thread in self._threads:
            thread.start()

    def close(self) -> None:
        """Finish what is queued, then end the threads."""
        with self._ready:
            self._closing = True
            self._ready.notify_all()
        for thread in self._threads:
            if thread.is_alive():
                thread.join()

    def post(self, job: Job[Any], done: Done, *, urgent: bool = True) -> None:
        """Queue *job*; *done* is called on the writer's thread with its result, or with the error, after the commit.

        Raises `StoreUnavailable` once the writer is closed."""
        with self._ready:
            if self._closing:
                raise StoreUnavailable("The service is ending, so nothing more is written.")
            (self._urgent if urgent else self._patient).append((job, done))
            self._ready.notify()

    def aside(self, job: Callable[[Connection], object]) -> None:
        """Have *job* run behind the next transaction, outside of any, when its caller has been told."""
        self._aside = job

    @property
    def pressed(self) -> bool:
        """Does an urgent job wait?"""
        return bool(self._urgent)

    def _work(self) -> None:
        connection: Connection | None = None
        transactions = 0
        while (item := self._next()) is not None:
            job, done = item
            try:
                if connection is None:
                    connection = self._engine.connect()
                    wire.own(connection)
                    transactions = 0
                transactions += 1
                result = self._transact(connection, _planning_anew(job) if _due(transactions) else job)
            except BaseException as error:  # handed to whoever waits for the job
                if connection is not None and not _usable(connection):
                    _part(connection)
                    connection = None
                _tell(done, None, error)
            else:
                _tell(done, result, None)
                self._do_aside(connection)
        if connection is not None:
            _part(connection)

    def _do_aside(self, connection: Connection) -> None:
        job, self._aside = self._aside, None
        if job is None:
            return
        try:
            job(connection)
        except Exception as error:
            log.warning("what was to be done between two transactions failed", error=type(error).__name__)

    def _next(self) -> tuple[Job[Any], Done] | None:
        with self._ready:
            while not (self._urgent or self._patient):
                if self._closing:
                    return None
                self._ready.wait()
            return self._urgent.popleft() if self._urgent else self._patient.popleft()

    def _transact(self, connection: Connection, job: Job[T]) -> T:
        for attempt in range(RETRIES):
            try:
                with connection.begin():
                    return job(connection)
            except DBAPIError as error:
                state = getattr(error.orig, "sqlstate", None)
                wire.renew(connection)
                if state not in RETRYABLE_STATES or attempt == RETRIES - 1:
                    raise
            except BaseException:
                wire.renew(connection)
                raise
        raise AssertionError("unreachable")


def _tell(done: Done, result: Any, error: BaseException | None) -> None:
    """Whoever cannot hear it must not end the thread: all others wait for that."""
    try:
        done(result, error)
    except Exception:
        log.exception("what came of a transaction was not heard")


def _part(connection: Connection) -> None:
    """A connection that cannot even be closed is left to itself."""
    try:
        wire.disown(connection)
        connection.close()
    except Exception as error:
        log.warning("a connection to the database did not close", error=type(error).__name__)


def _due(transactions: int) -> bool:
    return transactions & (transactions - 1) == 0 or transactions % PLANS_LAST == 0


def _planning_anew(job: Job[T]) -> Job[T]:
    """On PostgreSQL a prepared statement keeps its first plan, and one made for an empty table reads the whole of it:
    a millisecond for the thirty people of a group among two thousand. So plans are made again as tables grow."""

    def planned(connection: Connection) -> T:
        if sql.is_postgresql(connection):
            wire.send(connection, "DISCARD PLANS")
        return job(connection)

    return planned


def _usable(connection: Connection) -> bool:
    return not (connection.closed or connection.invalidated or connection.in_transaction())
