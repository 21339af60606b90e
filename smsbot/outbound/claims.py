"""A dispatcher's transaction: results in, lease kept, messages out."""

from __future__ import annotations

import time
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace

from sqlalchemy import Connection

from smsbot.clock import Clock
from smsbot.outbound.accord import Accord
from smsbot.outbound.bucket import Monotonic
from smsbot.outbound.holding import TERM_MS, Holding, Kept
from smsbot.outbound.schedule import QuietHours
from smsbot.outbound.watch import Told
from smsbot.store import channel_health, channel_vitals, outbox, sql
from smsbot.store.channel_health import Health
from smsbot.store.database import Store
from smsbot.store.optouts import stopped_by_gateway
from smsbot.store.outbox import REPLIES, Claimed, Lane, OptOut, Result
from smsbot.store.ration import RATION, Ration


@dataclass(frozen=True, slots=True)
class Turn:
    """What one transaction is to do."""

    results: Sequence[Result]
    optouts: Sequence[OptOut]
    limit: int  # messages to claim
    share: int  # messages of broadcasts to claim if replies take all of these
    told: Told | None  # health to write down
    reading: channel_vitals.Reading | None = None
    give_back: Sequence[int] = ()
    leaving: bool = False
    clock_went_back: bool = False


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
    crowded: bool = False  # replies took every place: more may wait
    found: Health | None = None  # how the channel was when the lease was taken with something waiting


@dataclass(slots=True)
class _Took:
    messages: list[Claimed] = field(default_factory=list)
    more: bool = False
    next_ms: int | None = None
    crowded: bool = False


