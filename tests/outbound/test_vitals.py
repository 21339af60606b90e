"""What a dispatcher counts of its channel, and how that is told to people."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from smsbot.clock import MINUTE_MS, SECOND_MS
from smsbot.gateways.base import ChannelConfig
from smsbot.gateways.registry import Channel, channel
from smsbot.gateways.simulator import Simulator, SimulatorConfig
from smsbot.outbound.outlook import UNSERVED, outlook
from smsbot.outbound.vitals import READ_MS, Vitals
from smsbot.outbound.watch import PAUSE_FIRST_MS, ChannelState, Watch
from smsbot.status import Status
from smsbot.store import channel_vitals
from smsbot.store.channel_vitals import Reading
from smsbot.store.channel_vitals import Vitals as Kept
from smsbot.store.database import Store
from smsbot.store.health import Health
from smsbot.store.outbox import Result

NOW = 1_800_000_000_000


def vitals() -> tuple[Vitals, Watch, SimpleNamespace]:
    clock, watch = SimpleNamespace(now_ms=NOW), Watch()
    return Vitals(watch, lambda: clock.now_ms), watch, clock


def result(status: Status) -> Result:
    return Result(1, 0, status)


def test_the_rate_is_that_of_the_last_minute() -> None:
    counted, _, clock = vitals()
    for second in range(90):
        clock.now_ms = NOW + second * SECOND_MS
        counted.note(result(Status.SENT), 2)
    assert counted.parts_per_s == 2
    clock.now_ms += 30 * SECOND_MS
    assert counted.parts_per_s == 1
    clock.now_ms += MINUTE_MS
    assert counted.parts_per_s == 0


def test_counts_are_told_once_and_again_if_they_could_not_be_written() -> None:
    counted, _, clock = vitals()
    for status in (Status.SENT, Status.DELIVERED, Status.FAILED, Status.UNKNOWN, Status.SENDING):
        counted.note(result(status), 1)
    told = counted.news()
    assert told is not None
    assert (told.accepted, told.refused, told.uncertain) == (2, 1, 1)
    assert counted.news() is None
    counted.restore(told)
    again = counted.news()
    assert again is not None
    assert (again.accepted, again.refused, again.uncertain) == (2, 1, 1)
    clock.now_ms += READ_MS
    assert counted.news() is None  # nothing is new
    clock.now_ms += MINUTE_MS
    slower = counted.news()
    assert slower is not None
    assert (slower.accepted, slower.parts_per_s) == (0, 0)


def test_a_trouble_is_told_at_once_and_stays_known_when_it_is_over() -> None:
    counted, watch, clock = vitals()
    counted.note(result(Status.SENT), 1)
    assert counted.news() is not None
    watch.misconfigured("The key is not accepted.", NOW + 1)
    told = counted.news()
    assert told is not None
    assert (told.error, told.error_ms) == ("The key is not accepted.", NOW + 1)
    assert told.closed_until_ms == NOW + 1 + PAUSE_FIRST_MS
    clock.now_ms += MINUTE_MS
    watch.success(clock.now_ms)
    over = counted.last()
    assert over is not None
    assert (over.error, over.closed_until_ms) == ("The key is not accepted.", 0)


def test_readings_add_up_in_the_database(store: Store) -> None:
    for reading in (Reading(5, 1, 0, 2.5, "no answer", NOW), Reading(7, 0, 2, 0.5)):
        store.write(lambda c, reading=reading: channel_vitals.tell(c, "main", reading, NOW + 1))
    store.write(lambda c: channel_vitals.tell_balance(c, "main", 3.25, "GEL", NOW))
    store.write(lambda c: channel_vitals.tell_via(c, "main", "other"))
    assert store.read(channel_vitals.read) == {
        "main": Kept(12, 1, 2, 0.5, NOW + 1, "no answer", NOW, 0, "other", 3.25, "GEL", NOW)
    }


def test_down_for_how_long_counts_from_the_first_trouble_to_a_success() -> None:
    watch = Watch()
    for n in range(9):
        watch.failed("no answer", NOW + n)
    assert watch.troubled_since_ms == NOW + 4
    watch.misconfigured("wrong key", NOW + 100)
    assert watch.troubled_since_ms == NOW + 4
    watch.success(NOW + 200)
    assert (watch.troubled_since_ms, watch.state) == (None, "up")


RESTORED = [("down", True), ("misconfigured", True), ("degraded", False), ("up", False)]


@pytest.mark.parametrize(("state", "goes_on"), RESTORED)
def test_whoever_takes_over_tries_a_troubled_channel_with_one_message_at_once(state: str, goes_on: bool) -> None:
    watch = Watch()
    watch.restore(state, "no answer", NOW)
    assert watch.probing is goes_on
    assert watch.closed_until_ms == 0
    assert watch.troubled_since_ms == (NOW if goes_on else None)
    watch.failed("no answer", NOW + 5)
    assert watch.state is (ChannelState.DOWN if goes_on else ChannelState.DEGRADED)


MAIN = channel("main", {"gateway": "simulator", "sender": "2200"})
NAMED = channel("main", {"gateway": "simulator", "sender": "KUTAISI"})
DOWN = Health("down", "The gateway cannot be reached", NOW, None)
STANDS = [
    (MAIN, None, Kept(), ("down", UNSERVED, "closed", None, "")),
    (MAIN, Health("up", "", NOW, NOW), Kept(via="other"), ("up", "", "closed", None, "")),
    (MAIN, DOWN, Kept(closed_until_ms=NOW + 1), ("down", "The gateway cannot be reached.", "open", NOW + 1, "")),
    (
        MAIN, DOWN, Kept(via="other"),
        ("down", "The gateway cannot be reached. Messages leave through `other`.", "half-open", None, "other"),
    ),
    (
        NAMED, Health("up", "", NOW, NOW), Kept(),
        (
            "up",
            "People cannot answer this sender and no number for STOP is known, so texts do not name one: set"
            " `channels.main.answer_to`.",
            "closed", None, "",
        ),
    ),
]  # fmt: skip


@pytest.mark.parametrize(("which", "found", "kept", "said"), STANDS)
def test_staff_are_told_in_sentences(
    which: Channel, found: Health | None, kept: Kept, said: tuple[str, str, str, int | None, str]
) -> None:
    stands = outlook(which, {"main": which}, found, kept, NOW)
    assert (stands.state, stands.reason, stands.circuit, stands.next_try_ms, stands.via) == said


def test_a_rate_that_nobody_has_written_for_minutes_is_over() -> None:
    config: ChannelConfig = SimulatorConfig()
    main = Channel("main", Simulator(config), config)
    for age_ms, rate in ((0, 4.0), (3 * MINUTE_MS, 0.0)):
        stands = outlook(main, {"main": main}, None, Kept(parts_per_s=4.0, read_ms=NOW - age_ms), NOW)
        assert stands.parts_per_s == rate
