"""A gateway's own connection, in exactly one process: the one that has the channel's lease.

Whoever holds the lease (the dispatcher, else `Tenure`) says until when. Unless the lease was renewed, the connection is
ended some seconds before that instant; and it is ended before the lease is given back. So whoever takes the lease may
connect at once.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
import time
from collections.abc import Awaitable, Callable, Sequence

import structlog

from smsbot.clock import SECOND_MS
from smsbot.errors import GatewayError, Unavailable
from smsbot.gateways.base import Event, Link
from smsbot.outbound.bucket import Monotonic
from smsbot.outbound.retry import Random
from smsbot.outbound.watch import BEING_MADE

log = structlog.get_logger()

LINK_TERM_MS = 30 * SECOND_MS
"""Of the lease of a channel with a connection of its own: the most that the contract allows (§10, "More on sending"),
since while the database is away for less the connection stands and people's texts get a retryable answer."""
LET_GO_S = 5.0  # before the lease ends: time to part in good order
MARGIN_S = 1.0  # of it, to drop what has not parted by then
PART_MOST_S = 20.0  # for parting when this process ends and the lease is still ours
AGAIN_S = 1.0  # after a connection failed in an unforeseen way, doubling
AGAIN_MOST_S = 60.0
STEADY_S = 60.0  # a connection that lasted so long was sound: the next failure is the first
MAKING = Unavailable("", BEING_MADE)

Take = Callable[[Sequence[Event]], Awaitable[None]]
Trouble = Callable[[GatewayError | None], None]


class _Inbox:
    """What one run of the link sees. Once the run is to end, nobody asks any more how the connection is."""

    def __init__(self, take: Take, trouble: Trouble) -> None:
        self._take = take
        self._trouble = trouble
        self.ended = False

    async def take(self, events: Sequence[Event]) -> None:
        await self._take(events)

    def trouble(self, error: GatewayError | None) -> None:
        if not self.ended:
            self._trouble(error)


class LinkRunner:
    """Runs *link* from each `keep` to `lose` or `part`. *take* puts down what comes, *trouble* is told how it stands.

    *alone*: no other process can use this database, so a lease that could not be renewed is not somebody else's.
    """

    def __init__(
        self, name: str, link: Link, *, take: Take, trouble: Trouble, alone: bool = False,
        monotonic: Monotonic = time.monotonic, chance: Random = random.random,
    ) -> None:  # fmt: skip
        self._name = name
        self._link = link
        self._take = take
        self._trouble = trouble
        self._alone = alone
        self._monotonic = monotonic
        self._chance = chance
        self._until_s: float | None = None
        self._changed = asyncio.Event()
        self._parting = False
        self._failures = 0
        self._task: asyncio.Task[None] | None = None

    def keep(self, until_s: float) -> None:
        """The lease is ours until then, by the clock of this process."""
        self._until_s = until_s
        self._changed.set()
        if self._task is None and not self._parting:
            self._task = asyncio.create_task(self._run(), name=f"link {self._name}")

    def lose(self) -> None:
        """The lease is not ours, or not any more."""
        if self._until_s is not None:
            self._until_s = None
            self._trouble(MAKING)
            self._changed.set()

    async def part(self) -> None:
        """End the connection; returns when it is ended. A lease that is kept afterwards makes another."""
        self._parting = True
        self._changed.set()
        if self._task is not None:
            await asyncio.wait({self._task})
        self._until_s, self._task, self._parting = None, None, False

    @property
    def _ours(self) -> bool:
        if self._until_s is None or self._parting:
            return False
        return self._alone or self._monotonic() < self._until_s - LET_GO_S

    async def _run(self) -> None:
        while not self._parting:
            if self._ours:
                await self._connected()
            else:
                await self._wait(None)

    async def _connected(self) -> None:
        """One run of the link, for as long as the lease is ours; then a pause if it failed."""
        self._trouble(MAKING)
        inbox = _Inbox(self._take, self._trouble)
        began_s = self._monotonic()
        running = asyncio.create_task(self._link.run(inbox), name=f"connection {self._name}")
        running.add_done_callback(lambda _task: self._changed.set())
        try:
            while self._ours and not running.done():
                left_s = None if self._alone or self._until_s is None else self._until_s - LET_GO_S - self._monotonic()
                await self._wait(left_s)
        finally:
            inbox.ended = True
            failed = running.done()
            await self._end(running)
        if not failed:
            self._trouble(MAKING)
            return
        if self._monotonic() - began_s >= STEADY_S:
            self._failures = 0
        self._failures += 1
        pause_s = min(AGAIN_S * 2 ** (self._failures - 1), AGAIN_MOST_S) * (0.5 + self._chance() / 2)
        self._trouble(_failure(running, self._name))
        until_s = self._monotonic() + pause_s
        while self._ours and (left_s := until_s - self._monotonic()) > 0:
            await self._wait(left_s)

    async def _wait(self, seconds: float | None) -> None:
        """Until something changes, at most so long."""
        self._changed.clear()
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._changed.wait(), None if seconds is None else max(seconds, 0.0))

    async def _end(self, running: asyncio.Task[None]) -> None:
        """Cancel the link: once to part in good order while the lease lasts, again to drop everything."""
        left_s = PART_MOST_S
        if not self._alone:
            left_s = LET_GO_S if self._until_s is None else self._until_s - self._monotonic()
        for patience_s in (min(max(left_s - MARGIN_S, 0.0), PART_MOST_S), MARGIN_S):
            if not running.done():
                running.cancel()
                await asyncio.wait({running}, timeout=patience_s)
        if not running.done():
            log.error("a connection does not end", channel=self._name)
            await asyncio.wait({running}, timeout=PART_MOST_S if self._parting else None)


def _failure(running: asyncio.Task[None], name: str) -> Unavailable:
    """What to say of a link that ended by itself, which none should."""
    error = None if running.cancelled() else running.exception()
    kind = "it ended by itself" if error is None else type(error).__name__
    log.error("a connection failed in an unforeseen way", channel=name, kind=kind, exc_info=error)
    return Unavailable("", f"The connection failed in an unforeseen way ({kind}); it is made again.")
