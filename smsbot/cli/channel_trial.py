"""Trying a channel: its credentials, and what may be said of it after some waiting. The command is in `channels`."""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from smsbot.errors import GatewayError, Misconfigured, StoreUnavailable, Unavailable, Uncertain
from smsbot.gateways.base import Balanced, Event, HttpGateway, Link, Probed
from smsbot.gateways.client import Sender
from smsbot.gateways.registry import Channel
from smsbot.status import Status
from smsbot.store.channel_trace import Fate, Trace

CONNECT_S = 20.0
TRIAL_S = 20.0
LEFT = {Status.SENT, Status.DELIVERED}
LOST = {Status.FAILED, Status.EXPIRED, Status.UNKNOWN, Status.SUPPRESSED, Status.CANCELLED}


@dataclass(frozen=True, slots=True)
class Tried:
    """*said*: a sentence. *fault*: what is wrong with the credentials, or that nobody could be asked."""

    said: str
    fault: GatewayError | None = None


async def credentials(channel: Channel) -> Tried:
    """Try them without a text, where there is a way to."""
    gateway = channel.gateway
    if isinstance(gateway, Link):
        return await _connected(gateway)
    if not isinstance(gateway, HttpGateway):
        return Tried("This gateway needs no credentials.")
    if not isinstance(gateway, Probed | Balanced):
        return Tried("This provider offers no harmless way to try the credentials: `--send` tries them with a text.")
    async with Sender(timeout_s=TRIAL_S) as sender:
        try:
            said = await _asked(gateway, sender)
        except Misconfigured as error:
            return Tried(f"The gateway does not accept the channel's settings: {_reason(str(error))}.", error)
        except (Unavailable, Uncertain) as error:
            return Tried(f"The gateway could not be asked: {_reason(str(error))}.", error)
        except GatewayError as error:  # it answers, and about something else
            told = _reason(str(error))
            return Tried(f"The gateway answers, but does not tell whether the credentials are right: {told}.")
    return Tried(said)


async def _asked(gateway: Probed | Balanced, sender: Sender) -> str:
    """Raises the `GatewayError` that the gateway answers with."""
    proven = False
    if isinstance(gateway, Probed):
        if (error := gateway.probed(await sender.exchange(gateway.probe()))) is not None:
            raise error
        proven = True
    if isinstance(gateway, Balanced):
        told = gateway.balance(await sender.exchange(gateway.balance_request()))
        if not isinstance(told, GatewayError):
            return f"The credentials are right; what is left to spend: {told.amount:g} {told.unit}."
        if not proven:
            raise told
    return "The credentials are right."


def _reason(told: str) -> str:
    """A gateway's sentence within another one: `No such number. (21211)` without its full stop."""
    return told.replace(". (", " (").rstrip(".")


class _Deaf:
    """The inbox of a connection that is only tried: nothing is taken, so all of it is brought again later."""

    def __init__(self) -> None:
        self.told: asyncio.Future[GatewayError | None] = asyncio.get_running_loop().create_future()

    async def take(self, events: Sequence[Event]) -> None:
        raise StoreUnavailable(f"{len(events)} events are left for the process that serves the channel.")

    def trouble(self, error: GatewayError | None) -> None:
        if not self.told.done():
            self.told.set_result(error)


async def _connected(link: Link) -> Tried:
    """Connect once. Nobody else may hold the connection meanwhile: many SMSCs allow one."""
    inbox = _Deaf()
    running = asyncio.create_task(link.run(inbox))
    try:
        either: set[asyncio.Future[Any]] = {running, inbox.told}
        await asyncio.wait(either, timeout=CONNECT_S, return_when=asyncio.FIRST_COMPLETED)
        if not inbox.told.done():
            error: GatewayError | None = Unavailable("", "The other side did not answer in time.")
        else:
            error = inbox.told.result()
    finally:
        running.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await running
    if error is None:
        return Tried("The credentials are right: the connection was made, and ended again.")
    return Tried(f"The connection could not be made: {_reason(str(error))}.", error)


