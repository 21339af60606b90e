"""Asks gateways that have to be asked what became of messages, and hands the answers to where reports go."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence

import structlog

from smsbot.clock import Clock
from smsbot.errors import GatewayError, Refused, Throttled
from smsbot.gateways.base import Pending, Polled, StatusChange
from smsbot.outbound.attendant import IDLE_S, Attendant, Exchange, Lead
from smsbot.outbound.bucket import Bucket, Monotonic
from smsbot.outbound.watch import ChannelState
from smsbot.store import polls
from smsbot.store.database import Store
from smsbot.store.polls import Due

log = structlog.get_logger()

QUESTIONS_PER_S = 5.0
"""A budget of its own: questions take nothing from the rate of sending. Providers that limit them allow some ten a
second; at one message a question a broadcast to 10,000 is asked about once in half an hour."""
TROUBLE_FIRST_S = 5.0
TROUBLE_MOST_S = 600.0

Submit = Callable[[str, Sequence[StatusChange]], Awaitable[None]]
"""(channel, what is told); returns when it is committed."""


class _Odd(Exception):
    """The gateway's code failed over a question."""


class Poller(Attendant):
    """One question a step. What is asked is set later only after the answer is committed, so a crash asks again."""

    def __init__(
        self, channel: str, gateway: Polled, *, lead: Lead, store: Store, exchange: Exchange, submit: Submit,
        clock: Clock, monotonic: Monotonic,
    ) -> None:  # fmt: skip
        super().__init__(channel, lead)
        self._gateway = gateway
        self._by_our_id = bool(getattr(gateway, "polled_by_our_id", False))
        self._store = store
        self._exchange = exchange
        self._submit = submit
        self._clock = clock
        self._bucket = Bucket(QUESTIONS_PER_S, clock=monotonic)
        self._trouble_s = 0.0

    async def step(self) -> float:
        if self.lead.watch.state is ChannelState.MISCONFIGURED:
            return IDLE_S
        now_ms = self._clock()
        most = max(1, self._gateway.poll_most)
        due, over = await self._store.look(lambda c: polls.due(c, self.channel, now_ms, most))
        # A part of a message may be one more than a question can name: the rest waits for the next.
        asked = [each for each in due if self._by_our_id or each.external_id is not None]
        over += sorted({each.outbox_id for each in due} - {each.outbox_id for each in asked})
        for at in range(0, len(asked), most):
            self._bucket.take(1)
            error = await self._ask(asked[at : at + most])
            if error is not None:
                return self._in_trouble(error)
        self._trouble_s = 0.0
        if due or over:
            await self._store.run(lambda c: polls.later(c, asked, over, self._clock()), urgent=False)
            return self._bucket.wait_s()
        return IDLE_S

    async def _ask(self, due: Sequence[Due]) -> GatewayError | None:
        """None: it was answered, and what it told is committed."""
        try:
            answer = await self._answered([Pending(each.message_id, each.external_id, each.number) for each in due])
        except GatewayError as error:
            return error
        except _Odd as odd:
            return await self._one_by_one(due, odd)
        if isinstance(answer, Refused):  # about these messages only: the next question may be answered
            log.warning("a gateway cannot tell what became of messages", channel=self.channel, code=answer.code)
            return None
        if isinstance(answer, GatewayError):
            return answer
        if answer:
            await self._submit(self.channel, answer)
        return None

    async def _answered(self, pending: Sequence[Pending]) -> list[StatusChange] | GatewayError:
        """Raises `_Odd` where the gateway's code fails in a way that nobody foresaw."""
        try:
            request = self._gateway.poll(pending)
        except GatewayError:
            raise
        except Exception as error:
            raise _Odd from error
        response = await self.ask(self._exchange, request)
        try:
            return self._gateway.polled(pending, response)
        except Exception as error:
            raise _Odd from error

    async def _one_by_one(self, due: Sequence[Due], odd: _Odd) -> GatewayError | None:
        """The message that a question fails over is asked about later, and others now."""
        if len(due) == 1:
            log.error("a question about a message fails", channel=self.channel, message=due[0].outbox_id,
                      exc_info=odd.__cause__)  # fmt: skip
            return None
        for each in due:
            self._bucket.take(1)
            if (error := await self._ask([each])) is not None:
                return error
        return None

    def _in_trouble(self, error: GatewayError) -> float:
        """Ask less often; sending is not concerned."""
        if not self._trouble_s:
            log.warning("a gateway does not tell what became of messages", channel=self.channel, code=error.code)
        self._trouble_s = min(max(self._trouble_s * 2, TROUBLE_FIRST_S), TROUBLE_MOST_S)
        if isinstance(error, Throttled) and error.retry_after_s is not None:
            return max(error.retry_after_s, self._trouble_s)
        return self._trouble_s
