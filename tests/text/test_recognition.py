"""Everybody is understood: our written cases, and what hurry, courtesy and other keyboards make of them.

The files in `cases/` are ours, a case a line. Whoever finds a text that was misread adds a line there first.
"""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from random import Random

import pytest

from smsbot.content import load_keywords
from smsbot.testing.citizens import SLIPPED, STYLES, cases, decorated, hurried, is_slippable, romanised, sentences
from smsbot.text.fold import script
from smsbot.text.match import understand
from smsbot.text.understood import Intent
from smsbot.text.words import Role

CASES = Path(__file__).parent / "cases"
STOPS = list(cases(CASES / "stops.txt", 3))
COMMANDS = list(cases(CASES / "commands.txt", 3))
ORDINARY = list(cases(CASES / "ordinary.txt", 2))
NO_COMMANDS = list(cases(CASES / "no_commands.txt", 2))
KEPT = list(cases(CASES / "kept.txt", 2))
TEMPLATES = list(sentences(CASES / "templates.txt"))
EXPECTED = {"stop": Intent.STOP, "ask": Intent.MAYBE_STOP, "leave": Intent.LEAVE}
STOPPING = {Intent.STOP, Intent.ZERO}
NOT_ACTED_ON = {Intent.OTHER, Intent.MAYBE_STOP, Intent.STOP_SENTENCE, Intent.KEEP, Intent.EMPTY}
SEED = 20_260_307


def chance(salt: str) -> Random:
    return Random(f"{SEED} {salt}")


def asked(text: str, vocabulary) -> tuple[object, ...]:
    """What a text came to, without how it was told."""
    found = understand(text, vocabulary)
    spoken = (found.chosen_language or "").partition("-")[0]  # Georgian in Latin letters is Georgian
    return found.intent, frozenset(found.topics), found.numbers, spoken, found.place


@pytest.mark.parametrize("expected", EXPECTED)
def test_each_written_opt_out_is_acted_on_or_asked_about_as_written(expected, vocabulary):
    wrong = [
        (language, text, found.value)
        for language, want, text in STOPS
        if want == expected and (found := understand(text, vocabulary).intent) is not EXPECTED[expected]
    ]
    assert wrong == []


def test_nobody_is_stopped_by_a_written_message_that_is_no_opt_out(vocabulary):
    stopped = [(language, text) for language, text in ORDINARY if understand(text, vocabulary).intent in STOPPING]
    assert stopped == []


def test_nobody_is_stopped_by_thousands_of_ordinary_messages(vocabulary):
    assert len(TEMPLATES) + len(ORDINARY) > 9_000
    random = chance("ordinary")
    stopped = []
    for language, text in [*TEMPLATES, *ORDINARY]:
        for written in (text, decorated(text, language, random)):
            if understand(written, vocabulary).intent in STOPPING:
                stopped.append((language, written))
    assert stopped == []


def test_a_slip_in_an_ordinary_message_stops_nobody(vocabulary):
    random = chance("slips in ordinary messages")
    texts = [hurried(text, random, SLIPPED) for _, text in TEMPLATES]
    assert [text for text in texts if understand(text, vocabulary).intent in STOPPING] == []


def test_ordinary_messages_are_left_to_people_and_seldom_asked_about(vocabulary):
    """HELP is an answer, not an order; a topic's name or a yes in a message may be one."""
    found = Counter(understand(text, vocabulary).intent for _, text in TEMPLATES)
    acted = sum(count for intent, count in found.items() if intent not in {*NOT_ACTED_ON, Intent.HELP})
    assert acted / len(TEMPLATES) < 0.005
    assert found[Intent.MAYBE_STOP] / len(TEMPLATES) < 0.01


def test_whoever_asks_us_not_to_stop_is_not_stopped(vocabulary):
    found = [(understand(text, vocabulary).intent, text) for _, text in KEPT]
    assert [text for intent, text in found if intent not in {Intent.KEEP, Intent.STOP_SENTENCE}] == []
    assert sum(intent is Intent.KEEP for intent, _ in found) / len(found) > 0.95


def test_courtesy_signs_and_capitals_around_an_opt_out_change_nothing(vocabulary):
    random = chance("decorated")
    total, understood, ignored = 0, 0, []
    for language, want, text in STOPS:
        for written in (decorated(text, language, random) for _ in range(8 if want == "stop" else 0)):
            total += 1
            found = understand(written, vocabulary).intent
            understood += found is Intent.STOP
            if found not in {Intent.STOP, Intent.MAYBE_STOP}:
                ignored.append((language, written, found.value))
    assert understood / total > 0.99
    assert len(ignored) / total < 0.005, ignored


