"""How many requests may be unanswered at once; who comes first is served first."""

from __future__ import annotations

import asyncio
from collections import deque


class Window:
    """`asyncio.Semaphore` with an end: those who wait for a place are told when there will be none."""

    def __init__(self, loop: asyncio.AbstractEventLoop, places: int) -> None:
        self._loop = loop
        self._free = places
        self._waiters: deque[asyncio.Future[None]] = deque()

    def take(self) -> bool:
        """A place at once, unless there is none or others wait for one."""
        if self._free > 0 and not self._waiters:
            self._free -= 1
            return True
        return False

    async def wait(self) -> None:
        """Returns with a place. Raises what `shut` was given."""
        waiter: asyncio.Future[None] = self._loop.create_future()
        self._waiters.append(waiter)
        try:
            await waiter
        except asyncio.CancelledError:
            if waiter.done() and not waiter.cancelled() and waiter.exception() is None:
                self.give_back()  # it had been given already
            raise

    def give_back(self) -> None:
        """A place is free again."""
        while self._waiters:
            waiter = self._waiters.popleft()
            if not waiter.done():
                waiter.set_result(None)
                return
        self._free += 1

    def shut(self, error: Exception) -> None:
        """There will be no place any more."""
        waiters, self._waiters = self._waiters, deque()
        for waiter in waiters:
            if not waiter.done():
                waiter.set_exception(error)
                waiter.exception()  # whoever waits may have been cancelled in the same moment
