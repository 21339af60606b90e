"""A disk that is full is told in a sentence, refused with a status that makes gateways try again, and forgotten when
there is room."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from sqlalchemy import Connection, event

from smsbot.errors import StoreFull
from smsbot.store import sql
from smsbot.store.database import Store
from smsbot.store.outage import FULL
from smsbot.store.room import REPEATED_S, Room
from tests.web.composition import Client, Composition, compose, is_problem

pytestmark = pytest.mark.anyio
NO_ROOM = (
    "CREATE FUNCTION no_room() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
    " RAISE EXCEPTION 'could not extend file: No space left on device' USING ERRCODE = 'disk_full'; END $$",
    "CREATE TRIGGER no_room BEFORE INSERT ON meta FOR EACH STATEMENT EXECUTE FUNCTION no_room()",
)


class Moment:
    def __init__(self) -> None:
        self.now = 1_000.0

    def __call__(self) -> float:
        return self.now


@contextmanager
def full(store: Store) -> Iterator[None]:
    """The database gets no further page. SQLite refuses it by its own bound; PostgreSQL raises what it does when the
    disk refuses it."""
    if not store.sqlite:
        for statement in NO_ROOM:
            store.write(lambda c, statement=statement: c.exec_driver_sql(statement))
        try:
            yield
        finally:
            store.write(lambda c: c.exec_driver_sql("DROP FUNCTION no_room CASCADE"))
        return
    bounded = [True]

    def begun(connection: Connection) -> None:
        most = 1 if bounded[0] else 1_073_741_823  # 1: as many as there are; else SQLite's default
        connection.exec_driver_sql(f"PRAGMA max_page_count = {most}")

    event.listen(store.writes, "begin", begun)
    yield
    bounded[0] = False


def keep(connection: Connection) -> None:
    sql.run(connection, "INSERT INTO meta (key, value) VALUES ('kept', ?)", ("x" * 20_000,))


def kept(store: Store) -> Any:
    return store.read(lambda c: sql.run(c, "SELECT count(*) FROM meta WHERE key = 'kept'").scalar_one())


@pytest.fixture
def service(store: Store) -> Composition:
    return compose(store)


async def test_a_full_disk_is_told_and_forgotten_when_there_is_room(store: Store, service: Composition) -> None:
    moment = Moment()
    store.room = Room(store.writes, monotonic=moment)
    async with Client(service, key=None) as client:
        assert (await client.get("/readyz")).status_code == 200
        with full(store):
            with pytest.raises(StoreFull):
                await store.run(keep)
            assert is_problem(await client.get("/readyz"), 503)["detail"] == FULL
            moment.now += REPEATED_S
            assert is_problem(await client.get("/readyz"), 503)["detail"] == FULL  # by a try of its own
        assert is_problem(await client.get("/readyz"), 503)["detail"] == FULL  # until that is some seconds ago
        moment.now += REPEATED_S
        assert (await client.get("/readyz")).status_code == 200
    assert kept(store) == 0
    await store.run(keep)
    assert kept(store) == 1
    assert store.read(lambda c: sql.run(c, "SELECT count(*) FROM meta WHERE key = 'room'").scalar_one()) == 0


async def test_whatever_kind_of_write_finds_no_room_says_so(store: Store, service: Composition) -> None:
    with full(store):
        with pytest.raises(StoreFull):
            service.store.write(keep)
        with pytest.raises(StoreFull):
            await service.store.repeat(keep, lambda _done: False)
        with pytest.raises(StoreFull):
            store.check()
