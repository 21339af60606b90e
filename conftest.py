"""Fixtures every room shares: the same tests run on both databases."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from smsbot.store.database import Store
from smsbot.testing.databases import Postgres, postgres


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[Postgres]:
    with postgres() as server:
        yield server


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The URL of a fresh database with this version's tables, once for each of the two engines."""
    if request.param == "sqlite":
        url = f"sqlite:///{tmp_path}/smsbot.db"
        store = Store(url)
        store.upgrade()
        store.close()
        yield url
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
