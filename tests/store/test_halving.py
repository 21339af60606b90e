from __future__ import annotations

from collections.abc import Sequence

import pytest

from smsbot.errors import StoreUnavailable
from smsbot.store.halving import by_halves


async def test_what_fails_is_found_by_halves() -> None:
    asked: list[int] = []

    async def work(items: Sequence[int]) -> int:
        asked.append(len(items))
        if 5 in items:
            raise LookupError
        return sum(items)

    done, failed = await by_halves(range(8), work)
    assert sum(done) == sum(range(8)) - 5
    assert [item for item, _ in failed] == [5]
    assert asked == [8, 4, 4, 2, 1, 1, 2]


async def test_a_database_that_is_away_is_nobodys_fault() -> None:
    async def work(_items: Sequence[int]) -> None:
        raise StoreUnavailable("away")

    with pytest.raises(StoreUnavailable):
        await by_halves([1, 2], work)
