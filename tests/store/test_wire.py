"""Statements that pass by SQLAlchemy: the same transaction, the same errors, arrays that PostgreSQL reads back."""

from collections.abc import Iterator

import pytest
from sqlalchemy.exc import DBAPIError, IntegrityError, OperationalError

from smsbot.store import wire
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
