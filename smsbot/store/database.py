"""Connections: one writer thread on SQLite, a small pool of writers on PostgreSQL, readers beside them.

SQLite: WAL, `synchronous=FULL` (a committed STOP must survive a power cut), `BEGIN IMMEDIATE` for whoever writes, since
a transaction that reads first and then writes fails at once with BUSY.
"""

from __future__ import annotations

import asyncio
import contextlib
import secrets
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import Connection, Engine, ExceptionContext, create_engine, event, make_url, select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.pool import ConnectionPoolEntry, NullPool

from smsbot.errors import StoreError, StoreUnavailable
from smsbot.store import migrate, months, sql, wire
from smsbot.store.address import normal, patient
from smsbot.store.checkpoint import BACKSTOP_PAGES, Checkpointer
from smsbot.store.outage import is_copy, is_outage, translated, unavailable
from smsbot.store.room import Room
from smsbot.store.tables import Meta, table
from smsbot.store.writer import Done, Job, Writer

T = TypeVar("T")

BUSY_MS = 10_000
PRIVATE = 0o600  # the file holds people's numbers and words
SQLITE_CACHE_KIB = 32 * 1024
WRITERS_POSTGRESQL = 3  # batches in flight (docs: two to four saturate one server)


class Store:
    """The database of one process. `start()` opens it, `close()` waits for what is being written.

    *key*: of the keyed hash; None takes the one kept in the database, made at the first start.
    """

    def __init__(self, url: str, *, key: bytes | None = None) -> None:
        self.url = normal(url)
        self.dialect = make_url(self.url).get_backend_name()
        self._key = key
        if self.sqlite:
            self._prepare_folder()
            self.writes = _sqlite_engine(self.url, begin="BEGIN IMMEDIATE")
            self.reads = _sqlite_engine(self.url, begin="BEGIN")
        else:
            options: dict[str, Any] = {
                "hide_parameters": True,
                "pool_pre_ping": True,
                "pool_size": 8,
                "max_overflow": 8,
                "pool_recycle": 1800,
            }
            self.writes = self.reads = create_engine(patient(self.url), **options)
            event.listen(self.writes, "handle_error", _look_for_another_server)
        self._checkpointer: Checkpointer | None = None
        self.room = Room(self.writes)
        self.writer = Writer(self.writes, threads=1 if self.sqlite else WRITERS_POSTGRESQL)

    @property
    def sqlite(self) -> bool:
        return self.dialect == "sqlite"

    def upgrade(self) -> None:
        """Bring the tables to this version. Raises `StoreError` if the database is ahead of it."""
        with self._translated():
            migrate.upgrade(self.writes)

    def check(self) -> None:
        """Raises `StoreUnavailable` if it does not answer, `StoreFull` if it has no room, `StoreError` if its tables
        are of another version."""
        with self._translated():
            migrate.check(self.reads)
            self.room.check()

    def start(self) -> None:
        """Start the writers. The tables must be of this version."""
        _ = self.key  # read now: on SQLite a job could not wait for a second writer
        with contextlib.suppress(StoreUnavailable):  # then the next pass of `months` does it
            self.write(months.secure)
        self.writer.start()
        file = make_url(self.url).database
        if self.sqlite and file:
            self._checkpointer = Checkpointer(self.reads, Path(file), aside=self.writer.aside)
            self._checkpointer.start()

    def close(self) -> None:
        self.writer.close()
        if self._checkpointer is not None:
            self._checkpointer.close()
        self.writes.dispose()
        self.reads.dispose()

    @property
    def key(self) -> bytes:
        """The key of the keyed hash of numbers; kept in the database unless the settings hold one."""
        if self._key is None:
            self._key = bytes.fromhex(self.write(_hash_key))
        return self._key

    def post(self, job: Job[Any], done: Done, *, urgent: bool = True) -> None:
        """Queue *job* as `Writer.post` does; *done* gets `StoreUnavailable` if the database could not be used, or is
        closed."""
        try:
            self._post(job, done, urgent=urgent)
        except StoreUnavailable as error:
            done(None, error)

    def _post(self, job: Job[Any], done: Done, *, urgent: bool) -> None:
        def told(result: Any, error: BaseException | None) -> None:
            if error is not None:
                self.room.note(error)
                error = translated(error)
            done(result, error)

        self.writer.post(job, told, urgent=urgent)

    async def run(self, job: Job[T], *, urgent: bool = True) -> T:
        """Run *job* in a transaction of its own on a writer thread; returns after the commit.

        Raises `StoreUnavailable` if the database did not answer. *urgent* jobs pass those that are not.
        """
        loop = asyncio.get_running_loop()
        future: asyncio.Future[T] = loop.create_future()

        def done(result: T | None, error: BaseException | None) -> None:
            loop.call_soon_threadsafe(_settle, future, result, error)

        self.post(job, done, urgent=urgent)
        return await future

    async def repeat(self, job: Job[T], again: Callable[[T], bool]) -> T:
        """Run the patient *job* over and over, each time in a transaction of its own, while *again* says so of its
        result; give the last. The next is queued on the writer's thread itself: a busy event loop does not slow it."""
        loop = asyncio.get_running_loop()
        future: asyncio.Future[T] = loop.create_future()

        def done(result: Any, error: BaseException | None) -> None:
            if error is None and not future.cancelled() and again(result):
                with contextlib.suppress(StoreUnavailable):  # the writer is being closed: this was the last one
                    self._post(job, done, urgent=False)
                    return
            loop.call_soon_threadsafe(_settle, future, result, error)

        self.post(job, done, urgent=False)
        return await future

    async def look(self, job: Job[T]) -> T:
        """Run a reading *job* in a thread."""
        return await asyncio.to_thread(self.read, job)

    def read(self, job: Job[T]) -> T:
        with self._translated(), self.reads.connect() as connection:
            return job(connection)

    def snapshot(self, job: Job[T]) -> T:
        """As `read`, and everything that *job* reads is of one moment, whatever is written meanwhile."""
        with self._translated(), self.reads.connect() as connection:
            if not self.sqlite:  # SQLite's reading transaction is one already
                connection.execution_options(isolation_level="REPEATABLE READ")
            return job(connection)

    def write(self, job: Job[T]) -> T:
        """Run *job* in a transaction on the calling thread: for commands and tests."""
        with self._translated(), self.writes.begin() as connection:
            return job(connection)

    def _translated(self) -> _Translation:
        return _Translation()

    def _prepare_folder(self) -> None:
        file = make_url(self.url).database
        if file and file != ":memory:":
            try:
                Path(file).parent.mkdir(parents=True, exist_ok=True)
                Path(file).touch(mode=PRIVATE, exist_ok=True)  # the journal beside it gets the same mode from SQLite
            except OSError as error:
                raise StoreError(f"The database {file} cannot be made: {error.strerror}.") from error


