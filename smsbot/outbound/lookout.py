"""When a dispatcher looks for messages that are due: each look is three statements, and most replies need none."""

from __future__ import annotations

from smsbot.clock import Clock
from smsbot.outbound.bucket import Monotonic

POLL_S = 1.0
"""The longest time between two looks: another process may have queued something without a word."""


class Lookout:
    def __init__(self, clock: Clock, monotonic: Monotonic) -> None:
        self._clock = clock
        self._monotonic = monotonic
        self._now = True  # something may be due
        self._at_s = 0.0

    def call(self) -> None:
        """Something may be due."""
        self._now = True

    def in_s(self) -> float:
        """Seconds until the next look; 0 or less: now."""
        return 0.0 if self._now else self._at_s - self._monotonic()

    def looking(self) -> None:
        """From here on, what is called out is for the look after this."""
        self._now = False

    def saw(self, *, more: bool, next_ms: int | None) -> None:
        """*more*: something else is due already; *next_ms*: when the next comes due."""
        self._now = self._now or more
        due_s = POLL_S if next_ms is None else (next_ms - self._clock()) / 1_000
        self._at_s = self._monotonic() + min(max(due_s, 0.0), POLL_S)
