"""When broadcasts may leave: outside the quiet hours of the day, in the service's own time."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, tzinfo

from smsbot.clock import to_datetime, to_ms
from smsbot.outbound.holidays import Calendar
from smsbot.settings import MIDNIGHT_AFTER, Settings

MIDNIGHT = time(0)


@dataclass(frozen=True, slots=True)
class Window:
    """From *begin* until *end* of every day it holds for, broadcasts wait. Equal times: they never do. Where *end* is
    the earlier one they wait before *end* and again from *begin*; `MIDNIGHT_AFTER` is the end of the day."""

    begin: time
    end: time

    def quiet(self, clock: time) -> bool:
        if self.begin == self.end:
            return False
        if self.begin < self.end:
            return self.begin <= clock and (clock < self.end or self.end == MIDNIGHT_AFTER)
        return clock >= self.begin or clock < self.end

    def open(self) -> Iterator[time]:
        """When broadcasts may begin to leave, on a day it holds for."""
        for moment in sorted({MIDNIGHT, self.end} - {MIDNIGHT_AFTER}):
            if not self.quiet(moment):
                yield moment


@dataclass(frozen=True, slots=True)
class QuietHours:
    """*begin* and *end* hold on every day; on weekends and holidays *resting* does instead, if there is one. What a
    night is like follows from the two days it belongs to: until midnight the first, from then on the second."""

    begin: time
    end: time
    zone: tzinfo
    resting: Window | None = None
    calendar: Calendar = Calendar()

    @classmethod
    def of(cls, settings: Settings) -> QuietHours:
        sending = settings.sending
        resting = None
        if sending.weekend_quiet_from is not None and sending.weekend_quiet_until is not None:
            resting = Window(sending.weekend_quiet_from, sending.weekend_quiet_until)
        calendar = Calendar(tuple(sending.holidays), frozenset(sending.extra_holidays), frozenset(sending.working_days))
        return cls(sending.quiet_from, sending.quiet_until, settings.service.zone, resting, calendar)

    def window(self, day: date) -> Window:
        if self.resting is not None and self.calendar.rests(day):
            return self.resting
        return Window(self.begin, self.end)

    def quiet(self, instant_ms: int) -> bool:
        moment = to_datetime(instant_ms, self.zone)
        return self.window(moment.date()).quiet(moment.time())

    def next_allowed(self, instant_ms: int) -> int:
        """*instant_ms* itself if broadcasts may leave then, else when they may again."""
        if not self.quiet(instant_ms):
            return instant_ms
        day = to_datetime(instant_ms, self.zone).date()
        while True:  # it ends: holidays are some days of a year, and working days have their hours
            for opens in self.window(day).open():
                for fold in (0, 1):  # where the clocks are set back the time comes twice
                    # Where they jump over it, the instant computed is the jump itself or after it.
                    found = to_ms(datetime.combine(day, opens.replace(fold=fold), tzinfo=self.zone))
                    if found >= instant_ms:
                        return found
            day += timedelta(days=1)

    def today(self, instant_ms: int) -> tuple[int, int]:
        """When the day of *instant_ms* began, and when broadcasts may leave on a later one."""
        day = to_datetime(instant_ms, self.zone).date()
        began, ends = (
            to_ms(datetime.combine(each, MIDNIGHT, tzinfo=self.zone)) for each in (day, day + timedelta(days=1))
        )
        return began, self.next_allowed(ends)


def starts_ms(
    quiet: QuietHours, *, now_ms: int, send_at_ms: int | None, approved_ms: int | None, hold_s: int, urgent: bool
) -> int:
    """When a broadcast's first message may leave: not before it is wanted, not within the hold that follows the
    approval, and outside the quiet hours unless it is urgent."""
    held_ms = (now_ms if approved_ms is None else min(approved_ms, now_ms)) + hold_s * 1_000  # a clock may be set back
    earliest = max(now_ms, send_at_ms or 0, held_ms)
    return earliest if urgent else quiet.next_allowed(earliest)
