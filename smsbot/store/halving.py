"""Many things done as one: where that fails in a way that nobody foresaw, those at fault are found by halves."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar

from smsbot.errors import StoreError

T = TypeVar("T")
R = TypeVar("R")


async def by_halves(
    items: Sequence[T], work: Callable[[Sequence[T]], Awaitable[R]]
) -> tuple[list[R], list[tuple[T, Exception]]]:
    """Do *work* with all of *items*, in as few pieces as go well; what it gave, and the items it fails over with why.
    Raises `StoreError`."""
    if not items:
        return [], []
    try:
        return [await work(items)], []
    except StoreError:
        raise
    except Exception as error:
        if len(items) == 1:
            return [], [(items[0], error)]
    middle = len(items) // 2
    done, failed = await by_halves(items[:middle], work)
    more, others = await by_halves(items[middle:], work)
    return done + more, failed + others
