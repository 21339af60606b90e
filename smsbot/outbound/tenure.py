"""Holds the lease of a channel that only receives, for its gateway's own connection; elsewhere the dispatcher does."""

from __future__ import annotations

import asyncio
import contextlib
import time

import structlog
from sqlalchemy import Connection

from smsbot.clock import Clock
from smsbot.errors import GatewayError, Misconfigured, StoreError
from smsbot.outbound.bucket import Monotonic
from smsbot.outbound.claims import RENEW_S, RETAKE_S
from smsbot.outbound.link import LINK_TERM_MS, MAKING, LinkRunner
from smsbot.outbound.watch import Told, Watch
from smsbot.store import channel_health, leases
from smsbot.store.database import Store
from smsbot.store.leases import Sighting

log = structlog.get_logger()


class Tenure:
    """`run()` until `stop()`. *owner* names this process among others."""

    def __init__(
        self, name: str, *, store: Store, clock: Clock, owner: str, monotonic: Monotonic = time.monotonic
    ) -> None:
        self._name = name
        self._lease = f"channel:{name}"
        self._store = store
        self._clock = clock
        self._owner = owner
        self._monotonic = monotonic
        self._watch = Watch()
        self._link: LinkRunner | None = None
        self._fence: int | None = None
        self._sighting = Sighting()
        self._signal = asyncio.Event()
        self._stopping = False

    def serve(self, link: LinkRunner) -> None:
        """Keep *link* going while the channel's lease is ours. Before `run`."""
        self._link = link
        self.trouble(MAKING)

    def trouble(self, error: GatewayError | None) -> None:
        """How the gateway's own connection is; None: it stands."""
        if error is None:
            self._watch.joined()
        else:
            self._watch.parted(str(error), self._clock(), misconfigured=isinstance(error, Misconfigured))
        self._signal.set()

    async def run(self) -> None:
        """Returns after `stop()`, when the connection is ended and the lease given back."""
        link = self._link
        assert link is not None, "nothing to hold the lease for"
        try:
            while not self._stopping:
                self._signal.clear()
                await self._turn(link)
                news = self._fence is not None and self._watch.news() is not None
                wait_s = 0.0 if news else RENEW_S if self._fence is not None else RETAKE_S
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
        told = self._watch.news() if self._fence is not None else None
        try:
            fence = await self._store.run(lambda connection: self._keep(connection, told))
        except StoreError as error:
            log.warning("a channel's lease cannot be kept", channel=self._name, reason=str(error))
            await asyncio.sleep(RETAKE_S)
            return
        if fence is None or self._fence not in (None, fence):
            link.lose()
            self._watch.told = None
        elif told is not None:
            self._watch.told = told
        if fence is not None:
            link.keep(now_s + LINK_TERM_MS / 1_000)
        self._fence = fence

    def _keep(self, connection: Connection, told: Told | None) -> int | None:
        """The lease's fence, or None if somebody else has it."""
        now_ms = self._clock()
        fence = leases.succeed(
            connection, self._lease, self._owner, now_ms=now_ms, now_s=self._monotonic(), term_ms=LINK_TERM_MS,
            sighting=self._sighting,
        )  # fmt: skip
        if fence is not None and told is not None:
            state, reason, success_ms = told
            channel_health.report(connection, self._name, state, reason, now_ms=now_ms, success_ms=success_ms)
        return fence

    async def _leave(self) -> None:
        fence = self._fence
        if fence is not None:
            with contextlib.suppress(StoreError):  # then it ends by itself
                await self._store.run(lambda c: leases.release(c, self._lease, self._owner, fence))
