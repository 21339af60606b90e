"""What a dispatcher counts of its channel, for people who look at it: the rate of the last minute, what came of it."""

from __future__ import annotations

from collections import deque

from smsbot.clock import MINUTE_MS, SECOND_MS, Clock
from smsbot.outbound.watch import Watch
from smsbot.status import Status
from smsbot.store.channel_vitals import Reading
from smsbot.store.outbox import Result

READ_MS = 10 * SECOND_MS  # how old what others read may be; a process that is killed loses so much of its counts


class Vitals:
    def __init__(self, watch: Watch, clock: Clock) -> None:
        self._watch = watch
        self._clock = clock
        self._accepted = self._refused = self._uncertain = 0
        self._parts: deque[tuple[int, int]] = deque()  # second, parts
        self._told = Reading()
        self._told_ms = 0

    def note(self, result: Result, parts: int) -> None:
        """A message came back from the gateway."""
        if result.status is Status.UNKNOWN:
            self._uncertain += 1
        elif result.status is Status.FAILED:
            self._refused += 1
        elif result.status is not Status.SENDING:
            self._accepted += 1
            second = self._clock() // SECOND_MS
            if self._parts and self._parts[-1][0] == second:
                parts += self._parts.pop()[1]
            self._parts.append((second, parts))

    @property
    def parts_per_s(self) -> float:
        """Over the last minute."""
        since = (self._clock() - MINUTE_MS) // SECOND_MS
        while self._parts and self._parts[0][0] <= since:
            self._parts.popleft()
        return sum(parts for _, parts in self._parts) * SECOND_MS / MINUTE_MS

    def news(self) -> Reading | None:
        """What to write down with the next transaction, if it is time and anything is new. The counts begin anew."""
        now_ms = self._clock()
        if now_ms - self._told_ms < READ_MS and self._watch.error_ms == self._told.error_ms:
            return None
        return self.last()

    def last(self) -> Reading | None:
        """The same, without waiting for its time."""
        watch = self._watch
        reading = Reading(
            self._accepted, self._refused, self._uncertain, round(self.parts_per_s, 2), watch.error, watch.error_ms,
            watch.closed_until_ms if watch.probing else 0,
        )  # fmt: skip
        counted = reading.accepted or reading.refused or reading.uncertain
        if not counted and self._still(reading):
            return None
        self._accepted = self._refused = self._uncertain = 0
        self._told, self._told_ms = reading, self._clock()
        return reading

    def restore(self, reading: Reading) -> None:
        """It could not be written: count it again."""
        self._accepted += reading.accepted
        self._refused += reading.refused
        self._uncertain += reading.uncertain
        self._told_ms = 0

    def _still(self, reading: Reading) -> bool:
        told = self._told
        return (reading.parts_per_s, reading.error_ms, reading.closed_until_ms) == (
            told.parts_per_s, told.error_ms, told.closed_until_ms,
        )  # fmt: skip
