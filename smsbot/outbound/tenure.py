"""Holds the lease of a channel that only receives, for its gateway's own connection; elsewhere the dispatcher does."""

from __future__ import annotations

import asyncio
import contextlib
import time

import structlog
from sqlalchemy import Connection

from smsbot.clock import Clock
from smsbot.errors import GatewayError, StoreError
from smsbot.outbound.bucket import Monotonic
from smsbot.outbound.holding import RETAKE_S, Holding, Kept
from smsbot.outbound.link import LINK_TERM_MS, MAKING, LinkRunner
from smsbot.outbound.watch import Told, Watch
from smsbot.store import channel_health
from smsbot.store.database import Store

log = structlog.get_logger()


class Tenure:
    """`run()` until `stop()`. *owner* names this process among others."""

    def __init__(
        self, name: str, *, store: Store, clock: Clock, owner: str, monotonic: Monotonic = time.monotonic
    ) -> None:
        self._name = name
        self._store = store
        self._clock = clock
        self._monotonic = monotonic
        self._watch = Watch()
        self._link: LinkRunner | None = None
        self._holding = Holding(name, owner, term_ms=LINK_TERM_MS, monotonic=monotonic)
        self._signal = asyncio.Event()
        self._stopping = False

    def serve(self, link: LinkRunner) -> None:
        """Keep *link* going while the channel's lease is ours. Before `run`."""
        self._link = link
        self.trouble(MAKING)

    def trouble(self, error: GatewayError | None) -> None:
        """How the gateway's own connection is; None: it stands."""
        self._watch.connection(error, self._clock())
        self._signal.set()

    async def run(self) -> None:
        """Returns after `stop()`, when the connection is ended and the lease given back."""
        link = self._link
        assert link is not None, "nothing to hold the lease for"
        try:
            while not self._stopping:
                self._signal.clear()
                await self._turn(link)
                news = self._holding.ours and self._watch.news() is not None
                wait_s = 0.0 if news else max(0.0, self._holding.due_s - self._monotonic())
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(self._signal.wait(), wait_s)
        finally:
            await link.part()
            await self._leave()

    def stop(self) -> None:
        self._stopping = True
        self._signal.set()

    async def _turn(self, link: LinkRunner) -> None:
        """One transaction: keep the lease, or ask for it, and write down how the channel is."""
        now_s = self._monotonic()
        told = self._watch.news() if self._holding.ours else None
        try:
            kept = await self._store.run(lambda connection: self._keep(connection, told))
        except StoreError as error:
            log.warning("a channel's lease cannot be kept", channel=self._name, reason=str(error))
            await asyncio.sleep(RETAKE_S)
            return
        if kept.fence is None:
            link.lose()
            self._watch.told = None
        elif told is not None:
            self._watch.told = told
        if kept.fence is not None and kept.renewed:
            link.keep(now_s + LINK_TERM_MS / 1_000)
        self._holding.note(kept, now_s)

    def _keep(self, connection: Connection, told: Told | None) -> Kept:
        now_ms = self._clock()
        kept = self._holding.keep(connection, now_ms)
        if kept.fence is not None and told is not None:
            state, reason, success_ms = told
            channel_health.report(connection, self._name, state, reason, now_ms=now_ms, success_ms=success_ms)
        return kept

    async def _leave(self) -> None:
        fence = self._holding.fence
        if fence is not None:
            with contextlib.suppress(StoreError):  # then it ends by itself
                await self._store.run(lambda c: self._holding.give_back(c, fence))
