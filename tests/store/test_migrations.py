"""From every version to this one: the tables come out as this version declares them, and what was in them stays."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from sqlalchemy import Connection
from sqlalchemy.exc import IntegrityError
from sqlmodel import SQLModel

from smsbot.errors import StoreError
from smsbot.service import Service
from smsbot.settings import Settings
from smsbot.store import migrate, months, sql
from smsbot.store.database import Store
from smsbot.store.retention import Piece
from smsbot.testing.databases import Postgres

MAY_2015 = 1_431_000_000_000


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


def compared(connection: Connection) -> MigrationContext:
    """On PostgreSQL without the months, and without the keys that each of them has for itself (`test_months`)."""
    found = {part.name for table in months.TABLES for part in months.parts(connection, table)}
    aside = found | {name for name, _ in months.UNIQUE.values()} if found else set()
    opts = {"include_object": lambda _object, name, *_: name not in aside}
    return MigrationContext.configure(connection, opts=opts)


def test_several_databases_can_come_up_at_once_in_one_process(tmp_path: Path) -> None:
    stores = [Store(f"sqlite:///{tmp_path}/{n}.db") for n in range(8)]
    with ThreadPoolExecutor(len(stores)) as pool:
        list(pool.map(Store.upgrade, stores))
    for store in stores:
        store.check()
        store.close()


@pytest.mark.parametrize("revision", migrate.revisions()[:-1])
def test_a_database_of_an_earlier_version_becomes_one_of_this(empty: Store, revision: str) -> None:
    step(empty, revision)
    with pytest.raises(StoreError, match="db upgrade"):
        empty.check()
    empty.write(lambda c: c.exec_driver_sql("INSERT INTO meta (key, value) VALUES ('mine', 'kept')"))
    empty.upgrade()
    empty.check()
    with empty.reads.connect() as connection:
        assert compare_metadata(compared(connection), SQLModel.metadata) == []
        assert connection.exec_driver_sql("SELECT value FROM meta WHERE key = 'mine'").scalar() == "kept"


def test_a_database_can_be_brought_back_to_each_earlier_version(empty: Store) -> None:
    empty.upgrade()
    for revision in reversed(migrate.revisions()[:-1]):
        step(empty, revision, down=True)
        assert migrate.current(empty.reads) == revision
    empty.upgrade()
    empty.check()


def wrote(store: Store, external_id: str) -> int:
    statement = (
        "INSERT INTO inbound (channel, external_id, number, recipient, text, at_ms, intent, rule, inbox, tag)"
        " VALUES ('main', ?, '+995555000001', '', 'hello', 1, '', '', '', '') RETURNING id"
    )
    return int(store.write(lambda c: sql.run(c, statement, (external_id,)).scalar_one()))


def left(store: Store) -> int:
    statement = (
        "INSERT INTO outbox (channel, broadcast_id, parts, status, error, created_ms, attempts, forget)"
        " VALUES ('main', 0, 1, 'queued', '', 1, 0, ?) RETURNING id"
    )
    return int(store.write(lambda c: sql.run(c, statement, (False,)).scalar_one()))


@pytest.mark.parametrize("first_gone", [False, True])
def test_messages_stay_on_the_way_into_months_and_back(empty: Store, first_gone: bool) -> None:
    step(empty, "0005")
    keys = [wrote(empty, "a"), wrote(empty, "b")]
    assert [left(empty), left(empty)] == [1, 2]
    empty.upgrade()
    assert [wrote(empty, "c"), left(empty)] == [3, 3]
    for _ in range(2):
        if not empty.sqlite:
            empty.write(lambda c: months.do(c, Piece(0, 0), MAY_2015))
    keys += [3, wrote(empty, "d")]
    if first_gone and not empty.sqlite:
        empty.write(lambda c: c.exec_driver_sql("DROP TABLE inbound_first, outbox_first"))
        keys = keys[3:]
    assert keys[-1] == (4 if empty.sqlite else 2015050000000001)
    left(empty)
    step(empty, "0005", down=True)
    found = empty.read(lambda c: sql.run(c, "SELECT id FROM inbound ORDER BY id").scalars().all())
    assert list(found) == keys
    assert wrote(empty, "e") == keys[-1] + 1
    with pytest.raises(IntegrityError):
        wrote(empty, "d")
    empty.upgrade()
    assert wrote(empty, "f") > keys[-1] + 1
    assert left(empty) > 4


def command_of(store: Store, folder: Path) -> subprocess.Popen[str]:
    """`smsbot db upgrade` as a process of its own."""
    config = folder / "smsbot.toml"
    config.write_text(f'[database]\nurl = "{store.url.replace("+psycopg", "")}"\n', encoding="utf-8")
    words = [sys.executable, "-m", "smsbot", "db", "upgrade", "--config", str(config)]
    return subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


@pytest.mark.parametrize("revision", [None, migrate.revisions()[-2]])
def test_two_upgrades_at_once_are_one(empty: Store, tmp_path: Path, revision: str | None) -> None:
    """On PostgreSQL both are brought to wait for the same moment, so that neither comes too late to harm the other."""
    if revision is not None:
        step(empty, revision)
    if empty.sqlite:
        both = [command_of(empty, tmp_path) for _ in range(2)]
    else:
        with empty.writes.begin() as connection:
            sql.alone(connection, sql.UPGRADE)
            both = [command_of(empty, tmp_path) for _ in range(2)]
            waiting = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"
            while empty.read(lambda c: sql.run(c, waiting).scalar_one()) < 2:
                assert [each.poll() for each in both] == [None, None], [each.communicate() for each in both]
    said = [each.communicate(timeout=120)[0] for each in both]
    assert [each.returncode for each in both] == [0, 0], said
    empty.check()


@pytest.mark.parametrize(("revision", "says"), [(migrate.revisions()[-2], "behind this version"), ("9999", "newer")])
def test_the_product_does_not_begin_with_tables_of_another_version(
    empty: Store, tmp_path: Path, revision: str, says: str
) -> None:
    step(empty, revision) if revision in migrate.revisions() else empty.upgrade()
    empty.write(lambda c: sql.run(c, "UPDATE alembic_version SET version_num = ?", (revision,)))
    url = empty.url.replace("+psycopg", "")
    service = Service(Settings.model_validate({"database": {"url": url}}), public_url="http://here")
    try:
        if empty.sqlite and revision in migrate.revisions():
            service.prepare()  # it brings its own file to this version
            empty.check()
        else:
            with pytest.raises(StoreError, match=says):
                service.prepare()
            assert migrate.current(empty.reads) == revision
    finally:
        service.store.close()


def test_a_command_that_waited_for_a_newer_version_to_come_leaves_it_alone(empty: Store, tmp_path: Path) -> None:
    if empty.sqlite:
        empty.upgrade()
        empty.write(lambda c: sql.run(c, "UPDATE alembic_version SET version_num = '9999'"))
        late = command_of(empty, tmp_path)
    else:
        step(empty, migrate.revisions()[-2])
        with empty.writes.begin() as connection:
            sql.alone(connection, sql.UPGRADE)
            late = command_of(empty, tmp_path)
            waiting = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"
            while not empty.read(lambda c: sql.run(c, waiting).scalar_one()):
                assert late.poll() is None, late.communicate()
            sql.run(connection, "UPDATE alembic_version SET version_num = '9999'")
    said = late.communicate(timeout=120)[0]
    assert late.returncode == 1
    assert "newer version" in said
    assert migrate.current(empty.reads) == "9999"
