"""Tasks beside a dispatcher, at work only in the process that has its channel's lease."""

from __future__ import annotations

import asyncio
import contextlib
from abc import ABC, abstractmethod
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


class Ending(Exception):
    """The process ends: the answer is not waited for."""


class Attendant(ABC):
    """`run()` until `stop()`. Two processes that both believe to lead for a moment do no harm: see each `step`."""

    def __init__(self, channel: str, lead: Lead) -> None:
        self.channel = channel
        self.lead = lead
        self._ending = asyncio.Event()

    async def run(self) -> None:
        while not self._ending.is_set():
            wait_s = IDLE_S
            try:
                if self.lead.leads:
                    wait_s = await self.step()
            except Ending:  # or the question was given up by somebody else: the loop tells which
                pass
            except StoreError as error:
                log.warning("the database cannot be reached", channel=self.channel, reason=str(error))
            except Exception as error:
                log.exception("an attendant failed", channel=self.channel, kind=type(error).__name__)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._ending.wait(), max(wait_s, 0.001))

    def stop(self) -> None:
        self._ending.set()

    @abstractmethod
    async def step(self) -> float:
        """Do what there is to do; give how many seconds to wait before the next."""

    async def ask(self, exchange: Exchange, request: Request) -> Response:
        """A question to the gateway, given up when the process ends: nothing hangs on it. Raises as *exchange*."""
        asking = asyncio.ensure_future(exchange(request))
        ending = asyncio.create_task(self._ending.wait())
        try:
            await asyncio.wait({asking, ending}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            ending.cancel()
            if not asking.done():
                asking.cancel()
        if asking.cancelled() or not asking.done():
            raise Ending
        return asking.result()
