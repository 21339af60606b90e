"""What a text names, where a question has said what it is about: topics, a place, a language."""

from __future__ import annotations

import re
from collections.abc import Sequence

from smsbot.text.arguments import read_argument, segments
from smsbot.text.figures import DIGITS, LONGEST_NUMBER
from smsbot.text.fold import clean
from smsbot.text.vocabulary import Vocabulary

_NUMBER = re.compile(r"\d+")


def find_topics(text: str, vocabulary: Vocabulary) -> tuple[tuple[str, ...], tuple[int, ...], bool, bool]:
    """Topic codes in the order named, numbers, whether "all" is said, and whether anything else is."""
    parts = segments(vocabulary.lexicon.tokens(clean(text)), vocabulary)
    argument = read_argument(parts)
    if len(parts) == 1 and argument.unknown:
        near = {meaning.topic: meaning for meaning in vocabulary.slips(parts[0].raw) if not parts[0].meanings}
        if len(near) == 1 and None not in near:
            return tuple(topic for topic in near if topic), (), False, False
    return argument.topics, argument.numbers, argument.every, argument.unknown


def find_places(text: str, vocabulary: Vocabulary) -> tuple[str, ...]:
    """Codes of the places that *text* may name: one, several homonyms, or none. The question asked for a place."""
    return vocabulary.places.told(text).codes


def find_language(text: str, vocabulary: Vocabulary, offered: Sequence[str]) -> str | None:
    """The language of *offered* that *text* picks: by its number in the list, its name in any language, its code."""
    cleaned = clean(text)
    numbers = _NUMBER.findall(cleaned)
    if numbers and DIGITS.fullmatch(cleaned):
        number = int(numbers[0]) if len(numbers) == 1 and len(numbers[0]) <= LONGEST_NUMBER else 0
        return offered[number - 1] if 1 <= number <= len(offered) else None
    parts = segments(vocabulary.lexicon.tokens(cleaned), vocabulary)
    meanings = [meaning for part in parts for meaning in part.meanings]
    for meaning in meanings:
        if meaning.names_language in offered:
            return meaning.names_language
    for meaning in meanings:
        if meaning.number is not None and 1 <= meaning.number <= len(offered) and len(parts) == 1:
            return offered[meaning.number - 1]
    return None
