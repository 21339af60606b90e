"""What the Georgian aggregators have in common: they send under a registered name, and nobody can answer a name.

So people's texts have to come by another channel, and every text has to say where STOP goes (`answerable`). Numbers
are written as `995…` or as nine digits. The providers' pages are named in each gateway's own module.
"""

from __future__ import annotations

import math
from typing import ClassVar

from pydantic import Field

from smsbot.errors import HookMalformed, Refused
from smsbot.gateways.base import Ack, Capabilities, ChannelConfig, Event, Hook

GEORGIA = "+995"
NAMED = Capabilities(inbound=False, answerable=False, prepaid=True)


class AggregatorConfig(ChannelConfig):
    """`inbound` is off by itself; with `webhook_token` the addresses still take delivery reports."""

    inbound: bool = False
    max_parts: int | None = Field(default=6, ge=1, le=255)


class Aggregator:
    """The three members of `HttpGateway` that concern webhooks, for providers that document none."""

    capabilities: ClassVar[Capabilities] = NAMED

    def verify(self, hook: Hook) -> bool:
        return True  # none of them signs: `webhook_token` protects the addresses, which are shut without it

    def parse(self, hook: Hook) -> list[Event]:
        raise HookMalformed("This gateway sends no webhooks.")

    def ack(self, hook: Hook) -> Ack:
        return Ack(body=b"OK")


def international(number: str) -> str:
    """`995555000001` for `+995555000001`."""
    return number.removeprefix("+")


def national(number: str, provider: str) -> str:
    """The nine digits of a Georgian number. Raises `Refused` for any other: its last nine digits are somebody else's
    number here."""
    if not number.startswith(GEORGIA):
        raise Refused("foreign_number", f"{provider} sends to Georgian numbers only; use another channel.")
    return number.removeprefix(GEORGIA)


def amount(value: object) -> float | None:
    """What a balance says, as a number or as text; None if that is no number."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        number = float(value)
    except (ValueError, OverflowError):
        return None
    return number if math.isfinite(number) else None
