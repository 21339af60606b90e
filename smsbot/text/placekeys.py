"""How a place's name sounds, whichever script it is written in, and what may stand around it.

People write one village in Georgian, in four habits of Latin, in Russian, Armenian or Azerbaijani letters. Here all of
them come to one alphabet of keys, that of the Georgian fold (`smsbot.text.folds`): `S` is sh, `C` ch, `x` kh, `c` ts.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence

from smsbot.text.fold import brancher, distinct, fold_of, lower, rewriter, script
from smsbot.text.folds import likely_georgian

MAX_KEYS = 6  # of one spelling; further readings of w, y and h are not worth their time

_KA = fold_of("ka")
Georgian = Callable[[str], tuple[str, ...]]
georgian_keys: Georgian = _KA.keys
# Georgian names as Russian spells them: ჯ is дж, ძ is дз, and the ejectives are told apart no more than in Latin.
_CYRILLIC = rewriter(
    {
        "дж": "j", "дз": "z", "тс": "c", "а": "a", "б": "b", "в": "v", "г": "g", "д": "d", "е": "e", "ё": "io",
        "ж": "j", "з": "z", "и": "i", "й": "i", "к": "k", "л": "l", "м": "m", "н": "n", "о": "o", "п": "p", "р": "r",
        "с": "s", "т": "t", "у": "u", "ф": "p", "х": "x", "ц": "c", "ч": "C", "ш": "S", "щ": "S", "ъ": "", "ы": "i",
        "ь": "", "э": "e", "ю": "iu", "я": "ia",
    }
)  # fmt: skip
_ARMENIAN = rewriter(
    {
        "ու": "u", "և": "ev", "եւ": "ev", "ա": "a", "բ": "b", "գ": "g", "դ": "d", "ե": "e", "զ": "z", "է": "e",
        "ը": "", "թ": "t", "ժ": "j", "ի": "i", "լ": "l", "խ": "x", "ծ": "c", "կ": "k", "հ": "h", "ձ": "z", "ղ": "g",
        "ճ": "C", "մ": "m", "յ": "i", "ն": "n", "շ": "S", "ո": "o", "չ": "C", "պ": "p", "ջ": "j", "ռ": "r", "ս": "s",
        "վ": "v", "տ": "t", "ր": "r", "ց": "c", "ւ": "v", "փ": "p", "ք": "k", "օ": "o", "ֆ": "p",
    }
)  # fmt: skip
_AZERBAIJANI = rewriter(
    {
        "ç": "C", "c": "j", "ş": "S", "ğ": "g", "ə": "e", "ı": "i", "ö": "o", "ü": "u", "y": "i", "ts": "c", "dz": "z",
        "sh": "S", "ch": "C", "kh": "x", "gh": "g", "f": "p", "w": "v",
    }
)  # fmt: skip
_AZERBAIJANI_BRANCHES = brancher({"q": "gk", "h": "hx"}, MAX_KEYS)
_ISO_9984 = str.maketrans({"č": "ch", "š": "sh", "ž": "zh", "ǰ": "j", "ḡ": "gh"})
_IS_ISO_9984 = re.compile(f"[\0-\x7f{''.join(map(chr, _ISO_9984))}]+")


def keys(word: str, georgian: Georgian = georgian_keys) -> tuple[str, ...]:
    """Sound keys of a cleaned word, or of words joined, case kept; a script that is none of ours gives none.

    *georgian*: the keys of the Georgian fold, for whoever has worked them out already.
    """
    match script(word):
        case "Geor":
            return georgian(word)
        case "Latn" if word.isascii():
            return _latin(word, georgian)
        case "Latn":
            if _IS_ISO_9984.fullmatch(lower(word)):
                return _latin(lower(word).translate(_ISO_9984))
            return distinct([_AZERBAIJANI(reading) for reading in _AZERBAIJANI_BRANCHES(lower(word))])
        case "Cyrl":
            return distinct([_CYRILLIC(lower(word))])
        case "Armn":
            return distinct([_ARMENIAN(lower(word))])
        case _:
            return (lower(word),)


def likely(word: str) -> tuple[str, ...]:
    """The first two of the keys of *word*, without working out the others where there are many."""
    if word.isascii() and script(word):
        found = likely_georgian(word)
        if len(found) > 1:
            return found[:2]
    return keys(word)[:2]


def spellings(split: Sequence[str]) -> list[str]:
    """The keys of the words *split* written together, and these as written."""
    written = "".join(split)
    return list(dict.fromkeys((*keys(written), lower(written))))


def _latin(word: str, georgian: Georgian = georgian_keys) -> tuple[str, ...]:
    found = georgian(word)  # the last one reads capitals as the old fonts did
    lowered = word.lower()
    if "tsh" in lowered:  # აკეთში is no აკეცჰი
        left, _, right = lowered.rpartition("tsh")
        found = (
            *found,
            *(before + after for before in _KA.keys(left + "t")[:2] for after in _KA.keys("sh" + right)[:2]),
        )
    return found if len(found) <= MAX_KEYS else (*found[: MAX_KEYS - 1], found[-1])


# A key with the letters merged that hasty Latin spellings do not tell apart: sh and s, ch and ts, kh and h.
coarse = _KA.coarse or str


# --- case endings -----------------------------------------------------------------------------------------------------

# On a key. -ში, -ზე, -დან, -თან (its თ melts into a stem's), -თვის, -კენ, -მდე, and the plain cases.
_ENDINGS = frozenset("istvis isgan isken idan amde dan tan tvis Si ze is it ad an s m o".split())  # noqa: SIM905  read as prose
_ENDINGS |= {"da", "de", "den"}  # Azerbaijani: Nikeada, Xonidən
_LONGEST_ENDING = max(map(len, _ENDINGS))
_ENDINGS_BY_LAST = {
    last: sorted((each for each in _ENDINGS if each[-1] == last), key=len) for last in {each[-1] for each in _ENDINGS}
}  # by the last letter, the shortest first
TAKEN_OFF = _LONGEST_ENDING + 1  # letters that `spoken_stems` takes off at most
_VOWELS = "aeiou"
_SHORTEST_STEM = 3  # letters; ვანი has no more
# სოფელი is სოფლის, ვაკიჯვარი is ვაკიჯვრის: the last vowel before l, m, n, r falls out.
_FALLING = re.compile(r"(?<=[^aeiou])[aeo]([lmnr])$")


def bare_stem(key: str) -> str:
    """A name's key without its last vowel: `aketi` → `aket`."""
    return key[:-1] if len(key) > _SHORTEST_STEM and key[-1] in _VOWELS else key


