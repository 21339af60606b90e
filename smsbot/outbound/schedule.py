"""When broadcasts may leave: outside the quiet hours, in the service's own time."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, time, timedelta, tzinfo

from smsbot.clock import to_datetime, to_ms
from smsbot.settings import Settings


@dataclass(frozen=True, slots=True)
class QuietHours:
    """From *begin* until *end* broadcasts wait; the window may cross midnight. Equal times: there are none."""

    begin: time
    end: time
    zone: tzinfo

    @classmethod
    def of(cls, settings: Settings) -> QuietHours:
        return cls(settings.sending.quiet_from, settings.sending.quiet_until, settings.service.zone)

    def quiet(self, instant_ms: int) -> bool:
        clock = to_datetime(instant_ms, self.zone).time()
        if self.begin == self.end:
            return False
        if self.begin < self.end:
            return self.begin <= clock < self.end
        return clock >= self.begin or clock < self.end

    def next_allowed(self, instant_ms: int) -> int:
        """*instant_ms* itself if broadcasts may leave then, else the end of that quiet window."""
        if not self.quiet(instant_ms):
            return instant_ms
        moment = to_datetime(instant_ms, self.zone)
        day = moment.date() + timedelta(days=1 if moment.time() >= self.end else 0)
        # Where the clocks jump over this time, the instant computed is the jump itself or after it.
        return max(instant_ms, to_ms(datetime.combine(day, self.end, tzinfo=self.zone)))

    def next_quiet(self, instant_ms: int) -> int | None:
        """When the next quiet window begins, or None if there are none."""
        if self.begin == self.end:
            return None
        moment = to_datetime(instant_ms, self.zone)
        day = moment.date() + timedelta(days=1 if moment.time() >= self.begin else 0)
        return to_ms(datetime.combine(day, self.begin, tzinfo=self.zone))


def starts_ms(
    quiet: QuietHours, *, now_ms: int, send_at_ms: int | None, approved_ms: int | None, hold_s: int, urgent: bool
) -> int:
    """When a broadcast's first message may leave: not before it is wanted, not within the hold that follows the
    approval, and outside the quiet hours unless it is urgent."""
    held_ms = (now_ms if approved_ms is None else min(approved_ms, now_ms)) + hold_s * 1_000  # a clock may be set back
    earliest = max(now_ms, send_at_ms or 0, held_ms)
    return earliest if urgent else quiet.next_allowed(earliest)
