"""The placeholders of the texts: what stands in `{menu}` or `{chosen}`, and a long but likely sample for counting."""

from __future__ import annotations

from smsbot.dialogue import wording
from smsbot.dialogue.answers import SHOWN_NUMBER_MAX, chosen_topics, unknown_numbers
from smsbot.dialogue.directory import LANGUAGE_NAMES, LATIN_LANGUAGE_NAMES, Directory
from smsbot.dialogue.latin import GEORGIAN, GEORGIAN_LATIN
from smsbot.dialogue.registry import field
from smsbot.dialogue.turn import Turn

CONTACT_LONGEST = "+995 431 23 00 00"
"""A Georgian number as people print it: longer than most ways to write one."""


def _long_topic(directory: Directory, tag: str) -> str:
    return max((topic.name(tag) for topic in directory.topics.values()), key=len, default="")


def _long_topics(directory: Directory, tag: str) -> str:
    """As many as most people have: three, the longest."""
    names = sorted((topic.name(tag) for topic in directory.topics.values()), key=len, reverse=True)
    return ", ".join(names[:3])


def _long_contact(directory: Directory, _: str) -> str:
    return max(directory.contact, CONTACT_LONGEST, key=len)


def _long_place(directory: Directory, tag: str) -> str:
    names = [place.name(tag) for place in directory.places.values()]
    return max((*names, "ზემო ფარცხმა" if tag == GEORGIAN else "Zemo Partskhma"), key=len)


@field(sample=_long_topic)
def chosen(turn: Turn) -> str:
    return turn.named(chosen_topics(turn))


@field(sample=_long_topics)
def former(turn: Turn) -> str:
    return turn.named(turn.contact.former)


@field(sample=_long_topics)
def mine(turn: Turn) -> str:
    directory = turn.directory
    names = turn.named(directory.ordered(turn.contact.topics))
    return names or turn.word(wording.NONE)


@field(sample=lambda *_: "999")
def missing(turn: Turn) -> str:
    return ", ".join(str(number) for number in unknown_numbers(turn) if number <= SHOWN_NUMBER_MAX)


@field(sample=lambda directory, language: directory.menu(language))
def menu(turn: Turn) -> str:
    return turn.directory.menu(turn.tag)


@field(sample=lambda directory, language: directory.menu(language, frozenset(list(directory.topics)[:2])))
def my_menu(turn: Turn) -> str:
    """The menu with a `*` at the topics subscribed to."""
    return turn.directory.menu(turn.tag, turn.contact.topics)


@field(sample=lambda directory, _: str(directory.all_number))
def all_number(turn: Turn) -> int:
    return turn.directory.all_number


@field(sample=lambda directory, language: directory.service(language))
def service(turn: Turn) -> str:
    return turn.directory.service(turn.tag)


@field(sample=_long_contact)
def contact(turn: Turn) -> str:
    return turn.directory.contact


@field(sample=_long_place)
def place(turn: Turn) -> str:
    return turn.directory.place_apart(turn.contact.place, turn.tag) or turn.word(wording.NONE)


def _example_place(directory: Directory, language: str) -> str:
    first = directory.example_place()
    return first.name(language) if first else ("ნიკეა" if language == GEORGIAN else "Nikea")


@field(sample=_example_place)
def example_place(turn: Turn) -> str:
    return _example_place(turn.directory, turn.tag)


def _language_name(language: str, tag: str) -> str:
    if tag == GEORGIAN_LATIN:
        return LATIN_LANGUAGE_NAMES[tag]
    return LANGUAGE_NAMES.get(language, language)


@field(sample=lambda _, tag: _language_name(tag, tag))
def my_language(turn: Turn) -> str:
    return _language_name(turn.language, turn.tag)


@field(sample=lambda *_: "07.03.2026")
def since(turn: Turn) -> str:
    since_ms = turn.contact.since_ms
    return turn.directory.date(since_ms) if since_ms is not None else turn.word(wording.NONE)


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
