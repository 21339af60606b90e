"""Where answers leave, and who has to hear what a text has changed."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass

from smsbot.dialogue.stop_hint import NO_HINTS, StopHints
from smsbot.store.outbox import Claimed


async def _at_once() -> None:
    """Nobody else could hand over anything."""


@dataclass(frozen=True, slots=True)
class Routes:
    """Where answers leave. *reply*: inbound channel → outbound channel. `offer` hands committed replies straight to the
    dispatcher of this process; `capacity` says how many it takes now; *wake* says that replies wait on a channel.
    *stopped* names the people who must get nothing more; `settled` returns once no process can hand them anything.
    *own*: our own numbers (E.164); what they send is an echo."""

    reply: Mapping[str, str]
    capacity: Callable[[str], int] = lambda _channel: 0
    offer: Callable[[str, Sequence[Claimed]], None] = lambda _channel, _claimed: None
    stopped: Callable[[Sequence[str]], None] = lambda _numbers: None
    settled: Callable[[], Awaitable[None]] = _at_once
    wake: Callable[[str], None] = lambda _channel: None
    own: Collection[str] = frozenset()
    hints: StopHints = NO_HINTS  # channels whose texts say where STOP goes
    lease_ms: int = 30_000
