"""Every conversation under flows/transcripts goes as it is written."""

from __future__ import annotations

from pathlib import Path

import pytest

from smsbot.content import Content
from smsbot.dialogue.engine import Engine
from smsbot.dialogue.model import Place
from smsbot.dialogue.transcript import matches, parse, play
from smsbot.errors import ContentError
from tests.dialogue.bot import blueprint, engine, topics

FILES = Content().transcript_files()
ENGINES: dict[str, Engine] = {}


@pytest.mark.parametrize("path", FILES, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_a_conversation_goes_as_written(path: Path) -> None:
    transcript = parse(path.read_text(encoding="utf-8"), path.name)
    result = play(transcript, at(transcript.places))
    assert [str(difference) for difference in result.differences] == []


def at(places: tuple[Place, ...]) -> Engine:
    """The built-in bot in a municipality of these places; compiled once for each set of them."""
    key = repr(places)
    if key not in ENGINES:
        ENGINES[key] = blueprint().engine(topics(), places)
    return ENGINES[key]


def test_places_are_read_with_names_and_the_place_above() -> None:
    (top, below) = parse("place: a | ka ა | en A town\nplace: b | en B | under a\n> JOIN\n", "case.txt").places
    assert (top.code, top.names, top.parent) == ("a", {"ka": "ა", "en": "A town"}, None)
    assert (below.code, below.names, below.parent) == ("b", {"en": "B"}, "a")
    for wrong in ("place: a", "place: | en A", "place: a | en", "place: a | under b"):
        with pytest.raises(ContentError, match=r"case\.txt:1"):
            parse(wrong, "case.txt")


def test_there_are_conversations_in_georgian_and_in_english() -> None:
    assert {"ka", "en"} <= {path.parent.name for path in FILES}


@pytest.mark.parametrize(
    "body, expected",
    [
        ("> STOP\n< Nothing of the kind\n", 2),  # another reply
        ("> STOP\n", 1),  # a reply that no line claims
        ("> STOP\n< …\n< one too many\n", 3),
        ("> STOP\n< …\n= active\n", 3),
        ("> STOP\n< …\n> STOP\n< …START\n", 4),  # silence where a reply was expected
    ],
)
def test_a_difference_names_its_line(body: str, expected: int) -> None:
    result = play(parse(body, "case.txt"), engine())
    assert [difference.line for difference in result.differences] == [expected]
    assert not result.passed


def test_three_dots_stand_for_any_words() -> None:
    assert matches("Subscribed: …STOP", "Subscribed: Budget. Stop: STOP")
    assert matches("…", "")
    assert not matches("Subscribed: …STOP", "Subscribed: Budget")
    assert not matches("a.c", "abc")


def test_a_line_of_no_kind_is_a_fault_with_its_number() -> None:
    with pytest.raises(ContentError, match=r"case\.txt:2"):
        parse("> JOIN\nhello\n", "case.txt")


def test_a_wrong_span_of_time_is_a_fault() -> None:
    with pytest.raises(ContentError, match=r"case\.txt:1"):
        play(parse("@ tomorrow\n", "case.txt"), engine())
