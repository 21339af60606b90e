"""A dispatcher's transaction: results in, lease kept, messages out."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection

from smsbot.clock import SECOND_MS, Clock
from smsbot.outbound.bucket import Monotonic
from smsbot.outbound.schedule import QuietHours
from smsbot.outbound.watch import Told
from smsbot.store import channel_health, channel_vitals, leases, outbox
from smsbot.store.channel_health import Health
from smsbot.store.database import Store
from smsbot.store.leases import Sighting
from smsbot.store.optouts import stopped_by_gateway
from smsbot.store.outbox import REPLIES, Claimed, Lane, OptOut, Result

TERM_MS = 10 * SECOND_MS  # of the channel's lease
RENEW_S = 3.0
RETAKE_S = 1.0  # how often one who waits for the lease asks


@dataclass(frozen=True, slots=True)
class Turn:
    """What one transaction is to do."""

    results: Sequence[Result]
    optouts: Sequence[OptOut]
    limit: int  # messages to claim
    told: Told | None  # health to write down
    reading: channel_vitals.Reading | None = None
    give_back: Sequence[int] = ()
    leaving: bool = False
    clock_went_back: bool = False  # or nobody knows, at the start


@dataclass(frozen=True, slots=True)
class Outcome:
    held: bool  # the lease is ours
    fence: int | None
    renewed: bool
    claimed: Sequence[Claimed] = ()
    more: bool = False  # something else is due already
    next_ms: int | None = None  # when to look again
    looked_s: float = 0.0  # monotonic: before anybody's consent was looked up
    stopped: Sequence[str] = ()
    found: Health | None = None  # how the channel was when the lease was taken with something waiting


class Claims:
    def __init__(
        self, store: Store, channel: str, owner: str, quiet: QuietHours, *, term_ms: int = TERM_MS,
        monotonic: Monotonic = time.monotonic,
    ) -> None:  # fmt: skip
        self.renew_at_s = 0.0
        self._store = store
        self._channel = channel
        self._lease = f"channel:{channel}"
        self._term_ms = term_ms
        self._owner = owner
        self._quiet = quiet
        self._monotonic = monotonic
        self._fence: int | None = None
        self._sighting = Sighting()
        self._after = 0  # the broadcast that was served last

    @property
    def held(self) -> bool:
        return self._fence is not None

    def note(self, outcome: Outcome, now_s: float) -> None:
        """Remember the lease, on the event loop; *now_s*: when the transaction was asked for."""
        self._fence = outcome.fence
        if not outcome.held:
            self.renew_at_s = now_s + RETAKE_S
        elif outcome.renewed:
            self.renew_at_s = now_s + RENEW_S

    def work(self, connection: Connection, turn: Turn, clock: Clock) -> Outcome:
        """On a writer's thread. What left is settled whoever holds the lease; nothing is claimed without it."""
        now_ms, looked_s = clock(), self._monotonic()
        merged = outbox.settle(connection, self._channel, turn.results, now_ms)
        fence, renewed = self._keep(connection, now_ms)
        stopped: Sequence[str] = ()
        optouts = [*turn.optouts, *merged.opted_out]
        if optouts:
            stopped = stopped_by_gateway(connection, self._store.key, optouts, now_ms=now_ms)
        outbox.release(connection, turn.give_back, now_ms, "given back by a dispatcher that ended")
        if fence is None:
            return Outcome(False, None, renewed, stopped=stopped)
        if turn.told is not None:
            state, reason, success_ms = turn.told
            channel_health.report(connection, self._channel, state, reason, now_ms=now_ms, success_ms=success_ms)
        if turn.reading is not None:
            channel_vitals.tell(connection, self._channel, turn.reading, now_ms)
        if turn.leaving:
            leases.release(connection, self._lease, self._owner, fence)
            return Outcome(False, None, renewed, stopped=stopped)
        claimed: list[Claimed] = []
        more, next_ms = False, None
        if turn.clock_went_back:
            outbox.rebase(connection, self._channel, now_ms)
        if turn.limit:
            claimed, more, next_ms = self._claim(connection, turn.limit, now_ms)
        found = channel_health.one(connection, self._channel) if claimed and self._fence is None else None
        return Outcome(True, fence, renewed, claimed, more, next_ms, looked_s, stopped, found)

    def recheck(self, connection: Connection, held: Sequence[Claimed], clock: Clock) -> tuple[Sequence[Claimed], float]:
        """Which of *held* may still be sent, and when that was looked up. None of them, if somebody else has the
        channel by now: they may be theirs."""
        now_ms, looked_s = clock(), self._monotonic()
        if self._fence is None:
            return (), looked_s
        if leases.left_ms(connection, self._lease, self._owner, self._fence, now_ms=now_ms) is None:
            return (), looked_s
        return outbox.recheck(connection, self._channel, held, now_ms), looked_s

    def _keep(self, connection: Connection, now_ms: int) -> tuple[int | None, bool]:
        """The fence, or None if the lease is not ours; and whether it was renewed."""
        fence = self._fence
        if fence is None:
            fence = leases.succeed(
                connection, self._lease, self._owner, now_ms=now_ms, now_s=self._monotonic(), term_ms=self._term_ms,
                sighting=self._sighting,
            )  # fmt: skip
            return fence, True
        left_ms = leases.left_ms(connection, self._lease, self._owner, fence, now_ms=now_ms)
        if left_ms is None:
            return None, False
        if self._term_ms - RENEW_S * 1_000 < left_ms <= self._term_ms:  # more: the clock was set back meanwhile
            return fence, False
        kept = leases.renew(connection, self._lease, self._owner, fence, now_ms=now_ms, term_ms=self._term_ms)
        return (fence if kept else None), True

    def _claim(self, connection: Connection, limit: int, now_ms: int) -> tuple[list[Claimed], bool, int | None]:
        """Replies first, then the broadcasts in turn, each with its share."""
        claimed = outbox.claim(connection, self._channel, REPLIES, now_ms, limit)
        if len(claimed) >= limit:
            return claimed, True, now_ms
        lanes, waiting = [], False
        for lane in outbox.lanes(connection):
            if lane.urgent or not self._quiet.quiet(now_ms):
                lanes.append(lane)
            else:
                waiting = True
        for position, lane in enumerate(served := self._in_turn(lanes)):
            share = -(-(limit - len(claimed)) // (len(served) - position))
            if share <= 0:
                break
            claimed.extend(outbox.claim(connection, self._channel, lane, now_ms, share))
            self._after = lane.broadcast_id
        next_ms = outbox.next_due(connection, self._channel, [lane.broadcast_id for lane in lanes])
        if waiting:
            morning_ms = self._quiet.next_allowed(now_ms)
            next_ms = morning_ms if next_ms is None else min(next_ms, morning_ms)
        return claimed, next_ms is not None and next_ms <= now_ms, next_ms

    def _in_turn(self, lanes: list[Lane]) -> list[Lane]:
        later = [lane for lane in lanes if lane.broadcast_id > self._after]
        return later + [lane for lane in lanes if lane.broadcast_id <= self._after]
