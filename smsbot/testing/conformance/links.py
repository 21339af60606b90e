"""The same behaviours for gateways with a connection of their own, and for those without any network."""

from __future__ import annotations

import asyncio

from smsbot.gateways.base import Link, Transport
from smsbot.status import Status
from smsbot.testing.conformance.case import Case
from smsbot.testing.conformance.handing import hand, joined
from smsbot.testing.conformance.sample import AT_MS, MESSAGE, Inapplicable, Sample


def _connected(sample: Sample) -> None:
    """Raises `Inapplicable` for a transport that talks to nobody."""
    if not isinstance(sample.channel().gateway, Link):
        raise Inapplicable("it talks to nobody")


async def has_no_webhooks(case: Case) -> None:
    raise Inapplicable(f"{case.sample.gateway} has no webhooks")


async def takes_a_repeat_once(case: Case) -> None:
    """A text that is brought twice is one row, and both times it is acknowledged."""
    sample = case.sample
    _connected(sample)
    async with joined(sample, case.folder) as link:
        await asyncio.to_thread(link.peer.write, 2)
        await link.inbox.until_taken(2)
        assert await link.door.texts() == 1, "a repeat is another text"


async def ignores_an_unknown_status(case: Case) -> None:
    """Taken, and a line in the case.log."""
    sample = case.sample
    _connected(sample)
    async with joined(sample, case.folder) as link:
        await asyncio.to_thread(link.peer.report_unknown)
        await link.inbox.until_taken(1)
    assert case.log.times("unknown delivery status") == 1
    assert sample.raw.lower() in case.log.told().lower(), "the log does not tell the other side's word"


async def slows_when_throttled(case: Case) -> None:
    """Later; no attempt, and the channel becomes slower."""
    sample = case.sample
    _connected(sample)
    async with joined(sample, case.folder) as link:
        await asyncio.to_thread(link.peer.throttle)
        handed = await hand(link.channel)
    assert (handed.result.status, handed.result.attempts) == (Status.SENDING, 0), "a throttled message counts as tried"
    assert (handed.result.due_ms or 0) > AT_MS
    assert handed.slowed, "the channel is not slower"


async def tries_again_after_a_fault(case: Case) -> None:
    """No connection, or a fault of the other side: surely not accepted, so it is tried again."""
    sample = case.sample
    _connected(sample)
    handed = await hand(sample.channel())
    assert (handed.result.status, handed.result.attempts) == (Status.SENDING, 1), "without a connection"
    async with joined(sample, case.folder) as link:
        await asyncio.to_thread(link.peer.fail)
        handed = await hand(link.channel)
        assert (handed.result.status, handed.result.attempts) == (Status.SENDING, 1), "a fault is not tried again"


async def leaves_the_uncertain(case: Case) -> None:
    """Taken, and then silence: `unknown`; tried again only where the gateway removes duplicates."""
    sample = case.sample
    _connected(sample)
    async with joined(sample, case.folder) as link:
        await asyncio.to_thread(link.peer.fall_silent)
        handed = await hand(link.channel)
        removes = link.channel.gateway.capabilities.removes_duplicates
        expected = Status.SENDING if removes else Status.UNKNOWN
        assert handed.result.status is expected, f"after silence the message is {handed.result.status}"


async def hands_over(case: Case) -> None:
    """A message is taken, and a repeat of it is no other where the gateway removes duplicates."""
    sample = case.sample
    channel = sample.channel()
    if not isinstance(channel.gateway, Link):
        assert isinstance(channel.gateway, Transport)
        accepted = await channel.gateway.send(MESSAGE)
        assert accepted.final in {None, Status.SENT, Status.DELIVERED}
        return
    async with joined(sample, case.folder) as link:
        first = await hand(link.channel)
        assert first.result.status is Status.SENT, f"what was taken is {first.result.status}"
        if link.channel.gateway.capabilities.removes_duplicates:
            again = await hand(link.channel)
            assert again.result.external_id == first.result.external_id, "a repeat is another message"
