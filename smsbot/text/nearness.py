"""Listed words by what is a slip away from them: in spelling, in their usual Latin spellings, and in sound."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Generic, TypeVar

from smsbot.text.fold import PLAIN, Fold, fold_of, lower, script
from smsbot.text.lexicon import Token
from smsbot.text.typo import LONGEST, SHORTEST, Ends, Neighbours, rests, within_two

_T = TypeVar("_T")
_MORE = 1
_MORE_IN_ONE_SCRIPT = 2  # Azerbaijani without its special letters
_LONG = 8  # letters of a word that two slips leave recognisable


def _more(typed: str, fold: Fold) -> int:
    """How many letters more a word in plain Latin letters needs: among short ones are too many English words.

    Of a dictionary of 75,000 English words some 50 were a slip from a stop word of another language: letter (yetər),
    story (სტოპი), wonder (söndür).
    """
    if fold is PLAIN or not typed.isascii():
        return 0
    return _MORE_IN_ONE_SCRIPT if fold.script == "Latn" else _MORE


class Nearness(Generic[_T]):
    """Sounds are compared within a language only, as everywhere."""

    __slots__ = ("_ends", "_long", "_rests", "_short", "_sounds", "_spelled", "_unfolded")

    def __init__(self, languages: Iterable[str]) -> None:
        self._spelled: Neighbours[_T] = Neighbours()
        self._short: Neighbours[_T] = Neighbours()  # spellings that are too short to be sure of
        self._sounds: dict[str, Neighbours[_T]] = {}
        self._rests: set[str] = set()  # of all of them
        self._ends = Ends()  # of all of them: most words of a text have neither, and need no rests
        self._long: dict[tuple[str, str, int], list[tuple[str, _T]]] = {}  # language, first letter and size of a key
        self._unfolded = [language for language in languages if fold_of(language) is PLAIN]

    def add(self, word: str, language: str, value: _T, *, sure: bool = False) -> None:
        """*sure*: though it is short in plain Latin letters; what is near and means something else is then listed."""
        fold = fold_of(language)
        spellings = [lower(word)]
        if fold.spellings is not None and script(word) == fold.script:
            spellings += fold.spellings(word)
        plain = fold.keys(word) if fold is not PLAIN and fold.script == "Latn" else ()  # siyahı as siyahi
        for spelling in dict.fromkeys((*spellings, *plain)):
            long = (sure and spelling in spellings) or len(spelling) >= SHORTEST + _more(spelling, fold)
            self._put(self._spelled if long else self._short, spelling, value)
        for key in fold.keys(word):
            self._put(self._sounds.setdefault(language, Neighbours()), key, value)
            if len(key) >= _LONG:
                self._long.setdefault((language, key[:1], len(key)), []).append((key, value))

    def _put(self, index: Neighbours[_T], word: str, value: _T) -> None:
        index.add(word, value)
        if SHORTEST <= len(word) <= LONGEST:
            self._rests.update(rests(word))
            self._ends.add(word)

    def find(self, token: Token, shortest: int = SHORTEST, *, loose: bool = False) -> list[_T]:
        """Values one slip away from *token*, in the order of the languages; *shortest*: letters that must be there.

        *loose*: short words in plain Latin letters too; for a word among known ones, or to ask.
        """
        near = self._near(token, shortest)
        if not near:
            return []
        typed = token.text
        found: dict[int, _T] = {}
        if typed in near:
            found = {id(value): value for value in self._spelled.among(typed, near[typed])}
            if loose:
                found |= {id(value): value for value in self._short.among(typed, near[typed])}
        for language, keys in token.keys:
            index = self._sounds.get(language)
            if index is None:
                continue
            least = shortest if loose else shortest + _more(typed, fold_of(language))
            for key in keys:
                if len(key) >= least and key in near:
                    found |= {id(value): value for value in index.among(key, near[key])}
        return list(found.values())

    def _near(self, token: Token, shortest: int) -> dict[str, tuple[str, ...]]:
        """Of the spelling and the keys of *token* those that have a neighbour at all, and their `rests`.

        Most words have none, and a key is often the same in several languages.
        """
        near = {}
        may_be_near = self._ends.may_be_near
        for word in {token.text, *[key for _, keys in token.keys for key in keys]}:
            if shortest <= len(word) <= LONGEST + 1 and may_be_near(word):
                left = rests(word)
                if not self._rests.isdisjoint(left):
                    near[word] = left
        return near

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
