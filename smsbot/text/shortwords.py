"""The short words of the listed phrases, the short stop words, and what is a slip away from them."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from smsbot.text.fold import Fold, clean, fold_of, lower, script, words
from smsbot.text.keyboard import is_plausible
from smsbot.text.lexicon import Lexicon
from smsbot.text.meaning import Meaning
from smsbot.text.typo import SHORTEST, Neighbours
from smsbot.text.understood import Intent
from smsbot.text.words import LanguageWords, Role

_LEAST = 2  # letters of a word of a phrase
_LEAST_BESIDE = 3  # letters of a word beside a stop word
_BESIDE = (Role.COURTESY, Role.MESSAGING, Role.FILLER)
_PHRASES = (Role.PHRASE, Role.REFUSAL, Role.COURTESY)


@dataclass(frozen=True, slots=True)
class ShortStop:
    """A stop word of up to four letters, as it may be spelled."""

    spelled: str
    meaning: Meaning


def _index() -> Neighbours[tuple[str, int]]:
    return Neighbours(_LEAST, SHORTEST - 1)


def _spellings() -> Neighbours[tuple[str, str]]:
    return Neighbours(_LEAST)


def _stops() -> Neighbours[ShortStop]:
    return Neighbours(_LEAST, SHORTEST - 1)


@dataclass(eq=False, slots=True)
class ShortWords:
    """Filled while a vocabulary is built."""

    mates: dict[int, set[int]] = field(default_factory=dict)
    """A word's number → those of the words that stand beside it in listed phrases."""
    _words: Neighbours[tuple[str, int]] = field(default_factory=_index)
    _negators: Neighbours[tuple[str, str]] = field(default_factory=_spellings)
    _stops: Neighbours[ShortStop] = field(default_factory=_stops)

    def near(self, word: str) -> dict[int, str]:
        """Listed words of two to four letters one slip away from *word* (lowered), each with its spelling."""
        return {number: spelled for spelled, number in self._words.find(word, _LEAST)}

    def near_stops(self, word: str) -> list[ShortStop]:
        """Stop words of two to four letters one slip away from *word* (lowered)."""
        return self._stops.find(word, _LEAST)

    def may_deny(self, word: str, languages: Collection[str | None]) -> bool:
        """Whether *word* (lowered) is a slip of the hand away from a "not" of one of *languages*."""
        return any(
            language in languages and word != spelled and is_plausible(word, spelled)
            for spelled, language in self._negators.find(word, _LEAST)
        )

    def add_language(self, entry: LanguageWords, lexicon: Lexicon, exact: Mapping[str, tuple[Meaning, ...]]) -> None:
        """Index the short words of the language's phrases, those beside a stop word, and its short stop words."""
        code, fold = entry.language, fold_of(entry.language)
        listed = [word for found in entry.words.values() for word in found]
        listed += [word for role in _PHRASES for word in entry.roles.get(role, ())]
        alone: dict[str, None] = {}
        for split in (words(clean(each)) for each in listed):
            if len(split) > 1:
                numbers = {word: lexicon.add(word, code) for word in split}
                for number in numbers.values():
                    self.mates.setdefault(number, set()).update(set(numbers.values()) - {number})
                alone.update(dict.fromkeys(split))
        for role in _BESIDE:
            beside = (word for word in entry.roles.get(role, ()) if " " not in word and len(word) >= _LEAST_BESIDE)
            alone.update(dict.fromkeys(beside))
        for word in alone:
            number = lexicon.add(word, code)
            for spelled in _spelled(word, fold):
                self._words.add(spelled, (spelled, number))
        for word in entry.roles.get(Role.NEGATOR, ()):
            if " " not in word:
                for spelled in _spelled(word, fold):
                    self._negators.add(spelled, (spelled, code))
        for word in entry.words.get(Intent.STOP, ()):
            meanings = exact.get(lower(clean(word)), ())
            meaning = next((each for each in meanings if each.intent is Intent.STOP), None)
            if meaning is not None and " " not in word:
                for spelled in _spelled(word, fold):
                    self._stops.add(spelled, ShortStop(spelled, meaning))


def _spelled(word: str, fold: Fold) -> list[str]:
    """*word*, and how it is usually spelled in Latin letters."""
    lowered = lower(word)
    if fold.script == "Latn":
        return list(dict.fromkeys([lowered, *fold.keys(word)]))
    if fold.spellings is None or script(word) != fold.script:
        return [lowered]
    return list(dict.fromkeys([lowered, *fold.spellings(word)]))
