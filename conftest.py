"""Fixtures every room shares: the same tests run on both databases."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from smsbot.store.database import Store
from smsbot.testing.databases import Postgres, postgres


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[Postgres]:
    with postgres() as server:
        yield server


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database file with this version's tables: copying it takes a hundredth of the time of making one."""
    file = tmp_path_factory.mktemp("template") / "smsbot.db"
    store = Store(f"sqlite:///{file}")
    store.upgrade()
    store.close()
    return file


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The URL of a fresh database with this version's tables, once for each of the two engines."""
    if request.param == "sqlite":
        template: Path = request.getfixturevalue("sqlite_template")
        shutil.copy(template, tmp_path / "smsbot.db")
        yield f"sqlite:///{tmp_path}/smsbot.db"
    else:
        server: Postgres = request.getfixturevalue("postgres_server")
        url = server.fresh()
        yield url
        server.recycle(url)


@pytest.fixture
def store(database_url: str) -> Iterator[Store]:
    opened = Store(database_url)
    opened.start()
    yield opened
    opened.close()
