"""Asks gateways that tell it what is left to spend, and keeps the answer for staff."""

from __future__ import annotations

import structlog

from smsbot.clock import MINUTE_MS, Clock
from smsbot.errors import GatewayError
from smsbot.gateways.base import Balanced
from smsbot.outbound.attendant import IDLE_S, Attendant, Exchange, Lead
from smsbot.store import channel_vitals
from smsbot.store.database import Store

log = structlog.get_logger()

EVERY_MS = 15 * MINUTE_MS
FIRST_MS = MINUTE_MS  # after a process has begun to lead: one that is started again and again asks no more for it
DOUBT_MS = MINUTE_MS  # at most once a minute, however often the gateway complains


class Balances(Attendant):
    """Every quarter of an hour, and when a refusal names it. A question that fails changes nothing: an
    account may be allowed to send and not to look."""

    def __init__(
        self, channel: str, gateway: Balanced, *, lead: Lead, store: Store, exchange: Exchange, clock: Clock
    ) -> None:
        super().__init__(channel, lead)
        self._gateway = gateway
        self._store = store
        self._exchange = exchange
        self._clock = clock
        self._asked_ms = 0
        self._next_ms: int | None = None

    async def step(self) -> float:
        now_ms = self._clock()
        if self._next_ms is None:
            kept = (await self._store.look(channel_vitals.read)).get(self.channel)
            told_ms = 0 if kept is None or kept.balance_ms is None else kept.balance_ms
            self._next_ms = max(now_ms + FIRST_MS, told_ms + EVERY_MS)
        doubtful = self.lead.watch.balance_doubtful and now_ms - self._asked_ms >= DOUBT_MS
        if doubtful or now_ms >= self._next_ms:
            self._asked_ms, self._next_ms = now_ms, now_ms + EVERY_MS
            self.lead.watch.balance_doubtful = False
            await self._ask()
        return IDLE_S

    async def _ask(self) -> None:
        try:
            answer = self._gateway.balance(await self.ask(self._exchange, self._gateway.balance_request()))
        except GatewayError as error:
            answer = error
        if isinstance(answer, GatewayError):
            log.warning("a gateway does not tell its balance", channel=self.channel, code=answer.code)
            return
        amount, unit, at_ms = answer.amount, answer.unit, self._clock()
        await self._store.run(lambda c: channel_vitals.tell_balance(c, self.channel, amount, unit, at_ms), urgent=False)
