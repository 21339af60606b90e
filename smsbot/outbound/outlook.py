"""How a channel is, in the words for staff: what its dispatcher wrote down, and what follows from its settings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from smsbot.clock import MINUTE_MS
from smsbot.gateways.registry import Channel
from smsbot.outbound import answering
from smsbot.store.channel_vitals import Vitals
from smsbot.store.health import Health

RECEIVES = "This channel only receives."
UNSERVED = "No process has delivered through this channel yet: start `smsbot serve` with the role `all` or `work`."
PROBING = ("down", "misconfigured")
STALE_MS = 2 * MINUTE_MS  # a rate that nobody has written for so long is over


@dataclass(frozen=True, slots=True)
class Outlook:
    """*circuit*: `closed` (messages leave), `open` (none is tried until `next_try_ms`), `half-open` (one is tried).
    *via*: the channel that what waits leaves through meanwhile, or ''."""

    state: str
    reason: str
    circuit: str
    next_try_ms: int | None
    via: str
    parts_per_s: float


def outlook(
    channel: Channel, channels: Mapping[str, Channel], found: Health | None, vitals: Vitals, now_ms: int
) -> Outlook:
    """*found* None: no process has told anything yet."""
    sends = channel.config.outbound
    if found is None:
        state, said = ("down", [UNSERVED]) if sends else ("up", [RECEIVES])
    else:
        state, said = found.state, [_sentence(found.reason)]
    troubled = found is not None and state in PROBING
    via = vitals.via if troubled else ""
    if via:
        said.append(f"Messages leave through `{via}`.")
    low = channel.config.balance_low
    if low is not None and vitals.balance is not None and vitals.balance < low:
        state = "degraded" if state == "up" else state
        said.append(
            f"The balance is {vitals.balance:g} {vitals.balance_unit}, below the {low:g} of `balance_low`: top it up."
        )
    if answering.unanswered(channel, channels):
        said.append(
            "People cannot answer this sender and no number for STOP is known, so texts do not name one: set"
            f" `channels.{channel.name}.answer_to`."
        )
    circuit, next_try_ms = "closed", None
    if troubled:
        closed = vitals.closed_until_ms > now_ms
        circuit, next_try_ms = ("open", vitals.closed_until_ms) if closed else ("half-open", None)
    fresh = vitals.read_ms is not None and now_ms - vitals.read_ms < STALE_MS
    return Outlook(state, " ".join(filter(None, said)), circuit, next_try_ms, via, vitals.parts_per_s if fresh else 0.0)


def _sentence(reason: str) -> str:
    return reason if not reason or reason.endswith((".", "!", "?", ")")) else reason + "."
