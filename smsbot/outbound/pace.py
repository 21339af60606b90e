"""How much a dispatcher takes at once: no more than leaves within 250 ms (contract §10), by what is measured."""

from __future__ import annotations

from math import ceil

from smsbot.gateways.base import ChannelConfig
from smsbot.outbound.bucket import Bucket, Monotonic

WITHIN_S = 0.25  # contract §10: consent is looked up within this time before a message leaves
FIRST_CLAIM = 16  # until anything is measured
MOST_CLAIM = 1_000
MOST_IN_FLIGHT = 128
LEAST_IN_FLIGHT = 8
SAMPLE_S = 0.1
REPLIES_TO_BULK = 9
"""While both wait, one part in ten is a broadcast's. So a flood of replies makes a broadcast ten times slower at most,
never endless, and a broadcast costs a reply a ninth of its time, which nobody who waits for an answer notices."""


class Pace:
    def __init__(self, config: ChannelConfig, bucket: Bucket, clock: Monotonic) -> None:
        self._rate_per_s = config.rate_per_s
        self._places = config.in_flight
        self._bucket = bucket
        self._clock = clock
        self._latency_s = 0.1
        self._parts = 1.0
        self._per_s = 0.0
        self._done = 0
        self._since_s = clock()

    def finished(self, latency_s: float, parts: int) -> None:
        """A message was answered after *latency_s*."""
        self._latency_s += (latency_s - self._latency_s) * 0.05
        self._parts += (parts - self._parts) * 0.05
        self._done += 1

    @property
    def in_flight(self) -> int:
        """How many may be under way: rate × latency, and half as many again; no more than the gateway has places."""
        wanted = ceil(self._rate_per_s / self._parts * self._latency_s * 1.5)
        most = MOST_IN_FLIGHT if self._places is None else max(1, min(MOST_IN_FLIGHT, int(self._places / self._parts)))
        return min(most, max(LEAST_IN_FLIGHT, wanted))

    def claim(self) -> int:
        """How many messages leave within `WITHIN_S`, by the bucket and by what was measured; grows as it is used."""
        elapsed_s = self._clock() - self._since_s
        if elapsed_s >= SAMPLE_S:
            per_s = self._done / elapsed_s
            self._per_s = per_s if per_s > self._per_s else self._per_s + (per_s - self._per_s) * 0.3
            self._done, self._since_s = 0, self._clock()
        measured = max(FIRST_CLAIM, ceil(self._per_s * WITHIN_S * 1.25))
        allowed = ceil(self._bucket.room(WITHIN_S) / self._parts)
        return min(measured, allowed, MOST_CLAIM)

    @property
    def share(self) -> int:
        """How many messages of broadcasts are in hand beside the replies, so that their share can leave."""
        return max(1, ceil(self.claim() / (REPLIES_TO_BULK + 1)))
