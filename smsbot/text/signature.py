"""Whose name stands beside a stop: `Stop, Giorgi Beridze`. A given name is listed, a surname is told by its ending.

And what a phone writes under a text by itself.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from enum import StrEnum

from smsbot.text.fold import lower
from smsbot.text.keyboard import is_plausible
from smsbot.text.message import Message
from smsbot.text.segment import Segment
from smsbot.text.typo import within_one
from smsbot.text.vocabulary import Vocabulary
from smsbot.text.words import Role

_WORDS = 3
_SON = ("ძე", "dze", "дзе")  # short, and no other word's end
_FIRM_LETTERS = 4  # of an ending that is a surname's even where a name has a slip
_GIVEN_LETTERS = 4  # of a given name with a slip in it


_DEVICE = re.compile(
    r"(?<=\S)[\s.,;:!-]+(?:(?:sent (?:from|via)|get outlook for|отправлено (?:с|со|из)) (?:my|моего|мобильного)?\s?"
    r"(?:phone|mobile|i?phone|ipad|ios|samsung|galaxy|android|huawei|xiaomi|redmi|nokia|outlook|yahoo|gmail"
    r"|айфона|телефона|андроида|самсунга|почты)\b[^\n]{0,30})\s*$",
    re.IGNORECASE,
)
_DEVICE_LONGEST = 80  # characters
_DEVICE_WORDS = ("sent ", "outlook", "отправлено")  # looked for first: a pattern costs every text something


class Signature(StrEnum):
    SURE = "sure"
    LIKELY = "likely"
    NONE = "none"


def without_device(text: str) -> str:
    """*text* without "Sent from my phone" at its end, if anything stands before it."""
    end = text[-_DEVICE_LONGEST:]
    lowered = end.lower()
    if not any(word in lowered for word in _DEVICE_WORDS):
        return text
    return text[: len(text) - len(end)] + _DEVICE.sub("", end)


def read(strangers: Sequence[Segment], vocabulary: Vocabulary) -> Signature:
    """Whether the words that *strangers* are, beside a stop, are somebody's name; likely, if one of them may be."""
    if not 1 <= len(strangers) <= _WORDS:
        return Signature.NONE
    given, others = [], []
    for part in strangers:
        if part.has(Role.GIVEN_NAME):
            given.append(part)
        elif part.meanings:
            return Signature.NONE
        else:
            others.append(part)
    surnames = [part for part in others if part.last.endswith(vocabulary.surnames)]
    left = [part for part in others if part not in surnames]
    if not left:
        return Signature.SURE if given else Signature.NONE
    if len(left) > 1:
        return Signature.NONE
    slipped = left[0].last
    if given:
        return Signature.SURE if _is_near_surname(slipped, vocabulary) else Signature.LIKELY
    firm = len(surnames) == 1 and surnames[0].last.endswith(_firm(vocabulary))
    return Signature.SURE if firm and _is_near_given(slipped, vocabulary) else Signature.NONE


def unsigned(message: Message) -> list[int]:
    """Which words of a signed message nobody knows, its surname aside."""
    if Role.GIVEN_NAME not in message.roles:
        return message.strange
    surnames = message.vocabulary.surnames
    return [spot for spot in message.strange if not message.tokens[spot].text.endswith(surnames)]


def _firm(vocabulary: Vocabulary) -> tuple[str, ...]:
    return tuple(each for each in vocabulary.surnames if len(each) >= _FIRM_LETTERS or each in _SON)


def _is_near_surname(word: str, vocabulary: Vocabulary) -> bool:
    """Whether *word* ends as a surname with one slip of the hand: Beridzr. What lost a letter may end as any word."""
    return any(
        within_one(word[-size:], ending) and is_plausible(word[-size:], ending)
        for ending in _firm(vocabulary)
        for size in (len(ending), len(ending) + 1)
    )


def _is_near_given(word: str, vocabulary: Vocabulary) -> bool:
    return any(
        within_one(word, name) and is_plausible(word, name)
        for entry in vocabulary.languages
        for listed in entry.roles.get(Role.GIVEN_NAME, ())
        for name in (lower(listed),)
        if len(name) >= _GIVEN_LETTERS
    )
