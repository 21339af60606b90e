"""The rate of a channel, in parts per second, exact over any stretch of time."""

from __future__ import annotations

import time
from collections.abc import Callable

Monotonic = Callable[[], float]
"""Seconds that never go back."""

TOLERANCE_S = 0.05
"""How much lateness of our own timers may be caught up: at most this many seconds' worth leaves at once."""


class Bucket:
    """A text may leave when the parts before it have had their time; it then occupies the time of its own.

    So nothing leaves faster than the rate even after a pause, but for `TOLERANCE_S`.
    """

    def __init__(self, rate_per_s: float, *, clock: Monotonic = time.monotonic) -> None:
        self.rate_per_s = rate_per_s
        self._clock = clock
        self._share = 1.0  # of the rate that a throttling gateway has left us
        self._free_s = clock()  # when the next text may leave
        self._closed_s = self._free_s

    def wait_s(self) -> float:
        """Seconds until a text may leave; 0: now."""
        return max(0.0, max(self._free_s, self._closed_s) - self._clock())

    def take(self, parts: int) -> None:
        """Count a text that leaves now."""
        start_s = max(self._free_s, self._clock() - TOLERANCE_S)
        self._free_s = start_s + parts / (self.rate_per_s * self._share)

    def room(self, seconds: float) -> float:
        """How many parts may leave within *seconds*."""
        return max(0.0, seconds - self.wait_s()) * self.rate_per_s * self._share

    def slow(self, pause_s: float) -> None:
        """The gateway throttles: nothing for *pause_s*, then half as fast (an eighth at least)."""
        self._closed_s = max(self._closed_s, self._clock() + pause_s)
        self._share = max(self._share / 2, 0.125)

    def speed_up(self) -> None:
        """The gateway takes messages again: a little faster with each, up to the whole rate."""
        if self._share < 1.0:
            self._share = min(1.0, self._share * 1.02 + 0.001)

    @property
    def slowed(self) -> bool:
        return self._share < 1.0
