"""What a server may do to a session in the middle of a transaction: told as what it is, and the next one works."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError

from smsbot.errors import StoreUnavailable
from smsbot.store import sql, wire
from smsbot.store.database import Store
from smsbot.store.writer import Writer
from smsbot.testing.databases import Postgres


@pytest.fixture
async def one_writer(postgres_server: Postgres) -> AsyncIterator[Store]:
    """On PostgreSQL, with one connection that has prepared statements."""
    url = postgres_server.fresh()
    store = Store(url)
    store.writer = Writer(store.writes, threads=1)
    store.start()
    for _ in range(9):
        await store.run(look)
    yield store
    store.close()
    postgres_server.recycle(url)


def look(connection: Connection) -> list[wire.Row]:
    sql.run(connection, "SELECT count(*) FROM meta")
    return wire.fetch(connection, "SELECT count(*) FROM staff WHERE name = ?", ("nobody",))


def note(connection: Connection) -> None:
    wire.send(connection, "INSERT INTO meta (key, value) VALUES (?, ?)", ("noted", "1"))


def note_by_sqlalchemy(connection: Connection) -> None:
    sql.run(connection, "INSERT INTO meta (key, value) VALUES (?, ?)", ("noted", "1"))


def raised(code: str) -> str:
    return f"DO $$ BEGIN RAISE EXCEPTION 'so it is' USING ERRCODE = '{code}'; END $$"


def left_alone(setting: str) -> Callable[[Connection, Store], None]:
    """The session ends because nobody says anything in time."""

    def happen(connection: Connection, store: Store) -> None:
        ((mine,),) = wire.fetch(connection, "SELECT pg_backend_pid()")
        wire.send(connection, f"SET LOCAL {setting} = 20")
        gone = "SELECT count(*) FROM pg_stat_activity WHERE pid = ?"
        while store.read(lambda c: wire.fetch(c, gone, (mine,))) != [(0,)]:
            time.sleep(0.01)

    return happen


def said(*statements: str) -> Callable[[Connection, Store], None]:
    def happen(connection: Connection, _store: Store) -> None:
        for statement in statements:
            wire.send(connection, statement)

    return happen


OUTAGES = {
    "an administrator ends the session": said("SELECT pg_terminate_backend(pg_backend_pid())"),
    "the transaction was idle for too long": left_alone("idle_in_transaction_session_timeout"),
    "the transaction took too long": left_alone("transaction_timeout"),
    "a statement took too long": said("SET LOCAL statement_timeout = 5", "SELECT pg_sleep(60)"),
    "a statement was cancelled": said(raised("57014")),
    "a lock is not to be had": said(raised("55P03")),
    "the disk is full": said(raised("53100")),
    "there are too many connections": said(raised("53300")),
    "memory is short": said(raised("53200")),
    "the disk cannot be read": said(raised("58030")),
    "the server has become a copy of another": said("SET TRANSACTION READ ONLY"),
}


@pytest.mark.parametrize("what", OUTAGES)
@pytest.mark.parametrize("after", [note, note_by_sqlalchemy])
async def test_an_outage_in_the_middle_is_told_as_one_and_the_next_transaction_works(
    one_writer: Store, what: str, after: Callable[[Connection], None]
) -> None:
    def job(connection: Connection) -> None:
        note(connection)
        OUTAGES[what](connection, one_writer)
        after(connection)

    with pytest.raises(StoreUnavailable):
        await one_writer.run(job)
    assert await one_writer.run(look) == [(0,)]
    await one_writer.run(note)  # so nothing of the first was kept


@pytest.mark.parametrize("code", ["54000", "22003", "23514", "42P01", "XX000"])
async def test_what_is_wrong_with_the_data_is_no_outage(one_writer: Store, code: str) -> None:
    def job(connection: Connection) -> None:
        note(connection)
        wire.send(connection, raised(code))

    with pytest.raises(DBAPIError):
        await one_writer.run(job)
    await one_writer.run(note)


@pytest.mark.parametrize("code", ["40001", "40P01", "0A000"])
async def test_what_may_work_the_second_time_is_tried_again(one_writer: Store, code: str) -> None:
    times: list[str] = []

    def job(connection: Connection) -> None:
        note(connection)
        times.append(code)
        if len(times) < 3:
            wire.send(connection, raised(code))

    await one_writer.run(job)
    assert len(times) == 3


async def test_a_column_of_another_kind_is_read_anew(one_writer: Store) -> None:
    """A release that changes a table while this one still runs: what was prepared gives rows of the old kind."""

    def value(connection: Connection) -> list[wire.Row]:
        return wire.fetch(connection, "SELECT written FROM broadcast")

    for _ in range(6):
        assert await one_writer.run(value) == []
    one_writer.write(lambda c: sql.run(c, "ALTER TABLE broadcast ALTER COLUMN written TYPE bigint"))
    assert await one_writer.run(value) == []


def test_a_session_that_may_only_read_is_given_up(postgres_server: Postgres) -> None:
    """After a failover the old server may go on as a copy: whoever keeps talking to it never writes again."""
    url = postgres_server.fresh()
    store = Store(url)
    with store.writes.connect() as connection:
        wire.own(connection)
        with connection.begin():
            wire.send(connection, "SET SESSION CHARACTERISTICS AS TRANSACTION READ ONLY")
        with pytest.raises(DBAPIError), connection.begin():
            note(connection)
        assert connection.invalidated
    store.close()
    postgres_server.recycle(url)


def test_no_free_connection_is_an_outage_too(postgres_server: Postgres) -> None:
    url = postgres_server.fresh()
    store = Store(url)
    store.writes.pool._timeout = 0.01  # type: ignore[attr-defined]  # half a minute by default
    held = [store.writes.connect() for _ in range(16)]
    with pytest.raises(StoreUnavailable):
        store.read(look)
    for connection in held:
        connection.close()
    store.close()
    postgres_server.recycle(url)


async def test_a_session_that_ends_before_the_commit_is_an_outage(one_writer: Store) -> None:
    def job(connection: Connection) -> None:
        ((mine,),) = wire.fetch(connection, "SELECT pg_backend_pid()")
        note(connection)
        one_writer.read(lambda c: wire.fetch(c, "SELECT pg_terminate_backend(?)", (mine,)))

    with pytest.raises(StoreUnavailable):
        await one_writer.run(job)
    await one_writer.run(note)


@pytest.mark.parametrize(("said", "found"), [("", "30000"), ("tcp_user_timeout=5000", "5000")])
def test_a_server_that_vanishes_without_a_word_is_not_waited_for_long(
    postgres_server: Postgres, said: str, found: str
) -> None:
    url = postgres_server.fresh()
    store = Store(url + ("&" if "?" in url else "?") + said)
    with store.reads.connect() as connection:
        driver: Any = connection.connection.driver_connection
        told = driver.info.get_parameters()
    assert (told["tcp_user_timeout"], told["keepalives_idle"]) == (found, "20")
    store.close()
    postgres_server.recycle(url)
