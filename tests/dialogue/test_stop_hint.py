"""Where STOP goes, said at the end of texts that people cannot answer (civic rule 25)."""

from __future__ import annotations

import pytest

from smsbot.compose import blueprint
from smsbot.dialogue.stop_hint import NO_HINTS, StopHint, StopHints, compose
from smsbot.settings import Settings
from smsbot.text.gsm7 import measure

LANGUAGES = ("ka", "en", "ru", "az", "hy")


@pytest.fixture(scope="module")
def hint() -> StopHint:
    return compose(blueprint(Settings()).engine((), ()).phrases, "2200", LANGUAGES)


SAID = [
    ("Budget hearing.", "en", "Budget hearing.\nSTOP to 2200"),
    ("ბიუჯეტის განხილვა.", "ka", "ბიუჯეტის განხილვა.\nგაუქმება: სტოპ 2200-ზე"),
    ("Biujetis gankhilva.", "ka", "Biujetis gankhilva.\nGaukmeba: STOP 2200-ze"),
    ("Обсуждение бюджета.", "ru", "Обсуждение бюджета.\nОтказ: СТОП на 2200"),
    ("Obsuzhdenie.", "ru", "Obsuzhdenie.\nSTOP to 2200"),
    ("Büdcə müzakirəsi.", "az", "Büdcə müzakirəsi.\nİmtina: 2200 nömrəsinə STOP"),
    ("Muzakire.", "az", "Muzakire.\nSTOP to 2200"),
    ("Բյուջե։", "hy", "Բյուջե։\nՀրաժարվել՝ ՍՏՈՊ 2200 համարին"),
    ("Hearing №4", "en", "Hearing №4\nSTOP to 2200"),
    ("Anhörung", "de", "Anhörung\nSTOP to 2200"),
]


@pytest.mark.parametrize(("text", "language", "said"), SAID)
def test_the_sentence_is_in_the_language_of_the_text(hint: StopHint, text: str, language: str, said: str) -> None:
    assert hint.add(text, language) == said


@pytest.mark.parametrize(("text", "language", "said"), SAID)
def test_a_gsm7_text_stays_one_and_a_second_time_adds_nothing(
    hint: StopHint, text: str, language: str, said: str
) -> None:
    assert measure(said).encoding == measure(text).encoding
    assert hint.add(said, language) == said


LIKELY = [
    ("გმადლობთ.", None, "ka"), ("გმადლობთ.", "en", "ka"), ("Спасибо.", "ka", "ru"), ("Thank you.", None, "en"),
    ("Thank you.", "en", "en"), ("Gmadlobt.", "ka", "ka-Latn"), ("Təşəkkür.", None, "az"), ("Thanks.", "xx", "en"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "likely", "spoken"), LIKELY)
def test_a_text_whose_language_nobody_told_is_read_by_its_letters(
    hint: StopHint, text: str, likely: str | None, spoken: str
) -> None:
    assert hint.say(text, likely) == f"{text}\n{hint.sentences[spoken]}"


TOLD = [
    ("Reply STOP to 2200", True),
    ("to end: 2200, stop", True),
    ("გაუქმება: სტოპ ნომერზე 2200", True),
    ("СТОП на 2200.", True),
    ("call 2200 for more", False),
    ("Send STOP to end", False),
    ("STOP to 22001", False),
    ("STOP to 12200", False),
    ("nonstop 2200", False),
]


@pytest.mark.parametrize(("text", "told"), TOLD)
def test_nothing_is_added_where_the_text_says_it_already(hint: StopHint, text: str, told: bool) -> None:
    assert hint.told(text) is told
    assert (hint.add(text, "en") == text) is told


def test_channels_with_the_same_number_are_one_group_and_others_stay_as_written(hint: StopHint) -> None:
    phrases = blueprint(Settings()).engine((), ()).phrases
    hints = StopHints({"a": "2200", "c": "2200", "d": "3300"}, lambda: phrases, LANGUAGES)
    groups = [("" if found is None else found.number, names) for found, names in hints.groups(["a", "b", "c", "d"])]
    assert groups == [("2200", ("a", "c")), ("", ("b",)), ("3300", ("d",))]
    assert hints.of("a") == hint


def test_without_numbers_nothing_is_ever_composed() -> None:
    assert NO_HINTS.of("main") is None
    assert NO_HINTS.groups(["main", "other"]) == [(None, ("main", "other"))]
