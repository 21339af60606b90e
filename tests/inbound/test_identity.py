"""By what a repeat is recognised, and what of a gateway's word is believed (contract §10)."""

from __future__ import annotations

import pytest

from smsbot.clock import HOUR_MS, MINUTE_MS
from smsbot.gateways.base import Part, Received
from smsbot.inbound.identity import external_id, gateway_id, lookups, part, sent_ms
from smsbot.text.storable import LONGEST_ID

NOW_MS = 1_772_791_200_000
TEXT = "JOIN"
NUMBER = "+995555000001"


@pytest.mark.parametrize("given, kept", [("SM1", "SM1"), ("", None), (None, None), ("\x00", None), ("a\x00b", "ab")])
def test_an_id_of_the_gateway_is_kept_and_an_empty_one_is_none(given: str | None, kept: str | None) -> None:
    assert gateway_id(Received(NUMBER, TEXT, given)) == kept


def test_long_ids_stay_apart_and_short_enough() -> None:
    one, two = (gateway_id(Received(NUMBER, TEXT, "x" * 300 + end)) for end in "12")
    assert one != two
    assert {len(one or ""), len(two or "")} == {LONGEST_ID}


def test_a_broken_id_is_the_same_broken_id_each_time() -> None:
    assert gateway_id(Received(NUMBER, TEXT, "a\ud800")) == gateway_id(Received(NUMBER, TEXT, "a\ud800")) == "a?"


@pytest.mark.parametrize("later_ms, repeat", [(0, True), (59_000, True), (60_000, True), (71_000, False)])
def test_without_an_id_the_text_tells_a_repeat_for_a_minute(later_ms: int, repeat: bool) -> None:
    received = Received(NUMBER, TEXT, None)
    for start_ms in range(NOW_MS, NOW_MS + 10_000, 999):
        taken = external_id(received, start_ms)
        assert (taken in lookups(external_id(received, start_ms + later_ms), guessed=True)) == repeat


@pytest.mark.parametrize("other", [Received(NUMBER, "STOP", None), Received("+995555000002", TEXT, None)])
def test_without_an_id_another_text_or_sender_is_no_repeat(other: Received) -> None:
    assert external_id(Received(NUMBER, TEXT, None), NOW_MS) not in lookups(external_id(other, NOW_MS), guessed=True)


def test_with_an_id_the_same_text_a_second_later_is_another_text() -> None:
    assert lookups(external_id(Received(NUMBER, TEXT, "b"), NOW_MS), guessed=False) == ("b",)


@pytest.mark.parametrize(
    "told_ms, believed",
    [(None, True), (NOW_MS - 24 * HOUR_MS, True), (NOW_MS + 15 * MINUTE_MS, True), (NOW_MS + 4 * HOUR_MS, False)],
)
def test_rule_18_a_time_hours_ahead_is_no_time(told_ms: int | None, believed: bool) -> None:
    assert sent_ms(Received(NUMBER, TEXT, "x", sent_ms=told_ms), NOW_MS) == (told_ms if believed else None)


@pytest.mark.parametrize(
    "said, meant",
    [
        (None, False),
        (Part(0, 2, 1), True),
        (Part(65_535, 255, 255), True),
        (Part(1, 1, 1), False),
        (Part(1, 2, 0), False),
        (Part(1, 2, 3), False),
        (Part(1, 256, 1), False),
        (Part(-1, 2, 1), False),
    ],
)
def test_a_part_is_one_only_with_numbers_that_can_be(said: Part | None, meant: bool) -> None:
    assert part(Received(NUMBER, TEXT, "x", part=said)) == (said if meant else None)
