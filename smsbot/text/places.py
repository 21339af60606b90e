"""Finding a district or a village in what people type: with or without "village", in any case ending, one slip off."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from smsbot.text.fold import clean, fold_of, lower, words
from smsbot.text.typo import Neighbours
from smsbot.text.words import Named

MAX_WORDS = 6  # of an argument; longer texts are no place's name

# Georgian case endings on a key (§ fold): nominative i stays out; -ში, -ზე, -დან, -თან, -თვის and the plain cases.
_ENDING = re.compile(r"(?:istvis|isgan|idan|dan|stan|tan|tvis|Si|ze|is|it|ad|ma|[smo])$")
_VOWEL = re.compile(r"[aeiou]$")


def stem(key: str) -> str:
    """A sound key without case ending and final vowel: `nikeaSi` → `nike`."""
    return _VOWEL.sub("", _ENDING.sub("", key))


def stems(key: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys((_VOWEL.sub("", key), stem(key), _ENDING.sub("", key))))


@dataclass(slots=True)
class PlaceIndex:
    places: tuple[Named, ...]
    languages: tuple[str, ...]
    nouns: frozenset[str]
    by_key: dict[str, dict[str, None]] = field(default_factory=dict)
    by_stem: dict[str, dict[str, None]] = field(default_factory=dict)
    by_number: dict[int, str] = field(default_factory=dict)
    near: Neighbours[str] = field(default_factory=Neighbours)

    @classmethod
    def build(cls, places: Sequence[Named], nouns: Iterable[str], languages: Sequence[str]) -> PlaceIndex:
        self = cls(tuple(places), tuple(languages), frozenset(lower(clean(noun)) for noun in nouns))
        for place in places:
            if place.number is not None:
                self.by_number[place.number] = place.code
            for name in (place.code, *place.names.values(), *place.words):
                self._add(name, place.code)  # one object a code: `Neighbours` tells values apart by identity
        return self

    def find(self, text: str) -> tuple[str, ...]:
        """Codes of the places that *text* may name, in the order listed; none if it names none."""
        if not self.places:
            return ()
        split = words(clean(text))[: 2 * MAX_WORDS]
        if len(split) == 1 and split[0].isascii() and split[0].isdigit() and len(split[0]) <= 9:
            code = self.by_number.get(int(split[0]))
            return (code,) if code is not None else ()
        bare = [word for word in split if lower(word) not in self.nouns and fold_free(word) not in self.nouns]
        for candidate in (split, bare):
            if 0 < len(candidate) <= MAX_WORDS:
                found = self._whole(candidate)
                if found:
                    return found
        return self._within(bare)

    def _whole(self, split: Sequence[str]) -> tuple[str, ...]:
        joined = "".join(split)
        keys = self._keys(joined)
        for table in (self.by_key, self.by_stem):
            found: dict[str, None] = {}
            for key in keys:
                for spot in (key,) if table is self.by_key else stems(key):
                    found |= table.get(spot, {})
            if found:
                return tuple(found)
        near = dict.fromkeys(code for key in keys for code in self.near.find(key))
        return tuple(near)

    def _within(self, split: Sequence[str]) -> tuple[str, ...]:
        """A place's name inside other words, exact or with a case ending; the longest run of words wins."""
        split = split[: 2 * MAX_WORDS]
        for size in range(min(3, len(split) - 1), 0, -1):
            for start in range(len(split) - size + 1):
                keys = self._keys("".join(split[start : start + size]))
                found: dict[str, None] = {}
                for key in keys:
                    found |= self.by_key.get(key, {})
                    for spot in stems(key) if len(key) >= 5 else ():
                        found |= self.by_stem.get(spot, {})
                if found:
                    return self._told_apart(tuple(found), [*split[:start], *split[start + size :]])
        return ()

    def _told_apart(self, found: tuple[str, ...], others: Sequence[str]) -> tuple[str, ...]:
        """Of a place and the one above it, both named, the lower: `Akhalsopeli Lanchkhuti`, in either order."""
        beside = dict.fromkeys(code for word in others for key in self._keys(word) for code in self.by_key.get(key, ()))
        if not beside:
            return found
        above = {place.code: place.parent for place in self.places}
        lower_ones = tuple(code for code in found if above.get(code) in beside)
        return lower_ones or tuple(code for code in beside if above.get(code) in found) or found

    def _keys(self, joined: str) -> list[str]:
        keys = [lower(joined)]
        for language in self.languages:
            keys += fold_of(language).keys(joined)
        return list(dict.fromkeys(keys))

    def _add(self, name: str, code: str) -> None:
        joined = "".join(words(clean(name)))
        if not joined:
            return
        keys = {lower(joined)}
        for language in self.languages:
            keys.update(fold_of(language).keys(joined))
        for key in sorted(keys):
            self.by_key.setdefault(key, {})[code] = None
            if len(key) >= 4:
                for spot in stems(key)[:1]:
                    self.by_stem.setdefault(spot, {})[code] = None
            self.near.add(key, code)


def fold_free(word: str) -> str:
    """A place noun's Latin spelling reduced to letters that never vary: `soph.` and `sof` are one."""
    return lower(word).replace("ph", "f")
