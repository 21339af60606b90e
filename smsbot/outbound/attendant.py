"""Tasks beside a dispatcher, at work only in the process that has its channel's lease."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from typing import Protocol

import structlog

from smsbot.errors import StoreError
from smsbot.gateways.base import Request, Response
from smsbot.outbound.watch import Watch

log = structlog.get_logger()

IDLE_S = 1.0

Exchange = Callable[[Request], Awaitable[Response]]
"""One request, one answer; raises `Unavailable`, `Uncertain` or `Misconfigured` (`client.Sender.exchange`)."""


class Lead(Protocol):
    """What an attendant has to know of the dispatcher."""

    @property
    def leads(self) -> bool: ...
    @property
    def watch(self) -> Watch: ...


class Attendant:
    """`run()` until `stop()`. Two processes that both believe to lead for a moment do no harm: see each `step`."""

    def __init__(self, channel: str, lead: Lead) -> None:
        self.channel = channel
        self.lead = lead
        self._ending = asyncio.Event()

    async def run(self) -> None:
        """A step under way when it is stopped is given up: what it asks is asked again, what it writes is committed."""
        ending = asyncio.create_task(self._ending.wait())
        try:
            while not ending.done():
                step = asyncio.create_task(self._safely())
                await asyncio.wait({step, ending}, return_when=asyncio.FIRST_COMPLETED)
                if not step.done():
                    step.cancel()
                    with contextlib.suppress(asyncio.CancelledError):
                        await step
                    return
                await asyncio.wait({ending}, timeout=max(step.result(), 0.001))
        finally:
            ending.cancel()

    def stop(self) -> None:
        self._ending.set()

    async def _safely(self) -> float:
        try:
            return await self.step() if self.lead.leads else IDLE_S
        except StoreError as error:
            log.warning("the database cannot be reached", channel=self.channel, reason=str(error))
        except Exception as error:
            log.exception("an attendant failed", channel=self.channel, kind=type(error).__name__)
        return IDLE_S

    async def step(self) -> float:
        """Do what there is to do; give how many seconds to wait before the next."""
        raise NotImplementedError
