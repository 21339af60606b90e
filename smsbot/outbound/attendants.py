"""Which attendants a channel's dispatcher has."""

from __future__ import annotations

import time
from collections.abc import Mapping

from smsbot.clock import Clock
from smsbot.dialogue.stop_hint import StopHints
from smsbot.gateways.base import Balanced, HttpGateway, Polled
from smsbot.gateways.registry import Channel, fallbacks
from smsbot.outbound.attendant import Attendant, Exchange, Lead
from smsbot.outbound.balance import Balances
from smsbot.outbound.failover import Failover
from smsbot.outbound.poller import Poller, Submit
from smsbot.outbound.schedule import QuietHours
from smsbot.outbound.wake import Wake
from smsbot.store.database import Store
from smsbot.store.failover import Target


def attendants(
    channel: Channel, channels: Mapping[str, Channel], *, lead: Lead, store: Store, exchange: Exchange | None,
    submit: Submit, clock: Clock, quiet: QuietHours, wake: Wake, hints: StopHints,
) -> list[Attendant]:  # fmt: skip
    """*lead*: the channel's dispatcher; *submit*: where delivery reports go; *exchange* None: nobody asks by HTTP."""
    found: list[Attendant] = []
    gateway, name = channel.gateway, channel.name
    if exchange is not None and isinstance(gateway, HttpGateway):
        if isinstance(gateway, Polled):
            found.append(
                Poller(
                    name, gateway, lead=lead, store=store, exchange=exchange, submit=submit, clock=clock,
                    monotonic=time.monotonic,
                )
            )  # fmt: skip
        wanted = gateway.capabilities.prepaid or channels[name].config.balance_low is not None
        if isinstance(gateway, Balanced) and wanted:
            found.append(Balances(name, gateway, lead=lead, store=store, exchange=exchange, clock=clock))
    targets = [_target(channels[each], hints) for each in fallbacks(channels, name)]
    if targets:
        found.append(Failover(name, targets, lead=lead, store=store, clock=clock, quiet=quiet, wake=wake))
    return found


def _target(channel: Channel, hints: StopHints) -> Target:
    return Target(channel.name, channel.most_parts, channel.config.rate_per_s, hints.of(channel.name))