def test_an_opt_out_with_a_slip_is_acted_on_or_asked_about(vocabulary):
    random = chance("slips")
    total, acted, ignored = 0, 0, []
    for language, want, text in STOPS:
        if want != "stop" or not is_slippable(text, understand(text, vocabulary)):
            continue
        for written in {hurried(text, random, SLIPPED) for _ in range(8)} - {text}:
            total += 1
            found = understand(written, vocabulary).intent
            acted += found is Intent.STOP
            if found not in {Intent.STOP, Intent.MAYBE_STOP}:
                ignored.append((language, written, text))
    assert total > 3_000
    assert len(ignored) / total < 0.008, (len(ignored) / total, ignored)
    assert acted / total > 0.97, acted / total


def test_commands_are_understood(vocabulary):
    wrong, acted = [], []
    for language, want, text in COMMANDS:
        if not fits(text, want, vocabulary):
            wrong.append((language, text, want))
            if understand(text, vocabulary).intent not in NOT_ACTED_ON:
                acted.append((language, text, want))
    assert len(wrong) / len(COMMANDS) < 0.01, wrong
    assert acted == []


def test_a_sentence_that_begins_with_the_word_of_a_command_is_none(vocabulary):
    found = [(language, text, understand(text, vocabulary).intent) for language, text in NO_COMMANDS]
    assert [each for each in found if each[2] not in NOT_ACTED_ON] == []


def fits(text: str, want: str, vocabulary) -> bool:
    command, *arguments = want.replace(":", " ").split()
    intent, topics, numbers, language, place = asked(text, vocabulary)
    named = {argument for argument in arguments if not argument.isdigit()}
    if intent != command or numbers != tuple(int(each) for each in arguments if each.isdigit()):
        return False
    return named == {"lang": {language}, "language": {language}, "area": {place}}.get(command, topics) or not (
        named or topics
    )


def test_commands_within_courtesy_and_with_slips_are_seldom_taken_for_others(vocabulary):
    random = chance("commands")
    total, understood, wrong = 0, 0, []
    for language, _, text in COMMANDS:
        listed = asked(text, vocabulary)
        for written in [decorated(text, language, random) for _ in range(5)]:
            total += 1
            understood += asked(written, vocabulary) == listed
        for written in {hurried(text, random, SLIPPED) for _ in range(5)}:
            found = asked(written, vocabulary)
            if found != listed and found[0] not in NOT_ACTED_ON:
                wrong.append((language, written, text, found))
    assert understood / total > 0.97, understood / total
    assert [each for each in wrong if each[3][0] in STOPPING] == []
    assert len(wrong) / total < 0.005, wrong


(GEORGIAN,) = load_keywords(None, ("ka",))
KEYWORDS = [
    *((intent, word) for intent, listed in GEORGIAN.words.items() for word in listed if script(word) == "Geor"),
    *((Intent.STOP, word) for role in (Role.PHRASE, Role.REFUSAL) for word in GEORGIAN.roles[role]),
]


@pytest.mark.parametrize("style", STYLES)
def test_every_georgian_keyword_is_understood_in_every_romanisation(style, vocabulary):
    wrong = [
        (romanised(word, style), word)
        for intent, word in KEYWORDS
        if script(word) == "Geor" and understand(romanised(word, style), vocabulary).intent is not intent
    ]
    # INFO in Latin letters is the providers' word for help; the Georgian ინფო, status, publishes STATUSI.
    assert [word for spelled, word in wrong if spelled.lower() != "info"] == []
    assert len(wrong) <= 1


@pytest.mark.parametrize("style", ["old fonts", "chat w y q", "national"])
@pytest.mark.parametrize("shape", [str.lower, str.upper, str.capitalize])
def test_a_romanised_keyword_is_understood_whatever_its_capitals(style, shape, vocabulary):
    """The old fonts' letters lose their meaning with their capitals; the coarse keys find the words all the same."""
    wrong = [
        shape(romanised(word, style))
        for intent, word in KEYWORDS
        if script(word) == "Geor" and understand(shape(romanised(word, style)), vocabulary).intent is not intent
    ]
    assert len(wrong) / len(KEYWORDS) <= 0.01, wrong


@pytest.mark.parametrize("text", ["LEAVE CULTUER", "STOP BUGDET", "სტოპ ბიუჯტი", "убрать кльтура"])
def test_leaving_a_topic_that_is_a_slip_away_is_marked_as_doubtful(text, vocabulary):
    found = understand(text, vocabulary)
    assert (found.intent, found.rule) == (Intent.LEAVE, "name?")
