"""Several processes start at the same time on a new PostgreSQL."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import Connection, select

from smsbot.compose import seed_topics
from smsbot.settings import Settings
from smsbot.store import directory
from smsbot.store.database import Store, _hash_key
from smsbot.store.tables import Meta, table
from smsbot.testing.databases import Postgres

WAITING = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"


def topics(connection: Connection) -> None:
    directory.seed(connection, seed_topics(Settings()), ())


@pytest.mark.parametrize("begin", [topics, _hash_key])
def test_who_comes_second_waits_and_finds_it_done(
    postgres_server: Postgres, begin: Callable[[Connection], object]
) -> None:
    url = postgres_server.fresh()
    store = Store(url)
    with ThreadPoolExecutor(1) as pool:
        with store.writes.begin() as first:
            begin(first)
            second = pool.submit(store.write, begin)
            while not store.read(lambda c: c.exec_driver_sql(WAITING).scalar_one()):
                assert not second.done(), "it did not wait"
        second.result(timeout=60)
    assert len(store.read(directory.topics)) == (8 if begin is topics else 0)
    keys = select(table(Meta).c.value).where(table(Meta).c.key == "hash_key")
    assert len(store.read(lambda c: c.execute(keys).all())) == (0 if begin is topics else 1)
    store.close()
    postgres_server.drop(url)