class Claims:
    def __init__(
        self, store: Store, channel: str, owner: str, quiet: QuietHours, *, per_day: int = 0, term_ms: int = TERM_MS,
        monotonic: Monotonic = time.monotonic, accord: Accord | None = None, barred: Collection[int] = (),
    ) -> None:  # fmt: skip
        """*barred*: ids of messages that are not claimed, as it stands at the moment."""
        self.holding = Holding(channel, owner, term_ms=term_ms, monotonic=monotonic)
        self._store = store
        self._channel = channel
        self._quiet = quiet
        self._per_day = per_day
        self._monotonic = monotonic
        self._accord = accord
        self._barred = barred
        self._after = {True: 0, False: 0}  # urgent or not: the broadcast that was served last

    @property
    def held(self) -> bool:
        return self.holding.ours

    def note(self, outcome: Outcome, now_s: float) -> None:
        """Remember the lease, on the event loop; *now_s*: when the transaction was asked for."""
        self.holding.note(Kept(outcome.fence, outcome.renewed), now_s)

    def work(self, connection: Connection, turn: Turn, clock: Clock) -> Outcome:
        """On a writer's thread. What left is settled whoever holds the lease; nothing is claimed without it."""
        if self._per_day and (turn.limit or turn.share):
            sql.alone(connection, RATION)  # before any row is locked
        now_ms, looked_s = clock(), self._monotonic()
        merged = outbox.settle(connection, self._channel, turn.results, now_ms)
        kept = self._keep(connection, now_ms)
        fence, renewed = kept.fence, kept.renewed
        stopped: Sequence[str] = ()
        optouts = [*turn.optouts, *merged.opted_out]
        if optouts:
            stopped = stopped_by_gateway(connection, self._store.key, optouts, now_ms=now_ms)
        outbox.release(connection, turn.give_back, now_ms, "given back by a dispatcher that ended")
        if turn.leaving and self._accord is not None:
            self._accord.withdraw(connection)
        if fence is None:
            return Outcome(False, None, renewed, stopped=stopped)
        if turn.told is not None:
            state, reason, success_ms = turn.told
            channel_health.report(connection, self._channel, state, reason, now_ms=now_ms, success_ms=success_ms)
        if turn.reading is not None:
            channel_vitals.tell(connection, self._channel, turn.reading, now_ms)
        if turn.leaving:
            self.holding.give_back(connection, fence)
            return Outcome(False, None, renewed, stopped=stopped)
        took = _Took()
        if turn.clock_went_back or not self.holding.ours:  # while nobody had the channel it may have been set back
            outbox.rebase(connection, self._channel, now_ms)
        if turn.limit or turn.share:
            took = self._claim(connection, turn, now_ms)
        found = channel_health.one(connection, self._channel) if took.messages and not self.holding.ours else None
        return Outcome(
            True, fence, renewed, took.messages, took.more, took.next_ms, looked_s, stopped, took.crowded, found
        )

    def recheck(self, connection: Connection, held: Sequence[Claimed], clock: Clock) -> list[Claimed]:
        """Which of *held* may still be sent, by a look of now. None of them, if somebody else has the channel by now:
        they may be theirs."""
        now_ms, checked_ms = clock(), round(self._monotonic() * 1_000)
        if not self.holding.still(connection, now_ms):
            return []
        held = self._by_day(connection, held, now_ms)
        kept = outbox.recheck(connection, self._channel, held, now_ms)
        return [replace(message, checked_ms=checked_ms) for message in kept]

    def _by_day(self, connection: Connection, held: Sequence[Claimed], now_ms: int) -> Sequence[Claimed]:
        """*held* without what has waited behind replies until the quiet hours; that is given back."""
        if not self._quiet.quiet(now_ms):
            return held
        broadcasts = {message.broadcast_id for message in held} - {0}
        late = {lane.broadcast_id for lane in outbox.lanes(connection, broadcasts) if not lane.urgent}
        back = [message.id for message in held if message.broadcast_id in late]
        outbox.release(connection, back, self._quiet.next_allowed(now_ms), "the quiet hours have begun")
        return [message for message in held if message.broadcast_id not in late]

    def _keep(self, connection: Connection, now_ms: int) -> Kept:
        if self._accord is not None:
            self._accord.tell(connection, self._store.key, now_ms)
            if not self.holding.ours and not self._accord.may_lead(connection):
                return Kept(None)
        return self.holding.keep(connection, now_ms)

    def _claim(self, connection: Connection, turn: Turn, now_ms: int) -> _Took:
        """Replies first, then the broadcasts; these get their share also where replies take every place."""
        replies = (
            outbox.claim(connection, self._channel, REPLIES, now_ms, turn.limit, without=self._barred)
            if turn.limit
            else []
        )
        crowded = len(replies) >= turn.limit
        room = turn.share if crowded else turn.limit - len(replies)
        took = _Took(replies, more=crowded, next_ms=now_ms if crowded else None, crowded=crowded)
        if room <= 0:
            return took
        lanes, waiting = [], False
        quiet = self._quiet.quiet(now_ms)
        for lane in outbox.lanes(connection):
            if lane.urgent or not quiet:
                lanes.append(lane)
            else:
                waiting = True
        for urgent in (True, False):
            these = [lane for lane in lanes if lane.urgent is urgent]
            found = self._claim_shares(connection, these, urgent, room, now_ms)
            took.messages.extend(found)
            room -= len(found)
        if crowded:
            return took
        served = [lane.broadcast_id for lane in lanes]
        next_ms = outbox.next_due(connection, self._channel, served, without=self._barred)
        if waiting:
            morning_ms = self._quiet.next_allowed(now_ms)
            next_ms = morning_ms if next_ms is None else min(next_ms, morning_ms)
        took.more, took.next_ms = next_ms is not None and next_ms <= now_ms, next_ms
        return took

    def _claim_shares(
        self, connection: Connection, lanes: list[Lane], urgent: bool, room: int, now_ms: int
    ) -> list[Claimed]:
        """Up to *room* messages, as many of each broadcast; one whose people have stopped leaves its share to those
        after it."""
        after = self._after[urgent]
        served = [lane for lane in lanes if lane.broadcast_id > after]
        served += [lane for lane in lanes if lane.broadcast_id <= after]
        ration = Ration(self._per_day, *self._quiet.today(now_ms)) if self._per_day else None
        claimed: list[Claimed] = []
        for position, lane in enumerate(served):
            share = -(-(room - len(claimed)) // (len(served) - position))
            if share <= 0:
                break
            claimed.extend(
                outbox.claim(connection, self._channel, lane, now_ms, share, ration=ration, without=self._barred)
            )
            self._after[urgent] = lane.broadcast_id
        return claimed
