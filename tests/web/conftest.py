"""The application over a small real composition, and keys to call it with."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from smsbot.store.database import Store
from smsbot.store.staff import Role, add_staff
from tests.web.composition import NOW_MS, Client, Composition, compose


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
def service(store: Store) -> Composition:
    return compose(store)


@pytest.fixture
async def api(service: Composition) -> AsyncIterator[Client]:
    async with Client(service) as client:
        yield client


@pytest.fixture
def keys(store: Store) -> dict[Role, str]:
    """A key for each role."""
    return {role: store.write(lambda on, role=role: add_staff(on, f"the {role}", role, NOW_MS)) for role in Role}
