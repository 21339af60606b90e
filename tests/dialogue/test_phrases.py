"""Sentences: found in the reader's language, keywords filled in, plurals right, faults told."""

from __future__ import annotations

import pytest

from smsbot.dialogue import wording
from smsbot.dialogue.latin import latin
from smsbot.dialogue.phrases import Phrases, Text
from smsbot.errors import ContentError
from smsbot.text import gsm7
from tests.dialogue.bot import catalogues, directory, engine

HEADER = 'msgid ""\nmsgstr ""\n"Content-Type: text/plain; charset=utf-8\\n"\n'
RUSSIAN = (
    '"Plural-Forms: nplurals=3; plural=(n%10==1 && n%100!=11 ? 0 : n%10>=2 && n%10<=4 && (n%100<10 || n%100>=20) '
    '? 1 : 2);\\n"\n'
)


def published(language: str, keyword: str) -> str:
    return {"ka": {"stop": "სტოპ"}, "ka-Latn": {"stop": "STOP"}}.get(language, {}).get(keyword, keyword.upper())


def phrases(language: str, body: str, *texts: Text) -> Phrases:
    return Phrases({language: [(HEADER + body).encode()]}, published, ("n", "menu"), texts)


def test_keywords_are_the_readers_own() -> None:
    said = phrases("ka", 'msgid "Text {stop}"\nmsgstr "მოგვწერეთ {stop}"\n')
    assert said.say("ka", "Text {stop}") == "მოგვწერეთ სტოპ"
    assert said.say("en", "Text {stop}") == "Text STOP"


def test_a_missing_translation_is_english_with_the_readers_keywords() -> None:
    said = phrases("ka", "", Text("Text {stop}"))
    assert said.say("ka", "Text {stop}") == "Text სტოპ"
    assert not said.translates("ka", "Text {stop}")


@pytest.mark.parametrize("body", ['msgid "Yes"\nmsgstr ""\n', '#, fuzzy\nmsgid "Yes"\nmsgstr "да"\n'])
def test_an_empty_or_fuzzy_translation_is_none(body: str) -> None:
    assert phrases("ru", body).say("ru", "Yes") == "Yes"


@pytest.mark.parametrize("n, expected", [(1, "1 тема"), (3, "3 темы"), (5, "5 тем"), (11, "11 тем"), (21, "21 тема")])
def test_russian_counts_in_three_forms(n: int, expected: str) -> None:
    body = RUSSIAN + (
        'msgid "{n} topic"\nmsgid_plural "{n} topics"\n'
        'msgstr[0] "{n} тема"\nmsgstr[1] "{n} темы"\nmsgstr[2] "{n} тем"\n'
    )
    text = Text("{n} topic", plural="{n} topics")
    said = Phrases(
        {"ru": [(HEADER + "\n" + body).replace('utf-8\\n"\n\n"P', 'utf-8\\n"\n"P').encode()]}, published, ("n",), [text]
    )
    assert said.say("ru", "{n} topic", n=n) == expected
    assert said.say("en", "{n} topic", n=n) == (f"{n} topic" if n == 1 else f"{n} topics")


def test_braces_in_a_value_stay_as_they_are() -> None:
    said = phrases("ka", "", Text("Menu: {menu}"))
    assert said.say("en", "Menu: {menu}", menu="{stop} {x}") == "Menu: {stop} {x}"


@pytest.mark.parametrize(
    "translation, message", [("{nonsense}", "unknown placeholder {nonsense}"), ("{stop", "brace"), ("}", "brace")]
)
def test_a_wrong_placeholder_is_a_fault_with_its_line(translation: str, message: str) -> None:
    with pytest.raises(ContentError, match=message) as caught:
        phrases("ka", f'\nmsgid "Hello"\nmsgstr "{translation}"\n')
    assert caught.value.file == "locales/ka/LC_MESSAGES/smsbot.po"
    assert caught.value.line == 5


def test_an_unreadable_catalogue_is_a_fault() -> None:
    with pytest.raises(ContentError, match="catalogue"):
        phrases("ka", "this is no catalogue\n")


def test_georgian_in_latin_letters_is_gsm7_with_the_latin_keywords() -> None:
    said = phrases("ka", 'msgid "Text {stop}"\nmsgstr "მოგვწერეთ: {stop}. გაუქმება"\n')
    text = said.say("ka", "Text {stop}", script="Latn")
    assert text == "Mogvtseret: STOP. Gaukmeba"
    assert gsm7.measure(text).encoding == "GSM-7"


def test_a_later_catalogue_overrides_an_earlier_one() -> None:
    one, two = (f'{HEADER}\nmsgid "Hello"\nmsgstr "{word}"\n'.encode() for word in ("გამარჯობა", "სალამი"))
    assert Phrases({"ka": one}, published, ()).say("ka", "Hello") == "გამარჯობა"
    assert Phrases({"ka": [one, two]}, published, ()).say("ka", "Hello") == "სალამი"


def test_every_georgian_letter_has_a_latin_reading() -> None:
    assert latin("აბგდევზთიკლმნოპჟრსტუფქღყშჩცძწჭხჯჰ").isascii()


def test_no_georgian_sentence_has_capitals_or_hidden_spaces() -> None:
    for language, bodies in catalogues().items():
        text = bodies[0].decode()
        assert not any("\u1c90" <= letter <= "\u1cbf" for letter in text), language
        assert "\u00a0" not in text
        assert "\u202f" not in text


def test_every_english_sentence_is_gsm7() -> None:
    said = engine().phrases
    for text in (*wording.TEXTS, *engine().flows.texts):
        assert gsm7.measure(said.template("en", text.msgid).text).encoding == "GSM-7", text.label


def test_prose_and_vocabulary_cannot_drift() -> None:
    """Each word that a sentence tells people to send is understood as that command."""
    reader = directory().reader
    for language in (*directory().languages, "ka-Latn"):
        for keyword in (
            "stop",
            "start",
            "topics",
            "help",
            "lang",
            "area",
            "status",
            "pause",
            "resume",
            "delete",
            "data",
        ):
            word = reader.published(language, keyword)
            intent = reader.understand(word).intent.value
            assert intent == {"start": "join"}.get(keyword, keyword), (language, word)
