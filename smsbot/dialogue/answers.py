"""The built-in conditions, actions and fields that flow files name. A function's name is its name in the file."""

from __future__ import annotations

from itertools import pairwise

from smsbot.clock import DAY_MS, MINUTE_MS
from smsbot.dialogue import consent, standing, wording
from smsbot.dialogue.directory import LANGUAGE_NAMES, Directory
from smsbot.dialogue.model import Contact, State
from smsbot.dialogue.registry import action, condition, field
from smsbot.dialogue.turn import Turn
from smsbot.text.understood import Intent

PAUSE_DAYS = 30
PAUSE_DAYS_MAX = 90
CODE_LIVES_MS = 15 * MINUTE_MS
"""How long DELETE's code is valid (contract §10)."""
CODE_TRIES = 3
RANGE = "range?"  # the recogniser's rule for `1-4`
SHOWN_NUMBER_MAX = 999
"""A topic's number has at most three digits; longer ones may be personal and are not sent back."""


# What the text names


def chosen_topics(turn: Turn) -> tuple[str, ...]:
    """Codes in the order of the menu; the menu's last number and "all" mean every topic."""
    understood, directory = turn.understood, turn.directory
    numbers = _numbers(turn)
    if understood.every or understood.intent is Intent.ALL or directory.all_number in numbers:
        return tuple(directory.topics)
    codes = list(understood.topics)
    codes.extend(directory.by_number[number] for number in numbers if number in directory.by_number)
    return directory.ordered(code for code in codes if code in directory.topics)


def unknown_numbers(turn: Turn) -> list[int]:
    directory = turn.directory
    return [number for number in _numbers(turn) if number not in directory.by_number and number != directory.all_number]


def _numbers(turn: Turn) -> tuple[int, ...]:
    """The numbers named. As an answer to a menu of one digit, `14` is 1 and 4; `1-4` may mean either and is none."""
    numbers, directory = turn.understood.numbers, turn.directory
    if turn.understood.rule == RANGE:
        return ()
    if turn.conversation is None or len(numbers) != 1 or numbers[0] < 10 or directory.all_number > 9:
        return numbers
    digits = tuple(int(digit) for digit in str(numbers[0]))
    rising = all(before < after for before, after in pairwise(digits))
    return digits if rising and all(digit in directory.by_number for digit in digits) else numbers


@condition
def names_topics(turn: Turn) -> bool:
    return bool(chosen_topics(turn))


@condition
def names_nothing(turn: Turn) -> bool:
    """A bare command."""
    understood = turn.understood
    return not (understood.topics or understood.numbers or understood.every or understood.intent is Intent.ALL)


@condition
def names_unknown_numbers(turn: Turn) -> bool:
    return any(number <= SHOWN_NUMBER_MAX for number in unknown_numbers(turn))


@condition
def is_stranger(turn: Turn) -> bool:
    """Had not joined when this text came: must be told who we are."""
    return turn.stranger


@condition
def is_stopped(turn: Turn) -> bool:
    return turn.contact.state is State.STOPPED


@condition
def is_joined(turn: Turn) -> bool:
    return turn.contact.state in (State.ACTIVE, State.PAUSED)


@condition
def is_paused(turn: Turn) -> bool:
    return turn.contact.state is State.PAUSED


@condition
def has_topics(turn: Turn) -> bool:
    return bool(turn.contact.topics)


@condition
def has_former_topics(turn: Turn) -> bool:
    return any(code in turn.directory.topics for code in turn.contact.former)


@condition
def asks_join(turn: Turn) -> bool:
    return turn.understood.intent is Intent.JOIN


@condition
def asks_resume(turn: Turn) -> bool:
    return turn.understood.intent is Intent.RESUME


@condition
def says_yes(turn: Turn) -> bool:
    return turn.understood.intent is Intent.YES


@condition
def says_no(turn: Turn) -> bool:
    return turn.understood.intent is Intent.NO


@condition
def chooses_1(turn: Turn) -> bool:
    return turn.understood.numbers == (1,)


@condition
def chooses_2(turn: Turn) -> bool:
    return turn.understood.numbers == (2,)


# Topics


@action
def join(turn: Turn) -> None:
    standing.join(turn)


@action
def subscribe(turn: Turn) -> None:
    codes = chosen_topics(turn)
    turn.fields["chosen"] = turn.directory.topic_names(codes, turn.language)
    standing.subscribe(turn, codes)


