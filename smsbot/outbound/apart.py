"""When a transaction fails in a way that nobody foresaw, all that belongs to others goes on: what it fails over is
found by halves and ends by itself, with a line in the log."""

from __future__ import annotations

import contextlib
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import structlog
from sqlalchemy import Connection

from smsbot.clock import Clock
from smsbot.errors import StaffError, StoreError
from smsbot.outbound.bucket import Monotonic
from smsbot.status import Status
from smsbot.store import outbox, steering, stuck
from smsbot.store.database import Store
from smsbot.store.halving import by_halves
from smsbot.store.optouts import stopped_by_gateway
from smsbot.store.outbox import REPLIES, Claimed, Lane, OptOut, Result

log = structlog.get_logger()

TOLD = 20  # ids in one line of the log
AGAIN_S = 60.0  # until what could not be written at all is tried again
UNWRITTEN = "What the gateway answered could not be written down; the log says why."
PAUSED = "smsbot could not go on with it ({}); the log says why. Cancel it, or have that mended and resume it."
UNCLAIMED = "It could not be taken up for sending ({}); the log says why."


@dataclass(slots=True)
class Rescued:
    """*odd*: how many things were at fault; *stopped*: the numbers that a gateway's word stopped; *unwritten*: ids of
    messages of which nothing could be written, however plain."""

    stopped: list[str] = field(default_factory=list)
    odd: int = 0
    unwritten: set[int] = field(default_factory=set)


