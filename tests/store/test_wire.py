"""Statements that pass by SQLAlchemy: the same transaction, the same errors, arrays that PostgreSQL reads back."""

from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import Connection, event
from sqlalchemy.exc import DBAPIError, IntegrityError, OperationalError

from smsbot.store import wire
from smsbot.store.database import Store
from smsbot.testing.databases import Postgres


@pytest.fixture(params=["anybody's", "a writer's"])
def postgres_store(request: pytest.FixtureRequest, postgres_server: Postgres) -> Iterator[Store]:
    """Whose connections are as they come, or as the writer's threads have them."""
    url = postgres_server.fresh()
    opened = Store(url)
    if request.param == "a writer's":
        event.listen(opened.writes, "begin", wire.own)
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
        wire.own(connection)
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
    url = postgres_store.url + ("&" if "?" in postgres_store.url else "?") + "client_encoding=latin1"
    older = Store(url)
    with older.writes.begin() as connection:
        wire.own(connection)
        assert wire.fetch(connection, "SHOW client_encoding") == [("LATIN1",)]
        assert wire.fetch(connection, "SELECT CAST(? AS text)", ("café",)) == [("café",)]
    older.close()


def test_a_connection_that_was_cut_between_two_statements_is_told_as_cut(postgres_store: Store) -> None:
    with postgres_store.writes.connect() as connection:
        wire.own(connection)
        ((pid,),) = wire.fetch(connection, "SELECT pg_backend_pid()")
        connection.commit()
        postgres_store.write(lambda other: wire.fetch(other, "SELECT pg_terminate_backend(?)", (pid,)))
        with pytest.raises(OperationalError) as caught:
            wire.fetch(connection, "SELECT 1")
    assert caught.value.connection_invalidated