@action
def restore_former(turn: Turn) -> None:
    codes = tuple(code for code in turn.contact.former if code in turn.directory.topics)
    turn.fields["chosen"] = turn.directory.topic_names(codes, turn.language)
    standing.subscribe(turn, codes)


@action
def for_staff(turn: Turn) -> None:
    """Put the text into the staff inbox as not understood."""
    turn.inbox = turn.inbox or "unknown"


# Place


def _places(turn: Turn) -> tuple[str, ...]:
    """Places that the text names, or that a number of an open homonym question stands for."""
    understood, directory = turn.understood, turn.directory
    offered = turn.slots.get("places")
    if isinstance(offered, list) and understood.intent is Intent.NUMBERS:
        return tuple(str(offered[number - 1]) for number in understood.numbers if 0 < number <= len(offered))
    if understood.place:
        return (understood.place,) if understood.place in directory.places else ()
    if understood.places:
        return tuple(code for code in understood.places if code in directory.places)
    words = understood.argument if understood.intent is Intent.AREA else turn.inbound.text
    return tuple(code for code in directory.reader.places(words) if code in directory.places) if words else ()


@condition
def names_place(turn: Turn) -> bool:
    return len(_places(turn)) == 1


@condition
def names_homonyms(turn: Turn) -> bool:
    return len(_places(turn)) > 1


@condition
def names_something(turn: Turn) -> bool:
    return bool(turn.understood.argument)


@action
def set_place(turn: Turn) -> None:
    turn.change(place=_places(turn)[0])


@action
def offer_places(turn: Turn) -> None:
    turn.slots["places"] = list(_places(turn)[:9])


@field(sample=lambda _, language: "1 ზემო ფარცხმა 2 შუა ფარცხმა" if language == "ka" else "1 Zemo Partskhma 2 Shua")
def place_menu(turn: Turn) -> str:
    codes = turn.slots.get("places")
    names = (
        [turn.directory.place_in_full(str(code), turn.language) for code in codes] if isinstance(codes, list) else []
    )
    return " ".join(f"{at} {name}" for at, name in enumerate(names, 1))


# Language


def _language(turn: Turn) -> str | None:
    understood, directory = turn.understood, turn.directory
    if understood.chosen_language:
        return understood.chosen_language if understood.chosen_language in directory.languages else None
    if understood.intent is Intent.NUMBERS or (understood.intent is Intent.LANG and understood.numbers):
        at = understood.numbers[0] if len(understood.numbers) == 1 else 0
        return directory.languages[at - 1] if 0 < at <= len(directory.languages) else None
    words = understood.argument if understood.intent is Intent.LANG else turn.inbound.text
    named = directory.reader.language(words) if words else None
    return named if named in directory.languages else None


@condition
def names_language(turn: Turn) -> bool:
    return _language(turn) is not None


@action
def set_language(turn: Turn) -> None:
    """The reply is already in the new language."""
    language = _language(turn)
    if language is not None:
        turn.language, turn.script = language, ""
        turn.change(language=language, script="")


@field(sample=lambda directory, _: _language_menu(directory))
def language_menu(turn: Turn) -> str:
    return _language_menu(turn.directory)


def _language_menu(directory: Directory) -> str:
    return " ".join(f"{at} {LANGUAGE_NAMES.get(code, code)}" for at, code in enumerate(directory.languages, 1))


# Pause


@action
def pause(turn: Turn) -> None:
    numbers = turn.understood.numbers
    days = min(max(numbers[0], 1), PAUSE_DAYS_MAX) if numbers else PAUSE_DAYS
    until_ms = turn.now_ms + days * DAY_MS
    turn.fields["n"] = days
    turn.fields["until"] = turn.directory.date(until_ms)
    turn.change(state=State.PAUSED, paused_until_ms=until_ms)
    turn.record("pause")
    turn.suppress = True
    turn.left = ()


@action
def resume(turn: Turn) -> None:
    standing.join(turn)


@action
def stop_all(turn: Turn) -> None:
    """As STOP: it says the confirmation itself."""
    consent.stop(turn)


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
    turn.later.clear()
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


# Fields


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
    return turn.directory.place_name(turn.contact.place, turn.language) or turn.render(wording.NONE)


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