class _Translation:
    """Turns the driver's exceptions into ours at the store's edge."""

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if isinstance(error, SQLAlchemyError) and is_outage(error):
            raise unavailable(error) from error


def _look_for_another_server(context: ExceptionContext) -> None:
    """From one that is only a copy by now, the connections are given up: the address may lead elsewhere."""
    if context.sqlalchemy_exception is not None and is_copy(context.sqlalchemy_exception):
        context.is_disconnect = True


def _settle(future: asyncio.Future[T], result: T | None, error: BaseException | None) -> None:
    if future.cancelled():
        return
    if error is not None:
        future.set_exception(error)
    else:
        future.set_result(result)  # type: ignore[arg-type]  # no error: the job's own result


def _sqlite_engine(url: str, *, begin: str) -> Engine:
    engine = create_engine(
        url,
        poolclass=NullPool if ":memory:" in url else None,
        connect_args={"check_same_thread": False, "cached_statements": 512},
        hide_parameters=True,  # numbers and texts must not reach a log by way of an exception
    )

    @event.listens_for(engine, "connect")
    def _prepare(raw: Any, _record: ConnectionPoolEntry) -> None:
        raw.isolation_level = None  # we say BEGIN ourselves
        for pragma in (
            f"busy_timeout={BUSY_MS}",
            "journal_mode=WAL",
            "synchronous=FULL",
            "foreign_keys=ON",
            "temp_store=MEMORY",
            f"cache_size=-{SQLITE_CACHE_KIB}",
            "journal_size_limit=67108864",
            f"wal_autocheckpoint={BACKSTOP_PAGES}",
        ):
            raw.execute(f"PRAGMA {pragma}").close()

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        wire.send(connection, begin)

    return engine


def _hash_key(connection: Connection) -> str:
    meta = table(Meta)
    sql.alone(connection, sql.FIRST_START)
    found = connection.execute(select(meta.c.value).where(meta.c.key == "hash_key")).scalar()
    if found is not None:
        return str(found)
    made = secrets.token_hex(32)
    connection.execute(meta.insert().values(key="hash_key", value=made))
    return made


Reading = Callable[[Connection], T]
