"""The listed words, each with a number, and what a word of a message may stand for.

A word of a message is looked up as it is written, in every language at once, and by the sound keys of each language
against that language's words only. So `gauqmeba` finds გაუქმება, but no Georgian reading is ever compared with a
Russian word.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from smsbot.text.fold import (
    PLAIN,
    Fold,
    disguised,
    fold_of,
    lower,
    masked,
    pieces,
    script,
    spelled_with_digits,
    squeeze,
    words,
)
from smsbot.text.inflection import stems
from smsbot.text.keyboard import is_plausible
from smsbot.text.meaning import Meaning
from smsbot.text.memory import Memory
from smsbot.text.typo import LONGEST, SHORTEST, Neighbours
from smsbot.values import value

INFLECTED = ("ka", "ru")  # languages whose case endings `stems` takes off
# Accusative, dative, ablative and locative, as the fold hears them: büdcəni, büdcəyə, büdcədən, mədəniyyətdə.
_AZ_CASES = ("ni", "nu", "i", "u", "ye", "ya", "e", "a", "den", "dan", "de", "da")
_STEM_START = 3  # letters that no case ending changes
_SHORTEST_STEM = 6  # letters of a stem that is known with a slip: дороже is no дорог
_SHORTEST_COARSE = 4  # letters of a word that is looked up by its coarse key too
_SCRIPTS = ("Latn", "Geor", "Cyrl", "Armn")
_NO_IDS: frozenset[int] = frozenset()

_LIKE_NUMBER = re.compile(r"(?=\D*\d)[\dIlOoОо]+")
_AS_NUMBER = str.maketrans("IlOoОо", "110000")

Keys = tuple[tuple[str, tuple[str, ...]], ...]  # language → sound keys, in the order of the languages


@value(frozen=True, slots=True)
class Token:
    """One word of a message and the numbers of the listed words it may be."""

    text: str  # lowered
    raw: str  # case kept
    literal: frozenset[int]
    folded: frozenset[int]  # the literal ones among them
    number: int | None = None
    inflected: Meaning | None = None  # a topic's name in another case
    ids: tuple[int, ...] = ()  # *folded*, in the order of the languages
    keys: Keys = ()


@dataclass(slots=True)
class _Table:
    language: str
    fold: Fold
    keys: dict[str, set[int]] = field(default_factory=dict)
    coarse: dict[str, set[int]] = field(default_factory=dict)
    coarsest: set[str] = field(default_factory=set)  # of the keys in *coarse*
    latin: Callable[[str], str] = field(init=False)  # as in the fold, for any fold
    plain: Callable[[str, str, str], tuple[str, ...]] = field(init=False)

    def __post_init__(self) -> None:
        keys = self.fold.keys
        self.latin = self.fold.latin or str
        self.plain = self.fold.plain or (lambda word, _lowered, _sounds: keys(word))


class Lexicon:
    """Filled while a vocabulary is built and only read after that, but for a cache of tokens."""

    __slots__ = (
        "_by_script", "_cache", "_cases", "_heard", "_ids", "_literal", "_near_stems", "_slipped", "_starts", "_stems",
        "_tables", "listed", "unmistakable",
    )  # fmt: skip

    def __init__(self, languages: Iterable[str]) -> None:
        self._tables = {language: _Table(language, fold_of(language)) for language in languages}
        # Without a fold the letters are all there is, and those are looked up anyway.
        folded = [table for table in self._tables.values() if table.fold is not PLAIN]
        self._by_script = {found: [t for t in folded if found in ("Latn", t.fold.script)] for found in _SCRIPTS}
        self._ids: dict[tuple[str, str], int] = {}
        self.listed: list[tuple[str, str]] = []
        """Language and listed word (lowered) of each number."""
        self._literal: dict[str, set[int]] = {}
        self._cache = Memory(self._make)
        self._heard: dict[str, Keys] = {}  # of the words that are about to be made tokens
        self._stems: dict[str, Meaning] = {}  # sound keys of topics' names, without case ending
        self._starts: set[str] = set()
        # By language, of those stems and cases; each with its meaning.
        self._slipped: Memory[str, list[Meaning]] = Memory(lambda word: self._find_slipped(self.token(word)))
        self._near_stems: dict[str, Neighbours[tuple[str, Meaning]]] = {}
        self._cases: dict[str, Meaning] = {}  # sound keys of Azerbaijani topics' names with their case endings
        self.unmistakable: set[int] = set()
        """Words that are recognised behind letters that look alike and digits for letters too."""

    def add(self, word: str, language: str) -> int:
        """The number of a cleaned word; *language* "" for a word of no language."""
        lowered = lower(word)
        number = self._ids.setdefault((language, lowered), len(self._ids))
        if number == len(self.listed):
            self.listed.append((language, lowered))
        self._literal.setdefault(lowered, set()).add(number)
        table = self._tables.get(language)
        if table is not None and table.fold is not PLAIN:
            for key in table.fold.keys(word):
                table.keys.setdefault(key, set()).add(number)
                if table.fold.coarse:
                    merged = table.fold.coarse(key)
                    table.coarse.setdefault(merged, set()).add(number)
                    table.coarsest.add(table.fold.coarsest(merged) if table.fold.coarsest else merged)
        return number

    def inflect(self, name: str, language: str, meaning: Meaning) -> None:
        """Let a topic's *name* be known in other cases too."""
        near = self._near_stems.setdefault(language, Neighbours(_SHORTEST_STEM))
        if language == "az":
            for key in fold_of(language).keys(name):
                for case in _AZ_CASES:
                    if f"{key}{case}" not in self._cases:
                        self._cases[f"{key}{case}"] = meaning
                        near.add(f"{key}{case}", (f"{key}{case}", meaning))
        if language in INFLECTED:
            for key in fold_of(language).keys(name):
                self._stems.setdefault(f"{language}:{stems(key)[0]}", meaning)
                near.add(stems(key)[0], (stems(key)[0], meaning))
                self._starts.add(key[:_STEM_START])

    def slipped_inflections(self, token: Token) -> list[Meaning]:
        """The topics of whose name *token* may be another case with a slip in it: ბიუეჯტის, бюджта."""
        return self._slipped[token.raw] if len(token.raw) > SHORTEST else []

    def _find_slipped(self, token: Token) -> list[Meaning]:
        found: dict[str | None, Meaning] = {}
        for language, own in token.keys:
            near = self._near_stems.get(language)
            if near is None:
                continue
            for spot in dict.fromkeys(spot for key in own for spot in ((key,) if language == "az" else stems(key))):
                for listed, meaning in near.find(spot):
                    formed = language == "ru" and spot[-1] != listed[-1]  # застроить has another stem than застройка
                    if not formed and is_plausible(spot, listed):
                        found.setdefault(meaning.topic, meaning)
        return list(found.values())

    def has(self, lowered: str) -> bool:
        return lowered in self._literal

    def keys(self, word: str) -> Keys:
        """The sound keys of a cleaned word in each language that can be written in its letters."""
        if len(word) > LONGEST + 1:
            return ()
        found = script(word)
        tables = self._by_script.get(found, ())
        if found == "Latn" and word.isascii():
            lowered = word.lower()
            return tuple([(table.language, table.plain(word, lowered, table.latin(lowered))) for table in tables])
        return tuple([(table.language, table.fold.keys(word)) for table in tables])

    def tokens(self, cleaned: str) -> list[Token]:
        """The tokens of a cleaned text, case kept."""
        return self.apart(words(cleaned))

    def apart(self, found: Sequence[str], limit: int = 80) -> list[Token]:
        """The tokens of the words *found*, with letters and digits that stick together taken apart."""
        result = []
        cache = self._cache
        fresh = [word for word in found[:limit] if word not in cache and word.isascii() and word.isalpha()]
        if len(fresh) > 1:
            self._hear(fresh)
        for word in found[:limit]:
            token = cache[word]
            if token.folded or word.isalpha():
                result.append(token)
                continue
            if _LIKE_NUMBER.fullmatch(word):  # the letters that are typed for one and nought
                result.append(self.token(word.translate(_AS_NUMBER)))
                continue
            parts = pieces(word)
            result += [self.token(part) for part in parts] if len(parts) > 1 else [token]
        return result

    def _hear(self, fresh: Sequence[str]) -> None:
        """Have the keys of new words in ASCII letters at hand: together they cost little more than one."""
        spoken = [word for word in fresh if len(word) <= LONGEST + 1]
        if not spoken:
            return
        lowered = " ".join(spoken).lower()
        heard = [lowered.split(" ")]
        tables = self._by_script["Latn"]
        heard += [table.latin(lowered).split(" ") for table in tables]
        for word, low, *sounds in zip(spoken, *heard, strict=True):
            self._heard[word] = tuple(
                [(table.language, table.plain(word, low, sound)) for table, sound in zip(tables, sounds, strict=True)]
            )

    def token(self, word: str) -> Token:
        return self._cache[word]

    def knows(self, word: str) -> bool:
        """Whether *word* may be a listed one, without keeping what it is: for readings that mostly are no words."""
        known = self._cache.get(word)
        if known is not None:
            return bool(known.folded)
        lowered = lower(word)
        if lowered in self._literal:
            return True
        return bool(self._stands_for(word, lowered, self.keys(word))[1])

    def georgian(self, word: str) -> tuple[str, ...]:
        """The Georgian sound keys of a word in Georgian or plain Latin letters: its token's, if that is there."""
        known = self._cache.get(word)
        for language, keys in known.keys if known is not None else ():
            if language == "ka":
                return keys
        return fold_of("ka").keys(word)

    def forget(self) -> None:
        """Let go of the words that were read."""
        self._cache.clear()
        self._slipped.clear()

    def halves(self, token: Token, shortest: int) -> list[tuple[Token, Token]]:
        """*token* as two listed words written together, each of *shortest* letters or more."""
        word = token.text
        found: dict[tuple[frozenset[int], frozenset[int]], None] = {}
        for at in range(shortest, len(word) - shortest + 1):
            left, right = self._literal.get(word[:at]), self._literal.get(word[at:])
            if left and right:
                found[frozenset(left), frozenset(right)] = None
        for language, keys in token.keys:
            known = self._tables[language].keys
            for key in keys:
                for at in range(shortest, len(key) - shortest + 1):
                    if key[:at] in known and key[at:] in known:
                        found[frozenset(known[key[:at]]), frozenset(known[key[at:]])] = None
        return [(_half(token, left), _half(token, right)) for left, right in found]

    def _make(self, word: str) -> Token:
        lowered = lower(word)
        if lowered.isascii() and lowered.isdigit() and len(lowered) <= 9:
            known = frozenset(self._literal.get(lowered, ()))
            return Token(lowered, word, known, known, int(lowered), None, tuple(sorted(known)))
        keys = self._heard.pop(word, None) or self.keys(word)
        exact, folded = self._stands_for(word, lowered, keys)
        inflected = self._inflected(word, keys)
        if not folded:
            return Token(lowered, word, _NO_IDS, _NO_IDS, None, inflected, (), keys)
        return Token(lowered, word, frozenset(exact), frozenset(folded), None, inflected, tuple(sorted(folded)), keys)

    def _stands_for(self, word: str, lowered: str, keys: Keys) -> tuple[set[int], set[int]]:
        """The numbers of the listed words that *word* is letter by letter, and these with those it sounds like."""
        exact = set(self._literal.get(lowered, ()))
        folded = self._by_keys(word, keys)
        plain = lowered.isascii()
        for reading in (*(() if plain else disguised(lowered)), *(() if exact else squeeze(lowered))):
            exact |= self._literal.get(reading, set())
            folded |= self._by_keys(reading, self.keys(reading))
        if not exact and not folded and not (plain and lowered.isalpha()):
            for reading in (masked(lowered), *spelled_with_digits(lowered)):
                exact |= self._literal.get(reading, set()) & self.unmistakable
        folded |= exact
        return exact, folded

    def _inflected(self, word: str, keys: Keys) -> Meaning | None:
        """A topic's name with a case ending: ბიუჯეტის, kulturaze, бюджета."""
        if not SHORTEST <= len(word) <= LONGEST:
            return None
        for language, own in keys:
            if language == "az" and own[0] in self._cases:
                return self._cases[own[0]]
            if language not in INFLECTED:
                continue
            for key in own:
                if key[:_STEM_START] not in self._starts:
                    continue
                for spot in stems(key):
                    found = self._stems.get(f"{language}:{spot}")
                    if found is not None:
                        return found
        return None

    def _by_keys(self, word: str, keys: Keys) -> set[int]:
        found: set[int] = set()
        for language, own in keys:
            known = self._tables[language].keys
            for key in own:
                if key in known:
                    found |= known[key]
        if not found and len(word) >= _SHORTEST_COARSE:
            for language, own in keys:
                table = self._tables[language]
                if table.fold.coarse is not None:
                    for key in dict.fromkeys(map(table.fold.coarse, own)):
                        found |= table.coarse.get(key, _NO_IDS) or self._reread(key, word, table)
        return found

    def _reread(self, key: str, word: str, table: _Table) -> frozenset[int] | set[int]:
        fold = table.fold
        if fold.coarse_readings is None or fold.coarsest is None or not word.isascii():
            return _NO_IDS
        if fold.coarsest(key) not in table.coarsest:
            return _NO_IDS
        found: set[int] = set()
        for reading in fold.coarse_readings(key):
            found |= table.coarse.get(reading, _NO_IDS)
        return found


def _half(token: Token, ids: frozenset[int]) -> Token:
    return Token(token.text, token.raw, _NO_IDS, ids, None, None, tuple(sorted(ids)), token.keys)


def inflected(token: Token, meaning: Meaning) -> Token:
    """*token* taken for a topic's name in another case: a slip undone."""
    return Token(token.text, token.raw, _NO_IDS, _NO_IDS, None, meaning, (), token.keys)


def mended(tokens: Sequence[Token], spot: int, ids: Iterable[int]) -> list[Token]:
    """*tokens* with the one at *spot* taken for other words: a slip undone."""
    old = tokens[spot]
    numbers = frozenset(ids)
    new = Token(old.text, old.raw, _NO_IDS, numbers, None, None, tuple(sorted(numbers)), old.keys)
    return [*tokens[:spot], new, *tokens[spot + 1 :]]
