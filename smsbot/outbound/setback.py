"""Was the clock set back lately?"""

from __future__ import annotations

from smsbot.clock import Clock
from smsbot.outbound.bucket import Monotonic

STEP_MS = 1_000  # a clock that is kept right is never set back by so much at once
LATELY_S = 10.0
AGAIN_S = 0.25  # between two calls that are told so


class Setback:
    """*clock* against *monotonic*, which nobody sets."""

    def __init__(self, clock: Clock, monotonic: Monotonic) -> None:
        self._clock = clock
        self._monotonic = monotonic
        self._ahead_ms: float | None = None
        self._until_s = 0.0
        self._next_s = 0.0

    def lately(self) -> bool:
        """True as well when nothing is known of before. For a while it is true again and again, though not at each
        call: other processes may notice it later, and queue with the wrong time until then."""
        now_s = self._monotonic()
        ahead_ms = self._clock() - now_s * 1_000
        if self._ahead_ms is None or ahead_ms < self._ahead_ms - STEP_MS:
            self._until_s, self._next_s = now_s + LATELY_S, now_s
        self._ahead_ms = ahead_ms
        if not self._next_s <= now_s < self._until_s:
            return False
        self._next_s = now_s + AGAIN_S
        return True
