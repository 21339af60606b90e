"""Finding a district or a village in what people type: in any script, with or without "village", in any case ending,
with ქვემო for ქვედა, by the name that several share, one slip off.

All is looked up, nothing is searched: the time does not depend on how many places there are.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from smsbot.text import shortplaces
from smsbot.text.fold import clean, lower, words
from smsbot.text.memory import Memory
from smsbot.text.placekeys import (
    COUNTING,
    MAX_KEYS,
    PREFIXES,
    TAKEN_OFF,
    Georgian,
    Nouns,
    bare_stem,
    begins_as,
    coarse,
    georgian_keys,
    heads,
    is_number,
    joined,
    keys,
    likely,
    qualified,
    sense_of,
    spellings,
    spoken_head,
    spoken_stems,
    stored_stems,
)
from smsbot.text.typo import LONGEST, SHORTEST, Ends, variants, within_one
from smsbot.text.words import Named
from smsbot.values import value

MAX_WORDS = 6  # of a name; longer texts are none
LONGEST_RUN = 3  # words of a name inside other words
DEEPEST = 20  # levels of places; a loop in the data must not hang
_START = 3  # letters of a key that no case ending touches

_Codes = tuple[str, ...]
_Table = dict[str, _Codes]


@value(frozen=True, slots=True)
class Sighting:
    """The places that a text may name, in the order listed. *rule*: how they were found.

    `number`; `exact` (or in another script); `ending`; `qualifier` (ქვემო for ქვედა); `umbrella` (the name without
    upper or lower); `coarse` (hasty Latin); `typo`; `within` (among other words); "" if there are none.
    """

    codes: _Codes = ()
    rule: str = ""

    @property
    def certain(self) -> bool:
        """The text is one place's name and nothing else, without a slip."""
        return len(self.codes) == 1 and self.rule in ("exact", "ending", "qualifier")


NOTHING = Sighting()


@value(frozen=True, slots=True)
class _Heard:
    """One word of a text. *is_noun*: village, town, …. *sense*: what it says before a name. *begun*: of its likeliest
    keys those that a name may begin with; *begins*: a name may begin with any, and in hasty spelling too."""

    keys: tuple[str, ...]
    is_noun: bool
    is_number: bool
    sense: str | None
    begun: Sequence[str]
    begins: bool


