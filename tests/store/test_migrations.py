"""From every version to this one: the tables come out as this version declares them, and what was in them stays."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from sqlmodel import SQLModel

from smsbot.errors import StoreError
from smsbot.store import migrate
from smsbot.store.database import Store
from smsbot.testing.databases import Postgres


@pytest.fixture(params=["sqlite", "postgresql"])
def empty(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    """A database without tables."""
    if request.param == "sqlite":
        store = Store(f"sqlite:///{tmp_path}/empty.db")
        yield store
        store.close()
        return
    server: Postgres = request.getfixturevalue("postgres_server")
    url = server.fresh()
    store = Store(url)
    store.write(lambda c: c.exec_driver_sql("DROP SCHEMA public CASCADE"))
    store.write(lambda c: c.exec_driver_sql("CREATE SCHEMA public"))
    yield store
    store.close()
    server.drop(url)


def step(store: Store, revision: str, *, down: bool = False) -> None:
    config = Config()
    config.set_main_option("script_location", str(migrate.SCRIPTS).replace("%", "%%"))
    with store.writes.begin() as connection:
        config.attributes["connection"] = connection
        (command.downgrade if down else command.upgrade)(config, revision)


@pytest.mark.parametrize("revision", migrate.revisions()[:-1])
def test_a_database_of_an_earlier_version_becomes_one_of_this(empty: Store, revision: str) -> None:
    step(empty, revision)
    with pytest.raises(StoreError, match="db upgrade"):
        empty.check()
    empty.write(lambda c: c.exec_driver_sql("INSERT INTO meta (key, value) VALUES ('mine', 'kept')"))
    empty.upgrade()
    empty.check()
    with empty.reads.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), SQLModel.metadata) == []
        assert connection.exec_driver_sql("SELECT value FROM meta WHERE key = 'mine'").scalar() == "kept"


def test_a_database_can_be_brought_back_to_each_earlier_version(empty: Store) -> None:
    empty.upgrade()
    for revision in reversed(migrate.revisions()[:-1]):
        step(empty, revision, down=True)
        assert migrate.current(empty.reads) == revision
    empty.upgrade()
    empty.check()