def stored_stems(key: str) -> tuple[str, ...]:
    """The stems by which a name is found in its cases: `gogolesubani` → `gogolesuban`, `gogolesubn`."""
    if len(key) <= _SHORTEST_STEM:  # აჭი: too short to take endings off, so they are put on
        return (key, *(bare_stem(key[:-1] + ending) for ending in sorted(_ENDINGS) if len(ending) > 1))
    stem = bare_stem(key)
    fallen = _FALLING.sub(r"\1", stem)
    return (stem,) if fallen == stem or len(fallen) < _SHORTEST_STEM else (stem, fallen)


def spoken_stems(key: str) -> tuple[str, ...]:
    """What may be the stem of a word as written, the least taken off first: `aketSi` → `aketS`, `aket`."""
    found = {bare_stem(key): None, key: None}  # the key itself: "в Никее" has lost no vowel
    for ending in _ENDINGS_BY_LAST.get(key[-1:], ()):
        if key.endswith(ending) and len(key) - len(ending) >= _SHORTEST_STEM:
            rest = key[: -len(ending)]
            found[rest] = None
            found[bare_stem(rest)] = None
    return tuple(found)


def spoken_head(key: str) -> str:
    """What every stem of *key* begins with, and *key* too."""
    return key[: len(key) - TAKEN_OFF] if len(key) > _SHORTEST_STEM + TAKEN_OFF else key[:_SHORTEST_STEM]


def heads(stem: str) -> list[str]:
    """All that *stem* begins with: the heads that its words may have."""
    return [stem[:size] for size in range(1, len(stem) + 1)]


def joined(before: Iterable[str], own: Sequence[str]) -> list[str]:
    """The keys of words written together: of those *before*, and of the next one, of whose keys the two likeliest."""
    found = [left + (key[1:] if left[-1:] == key[:1] else key) for left in before for key in own[:2]]
    return list(dict.fromkeys(found))


def begins_as(first: str, written: str) -> bool:
    """Whether each key of *written* surely begins with a key of its first word, *first*.

    Not where letters of two words make one sound (`as here`), nor where capitals or a word's other letters decide how
    the first word is read.
    """
    found = script(first)
    if written[len(first) - 1 : len(first) + 1].lower() in _MELTING:
        return False
    if found != "Latn":
        return found != ""
    if not written.isascii():
        return not _IS_ISO_9984.fullmatch(lower(first))
    return not first.isupper() and (written.islower() or not first.islower())


# The pairs of letters inside the groups of the folds.
_MELTING = frozenset("dz zh tc ch sh dj kh gh qh ts tz ph th дж дз тс ու եւ".split())  # noqa: SIM905  a list of pairs


# --- upper and lower --------------------------------------------------------------------------------------------------

