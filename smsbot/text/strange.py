"""Words that nobody listed: what they have in common, and which listed word is nearest. For the weekly look of staff
(`smsbot unknown`), not for the bot: nothing here decides what a text means.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from smsbot.text.fold import clean, lower, words
from smsbot.text.placekeys import keys
from smsbot.text.words import LanguageWords, Named

FEW_WORDS = 3  # more are a message for a person, not a word to list
LONGEST = 30  # characters of a word
DIGITS = 3  # more in a row may be a number of somebody's
FARTHEST = 3  # slips; a word farther away is not near
_SLIPS_PER_LETTER = 3  # one slip for each three letters


@dataclass(frozen=True, slots=True)
class Form:
    """*key*: equal for spellings that sound alike, whatever the script. *shown*: the words as written, lowered."""

    key: str
    shown: str


def form(text: str) -> Form | None:
    """What *text* is grouped by; None for free text, and for one with digits that may be a personal number."""
    split = words(clean(text))
    if not 0 < len(split) <= FEW_WORDS or any(len(word) > LONGEST for word in split):
        return None
    if any(sum(char.isdigit() for char in word) > DIGITS for word in split) or all(word.isdigit() for word in split):
        return None
    return Form(_key(split), " ".join(map(lower, split)))


@dataclass(frozen=True, slots=True)
class Known:
    """A listed word. *kind*: `command`, `topic` or `place`; *name*: its intent or code; *language*: of the file."""

    word: str
    kind: str
    name: str
    language: str = ""


@dataclass(frozen=True, slots=True)
class Near:
    known: Known
    distance: int


class Lexicon:
    """All listed words by the length of their keys, so that the nearest is found among those of like length."""

    def __init__(self, languages: Sequence[LanguageWords], topics: Iterable[Named], places: Iterable[Named]) -> None:
        self._by_length: dict[int, list[tuple[str, Counter[str], Known]]] = {}
        seen: set[tuple[str, str, str]] = set()
        for known in _listed(languages, topics, places):
            key = _key(words(clean(known.word)))
            if key and (key, known.kind, known.name) not in seen:
                seen.add((key, known.kind, known.name))
                self._by_length.setdefault(len(key), []).append((key, Counter(key), known))

    def nearest(self, key: str) -> Near | None:
        """The listed word with the fewest slips to *key*; of equal ones the first listed, commands before names."""
        most = min(FARTHEST, len(key) // _SLIPS_PER_LETTER)
        bag = Counter(key)
        best: Near | None = None
        for length in sorted(range(len(key) - most, len(key) + most + 1), key=lambda size: abs(size - len(key))):
            for other, letters, known in self._by_length.get(length, ()):
                limit = most if best is None else best.distance - 1
                if max((bag - letters).total(), (letters - bag).total()) > limit:
                    continue
                slips = distance(key, other, limit)
                if slips is not None:
                    best = Near(known, slips)
        return best


def distance(left: str, right: str, limit: int) -> int | None:
    """Letters added, left out, changed, or swapped with their neighbour, to turn *left* into *right*; None if more
    than *limit*."""
    if abs(len(left) - len(right)) > limit:
        return None
    before: list[int] = []
    row = list(range(len(right) + 1))
    for at, char in enumerate(left, 1):
        last, before, row = before, row, [at]
        for to, other in enumerate(right, 1):
            cost = min(before[to] + 1, row[to - 1] + 1, before[to - 1] + (char != other))
            if at > 1 and to > 1 and char == right[to - 2] and left[at - 2] == other:
                cost = min(cost, last[to - 2] + 1)
            row.append(cost)
        if min(row) > limit:
            return None
    return row[-1] if row[-1] <= limit else None


def _key(split: Sequence[str]) -> str:
    return " ".join(_heard(word) for word in split)


def _heard(word: str) -> str:
    """The likeliest key; a capital inside a word is the old fonts' letter, which the last key reads."""
    found = keys(word) or (lower(word),)
    return found[-1] if word[1:] != word[1:].lower() and not word.isupper() else found[0]


def _listed(languages: Sequence[LanguageWords], topics: Iterable[Named], places: Iterable[Named]) -> Iterator[Known]:
    for entry in languages:
        for intent, listed in entry.words.items():
            for word in listed:
                yield Known(word, "command", intent.value, entry.language)
        for intent, word in entry.latin.items():
            yield Known(word, "command", intent.value, entry.language)
    for kind, items in (("topic", topics), ("place", places)):
        for item in items:
            for language, name in item.names.items():
                yield Known(name, kind, item.code, language)
            for word in (item.code, *item.words) if kind == "topic" else item.words:
                yield Known(word, kind, item.code)
