"""The placeholders of the texts: what stands in `{menu}` or `{chosen}`, and a long but likely sample for counting."""

from __future__ import annotations

from smsbot.dialogue import wording
from smsbot.dialogue.answers import SHOWN_NUMBER_MAX, chosen_topics, unknown_numbers
from smsbot.dialogue.directory import LANGUAGE_NAMES, Directory
from smsbot.dialogue.registry import field
from smsbot.dialogue.turn import Turn


def _long_topic(directory: Directory, language: str) -> str:
    names = sorted((topic.name(language) for topic in directory.topics.values()), key=len)
    return names[len(names) // 2] if names else ""


@field(sample=_long_topic)
def chosen(turn: Turn) -> str:
    return turn.directory.topic_names(chosen_topics(turn), turn.language)


@field(sample=_long_topic)
def former(turn: Turn) -> str:
    return turn.directory.topic_names(turn.contact.former, turn.language)


@field(sample=_long_topic)
def mine(turn: Turn) -> str:
    directory = turn.directory
    names = directory.topic_names(directory.ordered(turn.contact.topics), turn.language)
    return names or turn.render(wording.NONE)


@field(sample=lambda *_: "12")
def missing(turn: Turn) -> str:
    return ", ".join(str(number) for number in unknown_numbers(turn) if number <= SHOWN_NUMBER_MAX)


@field(sample=lambda directory, language: directory.menu(language))
def menu(turn: Turn) -> str:
    return turn.directory.menu(turn.language)


@field(sample=lambda directory, language: directory.menu(language, frozenset(list(directory.topics)[:2])))
def my_menu(turn: Turn) -> str:
    """The menu with a `*` at the topics subscribed to."""
    return turn.directory.menu(turn.language, turn.contact.topics)


@field(sample=lambda directory, _: str(directory.all_number))
def all_number(turn: Turn) -> int:
    return turn.directory.all_number


@field(sample=lambda directory, language: directory.service(language))
def service(turn: Turn) -> str:
    return turn.directory.service(turn.language)


@field(sample=lambda directory, _: directory.contact)
def contact(turn: Turn) -> str:
    return turn.directory.contact


@field(sample=lambda *_: "ნიკეა")
def place(turn: Turn) -> str:
    return turn.directory.place_apart(turn.contact.place, turn.language) or turn.render(wording.NONE)


def _example_place(directory: Directory, language: str) -> str:
    first = directory.example_place()
    return first.name(language) if first else ("ნიკეა" if language == "ka" else "Nikea")


@field(sample=_example_place)
def example_place(turn: Turn) -> str:
    return _example_place(turn.directory, turn.language)


@field(sample=lambda *_: "English")
def my_language(turn: Turn) -> str:
    return LANGUAGE_NAMES.get(turn.language, turn.language)


@field(sample=lambda *_: "07.03.2026")
def since(turn: Turn) -> str:
    since_ms = turn.contact.since_ms
    return turn.directory.date(since_ms) if since_ms is not None else turn.render(wording.NONE)


@field(sample=lambda *_: "07.03.2026")
def until(turn: Turn) -> str:
    until_ms = turn.contact.paused_until_ms
    return turn.directory.date(until_ms) if until_ms is not None else ""


@field(sample=lambda *_: "30")
def n(_: Turn) -> int:
    """How many; the action that counts sets it."""
    return 1


@field(sample=lambda *_: "4821")
def code(turn: Turn) -> str:
    return str(turn.slots.get("code", ""))


@field(sample=lambda *_: "2200")
def short_number(_: Turn) -> str:
    """Where STOP can be sent; whoever adds that sentence to a text fills it in."""
    return ""
