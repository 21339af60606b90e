"""Keeps nothing longer than the settings say: texts, numbers, the ledger's words, open questions, quiet numbers; and
begins the months of PostgreSQL.

Under a lease, so that one process does it, in small transactions behind every citizen's turn. What there is to do is
looked for by a reading connection: an idle process only looks.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Sequence

import structlog
from sqlalchemy import Connection

from smsbot.clock import MINUTE_MS, Clock
from smsbot.errors import StoreError
from smsbot.settings import Retention
from smsbot.store import bygone, leap, leases, months, quiet, retention
from smsbot.store.database import Store
from smsbot.store.retention import Piece, Step

log = structlog.get_logger()

LEASE = "retention"
TERM_MS = 5 * MINUTE_MS
FIRST_S = 300.0  # a start has other things to do, and who starts again and again has trouble enough
LOOK_S = 600.0  # everything here is due to the day
PAUSE_S = 0.02  # between pieces, so that the disk is not ours alone for an hour after an update
LASTING: Sequence[Step] = (months.MONTHS,)
"""What erases nothing."""
STEPS: Sequence[Step] = (*retention.STEPS, quiet.PEOPLE, *bygone.STEPS, *LASTING)


class Custodian:
    """`run()` until `stop()`. *owner* names this process among others."""

    def __init__(
        self, store: Store, kept: Retention, *, clock: Clock, owner: str, first_s: float = FIRST_S
    ) -> None:  # fmt: skip
        self._store = store
        self._kept = kept
        self._clock = clock
        self._owner = owner
        self._first_s = first_s
        self._ending = asyncio.Event()

    async def run(self) -> None:
        wait_s = self._first_s
        while not await self._ends_within(wait_s):
            more = False
            try:
                more = await self.round()
            except StoreError as error:
                log.warning("what is no longer needed cannot be looked for", reason=str(error))
            except Exception as error:
                log.exception("what is no longer needed cannot be erased", error=type(error).__name__)
            wait_s = PAUSE_S if more else LOOK_S

    async def _ends_within(self, wait_s: float) -> bool:
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._ending.wait(), wait_s)
        return self._ending.is_set()

    def stop(self) -> None:
        self._ending.set()

    async def round(self) -> bool:
        """One piece of each kind; True if there is more to do at once. A kind that fails keeps no other from going.
        Raises `StoreError`."""
        more = False
        fence: int | None = None
        for step in STEPS if await self._believed() else LASTING:
            if self._ending.is_set():
                break
            try:
                piece = await self._store.look(lambda c, step=step: step.find(c, self._kept, self._clock()))  # type: ignore[misc]  # mypy cannot infer a default's type
                if piece is None:
                    continue
                fence, done = await self._do(step, piece)
            except StoreError:
                raise
            except Exception as error:
                log.exception("what is no longer needed cannot be erased", what=step.name, error=type(error).__name__)
                continue
            if fence is None:
                return False  # another process is at it
            more = more or piece.more
            if done:
                log.info("what was no longer needed is gone", what=step.name, rows=done)
        if fence is not None:
            held = fence
            await self._store.run(lambda c: leases.release(c, LEASE, self._owner, held), urgent=False)
        return more

    async def _believed(self) -> bool:
        now_ms = self._clock()
        if await self._store.look(lambda c: leap.unknown(c, now_ms)) and not await self._store.run(
            lambda c: leap.note(c, now_ms), urgent=False
        ):
            log.warning("the clock is more than a day later than when it was last looked at: nothing is erased today")
        return await self._store.look(lambda c: leap.believed(c, now_ms))

    async def _do(self, step: Step, piece: Piece) -> tuple[int | None, int]:
        """The lease's fence and how many rows changed. Whoever does a piece holds the lease in that transaction."""

        def job(connection: Connection) -> tuple[int | None, int]:
            now_ms = self._clock()
            fence = leases.acquire(connection, LEASE, self._owner, now_ms=now_ms, term_ms=TERM_MS)
            return fence, 0 if fence is None else step.do(connection, piece, now_ms)

        return await self._store.run(job, urgent=False)
