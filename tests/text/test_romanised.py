"""Georgian in Latin letters: each habit of spelling finds the same command as Mkhedruli."""

import pytest

from smsbot.content import load_keywords
from smsbot.text.fold import script
from smsbot.text.match import understand
from smsbot.text.understood import Intent

LETTERS = "აბგდევზთიკლმნოპჟრსტუფქღყშჩცძწჭხჯჰ"
# National 2002 without apostrophes; two chat habits; the letters of the old fonts.
STYLES = {
    "national": "a b g d e v z t i k l m n o p zh r s t u p k gh q sh ch ts dz ts ch kh j h",
    "apostrophes": "a b g d e v z t i k' l m n o p' zh r s t' u p k gh q' sh ch ts dz ts' ch' kh j h",
    "1981": "a b g d e v z t' i k l m n o p zh r s t u p' k' gh q sh ch' ts' dz ts ch kh j h",
    "chat": "a b g d e v z t i k l m n o p zh r s t u f q g y sh ch c dz w ch x j h",
    "kchat": "a b g d e v z t i k l m n o p j r s t u f k g k sh ch c dz c ch x j h",
    "fonts": "a b g d e v z T i k l m n o p J r s t u f q R y S C c Z w W x j h",
}
(GEORGIAN,) = load_keywords(None, ("ka",))
WORDS = [
    (intent, word)
    for intent, listed in GEORGIAN.words.items()
    for word in listed
    if script(word) == "Geor" and len(word) > 3
]
# One Latin letter names two commands, and the published spelling wins: INFO is the providers' word for help, so the
# Georgian ინფო (status) has STATUSI in Latin letters.
ELSEWHERE = {("ინფო", "info"): Intent.HELP}


def romanised(word: str, style: str) -> str:
    table = dict(zip(LETTERS, STYLES[style].split(), strict=True))
    return "".join(table.get(char, char) for char in word)


@pytest.mark.parametrize("style", STYLES)
def test_every_georgian_keyword_is_found_in_every_habit_of_spelling(style, vocabulary):
    wrong = []
    for intent, word in WORDS:
        spelled = romanised(word, style)
        expected = ELSEWHERE.get((word, spelled), intent)
        found = understand(spelled, vocabulary).intent
        if found is not expected:
            wrong.append((word, spelled, found.value))
    assert wrong == []


def test_every_georgian_keyword_is_found_in_capitals(vocabulary):
    wrong = []
    for intent, word in WORDS:
        spelled = romanised(word, "national").upper()
        expected = ELSEWHERE.get((word, spelled.lower()), intent)
        found = understand(spelled, vocabulary).intent
        if found is not expected:
            wrong.append((word, spelled, found.value))
    assert wrong == []


@pytest.mark.parametrize("role", ["phrases", "refusals"])
@pytest.mark.parametrize("style", STYLES)
def test_every_georgian_stop_phrase_stops_in_every_habit_of_spelling(role, style, vocabulary):
    (listed,) = (found for key, found in GEORGIAN.roles.items() if key.value == role)
    wrong = [
        romanised(phrase, style)
        for phrase in listed
        if understand(romanised(phrase, style), vocabulary).intent is not Intent.STOP
    ]
    assert wrong == []
