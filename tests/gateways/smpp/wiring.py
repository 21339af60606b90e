"""A gateway of ours on a running loop, and an inbox that remembers."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Sequence
from typing import Any

from smsbot.errors import GatewayError, StoreUnavailable
from smsbot.gateways import registry
from smsbot.gateways.base import Accepted, Event, Message, Received, StatusChange
from smsbot.gateways.smpp.config import SmppConfig
from smsbot.gateways.smpp.link import Pauses, Smpp
from smsbot.testing.smsc import PASSWORD, SYSTEM_ID
from smsbot.text.gsm7 import measure

PATIENCE_S = 60.0
QUICK = Pauses(first_s=0.02, most_s=0.05, refused_s=0.02, refused_most_s=0.05, again_s=(0.01, 0.02))


class Remembering:
    """An inbox. *away*: the database does not answer; *lost*: it does not for this text; *broken*: something else is
    wrong with this one."""

    def __init__(self) -> None:
        self.asked: list[Event] = []
        self.groups: list[list[Event]] = []
        self.troubles: list[GatewayError | None] = []
        self.away = False
        self.lost = self.broken = ""
        self.gate: asyncio.Event | None = None
        self.begun = 0
        self._changed = asyncio.Condition()

    async def take(self, events: Sequence[Event]) -> None:
        self.begun += 1
        self.asked += events
        await self._tell()
        if self.gate is not None:
            await self.gate.wait()
        if self.away or self._among(self.lost, events):
            raise StoreUnavailable("the database is away")
        if self._among(self.broken, events):
            raise ValueError("nobody foresaw this")
        self.groups.append(list(events))
        await self._tell()

    @staticmethod
    def _among(text: str, events: Sequence[Event]) -> bool:
        return bool(text) and any(isinstance(event, Received) and event.text == text for event in events)

    def trouble(self, error: GatewayError | None) -> None:
        self.troubles.append(error)
        asyncio.get_running_loop().create_task(self._tell())  # it ends at once

    async def _tell(self) -> None:
        async with self._changed:
            self._changed.notify_all()

    @property
    def events(self) -> list[Event]:
        return [event for group in self.groups for event in group]

    @property
    def texts(self) -> list[str]:
        return [event.text for event in self.events if isinstance(event, Received)]

    @property
    def changes(self) -> list[StatusChange]:
        return [event for event in self.events if isinstance(event, StatusChange)]

    async def until(self, found: Callable[[], Any]) -> Any:
        async with asyncio.timeout(PATIENCE_S), self._changed:
            await self._changed.wait_for(found)
            return found()


def smpp(port: int, **keys: object) -> Smpp:
    values: dict[str, object] = {
        "gateway": "smpp", "host": "127.0.0.1", "port": port, "system_id": SYSTEM_ID, "password": PASSWORD,
        "sender": "2200",
    }  # fmt: skip
    config = registry.channel("main", values | keys).config
    assert isinstance(config, SmppConfig)
    return Smpp(config, pauses=QUICK)


@contextlib.asynccontextmanager
async def running(gateway: Smpp, inbox: Remembering, *, bound: bool = True) -> AsyncIterator[asyncio.Task[None]]:
    """The link in a task of its own, bound unless *bound* is False; parted in good order at the end."""
    task = asyncio.create_task(gateway.run(inbox))
    try:
        if bound:
            await inbox.until(lambda: None in inbox.troubles)
        yield task
    finally:
        if not task.cancelling():
            task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


def message(text: str = "hello", *, to: str = "+995555000001") -> Message:
    found = measure(text)
    return Message("out-1", to, text, found.encoding, found.parts, "2200", "")


async def aside(work: Callable[..., Any], *words: Any, **more: Any) -> Any:
    """*work* waits for the SMSC's thread, so it must not hold the loop."""
    return await asyncio.to_thread(work, *words, **more)


async def outcome(work: asyncio.Future[Accepted]) -> Accepted | GatewayError:
    async with asyncio.timeout(PATIENCE_S):
        try:
            return await work
        except GatewayError as error:
            return error
