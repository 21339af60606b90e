"""Statements that pass by SQLAlchemy: the same transaction, the same errors, arrays that PostgreSQL reads back."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError, IntegrityError, OperationalError

from smsbot.store import sql, wire
from smsbot.store.database import Store
from smsbot.testing.databases import Postgres


@pytest.fixture
def postgres_store(postgres_server: Postgres) -> Iterator[Store]:
    url = postgres_server.fresh()
    opened = Store(url)
    yield opened
    opened.close()
    postgres_server.recycle(url)


TEXTS: list[list[str | None]] = [
    ["JOIN", "1 3"],
    ["", " ", "NULL", "null"],
    ['a "quoted" word', "back\\slash", '\\"', '"'],
    ["{1,2}", "a,b", "}", ";'--", "%s ?", "line\nbreak\ttab"],
    ["თემები", "Бюджет", "Բյուջե", "🙂"],
    [None, "after none"],
    ["before none", None],
    [None],
    [],
    ["one"],
]


@pytest.mark.parametrize("values", TEXTS)
def test_an_array_of_texts_is_read_back_as_it_was(postgres_store: Store, values: list[str | None]) -> None:
    found = postgres_store.read(lambda c: wire.fetch(c, "SELECT * FROM unnest(?::text[])", (wire.array(values),)))
    assert [value for (value,) in found] == values


@pytest.mark.parametrize(
    ("kind", "values"),
    [("bigint", [1, -1, 2**62, None]), ("integer", [None, 0]), ("boolean", [True, False, None]), ("bigint", [])],
)
def test_so_is_an_array_of_numbers_or_booleans(postgres_store: Store, kind: str, values: list[object]) -> None:
    found = postgres_store.read(lambda c: wire.fetch(c, f"SELECT * FROM unnest(?::{kind}[])", (wire.array(values),)))
    assert [value for (value,) in found] == values


def test_what_it_writes_belongs_to_the_transaction_around_it(store: Store) -> None:
    with store.writes.connect() as connection, connection.begin() as transaction:
        wire.send(connection, "INSERT INTO meta (key, value) VALUES (?, ?)", ("mine", "1"))
        assert wire.fetch(connection, "SELECT value FROM meta WHERE key = ?", ("mine",)) == [("1",)]
        transaction.rollback()
    assert store.read(lambda c: wire.fetch(c, "SELECT value FROM meta WHERE key = ?", ("mine",))) == []


def test_a_broken_rule_of_the_database_is_an_integrity_error(store: Store) -> None:
    with pytest.raises(IntegrityError), store.writes.begin() as connection:
        wire.send_many(connection, "INSERT INTO meta (key, value) VALUES (?, ?)", [("same", "1"), ("same", "2")])


def test_a_connection_that_was_cut_is_invalidated_and_the_next_one_works(postgres_store: Store) -> None:
    cut = "SELECT pg_terminate_backend(pg_backend_pid())"
    with postgres_store.writes.connect() as connection:
        with pytest.raises(OperationalError) as raised, connection.begin():
            wire.fetch(connection, cut)
        assert raised.value.connection_invalidated
        assert connection.invalidated
    with postgres_store.writes.begin() as connection:
        assert wire.fetch(connection, "SELECT 1") == [(1,)]


def test_a_failed_statement_leaves_the_connection_usable(store: Store) -> None:
    with store.writes.connect() as connection:
        with pytest.raises(DBAPIError), connection.begin():
            wire.send(connection, "SELECT * FROM nowhere")
        with connection.begin():
            assert wire.fetch(connection, "SELECT 1") == [(1,)]


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("text", ""),
        ("text", 'თემა "?" \\ %s'),
        ("bigint", -(2**62)),
        ("boolean", True),
        ("boolean", False),
        ("text", None),
    ],
)
def test_postgresql_gives_a_parameter_back_as_it_was(postgres_store: Store, kind: str, value: object) -> None:
    found = postgres_store.read(lambda c: wire.fetch(c, f"SELECT CAST(? AS {kind})", (value,)))
    assert found == [(value,)]


def test_a_text_with_nul_is_refused_and_not_cut_short(postgres_store: Store) -> None:
    with pytest.raises(DBAPIError), postgres_store.writes.begin() as connection:
        wire.send(connection, "INSERT INTO meta (key, value) VALUES (?, ?)", ("mine", "be\0fore"))


def test_a_statement_asked_often_is_prepared_and_answers_the_same(postgres_store: Store) -> None:
    with postgres_store.writes.begin() as connection:
        answers = [wire.fetch(connection, "SELECT ? + 1 AS more", (number,)) for number in range(9)]
        assert answers == [[(number + 1,)] for number in range(9)]
        prepared = wire.fetch(connection, "SELECT count(*) FROM pg_prepared_statements WHERE statement LIKE '%more%'")
        assert prepared == [(1,)]


def test_nothing_is_prepared_where_the_driver_shall_prepare_nothing(postgres_store: Store) -> None:
    """Between us and the server may stand a pool that gives each transaction another session."""
    with postgres_store.writes.begin() as connection:
        driver: Any = connection.connection.driver_connection
        driver.prepare_threshold = None
        for number in range(9):
            assert wire.fetch(connection, "SELECT ? + 1", (number,)) == [(number + 1,)]
        assert wire.fetch(connection, "SELECT count(*) FROM pg_prepared_statements") == [(0,)]


def test_a_snapshot_is_of_one_moment_for_these_statements_too(postgres_store: Store) -> None:
    count = "SELECT count(*) FROM meta"

    def look(connection: Connection) -> list[wire.Row]:
        before = wire.fetch(connection, count)
        postgres_store.write(lambda c: wire.send(c, "INSERT INTO meta (key, value) VALUES (?, ?)", ("later", "1")))
        return [*before, *wire.fetch(connection, count)]

    before, after = postgres_store.snapshot(look)
    assert before == after


def test_letters_of_an_older_server_are_sent_as_its_driver_sends_them(postgres_store: Store) -> None:
    with postgres_store.reads.connect() as connection:
        connection.exec_driver_sql("SET client_encoding TO latin1")
        assert wire.fetch(connection, "SELECT CAST(? AS text)", ("café",)) == [("café",)]


def ask(connection: Connection) -> None:
    """One statement below SQLAlchemy and one through it, often enough that both are prepared."""
    for _ in range(8):
        wire.fetch(connection, "SELECT id FROM contact WHERE number = ?", ("+995555000001",))
        sql.run(connection, "SELECT id FROM topic WHERE code = ?", ("budget",)).all()


def roll_back(store: Store) -> None:
    with store.writes.connect() as connection:
        for _ in range(2):
            with connection.begin() as transaction:
                ask(connection)
                transaction.rollback()
            with connection.begin():
                ask(connection)


def roll_back_to_a_savepoint(store: Store) -> None:
    with store.writes.begin() as connection:
        for _ in range(2):
            ask(connection)
            connection.begin_nested().rollback()
            ask(connection)


def give_it_back(store: Store) -> None:
    for _ in range(3):
        store.read(ask)


@pytest.mark.parametrize("what", [roll_back, roll_back_to_a_savepoint, give_it_back])
def test_statements_go_on_after_the_driver_has_dropped_what_was_prepared(
    postgres_store: Store, what: Callable[[Store], None]
) -> None:
    """It drops all of a connection when it rolls back, those of others as well."""
    what(postgres_store)
