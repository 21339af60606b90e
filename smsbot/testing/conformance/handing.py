"""One message through the real hand-over and the real sender, to a provider on loopback or to a `Link`'s other side."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from smsbot.errors import GatewayError
from smsbot.gateways.base import Event, Link
from smsbot.gateways.client import Sender
from smsbot.gateways.registry import Channel
from smsbot.outbound.bucket import Bucket
from smsbot.outbound.handover import Handover
from smsbot.outbound.watch import Watch
from smsbot.store.outbox import Claimed, Result
from smsbot.testing.conformance.door import Door, opened
from smsbot.testing.conformance.sample import AT_MS, MESSAGE, PUBLIC, Inapplicable, Peer, Sample

PATIENCE_S = 60.0
SILENCE_S = 2.0
"""How long a provider that never answers is waited for; half of it is for the connection, which is there at once."""

CLAIMED = Claimed(
    id=int(MESSAGE.id.removeprefix("out-")), channel="main", number=MESSAGE.to, text=MESSAGE.text, parts=MESSAGE.parts,
    attempts=0, created_ms=AT_MS, expires_ms=None,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Handed:
    """What became of a message, and whether the channel is slower now."""

    result: Result
    slowed: bool


async def hand(channel: Channel, *, timeout_s: float = PATIENCE_S) -> Handed:
    """Hand `MESSAGE` over once."""
    bucket = Bucket(channel.config.rate_per_s)
    async with Sender(timeout_s=timeout_s, clock=lambda: AT_MS) as sender:
        handover = Handover(
            channel.name, channel.gateway, channel.config, sender, bucket=bucket, watch=Watch(), clock=lambda: AT_MS,
            public_url=PUBLIC, chance=lambda: 0.5,
        )  # fmt: skip
        handed = await handover.attempt(CLAIMED)
    assert handed is not None  # nobody asked whether it is wanted
    return Handed(handed.result, bucket.slowed)


def closed_port() -> int:
    """Where nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


class Watched:
    """The inbox of a link: what comes goes to the real pipeline, and whoever waits is told."""

    def __init__(self, door: Door) -> None:
        self._door = door
        self._changed = asyncio.Event()
        self.taken = 0  # events whose commit is done
        self.stands = False

    async def take(self, events: Sequence[Event]) -> None:
        await self._door.arrivals.take(events)
        self.taken += len(events)
        self._changed.set()

    def trouble(self, error: GatewayError | None) -> None:
        self.stands = error is None
        self._changed.set()

    async def until_stands(self) -> None:
        async with asyncio.timeout(PATIENCE_S):
            while not self.stands:
                await self._again()

    async def until_taken(self, number: int) -> None:
        async with asyncio.timeout(PATIENCE_S):
            while self.taken < number:
                await self._again()

    async def _again(self) -> None:
        self._changed.clear()
        await self._changed.wait()


@dataclass(frozen=True, slots=True)
class Joined:
    """A link that stands."""

    channel: Channel
    door: Door
    inbox: Watched
    peer: Peer


@asynccontextmanager
async def joined(sample: Sample, folder: Path) -> AsyncIterator[Joined]:
    """The link of *sample*, connected to its other side; parted in good order at the end."""
    assert sample.peer is not None, "the sample of a gateway with a connection of its own needs `peer`"
    with sample.peer(folder) as peer:
        channel = sample.channel(**peer.keys)
        link = channel.gateway
        if not isinstance(link, Link):
            raise Inapplicable("it has no connection")
        async with opened(channel, folder) as door:
            inbox = Watched(door)
            running = asyncio.create_task(link.run(inbox))
            try:
                await inbox.until_stands()
                yield Joined(channel, door, inbox, peer)
            finally:
                running.cancel()
                with contextlib.suppress(asyncio.CancelledError):
                    await running
