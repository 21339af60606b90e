"""The thirty behaviours that citizens may rely on (civic rules), and where each is shown.

What a conversation can show is shown in each language and in Latin Georgian: a transcript names the rule in a comment.
What lives below the dialogue is shown by tests, named here; they must exist.
"""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path

import pytest

from smsbot.content import built_in

ROOT = Path(__file__).resolve().parents[2]
SPOKEN = ("ka", "ka-Latn", "en", "ru", "az", "hy")

IN_CONVERSATION = {
    1: "signs, courtesy, phrases and slips around a stop word",
    2: "STOP ends everything",
    3: "STOP with a topic",
    4: "a stop word within other content",
    5: "STOP outranks questions",
    6: "one confirmation",
    7: "a second STOP",
    8: "a stranger's STOP",
    9: "START restores nothing by itself",
    10: "HELP when stopped",
    11: "YES when stopped",
    15: "a stop survives erasure",
    16: "loops and machines",
    20: "a number's new owner",
    21: "shared phones: nothing about a person in the texts",
    24: "HELP names the ways out",
    25: "the first words name us",
    27: "DATA and DELETE",
    30: "the stop word's language",
}
IN_TESTS = {
    1: ["tests/text/test_stopping.py", "tests/text/test_match.py"],
    2: [
        "tests/outbound/test_dispatch.py::test_nothing_leaves_after_a_stop_though_it_was_claimed_before",
        "tests/store/test_outbox.py::test_a_stop_withdraws_what_waits_and_leaves_what_is_in_flight",
    ],
    3: ["tests/store/test_outbox.py::test_leaving_a_topic_withdraws_only_what_came_through_it"],
    8: ["tests/inbound/test_turns.py::test_a_stranger_who_stops_is_suppressed_without_a_profile"],
    12: ["tests/dialogue/test_rules.py::test_rule_12_what_we_do_not_offer_is_read_by_staff_and_resubscribes_nobody"],
    13: ["tests/dialogue/test_rules.py::test_rule_13_a_code_reaches_a_stopped_number"],
    14: [
        "tests/dialogue/test_rules.py::test_rule_14_a_stop_that_the_gateway_took_is_ours_too_and_silent",
        "tests/outbound/test_dispatch.py::test_an_opt_out_told_by_the_gateway_fails_the_message_and_stops_the_number",
        "tests/store/test_reports.py::test_an_opt_out_in_a_report_names_the_number",
    ],
    15: [
        "tests/store/test_imports.py::test_only_a_form_newer_than_the_stop_lifts_it",
        "tests/web/test_people_api.py::test_erasing_forgets_the_person_but_not_the_stop",
    ],
    16: [
        "tests/inbound/test_silence.py::test_our_own_number_is_an_echo",
        "tests/inbound/test_silence.py::test_names_and_short_codes_raise_one_alarm_each_and_are_all_kept",
        "tests/inbound/test_silence.py::test_too_many_replies_in_an_hour_end_in_silence_and_one_alarm",
        "tests/dialogue/test_senders.py::test_a_machine_is_met_with_silence_and_changes_nothing",
    ],
    17: [
        "tests/inbound/test_turns.py::test_of_many_repeats_at_once_one_is_taken",
        "tests/inbound/test_turns.py::test_a_gateway_without_ids_repeats_within_a_minute_only",
        "tests/inbound/test_turns.py::test_a_late_join_sent_before_the_stop_does_not_resubscribe",
    ],
    18: [
        "tests/dialogue/test_rules.py::test_rule_18_a_join_sent_before_the_stop_does_not_resubscribe",
        "tests/dialogue/test_rules.py::test_rule_18_without_both_times_the_order_of_arrival_counts",
    ],
    19: [
        "tests/inbound/test_parts.py::test_rule_19_parts_are_joined_whatever_their_order",
        "tests/inbound/test_parts.py::test_rule_19_a_first_part_that_is_a_stop_word_acts_at_once",
        "tests/gateways/test_kannel_real.py::test_what_a_person_writes_arrives_whole",
    ],
    20: [
        "tests/dialogue/test_senders.py::test_rule_20_a_new_owner_stops_and_finds_nothing_of_the_former_one",
        "tests/store/test_reach.py::test_rule_20_three_permanent_failures_in_a_row_leave_a_number_out_of_broadcasts",
        "tests/store/test_quiet.py::test_rule_20_a_year_without_a_text_and_without_an_arrival_makes_a_number_dormant",
        "tests/outbound/test_reuse.py::test_rule_20_staff_who_wake_a_number_send_one_neutral_text_first",
        "tests/outbound/test_reuse.py::test_rule_20_any_text_from_it_wakes_it_at_once_without_a_notice",
        "tests/store/test_imports.py::"
        "test_rule_20_a_form_of_a_dormant_number_sends_a_neutral_text_first_and_the_welcome_a_day_later",
    ],
    21: [
        "tests/dialogue/test_rules.py::test_rule_21_a_reply_names_no_person_and_no_other_number",
        "tests/store/test_imports.py::test_several_forms_of_one_number_are_one_subscriber_with_one_welcome",
    ],
    22: [
        "tests/store/test_paper.py::test_a_wrong_cell_is_refused_with_line_column_reason_and_mend",
        "tests/store/test_paper.py::test_a_signature_is_valid_for_24_months",
        "tests/store/test_imports.py::test_a_dry_run_tells_the_same_and_changes_nothing",
        "tests/store/test_imports.py::test_the_same_file_again_changes_nothing",
    ],
    23: ["tests/dialogue/test_thirty.py::test_rule_23_nobody_joins_on_the_web_without_the_phone"],
    24: ["tests/dialogue/test_rules.py::test_rule_24_help_names_the_free_way_out_where_there_is_one"],
    25: [
        "tests/dialogue/test_rules.py::test_rule_25_of_ten_replies_in_a_row_one_names_the_way_out",
        "tests/store/test_imports.py::test_an_accepted_form_makes_an_active_subscriber_with_facts_and_one_welcome",
    ],
    26: [
        "tests/store/test_audit.py::test_a_change_of_any_column_is_found_at_its_entry",
        "tests/dialogue/test_engine.py::test_facts_carry_keyword_rule_and_the_wording_shown",
    ],
    28: [
        "tests/store/test_retention.py::"
        "test_rule_28_texts_that_came_lose_their_words_after_90_days_and_the_number_unless_a_subscriber_wrote",
        "tests/store/test_retention.py::test_rule_28_texts_that_left_lose_their_words_and_keep_their_fate",
        "tests/store/test_retention.py::"
        "test_rule_28_the_ledgers_words_go_a_year_after_a_membership_ended_and_the_chain_holds",
    ],
    29: ["tests/dialogue/test_rules.py::test_rule_29_nothing_of_a_person_holds_a_birth_date"],
}
NOT_BUILT: dict[int, str] = {}
"""Named so that nobody takes it for done; whoever builds it moves the number up."""

