"""When a dispatcher looks for what is due."""

from __future__ import annotations

from smsbot.outbound.lookout import POLL_S, Lookout


class Time:
    def __init__(self) -> None:
        self.s = 100.0

    def ms(self) -> int:
        return round(self.s * 1_000)


def looked(time: Time, *, more: bool = False, next_ms: int | None = None) -> Lookout:
    lookout = Lookout(time.ms, lambda: time.s)
    assert lookout.in_s() <= 0  # nothing is known yet
    lookout.looking()
    lookout.saw(more=more, next_ms=next_ms)
    return lookout


def test_after_a_look_that_found_nothing_the_next_is_a_poll_later() -> None:
    time = Time()
    lookout = looked(time)
    assert lookout.in_s() == POLL_S
    time.s += POLL_S
    assert lookout.in_s() <= 0


def test_what_comes_due_earlier_is_looked_for_then_and_what_is_left_over_at_once() -> None:
    time = Time()
    assert 0 < looked(time, next_ms=time.ms() + 300).in_s() <= 0.3
    assert looked(time, next_ms=time.ms() + 60_000).in_s() == POLL_S
    assert looked(time, next_ms=time.ms() - 5).in_s() <= 0
    assert looked(time, more=True).in_s() <= 0


def test_what_is_called_out_during_a_look_is_for_the_next_one() -> None:
    lookout = Lookout(Time().ms, lambda: 100.0)
    lookout.looking()
    lookout.call()
    lookout.saw(more=False, next_ms=None)
    assert lookout.in_s() <= 0
