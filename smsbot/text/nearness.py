"""Listed words by what is a slip away from them: in spelling, in their usual Latin spellings, and in sound."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Generic, TypeVar

from smsbot.text.fold import PLAIN, fold_of, lower, script
from smsbot.text.lexicon import Token
from smsbot.text.typo import SHORTEST, Neighbours, within_two

_T = TypeVar("_T")
_LONG = 8  # letters of a word that two slips leave recognisable


class Nearness(Generic[_T]):
    """Sounds are compared within a language only, as everywhere."""

    __slots__ = ("_long", "_sounds", "_spelled", "_unfolded")

    def __init__(self, languages: Iterable[str]) -> None:
        self._spelled: Neighbours[_T] = Neighbours()
        self._sounds: dict[str, Neighbours[_T]] = {}
        self._long: dict[tuple[str, str, int], list[tuple[str, _T]]] = {}  # language, first letter and size of a key
        self._unfolded = [language for language in languages if fold_of(language) is PLAIN]

    def add(self, word: str, language: str, value: _T) -> None:
        fold = fold_of(language)
        self._spelled.add(lower(word), value)
        if fold.spellings is not None and script(word) == fold.script:
            for spelling in fold.spellings(word):
                self._spelled.add(spelling, value)
        for key in fold.keys(word):
            self._sounds.setdefault(language, Neighbours()).add(key, value)
            if len(key) >= _LONG:
                self._long.setdefault((language, key[:1], len(key)), []).append((key, value))

    def find(self, token: Token, shortest: int = SHORTEST) -> list[_T]:
        """Values one slip away from *token*, in the order of the languages; *shortest*: letters that must be there."""
        found = {id(value): value for value in self._spelled.find(token.text, shortest)}
        for language, keys in token.keys:
            index = self._sounds.get(language)
            if index is not None:
                for key in keys:
                    for value in index.find(key, shortest):
                        found[id(value)] = value
        return list(found.values())

    def find_far(self, token: Token) -> list[_T]:
        """Values two slips away from a long *token*, in sound, that begin with the same letter."""
        found: dict[int, _T] = {}
        for language, keys in (*token.keys, *((each, (token.text,)) for each in self._unfolded)):
            for key in keys:
                for size in range(len(key) - 2, len(key) + 3):
                    for listed, value in self._long.get((language, key[:1], size), ()):
                        if within_two(key, listed):
                            found[id(value)] = value
        return list(found.values())