_NAMED = re.compile(r"[Rr]ules? (\d+(?:(?:, | and )\d+)*)")


def test_each_of_the_thirty_has_a_place_and_what_is_not_built_is_named() -> None:
    assert sorted({*IN_CONVERSATION, *IN_TESTS, *NOT_BUILT}) == list(range(1, 31))
    assert not set(NOT_BUILT) & {*IN_CONVERSATION, *IN_TESTS}


@pytest.mark.parametrize("language", SPOKEN)
@pytest.mark.parametrize("rule", IN_CONVERSATION)
def test_a_behaviour_is_shown_in_every_language(rule: int, language: str) -> None:
    assert rule in shown(language), IN_CONVERSATION[rule]


@cache
def shown(language: str) -> frozenset[int]:
    """The rules that the comments of a language's transcripts name."""
    numbers: set[int] = set()
    for path in (built_in() / "flows" / "transcripts" / language).glob("*.txt"):
        for line in path.read_text(encoding="utf-8").splitlines():
            for named in _NAMED.findall(line) if line.startswith("#") else ():
                numbers.update(map(int, re.findall(r"\d+", named)))
    return frozenset(numbers)


@pytest.mark.parametrize("place", sorted({place for places in IN_TESTS.values() for place in places}))
def test_a_test_that_shows_a_behaviour_exists(place: str) -> None:
    file, _, name = place.partition("::")
    tree = ast.parse((ROOT / file).read_text(encoding="utf-8"))
    tests = [node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]
    assert name in tests if name else any(test.startswith("test_") for test in tests)


def test_rule_23_nobody_joins_on_the_web_without_the_phone() -> None:
    """There is no sign-up on the web. A call that changes something needs a key, but for the simulated phone."""
    from smsbot.web.app import CALLS

    open_calls = {call.path for call in CALLS if call.role is None and call.method != "GET"}
    assert open_calls == {"/simulator/messages"}
