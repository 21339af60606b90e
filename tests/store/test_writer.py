"""What the writer's threads do beside running jobs."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator

import pytest
from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from smsbot.errors import StoreUnavailable
from smsbot.store import bulk, sql, wire
from smsbot.store.contacts import CONTACT
from smsbot.store.database import Store
from smsbot.store.writer import Writer
from smsbot.testing.databases import Postgres
from smsbot.testing.population import populate

CHANGED = [("active", n) for n in range(1, 17)]


async def test_a_plan_made_for_an_empty_table_is_made_again_when_the_table_has_grown(postgres_server: Postgres) -> None:
    url = postgres_server.fresh()
    store = Store(url)
    store.writer = Writer(store.writes, threads=1)
    store.start()

    def change(connection: Connection) -> None:
        bulk.update(connection, CONTACT, "id", ("state",), CHANGED)

    def plan(connection: Connection) -> str:
        change(connection)
        asked = "SELECT name FROM pg_prepared_statements WHERE statement LIKE ?"
        ((name,),) = wire.fetch(connection, asked, ("UPDATE contact %",))
        return " ".join(line for (line,) in wire.fetch(connection, f"EXPLAIN EXECUTE {name}('{{x}}', '{{1}}')"))

    try:
        for _ in range(11):  # prepared after two, and PostgreSQL keeps a plan after five more
            await store.run(change)
        assert "Seq Scan" in await store.run(plan)
        await store.run(lambda c: populate(c, 3_000))
        assert "Seq Scan" in await store.run(plan)  # the fourteenth transaction of this connection
        await store.run(change)
        assert "Seq Scan" not in await store.run(plan)  # the sixteenth
    finally:
        store.close()
        postgres_server.recycle(url)


@pytest.fixture
async def one_writer(postgres_server: Postgres) -> AsyncIterator[Store]:
    """On PostgreSQL, with one connection that has prepared statements of ours and of the driver's."""
    url = postgres_server.fresh()
    store = Store(url)
    store.writer = Writer(store.writes, threads=1)
    store.start()
    for _ in range(9):
        await store.run(both)
    yield store
    store.close()
    postgres_server.recycle(url)


def both(connection: Connection) -> list[wire.Row]:
    sql.run(connection, "SELECT count(*) FROM meta")
    return wire.fetch(connection, "SELECT count(*) FROM staff WHERE name = ?", ("nobody",))


@pytest.mark.parametrize(
    "ending",
    [
        "SELECT 1 / 0",
        "CREATE TEMPORARY TABLE passing (id int); DROP TABLE passing",
        "DISCARD PLANS",
        "DEALLOCATE ALL",
        "SAVEPOINT here; ROLLBACK TO SAVEPOINT here",
    ],
)
async def test_what_was_prepared_may_be_forgotten_by_the_driver_or_the_server(one_writer: Store, ending: str) -> None:
    def job(connection: Connection) -> None:
        for statement in ending.split(";"):
            sql.run(connection, statement)

    with contextlib.suppress(DBAPIError):
        await one_writer.run(job)
    for _ in range(4):
        assert await one_writer.run(both) == [(0,)]


async def test_a_job_that_fails_by_itself_leaves_a_connection_that_works(one_writer: Store) -> None:
    def job(connection: Connection) -> None:
        both(connection)
        raise LookupError

    with pytest.raises(LookupError):
        await one_writer.run(job)
    assert await one_writer.run(both) == [(0,)]


async def test_a_writers_connection_is_an_ordinary_one_again_when_it_ends(one_writer: Store) -> None:
    one_writer.writer.close()
    for _ in range(9):
        assert one_writer.write(both) == [(0,)]


async def test_a_thread_that_writes_outlives_whoever_cannot_hear_it(one_writer: Store) -> None:
    def deaf(_result: object, _error: BaseException | None) -> None:
        raise LookupError

    one_writer.writer.post(both, deaf)
    assert await one_writer.run(both) == [(0,)]


async def test_a_thread_that_writes_outlives_a_connection_that_does_not_close(one_writer: Store) -> None:
    def job(connection: Connection) -> None:
        def close() -> None:
            raise OSError

        connection.close = close  # type: ignore[method-assign]
        connection.invalidate()
        both(connection)

    with pytest.raises(SQLAlchemyError):
        await one_writer.run(job)
    assert await one_writer.run(both) == [(0,)]


async def test_what_comes_after_the_end_is_told_that_nothing_is_written(one_writer: Store) -> None:
    one_writer.writer.close()
    with pytest.raises(StoreUnavailable):
        await one_writer.run(both)


async def test_what_is_to_be_done_aside_is_done_outside_of_any_transaction_and_ends_no_thread(store: Store) -> None:
    found: list[bool] = []

    def aside(connection: Connection) -> None:
        found.append(connection.in_transaction())
        raise RuntimeError("it fails")

    store.writer.aside(aside)
    for _ in range(3):  # it comes behind the first, when that one's caller has been told, and once
        await store.run(lambda c: sql.run(c, "SELECT 1"))
    assert found == [False]
