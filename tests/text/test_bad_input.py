"""Whatever comes, there is an answer, and its cost has a ceiling: work is counted, never timed."""

from __future__ import annotations

import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from smsbot.text.explain import explain
from smsbot.text.finding import find_language, find_places, find_topics
from smsbot.text.match import understand
from smsbot.text.understood import Intent, Understood

CEILING = 120_000  # lines of Python for one text of whatever length: some milliseconds
NASTY = [
    "stop", "სტოპ", "არ", "აღარ მინდა", "don't", "no", "0", "-", "3", "\u0301", "\u0489", "\u202e", "\u2066", "\u200d",
    "\ud800", "\udfff", "\ufdfa", "\u0000", "🛑", "é", "ﷺ", "w", "y", "j", "h", "ა", "ჯ", "ы", "ə", "և", "İ", "ß",
    "ǰ", "５", "٣", "①", "\n", "\t", "'", "’", " ", "  ", "_", "a1", "1a", "ц", "x" * 60, "o", "l",
]  # fmt: skip


def work(text: str, vocabulary) -> int:
    """Lines run to understand *text* for the first time."""
    count = 0

    def trace(frame, event, argument):
        nonlocal count
        count += event == "line"
        return trace

    vocabulary.remembered.clear()
    before = sys.gettrace()
    sys.settrace(trace)
    try:
        understand(text, vocabulary)
    finally:
        sys.settrace(before)
    return count


@pytest.mark.parametrize(
    "unit",
    ["1", "a", "no ", "stop ", "არ ", "\u0301", "w", "why ", "\ufdfa", "-1", "აღარ მინდა sms ", "🛑", "1 a ", "y",
     "jhw ", "ჯჰ", "stp ", "ыещз ", "\ud800", "x\u0301\u0302 ", "don't stop ", "o", "Il0 ", "A.B.C ", "სტოპსმს"],
)  # fmt: skip
def test_ten_thousand_characters_cost_no_more_than_a_thousand(unit, vocabulary):
    for ending in ("", "!x", " stop"):
        short, long = (unit * size + ending for size in (1_000, 10_000))
        work(short, vocabulary), work(long, vocabulary)  # words are met for the first time here
        assert work(long, vocabulary) <= 1.1 * work(short, vocabulary) + 200
        assert work(long, vocabulary) < CEILING


@settings(max_examples=150, deadline=None)
@given(st.lists(st.sampled_from(NASTY), min_size=1, max_size=40), st.integers(1, 400), st.sampled_from(["", " "]))
def test_the_worst_that_can_be_put_together_has_a_ceiling(vocabulary, parts, times, glue):
    assert work((glue.join(parts) * times)[:10_000], vocabulary) < CEILING


def test_several_endless_words_are_no_error(vocabulary):
    assert understand(f"{'x' * 60} {'y' * 61}", vocabulary).intent is Intent.OTHER


@settings(max_examples=200, deadline=None)
@given(st.one_of(st.text(st.characters(), max_size=400), st.lists(st.sampled_from(NASTY), max_size=60).map("".join)))
def test_every_text_has_an_answer_and_an_explanation_that_agrees(vocabulary, text):
    found = understand(text, vocabulary)
    assert isinstance(found, Understood)
    assert explain(text, vocabulary).result == found
    find_topics(text, vocabulary)
    find_places(text, vocabulary)
    find_language(text, vocabulary, ("ka", "en"))


@pytest.mark.parametrize(
    ("text", "intent"),
    [
        ("S\u0336T\u0336O\u0336P", Intent.STOP),
        ("stop" + "\u0301" * 9_000, Intent.STOP),
        ("\u202estop\u202c", Intent.STOP),
        ("\u2067სტოპ\u2069", Intent.STOP),
        ("s\u200bt\u200co\u200dp\ufeff", Intent.STOP),
        ("\ud800stop\udfff", Intent.STOP),
        ("\x00STOP\x00", Intent.STOP),
        ("𝗦𝗧𝗢𝗣", Intent.STOP),
        (" " * 9_000 + "STOP", Intent.STOP),
        ("\ud800", Intent.EMPTY),
        ("\u0301" * 10_000, Intent.EMPTY),
        ("", Intent.EMPTY),
        ("🛑" * 3_000, Intent.MAYBE_STOP),
    ],
)
def test_what_a_phone_or_a_prankster_adds_hides_no_stop(text, intent, vocabulary):
    assert understand(text, vocabulary).intent is intent
