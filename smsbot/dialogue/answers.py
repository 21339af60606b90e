"""Conditions and actions about topics and standing, by the names that flow files use. A function's name is its name
in the file; `personal` holds those about place, language and erasure, `fields` the placeholders.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise

from smsbot.clock import DAY_MS
from smsbot.dialogue import consent, standing
from smsbot.dialogue.directory import Directory
from smsbot.dialogue.model import State
from smsbot.dialogue.registry import action, condition, field
from smsbot.dialogue.turn import Turn
from smsbot.text.understood import Intent

PAUSE_DAYS = 30
PAUSE_DAYS_MAX = 90
RANGE = "range?"  # the recogniser's rule for `1-4`
TYPO = "typo"  # its rule for what a slip leaves no doubt about
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
    turn.fields["chosen"] = turn.named(codes)
    standing.subscribe(turn, codes)


@action
def restore_former(turn: Turn) -> None:
    codes = tuple(code for code in turn.contact.former if code in turn.directory.topics)
    turn.fields["chosen"] = turn.named(codes)
    standing.subscribe(turn, codes)


@action
def for_staff(turn: Turn) -> None:
    """Put the text into the staff inbox as not understood."""
    turn.inbox = turn.inbox or "unknown"


# Which command was meant

ASKABLE = (
    Intent.JOIN, Intent.TOPICS, Intent.HELP, Intent.STATUS, Intent.LANG, Intent.AREA, Intent.PAUSE, Intent.RESUME,
    Intent.DATA, Intent.DELETE,
)  # fmt: skip
"""Commands with a published word: those can be offered."""
ASKED_MOST = 3


def asked_commands(turn: Turn) -> tuple[Intent, ...]:
    """The commands to ask about, nearest first."""
    found = dict.fromkeys(intent for intent in turn.understood.candidates if intent in ASKABLE)
    return tuple(found)[:ASKED_MOST]


def _offered_commands(turn: Turn) -> list[Intent]:
    slot = turn.slots.get("commands")
    return [Intent(name) for name in slot] if isinstance(slot, list) else []


def _chosen_command(turn: Turn) -> Intent | None:
    offered, numbers = _offered_commands(turn), turn.understood.numbers
    if turn.understood.intent is Intent.YES and len(offered) == 1:
        return offered[0]
    return offered[numbers[0] - 1] if len(numbers) == 1 and 0 < numbers[0] <= len(offered) else None


@action
def offer_commands(turn: Turn) -> None:
    turn.slots["commands"] = [intent.value for intent in asked_commands(turn)]


@condition
def chooses_command(turn: Turn) -> bool:
    return _chosen_command(turn) is not None


@action
def run_command(turn: Turn) -> None:
    """Do the command that the number stands for; YES stands for the only one."""
    turn.command = _chosen_command(turn)


@field(sample=lambda directory, tag: _numbered_words([Intent.TOPICS, Intent.RESUME, Intent.HELP], directory, tag))
def commands(turn: Turn) -> str:
    """`1 TOPICS 2 STATUS`: each by the word that we publish for it."""
    return _numbered_words(_offered_commands(turn), turn.directory, turn.tag)


def _numbered_words(intents: Iterable[Intent], directory: Directory, tag: str) -> str:
    published = directory.reader.published
    return " ".join(f"{at} {published(tag, intent.value)}" for at, intent in enumerate(intents, 1))


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
