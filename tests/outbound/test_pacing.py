"""The bucket, the ladder, the hold and the wake: what a dispatcher goes by."""

import pytest

from smsbot.gateways.base import ChannelConfig
from smsbot.outbound.bucket import TOLERANCE_S, Bucket
from smsbot.outbound.hold import Hold
from smsbot.outbound.pace import MOST_IN_FLIGHT, Pace
from smsbot.outbound.retry import delay_ms, throttle_s
from smsbot.outbound.wake import FORGET_MS, Wake
from smsbot.store.outbox import Claimed


class Moment:
    def __init__(self) -> None:
        self.now = 1_000.0

    def __call__(self) -> float:
        return self.now


@pytest.mark.parametrize("rate", [1, 10, 333.3, 5_000])
def test_the_bucket_lets_no_more_parts_through_than_the_rate(rate: float) -> None:
    moment = Moment()
    bucket = Bucket(rate, clock=moment)
    moment.now += 60  # a long pause earns nothing
    left: list[tuple[float, int]] = []
    for n in range(400):
        moment.now += bucket.wait_s() + (0.013 if n % 7 == 0 else 0.0)  # our own timers are late now and then
        parts = n % 3 + 1
        bucket.take(parts)
        left.append((moment.now, parts))
    for start in range(0, 400, 10):
        for end in range(start + 1, 400, 37):
            span = left[end][0] - left[start][0]
            assert sum(parts for _, parts in left[start:end]) <= rate * (span + TOLERANCE_S) + 3
    total = sum(parts for _, parts in left)
    assert total / rate <= left[-1][0] - left[0][0] + TOLERANCE_S + 3 / rate + 0.001
    if rate < 10:
        assert left[-1][0] - left[0][0] <= total / rate + 0.1


def test_a_throttled_bucket_closes_and_then_halves_and_recovers() -> None:
    moment = Moment()
    bucket = Bucket(100, clock=moment)
    bucket.slow(2.0)
    assert bucket.wait_s() == pytest.approx(2.0)
    moment.now += 2.0
    bucket.take(1)
    assert bucket.room(1.0) == pytest.approx(50, abs=4)
    for _ in range(100):
        bucket.speed_up()
    assert not bucket.slowed


@pytest.mark.parametrize(
    ("failed", "seconds"), [(1, 5), (2, 30), (3, 120), (4, 600), (5, 3_600), (6, 3_600), (70, 3_600)]
)
def test_the_ladder_of_retries(failed: int, seconds: int) -> None:
    assert delay_ms(failed, lambda: 0.0) == seconds * 1_000
    assert delay_ms(failed, lambda: 0.999) <= seconds * 1_100


def test_throttling_doubles_up_to_a_minute_unless_the_gateway_says() -> None:
    assert [throttle_s(n, None) for n in (1, 2, 3, 6, 7, 90)] == [1, 2, 4, 32, 60, 60]
    assert throttle_s(5, 7.5) == 7.5


def message(key: int, number: str, broadcast_id: int = 0) -> Claimed:
    return Claimed(key, "main", number, "", 1, 0, 0, None, broadcast_id=broadcast_id)


def test_replies_go_first_and_one_number_gets_one_at_a_time() -> None:
    hold = Hold()
    hold.add([message(1, "a", 7), message(2, "a"), message(3, "a"), message(4, "b")])
    taken = [hold.take(), hold.take(), hold.take()]
    assert [each and each.id for each in taken] == [2, 4, None]
    assert len(hold) == 2
    hold.done("a")
    found = hold.take()
    assert found is not None
    assert found.id == 3
    hold.untake(found)
    assert sorted(each.id for each in hold.drain()) == [1, 3]
    assert len(hold) == 0


def test_a_change_is_known_until_it_cannot_matter_any_more() -> None:
    now = [1_000_000]
    wake = Wake(lambda: now[0])
    calls: list[str] = []
    wake.listen("main", lambda: calls.append("main"))
    wake.listen_keeper(lambda: calls.append("keeper"))
    wake.stopped(["+1"])
    wake.steered(5)
    assert wake.changed_since("+1", 1_000_000)
    assert wake.changed_since(5, 1_000_000)
    assert not wake.changed_since("+1", 1_000_001)
    assert not wake.changed_since("+2", 0)
    now[0] += FORGET_MS
    wake.stopped(["+3"])
    assert not wake.changed_since("+1", 0)
    assert calls == ["keeper", "main"]


@pytest.mark.parametrize(
    "places, parts, most",
    [(None, 1, MOST_IN_FLIGHT), (10, 1, 10), (10, 3, 3), (1, 1, 1), (1, 6, 1), (500, 1, MOST_IN_FLIGHT)],
)
def test_no_more_are_under_way_than_the_gateway_has_places_for(places: int | None, parts: int, most: int) -> None:
    class Bounded(ChannelConfig):
        @property
        def in_flight(self) -> int | None:
            return places

    moment = Moment()
    pace = Pace(Bounded(gateway="bounded", rate_per_s=100_000), Bucket(100_000, clock=moment), moment)
    for _ in range(500):
        pace.finished(0.5, parts)
    assert pace.in_flight == most
