"""Ends the wait for parts that do not come: what there is of such a text is answered (civic rule 19).

One process does it, by a lease; it takes the lease only when there is something to do, so that an idle one only looks.
"""

from __future__ import annotations

import asyncio
import contextlib

import structlog
from sqlalchemy import Connection

from smsbot.clock import MINUTE_MS, Clock
from smsbot.errors import StoreError
from smsbot.inbound.turns import Turns
from smsbot.store import leases, part_upkeep
from smsbot.store.database import Store

log = structlog.get_logger()

LEASE = "parts"
TERM_MS = MINUTE_MS
LOOK_S = 5.0  # added to a wait of ten minutes
AT_ONCE = 100  # texts of one round
FORGET_AT_ONCE = 500  # sets of one transaction; citizens' texts wait behind it on SQLite


class Sweeper:
    """`run()` until `stop()`. *owner* names this process among others."""

    def __init__(self, store: Store, turns: Turns, *, clock: Clock, owner: str) -> None:
        self._store = store
        self._turns = turns
        self._clock = clock
        self._owner = owner
        self._ending = asyncio.Event()

    async def run(self) -> None:
        while not self._ending.is_set():
            more = False
            try:
                more = await self.sweep()
            except StoreError as error:
                log.warning("unfinished texts cannot be looked at", reason=str(error))
            except Exception as error:
                log.exception("an unfinished text cannot be answered", error=type(error).__name__)
            if not more:
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(self._ending.wait(), LOOK_S)

    def stop(self) -> None:
        self._ending.set()

    async def sweep(self) -> bool:
        """One round; True if there is more to do at once. Raises `StoreError`."""
        expired, forgettable = await self._store.look(self._wanted)
        if not (expired or forgettable):
            return False
        fence = await self._store.run(lambda connection: self._begin(connection, forgettable))
        if fence is None:
            return False
        # As one group: a text that fails is kept for staff by the pipeline, so none is left over.
        await asyncio.gather(*(self._turns.give_up(set_id) for set_id in expired))
        await self._store.run(lambda connection: leases.release(connection, LEASE, self._owner, fence))
        return len(expired) == AT_ONCE or len(forgettable) == FORGET_AT_ONCE

    def _wanted(self, connection: Connection) -> tuple[list[int], list[int]]:
        now_ms = self._clock()
        return (
            part_upkeep.expired(connection, now_ms, AT_ONCE),
            part_upkeep.forgettable(connection, now_ms, FORGET_AT_ONCE),
        )

    def _begin(self, connection: Connection, forgettable: list[int]) -> int | None:
        """The lease's fence, or None: another process is at it."""
        fence = leases.acquire(connection, LEASE, self._owner, now_ms=self._clock(), term_ms=TERM_MS)
        if fence is not None:
            part_upkeep.forget(connection, forgettable)
        return fence
