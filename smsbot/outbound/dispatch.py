"""One dispatcher a channel: claims what is due, hands it over under the channel's rate, settles what came of it.

Settling and the next claim share a transaction. Consent is looked up at the claim; before each hand-over the dispatcher
asks whether the person or the broadcast has changed since, or 200 ms have passed, and if so looks again.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
import time
from collections.abc import Sequence
from dataclasses import replace

import structlog

from smsbot.clock import Clock
from smsbot.errors import GatewayError, StoreError
from smsbot.gateways.base import ChannelConfig, HttpGateway, Link, Transport
from smsbot.outbound.accord import Accord
from smsbot.outbound.apart import Apart
from smsbot.outbound.bucket import Bucket, Monotonic
from smsbot.outbound.claims import Claims, Outcome, Turn
from smsbot.outbound.handover import Deliverer, Handover
from smsbot.outbound.hold import Hold
from smsbot.outbound.holding import TERM_MS
from smsbot.outbound.link import LINK_TERM_MS, MAKING, LinkRunner
from smsbot.outbound.lookout import POLL_S, Lookout
from smsbot.outbound.pace import FIRST_CLAIM, LEAST_IN_FLIGHT, Pace
from smsbot.outbound.retry import Random
from smsbot.outbound.schedule import QuietHours
from smsbot.outbound.setback import Setback
from smsbot.outbound.tray import Tray
from smsbot.outbound.vitals import Vitals
from smsbot.outbound.wake import Wake
from smsbot.outbound.watch import Watch
from smsbot.store import outbox
from smsbot.store.database import Store
from smsbot.store.outbox import Claimed
from smsbot.values import changed

log = structlog.get_logger()

CHECKED_MS = 200  # a broadcast's message that has waited longer is looked at again; the contract says 250
REPLY_CHECKED_MS = 10_000  # of a 30 s lease, so that no reply is sent after its lease has ended
HELD_MOST = 1_024
DRAIN_S = 30.0
AGAIN_S = 1.0  # after a failure of the database


class Dispatcher:
    """`run()` until `stop()`. *owner* names this process among others; *public_url* is where reports come."""

    def __init__(
        self, name: str, gateway: HttpGateway | Transport, config: ChannelConfig, *, store: Store, sender: Deliverer,
        wake: Wake, clock: Clock, quiet: QuietHours, public_url: str, owner: str, chance: Random = random.random,
        monotonic: Monotonic = time.monotonic, per_day: int = 0,
    ) -> None:  # fmt: skip
        self.name = name
        self._store = store
        self._wake = wake
        self._clock = clock
        self._monotonic = monotonic
        self._bucket = Bucket(config.rate_per_s, clock=monotonic)
        self._watch = Watch()
        self._vitals = Vitals(self._watch, clock)
        self._pace = Pace(config, self._bucket, monotonic)
        self._handover = Handover(
            name, gateway, config, sender, bucket=self._bucket, watch=self._watch, clock=clock, public_url=public_url,
            chance=chance,
        )  # fmt: skip
        self._term_ms = LINK_TERM_MS if isinstance(gateway, Link) else TERM_MS
        self._apart = Apart(store, name, clock=clock, monotonic=monotonic)
        self._claims = Claims(
            store, name, owner, quiet, per_day=per_day, term_ms=self._term_ms, monotonic=monotonic,
            accord=Accord(name, owner, config, monotonic=monotonic), barred=self._apart.barred,
        )  # fmt: skip
        self._link: LinkRunner | None = None
        self._hold = Hold()
        self._done = Tray()
        self._flying: dict[int, tuple[Claimed, asyncio.Task[None]]] = {}
        self._in_hand: set[int] = set()  # ids of what is held, looked at again, in flight or not settled yet
        self._signal = asyncio.Event()  # for the loop that claims and settles
        self._more = asyncio.Event()  # for the loop that hands over
        self._lookout = Lookout(clock, monotonic)
        self._stopping = False
        self._trusted: set[int] = set()  # looked at just now, however long that took
        self._setback = Setback(clock, monotonic)
        self._aside = 0  # messages out of the hold while they are looked at
        self._crowded = False  # replies took every place of the last claim
        wake.listen(name, self._woken)

    async def run(self) -> None:
        """Returns after `stop()`, when everything in flight is settled and the lease given back."""
        await asyncio.to_thread(lambda: self._store.key)  # read once, outside any transaction
        feeder = asyncio.create_task(self._feed(), name=f"feed {self.name}")
        feeder.add_done_callback(lambda _task: self._signal.set())
        try:
            while not self._stopping:
                await self._rest()
                if feeder.done():
                    feeder.result()  # its failure is ours
                await self._turn()
        finally:
            feeder.cancel()
            await asyncio.wait({feeder})
            await self._drain()

    def stop(self) -> None:
        self._stopping = True
        self._signal.set()
        self._more.set()

    def serve(self, link: LinkRunner) -> None:
        """Keep *link* going while the channel's lease is ours. Before `run`."""
        self._link = link
        self.trouble(MAKING)

    def trouble(self, error: GatewayError | None) -> None:
        """How the gateway's own connection is; None: it stands. While it does not, nothing is claimed."""
        self._watch.connection(error, self._clock())
        self._woken()
        self._more.set()

    def capacity(self) -> int:
        """How many replies `offer` takes now. The caller inserts those as claimed, further ones as queued."""
        if self._stopping or not self._claims.held or self._watch.probing:
            return 0
        return max(0, HELD_MOST - len(self._hold))

    def offer(self, messages: Sequence[Claimed]) -> int:
        """Take replies that were committed as claimed; give how many. Others come due when their lease ends."""
        if self._stopping or not self._claims.held:
            return 0
        self._take_up(messages, self._monotonic())
        return len(messages)

    def _take_up(self, messages: Sequence[Claimed], looked_s: float) -> None:
        """They are ours to send; whom they are for was looked up at *looked_s*. What is in hand already, and comes
        again because the clock was set ahead, is not taken twice."""
        checked_ms = round(looked_s * 1_000)
        fresh = [
            changed(message, {"checked_ms": checked_ms}) for message in messages if message.id not in self._in_hand
        ]
        self._in_hand.update(message.id for message in fresh)
        self._hold.add(fresh)
        self._more.set()

    @property
    def leads(self) -> bool:
        """Does this process have the channel's lease, as far as it knows?"""
        return self._claims.held and not self._stopping

    @property
    def watch(self) -> Watch:
        return self._watch

    @property
    def backlog(self) -> int:
        """Messages in hand or in flight."""
        return len(self._hold) + self._aside + len(self._flying)

    def _woken(self) -> None:
        self._lookout.call()
        self._signal.set()

    # Claiming and settling

    async def _rest(self) -> None:
        """Wait until there is something for a transaction to do."""
        while not self._stopping:
            wait_s = self._idle_s()
            if wait_s <= 0:
                return
            self._signal.clear()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._signal.wait(), wait_s)

    def _idle_s(self) -> float:
        """Seconds until the next transaction is wanted."""
        now_s = self._monotonic()
        waits = [self._claims.holding.due_s - now_s]
        if self._done.results:
            waits.append(self._done.wait_s(now_s, alone=not self._flying and not len(self._hold)))
        if self._watch.changed and self._claims.held:
            waits.append(0.0)
        if self._claims.held:
            waits.append(max(self._lookout.in_s(), self._room_s()))
        return min(waits)

    def _room_s(self) -> float:
        """Seconds until more may be claimed; far off while enough is held (the feeder signals)."""
        closed_s = (self._watch.closed_until_ms - self._clock()) / 1_000
        if self._watch.absent:
            return POLL_S
        if self._watch.probing:
            return POLL_S if self.backlog else closed_s
        if self._held() * 2 > self._pace.claim():
            return POLL_S
        return max(0.0, self._bucket.wait_s() - 0.2)

    def _limit(self) -> int:
        if self._watch.probing:
            closed = self._watch.absent or self._clock() < self._watch.closed_until_ms
            return 0 if self.backlog or closed else 1
        return max(0, self._pace.claim() - self._held())

    def _share(self) -> int:
        """Messages of broadcasts that are missing beside the replies in hand."""
        if self._watch.probing or not self._pace.claim():
            return 0
        return max(0, self._pace.share - self._hold.bulk - self._aside)

    def _held(self) -> int:
        """What is in hand, without the broadcasts' share where replies wait: that takes no reply's place."""
        held = len(self._hold) + self._aside
        crowded = self._hold.bulk and (self._crowded or self._hold.replies)
        return held - min(self._hold.bulk, self._pace.share) if crowded else held

    async def _turn(self) -> None:
        """One transaction: settle, keep the lease, claim."""
        done, self._done = self._done, Tray()
        done.results.extend(self._apart.again())
        went_back = self._setback.lately()
        due = self._lookout.in_s() <= 0 or went_back or done.come_again or not self._claims.held
        limit, share = (self._limit(), self._share()) if due and not self._stopping else (0, 0)
        if limit:
            self._lookout.looking()
        watch = self._watch
        watch.rest(self._clock())
        told, reading = (watch.news(), self._vitals.news()) if self._claims.held else (None, None)
        turn = Turn(done.results, done.optouts, limit, share, told, reading, clock_went_back=went_back)
        now_s = self._monotonic()
        outcome = await self._work(turn, done)
        if outcome is None:
            await asyncio.sleep(AGAIN_S)
            return
        self._claims.note(outcome, now_s)
        self._in_hand.difference_update([result.id for result in done.results])
        if told is not None and outcome.held:
            watch.told = told
        self._wake.stopped(outcome.stopped)
        if outcome.found is not None:
            watch.restore(outcome.found.state, outcome.found.reason, outcome.found.since_ms)
        if reading is not None and not outcome.held:
            self._vitals.restore(reading)
        if self._link is not None and outcome.renewed and outcome.held:
            self._link.keep(now_s + self._term_ms / 1_000)
        if not outcome.held:
            watch.told = None  # whoever has the lease writes down another
            if self._link is not None:
                self._link.lose()
            self._drop()  # whoever has the lease takes them over when theirs ends
            return
        if limit:
            self._crowded = outcome.crowded
            self._lookout.saw(more=outcome.more, next_ms=outcome.next_ms)
        self._take_up(outcome.claimed, outcome.looked_s)

    async def _work(self, turn: Turn, done: Tray) -> Outcome | None:
        """The transaction; None if no database answers. Whatever went wrong, its results wait for the next one."""
        try:
            return await self._transact(turn, done)
        except BaseException as error:
            self._lookout.call()
            done.put_under(self._done)
            self._done = done
            if turn.reading is not None:
                self._vitals.restore(turn.reading)
            if not isinstance(error, StoreError):
                raise
            log.warning("the outbox cannot be reached", channel=self.name, reason=str(error))
            return None

    async def _transact(self, turn: Turn, done: Tray) -> Outcome:
        """After an error that nobody foresaw: what is at fault ends by itself, the rest is done without it."""
        try:
            return await self._store.run(lambda connection: self._claims.work(connection, turn, self._clock))
        except StoreError:
            raise
        except Exception as error:
            log.error("a dispatcher's transaction is done in pieces", channel=self.name, exc_info=error)
            rescued = await self._apart.rescue(turn.results, turn.optouts, turn.limit + turn.share)
            self._wake.stopped(rescued.stopped)
            self._in_hand.difference_update({result.id for result in done.results} - rescued.unwritten)
            done.clear()
            if not rescued.odd:
                raise
            self._watch.stumbled(self._clock())
        return await self._store.run(lambda c: self._claims.work(c, replace(turn, results=(), optouts=()), self._clock))

    # Handing over

    async def _feed(self) -> None:
        while True:
            self._more.clear()
            if self._watch.probing and len(self._hold) > (0 if self._watch.absent else 1):
                await self._give_back()
            if not self._hold.ready or len(self._flying) >= (1 if self._watch.probing else self._pace.in_flight):
                await self._more.wait()
                continue
            wait_s = self._bucket.wait_s()
            if wait_s > 0:
                await asyncio.sleep(wait_s)
                continue
            message = self._hold.take()
            if message is None:
                continue
            if self._stale(message):
                self._hold.untake(message)
                await self._look_again()
                continue
            self._bucket.take(message.parts)
            self._flying[message.id] = message, asyncio.create_task(self._hand(message))
            if self._held() * 2 <= self._pace.claim():
                self._signal.set()

    def _stale(self, message: Claimed) -> bool:
        """Has the person or the broadcast changed since they were looked at, or is that too long ago?"""
        age_ms = self._monotonic() * 1_000 - message.checked_ms
        if message.is_reply:
            return age_ms > REPLY_CHECKED_MS
        if self._wake.changed_since(message.number, message.checked_ms):
            return True
        if self._wake.changed_since(message.broadcast_id, message.checked_ms):
            return True
        return age_ms > CHECKED_MS and message.id not in self._trusted

    async def _look_again(self) -> None:
        """Look up the consent of as many as leave in time; the others have to wait anyway."""
        held = self._hold.first(max(FIRST_CLAIM, self._pace.claim()))
        kept = held
        self._aside = len(held)
        try:
            kept = await self._apart.recheck(
                held, lambda some: self._store.run(lambda c: self._claims.recheck(c, some, self._clock))
            )
            self._in_hand.difference_update({message.id for message in held} - {message.id for message in kept})
        except StoreError as error:
            log.warning("the outbox cannot be reached", channel=self.name, reason=str(error))
            await asyncio.sleep(AGAIN_S)
        finally:
            self._aside = 0
            self._hold.restore(kept)
        # However slow the database is, some of them leave before it is asked again.
        self._trusted = {message.id for message in kept[:LEAST_IN_FLIGHT]}
        if not kept:
            self._signal.set()

    async def _give_back(self) -> None:
        """The channel is in trouble: what is held waits in the outbox."""
        ids = self._drop()
        due_ms, reason = max(self._watch.closed_until_ms, self._clock()), self._watch.reason or "the channel is down"
        with contextlib.suppress(StoreError):  # else they come due when their lease ends
            await self._store.run(lambda c: outbox.release(c, ids, due_ms, reason))

    def _drop(self) -> list[int]:
        """Let go of all that is not in flight; give their ids."""
        ids = [message.id for message in self._hold.drain()]
        self._in_hand.difference_update(ids)
        return ids

    async def _hand(self, message: Claimed) -> None:
        began_s = self._monotonic()
        handed = await self._handover.attempt(message, lambda: not self._stale(message))
        if handed is None:  # somebody stopped, or the connection took long: look again
            self._hold.untake(message)
            self._landed(message)
            return
        self._pace.finished(self._monotonic() - began_s, message.parts)
        self._hold.done(message.number)
        self._vitals.note(handed.result, message.parts)
        wanted = self._done.add(handed, self._monotonic())
        self._landed(message)
        if wanted or not self._flying:
            self._signal.set()

    def _landed(self, message: Claimed) -> None:
        self._flying.pop(message.id, None)
        self._more.set()

    async def _drain(self) -> None:
        """Nothing new leaves; what is in flight is waited for and settled, what is held goes back, then the lease."""
        held = self._drop()
        if self._flying:
            await asyncio.wait([task for _, task in self._flying.values()], timeout=DRAIN_S)
        if self._link is not None:
            if self._claims.held:
                await self._settle(held)
            await self._link.part()  # before the lease goes to whoever connects next
        for message, _ in self._flying.values():
            self._done.add(self._handover.unheard(message), self._monotonic())
        await self._settle(held, leaving=True)

    async def _settle(self, give_back: Sequence[int], *, leaving: bool = False) -> None:
        done, self._done = self._done, Tray()
        turn = Turn(done.results, done.optouts, 0, 0, None, self._vitals.last(), give_back=give_back, leaving=leaving)
        await self._work(turn, done)
