"""Tends the broadcasts: begins what is due, writes the messages out in pieces, calls off what is cancelled or expired.

Under a lease, so that one process does it; the pieces wait behind every citizen's turn.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import structlog
from sqlalchemy import Connection

from smsbot.clock import SECOND_MS, Clock
from smsbot.dialogue.stop_hint import NO_HINTS, StopHints
from smsbot.errors import StoreError
from smsbot.outbound.apart import pause
from smsbot.outbound.bucket import Monotonic
from smsbot.outbound.schedule import QuietHours, starts_ms
from smsbot.outbound.wake import Wake
from smsbot.store import fanout, leases, reports, steering, upkeep
from smsbot.store.database import Store
from smsbot.store.fanout import Piece
from smsbot.store.halving import by_halves
from smsbot.store.optouts import stopped_by_gateway

log = structlog.get_logger()

LEASE = "broadcasts"
TERM_MS = 10 * SECOND_MS
POLL_S = 1.0
PIECE_ROWS = {"sqlite": 10_000, "postgresql": 20_000}
PIECE_S = {"sqlite": 0.08, "postgresql": 0.3}
"""How long a piece may take. On SQLite every turn waits behind it; PostgreSQL has other writers, and there a piece of
20,000 costs two thirds of four of 5,000."""
PRESSED = 4  # by so much a piece is shorter where somebody has had to wait for the one before
RUN_S = 0.5  # how long pieces of a lone broadcast follow each other before anything else is looked at
LEAST_SPAN = 500
MOST_SPAN = 500_000


@dataclass(slots=True)
class Round:
    """*fence* None: another process tends the broadcasts."""

    fence: int | None
    unwritten: Sequence[int] = ()
    more: bool = False
    stopped: list[str] = field(default_factory=list)


Duty = Callable[[Connection, int, Round], None]


class Expander:
    """`run()` until `stop()`. *channels*: those that can send, in their order."""

    def __init__(
        self, store: Store, *, wake: Wake, clock: Clock, quiet: QuietHours, hold_s: int, channels: Sequence[str],
        owner: str, monotonic: Monotonic = time.monotonic, hints: StopHints = NO_HINTS,
    ) -> None:  # fmt: skip
        self._store = store
        self._wake = wake
        self._clock = clock
        self._quiet = quiet
        self._hold_s = hold_s
        self._channels = tuple(channels)
        self._owner = owner
        self._hints = hints
        self._monotonic = monotonic
        self._signal = asyncio.Event()
        self._stopping = False
        engine = "sqlite" if store.sqlite else "postgresql"
        self._rows, self._piece_s = PIECE_ROWS[engine], PIECE_S[engine]
        self._span = self._rows
        wake.listen_keeper(self._signal.set)

    async def run(self) -> None:
        await asyncio.to_thread(lambda: self._store.key)  # read once, outside any transaction
        fence: int | None = None
        while not self._stopping:
            more = False
            try:
                found = await self._round()
                fence = found.fence
                if found.stopped:
                    self._wake.stopped(found.stopped)
                more = found.more
                if found.unwritten:
                    more = await self._write(found.unwritten)
            except StoreError as error:
                log.warning("the broadcasts cannot be tended", reason=str(error))
            if not more and not self._stopping:
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(self._signal.wait(), POLL_S)
            self._signal.clear()
        if fence is not None:
            held = fence
            with contextlib.suppress(StoreError):
                await self._store.run(lambda c: leases.release(c, LEASE, self._owner, held))

    def stop(self) -> None:
        self._stopping = True
        self._signal.set()

    async def _round(self) -> Round:
        """Every duty once, in one transaction; if that fails in a way that nobody foresaw, those that can be done."""
        duties: Sequence[Duty] = (self._call_off, self._begin, self._finish, self._match)
        rounds, failed = await by_halves(duties, lambda some: self._store.run(lambda c: self._tend(c, some)))
        for duty, error in failed:
            log.error("the broadcasts cannot be tended as they should", duty=duty.__name__, exc_info=error)
            if duty == self._match:
                await self._store.run(lambda c: reports.forget_parked(c, self._clock()))
        if not rounds:
            raise failed[0][1]
        found = rounds[-1]
        found.more = any(each.more for each in rounds)
        found.stopped = [number for each in rounds for number in each.stopped]
        return found

    def _tend(self, connection: Connection, duties: Sequence[Duty]) -> Round:
        now_ms = self._clock()
        found = Round(leases.acquire(connection, LEASE, self._owner, now_ms=now_ms, term_ms=TERM_MS))
        if found.fence is not None:
            for duty in duties:
                duty(connection, now_ms, found)
            found.unwritten = fanout.unwritten(connection)
        return found

    def _call_off(self, connection: Connection, now_ms: int, found: Round) -> None:
        cancelled = upkeep.call_off_cancelled(connection, now_ms)
        found.more = upkeep.call_off_expired(connection, now_ms) or cancelled

    def _begin(self, connection: Connection, now_ms: int, _found: Round) -> None:
        for course in steering.waiting(connection):
            if self._starts(course, now_ms) <= now_ms:
                steering.begin(connection, course.id)

    def _finish(self, connection: Connection, now_ms: int, _found: Round) -> None:
        upkeep.finish_all(connection, now_ms)

    def _match(self, connection: Connection, now_ms: int, found: Round) -> None:
        merged = reports.match_parked(connection, now_ms)
        if merged.dropped:
            log.warning("delivery reports for unknown messages dropped", reports=merged.dropped)
        if merged.opted_out:
            found.stopped = stopped_by_gateway(connection, self._store.key, merged.opted_out, now_ms=now_ms)

    def _starts(self, course: steering.Course, now_ms: int) -> int:
        return starts_ms(
            self._quiet,
            now_ms=now_ms,
            send_at_ms=course.send_at_ms,
            approved_ms=course.approved_ms,
            hold_s=self._hold_s,
            urgent=course.urgent,
        )

    async def _write(self, broadcast_ids: Sequence[int]) -> bool:
        """Write pieces of each in turn until the lease wants renewing; True if something is left."""
        until_s = self._monotonic() + TERM_MS / 3_000
        left = list(broadcast_ids)
        first = True
        while left and self._monotonic() < until_s and not self._stopping:
            broadcast_id = left.pop(0)
            alone = not left and not first
            try:
                piece = await self._pieces(broadcast_id, self._monotonic() + (RUN_S if alone else 0))
            except StoreError:
                raise
            except Exception as error:
                await pause(self._store, broadcast_id, error)
                continue
            if not piece.complete:
                left.append(broadcast_id)
            if first or piece.complete:
                self._wake.wake_all()  # sending begins while the rest is being written
                first = False
        return bool(left)

    async def _pieces(self, broadcast_id: int, until_s: float) -> Piece:
        """Write one piece, and more of the same broadcast until *until_s*; give the last."""

        def work(connection: Connection) -> Piece:
            began_s = self._monotonic()
            piece = fanout.write_piece(
                connection, broadcast_id, self._channels, self._clock(), self._span, hints=self._hints
            )
            self._adapt(piece, self._monotonic() - began_s)
            return piece

        def again(piece: Piece) -> bool:
            return not piece.complete and not self._stopping and self._monotonic() < until_s

        return await self._store.repeat(work, again)

    def _adapt(self, piece: Piece, took_s: float) -> None:
        """Choose the next span by what this one took: contacts may be sparse, and disks are not alike."""
        if piece.contacts:
            pressed = PRESSED if self._store.writer.pressed else 1
            by_time = self._piece_s / pressed / max(took_s, 1e-6)
            by_rows = self._rows / pressed / max(piece.rows, 1)
            self._span = round(min(max(piece.contacts * min(by_time, by_rows, 2.0), LEAST_SPAN), MOST_SPAN))