def reachable(public_url: str | None) -> str:
    """A sentence about whether a provider somewhere can reach the address, by its looks."""
    if public_url is None:
        return "`service.public_url` is not set, so a provider does not know where to call."
    parts = urlsplit(public_url)
    host = parts.hostname or ""
    try:
        near = not ipaddress.ip_address(host).is_global
    except ValueError:
        near = host == "localhost" or host.endswith((".localhost", ".local", ".internal")) or "." not in host
    if near:
        return f"`service.public_url` is an address of this machine or network ({host}): only what is here can call it."
    if parts.scheme != "https":
        return "`service.public_url` is not https: texts and reports would travel for everybody to read."
    return "`service.public_url` looks as if it can be reached from outside (https, a public name)."


@dataclass(frozen=True, slots=True)
class Seen:
    """What a channel can, and what was seen of it. *sent*: the fate of the test text, None if there was none.
    *working*: a process works on the database. *waited_s*: how long was waited."""

    name: str
    receives: bool
    sends: bool
    trace: Trace
    sent: Fate | None
    working: bool
    waited_s: float
    has_addresses: bool = True  # that a provider calls; False: a connection of our own

    @property
    def settled(self) -> bool:
        """Is there nothing more to wait for?"""
        told = self.sent is None or self.sent.status in LEFT | LOST
        came = not self.receives or self.trace.texts > 0  # a text and its answers are committed together
        left = all(each.status in LEFT | LOST for each in self.trace.replies)
        return told and came and left


def verdict(seen: Seen) -> tuple[bool, str]:
    """Whether all is well, and one sentence."""
    trace, sent = seen.trace, seen.sent
    if sent is not None and sent.status in LOST:
        return False, f"The test text did not arrive: it is {sent.status}{_because(sent)}."
    if not seen.working:
        return (
            False,
            "Nobody listens: no process of smsbot works on this database; start `smsbot serve`, then try again.",
        )
    if sent is not None and sent.status not in LEFT:
        return False, f"The test text has not left within {seen.waited_s:.0f} s{_because(sent)}."
    left = "" if sent is None else f" The test text was {_taken(sent, seen.name)}."
    if not seen.receives:
        return True, (f"`{seen.name}` sends.{left}" if left else _untried(seen))
    if not trace.texts:
        return False, _nothing_came(seen)
    lost = next((each for each in trace.replies if each.status in LOST), None)
    if lost is not None:
        return False, f"A text came, but its answer did not arrive: {_reason(lost.error) or lost.status}."
    waiting = next((each for each in trace.replies if each.status not in LEFT), None)
    if waiting is not None:
        return False, f"A text came, but its answer has not left by `{waiting.channel}`{_because(waiting)}."
    others = sorted({each.channel for each in trace.replies} - {seen.name})
    if others:
        return True, f"A text came by `{seen.name}`, and its answer left by `{others[0]}`.{left}"
    if trace.replies or sent is not None:
        return True, f"`{seen.name}` works in both directions: a text came, and what was sent was taken.{left}"
    return (
        True,
        f"Texts come by `{seen.name}`; the bot had no answer to this one, so text HELP, or use `--send`, to try more.",
    )


def _taken(sent: Fate, name: str) -> str:
    by = "" if sent.channel == name else f" by `{sent.channel}`"
    return f"taken{by}, and has arrived" if sent.status is Status.DELIVERED else f"taken{by}"


def _because(waiting: Fate) -> str:
    return f": {_reason(waiting.error)}" if waiting.error else ""


def _untried(seen: Seen) -> str:
    if seen.trace.reports:
        return f"`{seen.name}` sends, and its reports come."
    return f"`{seen.name}` only sends: `--send` with the number of your phone tries it."


def _nothing_came(seen: Seen) -> str:
    waited = f"within {seen.waited_s:.0f} s"
    if seen.trace.reports or seen.sent is not None:
        does = "Reports come" if seen.trace.reports else "It sends"
        return f"{does}, but no text came {waited}: see where the provider sends people's texts."
    if not seen.has_addresses:
        return f"Nothing came {waited}: see that the text went to the channel's number, and how its health is."
    return (
        f"Nothing came {waited}: see that the provider has these addresses, and whether the log of `smsbot serve` tells"
        " of calls that were refused."
    )
