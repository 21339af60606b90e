"""What comes by a connection, put into the inbox in groups and acknowledged once it is committed.

What has come together goes to the inbox at once, in its order, and does not wait until what came before is committed:
whoever writes finds the next at hand. The inbox keeps the order, so a person's texts keep theirs. Only what was under
way when its connection ended is waited for: the SMSC may bring it again by the next one.

**Repeats.** SMPP gives messages no id. An SMSC brings one again when our acknowledgement did not reach it: a refused
commit (nothing was kept, so nothing is to be recognised), or a connection that ended in between. The inbox recognises
the same text of the same person for a minute. Beyond that a message is taken for a repeat only if it was acknowledged
on a connection that ended before anything showed that the SMSC had heard of it: so a second JOIN after a minute, whose
first was acknowledged, is a second JOIN.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections import deque
from collections.abc import Sequence

import structlog

from smsbot.clock import MINUTE_MS, Clock
from smsbot.errors import StoreError
from smsbot.gateways.base import Event, Inbox
from smsbot.gateways.smpp.codec import Pdu, Sm
from smsbot.gateways.smpp.codes import OK, RECEIVER_TEMPORARY
from smsbot.gateways.smpp.incoming import Habits, digest, event
from smsbot.gateways.smpp.session import Session

log = structlog.get_logger()

GROUP = 256  # messages of one group; the pipeline of turns writes as many at once
UNDER_WAY_MOST = 2 * GROUP  # messages in the inbox and not committed yet
WAITING_MOST = 10_000  # unacknowledged messages, some 20 MB; the SMSC has to bring further ones again
UNPROVEN_MS = 10 * MINUTE_MS
UNPROVEN_MOST = 10_000


class Intake:
    """Belongs to a channel and outlives its connections."""

    def __init__(self, habits: Habits, inbox: Inbox, clock: Clock) -> None:
        self._habits = habits
        self._inbox = inbox
        self._clock = clock
        self._waiting: deque[tuple[Session, Pdu]] = deque()
        self._more = asyncio.Event()
        self._closed = False
        self._taking: dict[asyncio.Task[None], set[Session]] = {}
        self._under_way = 0
        self._unproven: dict[bytes, int] = {}  # digest → when its connection ended, the oldest first

    def deliver(self, session: Session, pdu: Pdu) -> None:
        if self._closed or len(self._waiting) >= WAITING_MOST:
            session.answer(pdu, RECEIVER_TEMPORARY)
            return
        self._waiting.append((session, pdu))
        self._more.set()

    def parted(self, session: Session) -> None:
        """*session* has ended: what it acknowledged last may come again."""
        for said in session.unproven:
            self._note(said)

    def close(self) -> None:
        """What is here already is still taken; `run` returns then."""
        self._closed = True
        self._more.set()

    async def run(self) -> None:
        try:
            while self._waiting or not self._closed:
                self._more.clear()
                number = min(GROUP, len(self._waiting), UNDER_WAY_MOST - self._under_way)
                if number > 0 and not self._cut_off:
                    self._begin([self._waiting.popleft() for _ in range(number)])
                else:
                    await self._more.wait()
            if self._taking:
                await asyncio.wait(self._taking)
        finally:
            for task in self._taking:
                task.cancel()  # it is taken out of there later, by the loop

    @property
    def _cut_off(self) -> bool:
        """Is something under way that nobody can be told of any more? It may come again, so it is waited for."""
        return any(session.ended.done() for sessions in self._taking.values() for session in sessions)

    def _begin(self, group: Sequence[tuple[Session, Pdu]]) -> None:
        def ended(task: asyncio.Task[None]) -> None:
            del self._taking[task]
            self._under_way -= len(group)
            self._more.set()

        self._under_way += len(group)
        task = asyncio.create_task(self._take(group), name="smpp group")
        self._taking[task] = {session for session, _ in group}
        task.add_done_callback(ended)

    async def _take(self, group: Sequence[tuple[Session, Pdu]]) -> None:
        now_ms = self._clock()
        self._forget(now_ms)
        events: list[Event] = []
        said: list[bytes] = []
        for _, pdu in group:
            assert isinstance(pdu.body, Sm)
            said.append(digest(pdu.body))
            if said[-1] in self._unproven:
                log.info("a message that had been acknowledged came again and was left out")
                continue
            if (found := event(pdu.body, self._habits, now_ms)) is not None:
                events.append(found)
        status = await self._status(events)
        if status is None:  # one of them is to blame, so each is taken for itself
            for one in group:
                await self._take([one])
            return
        for (session, pdu), known in zip(group, said, strict=True):
            session.answer(pdu, status, known)
            if status != OK:
                continue
            self._unproven.pop(known, None)
            if session.ended.done():  # while it was committed, so the acknowledgement had nowhere to go
                self._note(known)

    async def _status(self, events: Sequence[Event]) -> int | None:
        """What to answer the SMSC. None: a group failed in a way that is not the database's."""
        if not events:
            return OK
        try:
            await self._inbox.take(events)
        except StoreError:
            return RECEIVER_TEMPORARY
        except Exception as error:
            log.exception("what came could not be taken", events=len(events), kind=type(error).__name__)
            return RECEIVER_TEMPORARY if len(events) == 1 else None
        return OK

    def _note(self, said: bytes) -> None:
        self._unproven.pop(said, None)
        self._unproven[said] = self._clock()
        if len(self._unproven) > UNPROVEN_MOST:
            del self._unproven[next(iter(self._unproven))]

    def _forget(self, now_ms: int) -> None:
        with contextlib.suppress(StopIteration):
            while self._unproven[oldest := next(iter(self._unproven))] < now_ms - UNPROVEN_MS:
                del self._unproven[oldest]
