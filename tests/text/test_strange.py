"""Words that nobody listed: grouped by sound, compared with what is listed."""

from __future__ import annotations

import pytest

from smsbot.content import Content, load_keywords
from smsbot.text.strange import Lexicon, distance, form
from smsbot.text.words import Named

SAME = [
    ("რჩევა", "rcheva", "RCHEVA!", "rCeva"),
    ("წყალი", "tskali", "ცყალი"),
    ("новый мост", "Новый   мост?"),
]


@pytest.mark.parametrize("spellings", SAME)
def test_spellings_of_one_sound_are_one_group(spellings: tuple[str, ...]) -> None:
    assert len({found.key for text in spellings if (found := form(text))}) == 1


LEFT_TO_THE_INBOX = [
    "", "...", "when will the bridge be open", "01001012345", "call 599123456", "57", "1 2", "a" * 31,
    "пожалуйста позвоните мне завтра утром",
]  # fmt: skip


@pytest.mark.parametrize("text", LEFT_TO_THE_INBOX)
def test_free_texts_and_digits_are_left_to_the_inbox(text: str) -> None:
    assert form(text) is None


def test_what_is_shown_is_as_written_but_lowered() -> None:
    found = form("  Zebra-Crossing! ")
    assert found is not None
    assert found.shown == "zebra crossing"


DISTANCES = [("abcd", "abcd", 0), ("abcd", "abd", 1), ("abcd", "acbd", 1), ("abcd", "abxd", 1), ("abcd", "abcde", 1),
             ("abcd", "badc", 2), ("abcd", "wxyz", None), ("", "abc", 3), ("kitten", "sitting", 3)]  # fmt: skip


@pytest.mark.parametrize(("left", "right", "slips"), DISTANCES)
def test_slips_are_counted_up_to_a_limit(left: str, right: str, slips: int | None) -> None:
    assert distance(left, right, 3) == distance(right, left, 3) == slips


@pytest.fixture(scope="module")
def lexicon() -> Lexicon:
    places = [Named("likhauri", None, {"ka": "ლიხაური", "en": "Likhauri"})]
    return Lexicon(load_keywords(None, ("ka", "en", "ru", "az", "hy")), Content().topics(), places)


NEAR = [
    ("თემებბიი", "command", "topics", 0),
    ("temebis", "command", "topics", 1),
    ("helpp me", "command", "help", 0),
    ("subskribe", "command", "join", 1),
    ("ბიუჯეტები", "topic", "budget", 2),
    ("lixauuris", "place", "likhauri", 1),
    ("zzzzqqqq", None, "", 0),
    ("xy", None, "", 0),
]


@pytest.mark.parametrize(("text", "kind", "name", "slips"), NEAR)
def test_the_nearest_listed_word_is_told(lexicon: Lexicon, text: str, kind: str | None, name: str, slips: int) -> None:
    found = form(text)
    assert found is not None
    near = lexicon.nearest(found.key)
    if kind is None:
        assert near is None
    else:
        assert near is not None
        assert (near.known.kind, near.known.name, near.distance) == (kind, name, slips)
