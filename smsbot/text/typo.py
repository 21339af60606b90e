"""Words one slip away: one letter more, less or other, or two neighbours swapped."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Generic, TypeVar

SHORTEST = 5  # letters; shorter words have too many neighbours that mean something else
LONGEST = 40  # letters; nothing we listen for is longer

Endings = frozenset[tuple[str, str]]
"""Last letters of a word and of another form of it: `("ე", "ა")`, and `("", "ს")` for a letter added."""

_T = TypeVar("_T")


def variants(word: str) -> Iterator[str]:
    """*word* with each letter left out once."""
    for index in range(len(word)):
        yield word[:index] + word[index + 1 :]


@lru_cache(maxsize=64)  # several indexes are asked about one word
def rests(word: str) -> tuple[str, ...]:
    """*word*, and what is left of it without each of its letters: where its neighbours are kept."""
    return (word, *[word[:index] + word[index + 1 :] for index in range(len(word))])


def within_one(left: str, right: str) -> bool:
    """Whether one insertion, deletion, substitution or swap of neighbours (or nothing) turns *left* into *right*."""
    if left == right:
        return True
    shorter, longer = len(left), len(right)
    if shorter > longer:
        left, right, shorter, longer = right, left, longer, shorter
    if longer - shorter > 1:
        return False
    start = 0
    while start < shorter and left[start] == right[start]:
        start += 1
    if shorter < longer:
        return left[start:] == right[start + 1 :]
    if left[start + 1 :] == right[start + 1 :]:
        return True
    swapped = left[start : start + 2][::-1]
    return len(swapped) == 2 and swapped == right[start : start + 2] and left[start + 2 :] == right[start + 2 :]


def within_two(left: str, right: str) -> bool:
    """Whether two slips turn *left* into *right*: one undone at the first difference, one left over."""
    start = 0
    while start < min(len(left), len(right)) and left[start] == right[start]:
        start += 1
    left, right = left[start:], right[start:]
    if not left or not right:
        return abs(len(left) - len(right)) <= _TWO
    undone = [(left[1:], right), (left, right[1:]), (left[1:], right[1:])]
    if left[:2] == right[1::-1] and len(left) > 1 and len(right) > 1:
        undone.append((left[2:], right[2:]))
    return any(within_one(*pair) for pair in undone)


def is_other_form(word: str, listed: str, endings: Endings) -> bool:
    """Whether *word* is *listed* with another ending of *endings*: one letter added, or the last one changed."""
    if word == listed or len(word) < _TWO:
        return False
    if word[:-1] == listed:
        return ("", word[-1]) in endings
    return word[:-1] == listed[:-1] and (listed[-1:], word[-1]) in endings


_TWO = 2


class Ends:
    """Whether a word may be within one slip of a listed one: two looks in place of one a letter.

    A slip touches two letters at most, so that what is before it or what is behind it is as listed. Kept are such
    halves of the listed words, by the length of the word that is looked up.
    """

    __slots__ = ("_by_size",)

    def __init__(self) -> None:
        self._by_size: dict[int, tuple[set[str], set[str]]] = {}  # heads and tails

    def add(self, word: str) -> None:
        size = len(word)
        for typed in (size - 1, size, size + 1):
            half = max(typed - 1, 0) // 2
            heads, tails = self._by_size.setdefault(typed, (set(), set()))
            heads.add(word[:half])
            tails.add(word[size - max(typed - half - 1, 0) :])

    def may_be_near(self, word: str) -> bool:
        size = len(word)
        kept = self._by_size.get(size)
        if kept is None:
            return False
        half = (size - 1) // 2 if size else 0
        return word[:half] in kept[0] or word[half + 1 :] in kept[1]


class Neighbours(Generic[_T]):
    """An index of words by what is left of them without one letter: a look-up costs one probe a letter.

    *least* and *most*: letters of the words that are kept.
    """

    def __init__(self, least: int = SHORTEST, most: int = LONGEST) -> None:
        self._by_rest: dict[str, list[tuple[str, _T]]] = {}
        self._least = least
        self._most = most

    def add(self, word: str, value: _T) -> None:
        if self._least <= len(word) <= self._most:
            for rest in set(rests(word)):
                self._by_rest.setdefault(rest, []).append((word, value))

    def find(self, word: str, shortest: int = SHORTEST) -> list[_T]:
        """The values of words within one slip of *word*, in the order they were added, without repeats.

        With a smaller *shortest* a word that lost a letter is found too.
        """
        return self.among(word, rests(word)) if shortest <= len(word) <= LONGEST + 1 else []

    def among(self, word: str, left: Sequence[str]) -> list[_T]:
        """As `find`, whatever the length; *left*: `rests(word)`."""
        known = self._by_rest
        if known.keys().isdisjoint(left):
            return []
        found: dict[int, _T] = {}
        for rest in left:
            if rest in known:
                for candidate, value in known[rest]:
                    if id(value) not in found and within_one(word, candidate):
                        found[id(value)] = value
        return list(found.values())