class Apart:
    """Of one channel. Its methods raise `StoreError`: then the database is away, and nothing is known of anything."""

    def __init__(self, store: Store, channel: str, *, clock: Clock, monotonic: Monotonic) -> None:
        self._store = store
        self._channel = channel
        self._clock = clock
        self._monotonic = monotonic
        self._unwritten: list[Result] = []
        self.barred: set[int] = set()  # messages that cannot be taken up, and not be ended either
        self._again_s = 0.0

    def again(self) -> list[Result]:
        """What could not be written a while ago, for another try; and nothing is barred any more."""
        if self._monotonic() < self._again_s or not (self._unwritten or self.barred):
            return []
        found, self._unwritten = self._unwritten, []
        self.barred.clear()
        return found

    async def rescue(self, results: Sequence[Result], optouts: Sequence[OptOut], limit: int) -> Rescued:
        """Write *results*, each that cannot be as plainly as need be; then see whether *limit* messages can be claimed,
        and end what stands in the way of that."""
        rescued = await self._write(results, optouts)
        if limit:
            rescued.odd += await self._free(limit)
        return rescued

    async def _write(self, results: Sequence[Result], optouts: Sequence[OptOut]) -> Rescued:
        rescued = Rescued()
        unwritten: list[Result] = []

        def write(some: Sequence[Result]) -> Awaitable[list[str]]:
            return self._store.run(lambda c: self._settle(c, some))

        done, failed = await by_halves(results, write)
        rescued.stopped = [number for stopped in done for number in stopped]
        if failed:
            log.error("what came of messages cannot be written", channel=self._channel, n=len(failed),
                      messages=[result.id for result, _ in failed[:TOLD]], exc_info=failed[0][1])  # fmt: skip
        rescued.odd = len(failed)
        for result, _ in failed:
            for plainer in _plainer(result):
                written, _ = await by_halves([plainer], write)
                if written:
                    break
            else:
                unwritten.append(result)
        rescued.stopped += await self._stop(optouts, rescued)
        if unwritten:
            self._unwritten += unwritten
            self._again_s = self._monotonic() + AGAIN_S
        rescued.unwritten = {result.id for result in unwritten}
        return rescued

    async def _stop(self, optouts: Sequence[OptOut], rescued: Rescued) -> list[str]:
        def write(some: Sequence[OptOut]) -> Awaitable[list[str]]:
            return self._store.run(
                lambda c: stopped_by_gateway(c, self._store.key, some, now_ms=self._clock())
            )  # fmt: skip

        done, failed = await by_halves(optouts, write)
        for optout, error in failed:
            rescued.odd += 1
            log.error("an opt-out at the gateway cannot be written", channel=self._channel, exc_info=error)
            done += (await by_halves([replace(optout, error="")], write))[0]
        return [number for stopped in done for number in stopped]

    def _settle(self, connection: Connection, results: Sequence[Result]) -> list[str]:
        now_ms = self._clock()
        merged = outbox.settle(connection, self._channel, results, now_ms)
        if not merged.opted_out:
            return []
        return stopped_by_gateway(connection, self._store.key, merged.opted_out, now_ms=now_ms)

    async def recheck(
        self, held: Sequence[Claimed], look: Callable[[Sequence[Claimed]], Awaitable[Sequence[Claimed]]]
    ) -> list[Claimed]:
        """Which of *held* may still be sent by *look*'s word; those it fails over end here."""
        done, failed = await by_halves(held, look)
        for message, error in failed:
            await self._end(message.id, error, ours=True)
        return [message for kept in done for message in kept]

    async def _free(self, limit: int) -> int:
        """How much was found."""
        found = 0
        lanes, broken = await by_halves(await self._store.look(outbox.sending), self._lanes)
        for broadcast_id, error in broken:
            await pause(self._store, broadcast_id, error)
            found += 1
        for lane in (REPLIES, *(lane for some in lanes for lane in some)):
            while (culprit := await self._culprit(lane, limit)) is not None:
                if not await self._end(*culprit):
                    self.barred.add(culprit[0])
                    self._again_s = self._monotonic() + AGAIN_S
                found += 1
        return found

    async def _lanes(self, broadcast_ids: Sequence[int]) -> list[Lane]:
        return await self._store.look(lambda c: outbox.lanes(c, broadcast_ids))

    async def _culprit(self, lane: Lane, limit: int) -> tuple[int, Exception] | None:
        """The first message of *lane* that a claim fails over, and why."""
        error = await self._fails(lane, limit)
        if error is None:
            return None
        low, high = 0, limit  # a claim of *low* works, one of *high* does not
        while high - low > 1:
            middle = (low + high) // 2
            because = await self._fails(lane, middle)
            low, high, error = (low, middle, because) if because is not None else (middle, high, error)
        keys = await self._store.look(
            lambda c: stuck.due(c, self._channel, lane.broadcast_id, self._clock(), high, without=self.barred)
        )  # fmt: skip
        return (keys[high - 1], error) if len(keys) >= high else None

    async def _fails(self, lane: Lane, limit: int) -> Exception | None:
        try:
            await self._store.run(
                lambda c: stuck.try_claim(c, self._channel, lane, self._clock(), limit, without=self.barred)
            )
        except stuck.Undone:
            return None
        except StoreError:
            raise
        except Exception as error:
            return error
        return None

    async def _end(self, key: int, error: Exception, *, ours: bool = False) -> bool:
        """Did it end?"""
        log.error("a message cannot be taken up", channel=self._channel, message=key, exc_info=error)
        reason = UNCLAIMED.format(type(error).__name__)

        def work(keys: Sequence[int]) -> Awaitable[Any]:
            return self._store.run(lambda c: stuck.end(c, keys[0], reason, self._clock(), ours=ours))

        done, _ = await by_halves([key], work)
        return bool(done and done[0] is not None)


async def pause(store: Store, broadcast_id: int, error: Exception) -> None:
    """Keep a broadcast that *error* comes of from the others; staff see that it is paused, and why. Raises
    `StoreError`."""
    log.error("a broadcast is paused, since it cannot go on", broadcast=broadcast_id, exc_info=error)
    with contextlib.suppress(StaffError):  # it is not being sent any more
        await store.run(lambda c: steering.pause(c, broadcast_id, PAUSED.format(type(error).__name__)))


def _plainer(result: Result) -> list[Result]:
    """The same with less and less of what the gateway said."""
    bare = replace(result, further_ids=(), ask=False, unreachable=False, blocked=False)
    if result.status is Status.SENDING:  # surely not handed over: to be tried again, without the reason
        return [bare, replace(bare, error="to be tried again")]
    status, final_ms = (Status.UNKNOWN, result.handed_ms) if result.handed_ms else (result.status, result.final_ms)
    ended = replace(bare, status=status, error=UNWRITTEN, final_ms=final_ms)
    return [bare, ended, replace(ended, external_id=None)]