# What tells a village from its namesakes, by what it means: to people ქვემო and ქვედა are one.
_QUALIFIERS = {
    "up": ("ზემო", "ზედა", "upper", "верхний", "верхнее", "верхняя", "верхние", "yuxarı", "yuxari", "վերին"),
    "down": ("ქვემო", "ქვედა", "lower", "нижний", "нижнее", "нижняя", "нижние", "aşağı", "asagi", "ներքին"),
    "mid": ("შუა", "middle", "средний", "среднее", "средняя", "средние", "orta", "միջին"),
    "beyond": ("გაღმა",),
    "hither": ("გამოღმა",),
    "big": ("დიდი", "big", "большой", "большое", "большая", "böyük", "մեծ"),
    "small": ("პატარა", "little", "малый", "малое", "малая", "kiçik", "փոքր"),
}
_BY_KEY = {key: sense for sense, listed in _QUALIFIERS.items() for word in listed for key in keys(word)}
_PREFIXES = tuple(sorted(((key, _BY_KEY[key]) for word in ("ზემო", "ზედა", "ქვემო", "ქვედა", "შუა", "გაღმა", "გამოღმა")
                          for key in keys(word)), key=lambda pair: -len(pair[0])))  # fmt: skip
PREFIXES = tuple(prefix for prefix, _ in _PREFIXES)
_CASED = re.compile("(верхн|нижн|средн)(?:ем|его|ей|ему|ую|ого)", re.IGNORECASE)  # "в Верхнем Бахви"
_CASED_SENSE = {"верхн": "up", "нижн": "down", "средн": "mid"}
_SHORTEST_BASE = 3
SEPARATOR = "~"


def qualified(split: Sequence[str], senses: Sequence[str | None], spelled: Iterable[str]) -> list[tuple[str, str]]:
    """(sense, key of the rest) where one of the words says upper, lower, …: `Kveda Bakhvi` → `down`, `bakhvi`.

    *senses*: of each word by itself. *spelled*: the keys of the words together; a name written in one word is taken
    apart too: ზემოსურები.
    """
    found = []
    for at, sense in enumerate(senses if 1 < len(split) <= 4 else ()):
        if sense is not None:
            rest = "".join([*split[:at], *split[at + 1 :]])
            found += [(sense, key) for key in keys(rest)]
    for key in spelled if not found else ():
        if not key.startswith(PREFIXES):
            continue
        for prefix, sense in _PREFIXES:
            if key.startswith(prefix) and len(key) - len(prefix) >= _SHORTEST_BASE:
                # A doubled letter has melted where the two words meet: შუა ამაღლება.
                found += [(sense, key[len(prefix) :]), (sense, prefix[-1] + key[len(prefix) :])]
                break
    return found


def sense_of(word: str, own: Sequence[str] | None = None) -> str | None:
    """What *word*, whose keys are *own*, says before a name (`up`, `down`, …), or None."""
    for key in keys(word) if own is None else own:
        if key in _BY_KEY:
            return _BY_KEY[key]
    cased = _CASED.fullmatch(word) if not word.isascii() else None
    return _CASED_SENSE[lower(cased.group(1))] if cased else None


# --- what carries no name ---------------------------------------------------------------------------------------------

# Beside a number these only say that it counts districts: მე-13 მ/რ, 13-й мкр, 13th micro-district, 1-ლი.
COUNTING = frozenset(
    """
    მე ე ლი მ რ მრ მკრ მიკრო მიკრორაიონი მიკრორაიონში კვარტალი კვ
    me e li m r mr mkr mikro micro mikroraion mikroraioni microdistrict kvartali kv n no th st nd rd
    мкр м р мр микро микрорайон квартал кв й я ый ий го mikrorayon kvartal միկրոշրջան
    """.split()  # noqa: SIM905  a list of fifty quoted words would be read by nobody
)


_DIGITS = 9  # of the number of a district


def is_number(word: str) -> bool:
    return word.isascii() and word.isdigit() and len(word) <= _DIGITS


_SHORTEST_CASED = 5  # letters of a noun's key that is known in other cases too


class Nouns:
    """Words that stand before or after a name and are none of it: village, სოფ., kəndi, in any case ending."""

    __slots__ = ("_heads", "_keys", "_literal", "_stems")

    def __init__(self, nouns: Iterable[str]) -> None:
        self._literal = frozenset(lower(noun) for noun in nouns)
        self._keys = frozenset(key for noun in self._literal for key in keys(noun))
        cased = (key for key in self._keys if len(key) >= _SHORTEST_CASED)
        self._stems = frozenset(stem for key in cased for stem in stored_stems(key))
        self._heads = frozenset(head for stem in self._stems for head in heads(stem))

    def __contains__(self, word: object) -> bool:
        if not isinstance(word, str):
            return False
        return self.has(lower(word), keys(word))

    def has(self, lowered: str, own: Iterable[str]) -> bool:
        """Whether a word, whose keys are *own*, is one of them."""
        if lowered in self._literal or not self._keys.isdisjoint(own):
            return True
        for key in own:
            if (
                key[:_SHORTEST_STEM] in self._heads  # of which no ending takes anything
                and len(key) >= _SHORTEST_CASED
                and spoken_head(key) in self._heads
                and not self._stems.isdisjoint(spoken_stems(key))
            ):
                return True
        return False
