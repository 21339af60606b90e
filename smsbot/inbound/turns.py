"""Turns: what people write, answered in groups. One transaction for all that waits, and nobody is told before it
is committed (CONTRIBUTING.md, "Group commit")."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Sequence
from dataclasses import replace

import structlog
from sqlalchemy import Connection
from sqlalchemy.exc import IntegrityError

from smsbot.clock import Clock
from smsbot.dialogue.model import Inbound
from smsbot.errors import PhoneError, StoreUnavailable
from smsbot.gateways.base import Received
from smsbot.inbound import unread
from smsbot.inbound.alarms import NO_NUMBER, OWN_NUMBER, Alarms
from smsbot.inbound.bot import Bot, Mind
from smsbot.inbound.identity import external_id, gateway_id, lookups, part, sent_ms, storable_text
from smsbot.inbound.joining import LATE, Arrival, join
from smsbot.inbound.results import TurnResult, result_of
from smsbot.inbound.routes import Routes
from smsbot.inbound.waiting import Counters, Group, Waiting, Written
from smsbot.store import turns as store
from smsbot.store.audit import subject
from smsbot.store.contacts import NO_CODES, Profile, load
from smsbot.store.database import Store
from smsbot.store.notices import Notice
from smsbot.store.parts import Whole
from smsbot.text import phone
from smsbot.text.gsm7 import measure
from smsbot.text.storable import storable
from smsbot.text.understood import Intent

log = structlog.get_logger()

GROUP = 256  # turns of one transaction at the most
NUMBER_LIMIT = 64  # characters of a sender that is no phone number, and of the number that was written to
RACES = 5  # how often a group is done again because another process was quicker


class Turns:
    """The pipeline of one process. One group is in flight at a time, so that a number's texts keep their order.

    *group*: turns of one transaction at the most."""

    def __init__(
        self, store: Store, bot: Bot, *, region: str, clock: Clock, routes: Routes, group: int = GROUP
    ) -> None:
        self._store = store
        self._bot = bot
        self._region = region
        self._clock = clock
        self._routes = routes
        self._most = group
        self._waiting: deque[Waiting] = deque()
        self._in_flight = False
        self.counters = Counters()
        self.alarms = Alarms()

    async def submit(self, channel: str, received: Received) -> TurnResult:
        """Take one text, or one part of a longer one; returns when it and all it caused are committed.

        Raises `StoreUnavailable`.
        """
        waiting = self._begin(channel, received)
        self._go()
        return await self._end(waiting)

    async def submit_all(self, channel: str, texts: Sequence[Received]) -> list[TurnResult | Exception]:
        """As `submit` each of *texts*, in their order, queued before the first wait: what came of each, or why nothing
        did."""
        begun: list[Waiting | Exception] = []
        for received in texts:
            try:
                begun.append(self._begin(channel, received))
            except Exception as error:
                begun.append(error)
        self._go()
        ended: list[TurnResult | Exception] = []
        try:
            for waiting in begun:
                try:
                    ended.append(waiting if isinstance(waiting, Exception) else await self._told(waiting))
                except Exception as error:
                    ended.append(error)
        except asyncio.CancelledError:
            for waiting in begun:
                _forgo(waiting)
            raise
        if any(isinstance(result, TurnResult) and result.withdrew for result in ended):
            await self._routes.settled()  # once for all: it may take a moment
        return ended

    def _begin(self, channel: str, received: Received) -> Waiting:
        at_ms = self._clock()
        waiting = self._waiting_for(channel, received, at_ms)
        said = part(received)
        if said is not None:
            self.counters.parts += 1
            waiting.piece = Arrival(
                channel, waiting.number, storable(received.to)[:NUMBER_LIMIT], gateway_id(received), waiting.text,
                waiting.sent_ms, at_ms, received.optout, said,
            )  # fmt: skip
        self._enqueue(waiting)
        return waiting

    async def give_up(self, set_id: int) -> TurnResult:
        """Answer what there is of a text whose last parts did not come in time (`store.parts.WAIT_MS`); nothing if it
        was completed meanwhile. Raises `StoreUnavailable`."""
        at_ms = self._clock()
        waiting = self._waiting_for("", Received("", "", f"+{set_id}"), at_ms)
        waiting.piece = Arrival("", "", "", None, "", None, at_ms, expired=set_id)
        self._enqueue(waiting)
        self._go()
        return await self._end(waiting)

    def _waiting_for(self, channel: str, received: Received, at_ms: int) -> Waiting:
        try:
            number = phone.parse(received.number, self._region)
            valid = number not in self._routes.own
        except PhoneError:
            number, valid = storable(received.number)[:NUMBER_LIMIT], False
        return Waiting(
            channel, received, number, valid, external_id(received, at_ms), storable_text(received),
            sent_ms(received, at_ms), at_ms, None,
        )  # fmt: skip

    def _enqueue(self, waiting: Waiting) -> None:
        waiting.future = asyncio.get_running_loop().create_future()
        self._waiting.append(waiting)

    def _go(self) -> None:
        """Begin a group, unless one is in flight: then the next begins when that is done."""
        if not self._in_flight:
            self._next_group(asyncio.get_running_loop())

    async def _end(self, waiting: Waiting) -> TurnResult:
        """Until it and all it caused are committed, and who withdrew gets nothing more."""
        result = await self._told(waiting)
        if result.withdrew:
            await self._routes.settled()
        return result

    async def _told(self, waiting: Waiting) -> TurnResult:
        assert waiting.future is not None
        try:
            return await waiting.future
        finally:
            self.counters.seconds += time.perf_counter() - waiting.began_s

    def _next_group(self, loop: asyncio.AbstractEventLoop) -> None:
        group = [self._waiting.popleft() for _ in range(min(len(self._waiting), self._most))]
        self._in_flight = bool(group)
        if group:
            self._post(loop, [Group(group)])

    def _post(self, loop: asyncio.AbstractEventLoop, groups: list[Group]) -> None:
        """Write the first of *groups* in a transaction; the others follow when it is done."""
        group = groups[0]

        def job(connection: Connection) -> Written:
            return self._work(connection, group)

        def done(written: Written | None, error: BaseException | None) -> None:
            loop.call_soon_threadsafe(self._finished, loop, groups, written, error)

        self._store.post(job, done)

    def _finished(
        self,
        loop: asyncio.AbstractEventLoop,
        groups: list[Group],
        written: Written | None,
        error: BaseException | None,
    ) -> None:
        group, rest = groups[0], groups[1:]
        again = [] if error is None else self._again(group, error)
        if again:
            self._post(loop, again + rest)
            return
        if written is not None:
            try:
                self._tell(written)
            except Exception:  # it is committed, and the next group must not wait for whoever cannot hear it
                log.exception("what turns have caused was not told to all")
        for waiting in group.waiting if error is not None else ():
            _fail(waiting, error)
        if rest:
            self._post(loop, rest)
        else:
            self._next_group(loop)

    def _again(self, group: Group, error: BaseException) -> list[Group]:
        """How to try a failed group once more: after a race as it was, else one by one, so that one bad message
        harms nobody else's; and one that fails alone is kept for staff without being understood."""
        if isinstance(error, (store.Raced, IntegrityError)) and group.races < RACES:
            return [Group(group.waiting, group.races + 1, group.plain)]
        if isinstance(error, StoreUnavailable):
            return []
        if group.plain:
            return self._alone(group)
        self.counters.isolated += 1
        log.warning("a group of turns failed", turns=len(group.waiting), error=type(error).__name__)
        if len(group.waiting) > 1:
            return [Group([waiting]) for waiting in group.waiting]
        return [Group(group.waiting, plain=True)]

    @staticmethod
    def _alone(group: Group) -> list[Group]:
        """A part that cannot be put to the others of its text is kept by itself."""
        (waiting,) = group.waiting
        if waiting.piece is None or waiting.piece.expired:
            return []
        waiting.piece = None
        return [Group([waiting], plain=True)]

    def _tell(self, written: Written) -> None:
        counters = self.counters
        counters.groups += 1
        counters.turns += len(written.results)
        for waiting, result in written.results:  # they go on when this is done
            counters.duplicates += result.duplicate
            if waiting.future is not None and not waiting.future.done():
                waiting.future.set_result(result)
        if written.stopped:
            self._routes.stopped(written.stopped)
        for waiting, reason in written.silenced:
            self.alarms.silenced(reason, waiting.number, channel=waiting.channel, now_ms=waiting.at_ms)
        for channel in written.woken:
            mine = [claimed for claimed in written.claimed if claimed.channel == channel]
            if mine:
                self._routes.offer(channel, mine)
            else:
                self._routes.wake(channel)

    def _work(self, connection: Connection, group: Group) -> Written:
        """The body of one transaction: on the writer's thread."""
        written = Written()
        texts = group.waiting
        if any(waiting.piece is not None for waiting in texts):
            texts = self._joined(connection, None if group.plain else self._bot.mind(connection), group, written)
        rest, version = self._unseen(connection, texts, written)
        mind = None if group.plain else self._bot.mind(connection, version)
        while rest:
            rest = self._segment(connection, mind, rest, written)
        return written

    def _joined(self, connection: Connection, mind: Mind | None, group: Group, written: Written) -> list[Waiting]:
        """The group with what its parts complete in their place; the other parts are kept for later."""

        def stops(text: str) -> bool:
            if mind is None:
                return False
            understood = mind.directory.reader.understand(text)
            return understood.intent is Intent.STOP and understood.rule == "exact"

        arrivals = [waiting.piece for waiting in group.waiting if waiting.piece is not None]
        placed = iter(join(connection, arrivals, stops, self._clock()))
        texts: list[Waiting] = []
        for waiting in group.waiting:
            if waiting.piece is None:
                texts.append(waiting)
                continue
            found = next(placed)
            texts.extend(self._whole(whole, waiting) for whole in found.before)
            if found.own is None:
                written.results.append((waiting, TurnResult(duplicate=found.repeat)))
            else:
                texts.append(self._whole(found.own, waiting, own=True))
        return texts

    def _whole(self, whole: Whole, waiting: Waiting, *, own: bool = False) -> Waiting:
        """A text that was put together, as if it had come at once."""
        received = Received(
            whole.sender, whole.text, whole.external_id, whole.recipient, whole.sent_ms, whole.optout
        )  # fmt: skip
        made = self._waiting_for(whole.channel, received, waiting.at_ms)
        made.future = waiting.future if own else None
        made.kept = LATE if whole.rest else ""
        return made

    def _unseen(self, connection: Connection, group: Sequence[Waiting], written: Written) -> tuple[list[Waiting], int]:
        """What is no repeat, and the version of the directory."""
        keys = [_keys(waiting) for waiting in group]
        taken, version = store.seen(connection, [key for mine in keys for key in mine])
        fresh: list[Waiting] = []
        for waiting, mine in zip(group, keys, strict=True):
            if mine & taken:
                written.results.append((waiting, TurnResult(duplicate=True)))
            else:
                taken.add((waiting.channel, waiting.external_id))
                fresh.append(waiting)
        return fresh, version

    def _segment(
        self, connection: Connection, mind: Mind | None, group: list[Waiting], written: Written
    ) -> list[Waiting]:
        """Step and write *group* up to and with the first that erases its sender; the rest comes back. *mind* None:
        keep them."""
        key = self._store.key
        subjects = {w.number: subject(key, w.number) for w in group if w.valid and not w.kept and mind is not None}
        profiles = load(connection, subjects, mind.codes) if subjects and mind is not None else {}
        turns: list[store.Turn] = []
        for waiting in group:
            turn, silenced = self._step(mind, waiting, None if waiting.kept else profiles.get(waiting.number))
            if waiting.kept:
                turn.tag = waiting.kept if waiting.text.strip() else ""
            elif waiting.valid and mind is None:
                turn.reply_channel = self._routes.reply.get(waiting.channel, "")
                unread.prepare(connection, key, self._bot, turn, waiting.received.optout)
            elif silenced:
                written.silenced.append((waiting, silenced))
            turns.append(turn)
            if turn.erase:
                break
        channels = {turn.reply_channel for turn in turns if turn.replies and turn.reply_channel}
        count = sum(len(turn.replies) for turn in turns)
        direct = len(channels) == 1 and self._routes.capacity(next(iter(channels))) >= count
        claim_until_ms = turns[-1].at_ms + self._routes.lease_ms if direct else None
        stopped = [turn.number for turn in turns if turn.suppress or turn.left or turn.erase]
        notice = Notice(() if direct else tuple(sorted(channels)), tuple(stopped))
        codes = NO_CODES if mind is None else mind.codes
        claimed = store.write(connection, turns, codes, claim_until_ms=claim_until_ms, notice=notice)
        if mind is None:
            unread.stop(connection, key, turns, turns[-1].at_ms)
        written.claimed.extend(claimed)
        written.woken |= channels
        written.stopped.extend(stopped)
        for waiting, turn in zip(group, turns, strict=False):
            written.results.append((waiting, result_of(turn)))
        return group[len(turns) :]

    def _step(self, mind: Mind | None, waiting: Waiting, profile: Profile | None) -> tuple[store.Turn, str]:
        """The turn, and why its sender is answered with silence from now on, or ""."""
        received = waiting.received
        turn = store.Turn(
            waiting.channel, waiting.external_id, waiting.number, storable(received.to)[:NUMBER_LIMIT], waiting.text,
            waiting.sent_ms, waiting.at_ms,
        )  # fmt: skip
        if profile is None or mind is None:  # a name or a short code: kept and never answered (contract §10)
            why = OWN_NUMBER if waiting.number in self._routes.own else NO_NUMBER
            if why == NO_NUMBER or self.alarms.is_news(why, waiting.number, waiting.at_ms):  # not every echo
                turn.tag = why
            return turn, why
        turn.profile = profile
        inbound = Inbound(waiting.text, waiting.at_ms, waiting.sent_ms, received.optout)
        outcome = mind.step(profile, waiting.channel, inbound)
        turn.intent = outcome.understood.intent.value
        turn.rule = outcome.understood.rule
        turn.tag = outcome.inbox
        turn.reply_channel = self._routes.reply.get(waiting.channel, "")
        hint = self._routes.hints.of(turn.reply_channel)
        if hint is not None and (outcome.left or not outcome.suppress):  # who has just stopped need not be told how
            likely = outcome.contact.language
            outcome = replace(outcome, replies=tuple(hint.say(text, likely) for text in outcome.replies))
        turn.replies = [(text, measure(text)) for text in outcome.replies]
        turn.facts = outcome.facts
        turn.suppress = outcome.suppress
        turn.left = outcome.left
        turn.erase = outcome.erase
        profile.erased = outcome.erase
        return turn, outcome.alarm


def _keys(waiting: Waiting) -> set[tuple[str, str]]:
    ids = lookups(waiting.external_id, guessed=gateway_id(waiting.received) is None)
    return {(waiting.channel, key) for key in ids}


def _fail(waiting: Waiting, error: BaseException | None) -> None:
    if error is not None and waiting.future is not None and not waiting.future.done():
        waiting.future.set_exception(error)


def _forgo(waiting: Waiting | Exception) -> None:
    """Nobody waits for it any more, whatever comes of it."""
    future = None if isinstance(waiting, Exception) else waiting.future
    if future is not None and not future.cancel() and not future.cancelled():
        future.exception()