@dataclass(slots=True)
class PlaceIndex:
    places: tuple[Named, ...]
    nouns: Nouns
    taken: Collection[str] = ()
    """Words that mean something else, lowered and without spaces: no slip is read as a place where one stands."""
    by_number: dict[int, str] = field(default_factory=dict)
    above: dict[str, str] = field(default_factory=dict)  # code → code of the place above
    _exact: _Table = field(default_factory=dict)
    _ending: _Table = field(default_factory=dict)
    _qualifier: _Table = field(default_factory=dict)
    _umbrella: _Table = field(default_factory=dict)
    _coarse: _Table = field(default_factory=dict)
    _near: dict[str, tuple[str, ...]] = field(default_factory=dict)  # a stem without one letter → stems
    _starts: set[str] = field(default_factory=set)  # of keys
    _heads: set[str] = field(default_factory=set)  # how what is stored begins, in coarse letters
    _longest_near: int = 0  # letters of a key that may be a name with a slip and a case ending
    _near_ends: Ends = field(default_factory=Ends)  # of the stems in _near
    _seats: dict[str, str] = field(default_factory=dict)  # a town → the municipality that has its name
    towns: dict[str, str] = field(default_factory=dict)  # and back
    _order: dict[str, int] = field(default_factory=dict)  # code → where the place is listed
    georgian: Georgian = georgian_keys
    """The Georgian keys of a word; a lexicon has those of the words that it was asked for."""
    _together: tuple[str, tuple[str, ...]] = ("", ())  # words of the latest text without spaces, and their keys
    _latest: tuple[str, Sighting] = ("", NOTHING)
    _heard: Memory[str, _Heard] = field(init=False)
    _begun: Memory[str, bool] = field(init=False)  # the first letters of a key → whether what is stored begins so

    def __post_init__(self) -> None:
        self._heard = Memory(self._hear)
        self._begun = Memory(lambda start: coarse(start) in self._heads)

    @classmethod
    def build(cls, places: Sequence[Named], nouns: Iterable[str], *, taken: Collection[str] = ()) -> PlaceIndex:
        """*nouns*: village, town, … in every language. A place's names may be in any script."""
        self = cls(tuple(places), Nouns(clean(noun) for noun in nouns), taken)
        for at, place in enumerate(places):
            self._order.setdefault(place.code, at)
            if place.number is not None:
                self.by_number[place.number] = place.code
            if place.parent is not None:
                self.above[place.code] = place.parent
            for name in dict.fromkeys((*place.names.values(), *place.words)):
                self._add(name, place.code)
        named = set(self._exact)
        # A code helps only where nothing is called so: Ozurgeti is the town, though it is its municipality's code.
        for place in places:
            if named.isdisjoint(spellings(words(clean(place.code)))):
                self._add(place.code, place.code)
        self._add_seats()
        if self._qualifier:
            for prefix in PREFIXES:
                self._heads.update(heads(coarse(prefix)))
        self.forget()  # where names begin was not known yet
        return self

    def find(self, text: str) -> tuple[str, ...]:
        """Codes of the places that *text* may name, in the order listed; none if it names none."""
        return self.look(text).codes

    def told(self, text: str) -> Sighting:
        """As `look`, for what is said to be a place: there a slip in a short name is one, `AREA NIEA`."""
        sighting = self.look(text)
        if sighting.codes:
            return sighting
        bare = [word for word in words(clean(text))[: 2 * MAX_WORDS] if not self._heard[word].is_noun]
        found = shortplaces.near(bare, self.taken, self._near, self._names)
        return Sighting(self._narrowed(self._listed(found)), "typo") if found else NOTHING

    def look(self, text: str, found: Sequence[str] | None = None) -> Sighting:
        """As `find`, and how they were found. *found*: the words of *text*, if it is cleaned already."""
        asked, answer = self._latest  # one message is looked at more than once
        if asked != text:
            answer = self._look(words(clean(text)) if found is None else found) if self.places else NOTHING
            self._latest = (text, answer)
        return answer

    def _look(self, found: Sequence[str]) -> Sighting:
        split = found[: 2 * MAX_WORDS]
        heard = [self._heard[word] for word in split]
        if len(split) == 1 and heard[0].is_number and int(split[0]) in self.by_number:
            return Sighting((self.by_number[int(split[0])],), "number")
        bare = self._bare(split, heard)
        tries: list[tuple[str, ...]] = [tuple(split)]
        if len(bare) < len(split):  # a noun may belong to the name: ქალაქ-მუზეუმი, სოფელი ოზურგეთი
            tries += [tuple(split[1:]) if split[:1] != bare[:1] else (), tuple(bare)]
        candidates = [each for each in dict.fromkeys(tries) if 0 < len(each) <= MAX_WORDS]
        for candidate in candidates:
            sighting = self._whole(candidate)
            if sighting.codes:
                return sighting
        for candidate in candidates[-1:]:
            sighting = self._slipped(candidate)
            if sighting.codes:
                return sighting
        return self._within(bare)

    def forget(self) -> None:
        """Let go of the words that were read."""
        self._heard.clear()
        self._begun.clear()
        self._latest = ("", NOTHING)

    def ancestors(self, code: str) -> list[str]:
        """The places above *code*, the nearest first."""
        found: list[str] = []
        step = self.above.get(code)
        while step is not None and len(found) < DEEPEST:
            found.append(step)
            step = self.above.get(step)
        return found

    def inside(self, codes: Sequence[str], outer: Collection[str]) -> _Codes:
        """Those of *codes* that lie in one of *outer*; a town stands for the municipality of its name, too."""
        wanted = {*outer, *(self._seats[code] for code in outer if code in self._seats)}
        return tuple(code for code in codes if not wanted.isdisjoint(self.ancestors(code)))

    # --- reading ---

    def _hear(self, word: str) -> _Heard:
        own, lowered = keys(word, self.georgian), lower(word)
        begun = [key[:_START] for key in own]
        starts = not self._starts.isdisjoint(begun[:2])
        likeliest = self._begin_a_name(own[:2]) if starts else ()
        begins = (  # what a name's key begins with, it begins with in coarse letters too
            starts or len(own) >= MAX_KEYS or any(map(self._begun.__getitem__, (*begun, lowered[:_START])))
        )
        return _Heard(own, self.nouns.has(lowered, own), is_number(word), sense_of(word, own), likeliest, begins)

    def _bare(self, split: Sequence[str], heard: Sequence[_Heard]) -> list[str]:
        """*split* without village, town and, beside a number, the words that only count."""
        bare = [word for word, one in zip(split, heard, strict=True) if not one.is_noun]
        if True in [one.is_number for one in heard] and any(map(is_number, bare)):
            bare = [word for word in bare if lower(word) not in COUNTING]
        return bare

    def _begin_a_name(self, spelled: Iterable[str]) -> list[str]:
        """Those of the keys *spelled* that are, or whose stems are, perhaps a name's."""
        known = self._heads
        return [key for key in spelled if coarse(spoken_head(key)) in known]

    def _whole(self, split: Sequence[str]) -> Sighting:
        heard = [self._heard[word] for word in split]
        senses = [one.sense for one in heard]
        written = "".join(split)
        if not heard[0].begins and not any(senses) and begins_as(split[0], written):
            return NOTHING
        own = heard[0].keys
        if len(split) > 1:
            own = keys(written)
            self._together = (written, own)
        told = qualified(split, senses, own)
        spelled = self._begin_a_name(dict.fromkeys((*own, lower(written))))
        if not spelled and not told:
            return NOTHING
        found = _of(self._exact, spelled)
        if found:
            return Sighting(self._narrowed(found), "exact")
        spoken = [spot for key in spelled for spot in spoken_stems(key)]
        found = _of(self._ending, spoken)
        if found:
            return Sighting(self._narrowed(found), "ending")
        found = _of(self._qualifier, [f"{sense}{spot}" for sense, key in told for spot in spoken_stems(key)])
        if found:
            return Sighting(self._narrowed(found), "qualifier")
        found = _of(self._umbrella, spoken)
        if found:
            return Sighting(self._narrowed(found), "umbrella")
        found = _of(self._coarse, [coarse(key) for key in spelled if len(key) >= SHORTEST])
        return Sighting(self._narrowed(found), "coarse") if found else NOTHING

    def _slipped(self, split: Sequence[str]) -> Sighting:
        """One letter off; several as near are all told, and a word that means something else is never a slip."""
        written = "".join(split)
        if not SHORTEST <= len(written) <= LONGEST or lower(written) in self.taken:
            return NOTHING
        if len(split) == 1:
            own = self._heard[written].keys[:2]
        else:
            asked, own = self._together
            own = own[:2] if asked == written else likely(written)
        spelled = [key for key in own if len(key) >= SHORTEST]
        for key in spelled:
            if f"ka:{key}" in self.taken:
                return NOTHING
        found = {code for key in spelled if len(key) <= self._longest_near for code in self._neighbours(key)}
        return Sighting(self._narrowed(self._listed(found)), "typo") if found else NOTHING

    def _neighbours(self, key: str) -> set[str]:
        """Codes of names one letter off, case ending or not. Compared are the stems, if they are long enough."""
        found: set[str] = set()
        for spot in spoken_stems(key):
            if len(spot) < SHORTEST - 1 or not self._near_ends.may_be_near(spot):
                continue
            for rest in (spot, *variants(spot)):
                for near in self._near.get(rest, ()):
                    if within_one(spot, near) and (len(near) >= SHORTEST or len(spot) == len(key) - 1):
                        found.update(self._ending.get(near, ()))
        return found

    def _within(self, split: Sequence[str]) -> Sighting:
        """A place's name among other words, without a slip; the longest run of words wins."""
        if len(split) < 2:
            return NOTHING
        words_heard = [self._heard[word] for word in split]
        runs: dict[int, Sequence[str]] = {at: one.begun for at, one in enumerate(words_heard) if one.begun}
        if not runs:
            return NOTHING
        heard = [one.keys for one in words_heard]
        longer = [runs]  # by size: where the run starts → its keys; what begins no name begins none with more words
        for size in range(1, min(LONGEST_RUN, len(split) - 1)):
            runs = {at: self._begin_a_name(joined(own, heard[at + size])) for at, own in runs.items()
                    if own and at + size < len(split)}  # fmt: skip
            longer.append(runs)
        for size in range(min(LONGEST_RUN, len(split) - 1), 0, -1):
            for start, spelled in longer[size - 1].items():
                spoken = [spot for key in spelled if len(key) >= SHORTEST for spot in spoken_stems(key)]
                found = _of(self._exact, spelled) or _of(self._ending, spoken)
                if found:
                    others = [*split[:start], *split[start + size :]]
                    return Sighting(self._told_apart(self._narrowed(found), others), "within")
        return NOTHING

    def _told_apart(self, found: _Codes, others: Sequence[str]) -> _Codes:
        """Of a place and the one it lies in, both named, the lower: `Akhalsopeli Lanchkhuti`, in either order."""
        beside = {code for word in others for code in self._named(word)}
        return self.inside(found, beside) or self.inside(self._listed(beside), found) or found

    def _named(self, word: str) -> _Codes:
        spelled = self._heard[word].keys
        return _of(self._exact, spelled) or _of(self._ending, [spot for key in spelled for spot in spoken_stems(key)])

    def _names(self, stem: str) -> Iterator[tuple[str, str]]:
        """The keys of the names that have *stem*, with their codes."""
        for place in (self.places[self._order[code]] for code in self._ending.get(stem, ())):
            for name in dict.fromkeys((*place.names.values(), *place.words)):
                yield from ((key, place.code) for key in spellings(words(clean(name))))

    def _narrowed(self, found: _Codes) -> _Codes:
        """Without places that lie in another one found: the name they share means the community."""
        if len(found) == 1:
            return found
        everything = set(found)
        return tuple(code for code in found if everything.isdisjoint(self.ancestors(code)))

    def _listed(self, found: Iterable[str]) -> _Codes:
        return tuple(sorted(set(found), key=self._order.__getitem__))

    # --- building ---

    def _add(self, name: str, code: str) -> None:
        split = words(clean(name))
        bare = self._bare(split, [self._heard[word] for word in split])
        counted = len(bare) < len(split) and any(map(is_number, bare))
        for each in (split, bare) if counted else (split,):
            self._add_spelled(each, code)

    def _add_spelled(self, split: Sequence[str], code: str) -> None:
        for key in spellings(split):
            if not key or code in self._exact.get(key, ()):  # the Latin name mostly sounds as the Georgian one
                continue
            _put(self._exact, key, code)
            self._starts.add(key[:_START])
            self._heads.update(heads(coarse(key)))
            for spot in stored_stems(key):
                _put(self._ending, spot, code)
                self._heads.update(heads(coarse(spot)))
            if len(key) >= SHORTEST:
                _put(self._coarse, coarse(key), code)
                self._add_near(bare_stem(key))
        if len(split) < 2 or sense_of(split[0]) is None:
            return
        for sense, key in qualified(split, [sense_of(word) for word in split], keys("".join(split))):
            for spot in stored_stems(key):
                _put(self._qualifier, f"{sense}{spot}", code)
                _put(self._umbrella, spot, code)
                self._heads.update(heads(coarse(spot)))

    def _add_seats(self) -> None:
        """ლანჩხუთი, beside a village, means ლანჩხუთის მუნიციპალიტეტი: a name that begins as the town's does."""
        spelled = {place.code: {key for name in place.names.values() for key in spellings(words(clean(name)))}
                   for place in self.places if place.parent is None}  # fmt: skip
        for place in self.places:
            above = spelled.get(place.parent or "", ())
            roots = {spot for name in place.names.values() for key in spellings(words(clean(name)))
                     for spot in stored_stems(key) if len(spot) >= 4}  # fmt: skip
            if place.parent is not None and any(key.startswith(spot) for key in above for spot in roots):
                self._seats[place.code] = place.parent
                self.towns.setdefault(place.parent, place.code)

    def _add_near(self, stem: str) -> None:
        """*stem* under what is left of it without one letter, so that a slip costs one probe a letter."""
        if len(stem) <= LONGEST and stem.isascii():
            for rest in {stem, *variants(stem)}:
                held = self._near.get(rest, ())
                if stem not in held:
                    self._near[rest] = (*held, stem)
            self._near_ends.add(stem)
            self._longest_near = max(self._longest_near, len(stem) + 1 + TAKEN_OFF)


def _of(table: _Table, spots: Iterable[str]) -> _Codes:
    """The codes of all *spots*, without repeats."""
    found: dict[str, None] = {}
    for spot in spots:
        held = table.get(spot)
        if held is not None:
            found.update(dict.fromkeys(held))
    return tuple(found)


def _put(table: _Table, spot: str, code: str) -> None:
    held = table.get(spot)
    if held is None:
        table[spot] = (code,)
    elif code not in held:
        table[spot] = (*held, code)
