"""Conditions, actions and placeholders about place, language and erasure, by the names that flow files use."""

from __future__ import annotations

from smsbot.dialogue.directory import LANGUAGE_NAMES, LATIN_LANGUAGE_NAMES, Directory
from smsbot.dialogue.latin import GEORGIAN_LATIN, chosen
from smsbot.dialogue.model import Contact, State
from smsbot.dialogue.registry import action, condition, field
from smsbot.dialogue.turn import Turn
from smsbot.text.understood import Intent

CODE_TRIES = 3
"""Wrong codes until a new one is needed. How long a code lives stands in `flows/erase.yaml` (contract §10)."""


# Place


MENU = 9
"""Places that one question lists at the most; of more, the municipality is asked for."""


def _places(turn: Turn) -> tuple[str, ...]:
    """Places that the text names, or that a number of an open homonym question stands for."""
    understood, directory = turn.understood, turn.directory
    slot = turn.slots.get("places")
    offered = [str(code) for code in slot if str(code) in directory.places] if isinstance(slot, list) else []
    listed = offered if len(offered) <= MENU else []
    if listed and understood.numbers and understood.intent in (Intent.NUMBERS, Intent.AREA):
        return tuple(listed[number - 1] for number in understood.numbers if 0 < number <= len(listed))
    words = understood.argument if understood.intent is Intent.AREA else turn.inbound.text
    if offered and words:  # asked which Akhalsopeli, "Lanchkhuti" means the one there
        named = directory.reader.places(words, offered)
    elif understood.place or understood.places:
        named = (understood.place,) if understood.place else understood.places
    else:
        named = directory.reader.places(words) if words else ()
    return tuple(code for code in named if code in directory.places)


@condition
def names_place(turn: Turn) -> bool:
    return len(_places(turn)) == 1


@condition
def names_homonyms(turn: Turn) -> bool:
    return 1 < len(_places(turn)) <= MENU


@condition
def names_many_places(turn: Turn) -> bool:
    return len(_places(turn)) > MENU


@condition
def names_something(turn: Turn) -> bool:
    return bool(turn.understood.argument)


@condition
def says_more(turn: Turn) -> bool:
    """Behind the command are words that we do not know."""
    return turn.understood.unknown


@action
def set_place(turn: Turn) -> None:
    turn.change(place=_places(turn)[0])


@action
def offer_places(turn: Turn) -> None:
    turn.slots["places"] = list(_places(turn))


@field(sample=lambda _, language: "1 ზემო ფარცხმა 2 შუა ფარცხმა" if language == "ka" else "1 Zemo Partskhma 2 Shua")
def place_menu(turn: Turn) -> str:
    codes = turn.slots.get("places")
    if not isinstance(codes, list):
        return ""
    return turn.directory.place_menu([str(code) for code in codes], turn.tag)


# Language


def _language(turn: Turn) -> str | None:
    """The choice of LANG's list that the text makes: a language, or `ka-Latn`."""
    understood, offered = turn.understood, turn.directory.choices
    if understood.chosen_language:
        return understood.chosen_language if understood.chosen_language in offered else None
    if understood.intent is Intent.NUMBERS or (understood.intent is Intent.LANG and understood.numbers):
        at = understood.numbers[0] if len(understood.numbers) == 1 else 0
        return offered[at - 1] if 0 < at <= len(offered) else None
    words = understood.argument if understood.intent is Intent.LANG else turn.inbound.text
    named = turn.directory.reader.language(words) if words else None
    return named if named in offered else None


@condition
def names_language(turn: Turn) -> bool:
    return _language(turn) is not None


@action
def set_language(turn: Turn) -> None:
    """The reply is already in the new language."""
    language = _language(turn)
    if language is not None:
        turn.language, turn.script = chosen(language)
        turn.change(language=turn.language, script=turn.script)


def _language_menu(directory: Directory, tag: str) -> str:
    names = LATIN_LANGUAGE_NAMES if tag == GEORGIAN_LATIN else LANGUAGE_NAMES
    return " ".join(f"{at} {names.get(code, code)}" for at, code in enumerate(directory.choices, 1))


@field(sample=_language_menu)
def language_menu(turn: Turn) -> str:
    return _language_menu(turn.directory, turn.tag)


# Erasure


@condition
def asks_delete(turn: Turn) -> bool:
    return turn.understood.intent is Intent.DELETE


@condition
def has_code(turn: Turn) -> bool:
    return bool(_code_given(turn))


@condition
def right_code(turn: Turn) -> bool:
    return bool(_code_given(turn)) and _code_given(turn) == turn.slots.get("code")


@condition
def last_try(turn: Turn) -> bool:
    wrong = turn.slots.get("wrong", 0)
    return isinstance(wrong, int) and wrong + 1 >= CODE_TRIES


def _code_given(turn: Turn) -> str:
    """Four digits after DELETE or alone, else ""."""
    words = turn.understood.argument if turn.understood.intent is Intent.DELETE else turn.inbound.text
    digits = "".join(letter for letter in words if letter.isdigit())
    return "".join(str(int(digit)) for digit in digits) if len(digits) == 4 else ""


@action
def make_code(turn: Turn) -> None:
    turn.slots.clear()
    turn.slots["code"] = turn.code()


@action
def count_wrong_code(turn: Turn) -> None:
    wrong = turn.slots.get("wrong", 0)
    turn.slots["wrong"] = (wrong if isinstance(wrong, int) else 0) + 1


@action
def erase(turn: Turn) -> None:
    """The profile, the texts and the topics go; a stop stays."""
    contact = turn.contact
    stopped = contact.state is State.STOPPED
    turn.record("erase")
    turn.contact = Contact(
        number=contact.number,
        state=State.STOPPED if stopped else State.NEW,
        stopped_ms=contact.stopped_ms if stopped else None,
        stopped_sent_ms=contact.stopped_sent_ms if stopped else None,
        stop_replied_ms=contact.stop_replied_ms if stopped else None,
        repetition=contact.repetition,
        id=contact.id,
    )
    turn.erase = True
    turn.suppress = True
    turn.makes_profile = False
