"""How a place's name sounds, whichever script it is written in, and what may stand around it.

People write one village in Georgian, in four habits of Latin, in Russian, Armenian or Azerbaijani letters. Here all of
them come to one alphabet of keys, that of the Georgian fold (`smsbot.text.folds`): `S` is sh, `C` ch, `x` kh, `c` ts.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache

from smsbot.text.fold import branches, distinct, fold_of, lower, rewriter, script

MAX_KEYS = 6  # of one spelling; further readings of w, y and h are not worth their time

_KA = fold_of("ka")
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
_AZERBAIJANI_CHOICES = {"q": "gk", "h": "hx"}
_ISO_9984 = str.maketrans({"č": "ch", "š": "sh", "ž": "zh", "ǰ": "j", "ḡ": "gh"})


@lru_cache(maxsize=4096)  # one text asks for the same words several times
def keys(word: str) -> tuple[str, ...]:
    """Sound keys of a cleaned word, or of words joined, case kept; a script that is none of ours gives none."""
    match script(word):
        case "Geor":
            return _KA.keys(word)
        case "Latn" if word.isascii():
            return _latin(word)
        case "Latn":
            spelled = lower(word).translate(_ISO_9984)
            if spelled.isascii():
                return _latin(spelled)
            readings = branches(lower(word), _AZERBAIJANI_CHOICES, MAX_KEYS)
            return distinct([_AZERBAIJANI(reading) for reading in readings])
        case "Cyrl":
            return distinct([_CYRILLIC(lower(word))])
        case "Armn":
            return distinct([_ARMENIAN(lower(word))])
        case _:
            return (lower(word),)


def _latin(word: str) -> tuple[str, ...]:
    found = _KA.keys(word)  # the last one reads capitals as the old fonts did
    left, tsh, right = word.lower().rpartition("tsh")
    if tsh:  # აკეთში is no აკეცჰი
        found = (
            *found,
            *(before + after for before in _KA.keys(left + "t")[:2] for after in _KA.keys("sh" + right)[:2]),
        )
    return found if len(found) <= MAX_KEYS else (*found[: MAX_KEYS - 1], found[-1])


def coarse(key: str) -> str:
    """*key* with the letters merged that hasty Latin spellings do not tell apart: sh and s, ch and ts, kh and h."""
    return _KA.coarse(key) if _KA.coarse is not None else key


# --- case endings -----------------------------------------------------------------------------------------------------

# On a key. -ში, -ზე, -დან, -თან (its თ melts into a stem's), -თვის, -კენ, -მდე, and the plain cases.
_ENDINGS = frozenset("istvis isgan isken idan amde dan tan tvis Si ze is it ad an s m o".split())  # noqa: SIM905  read as prose
_ENDINGS |= {"da", "de", "den"}  # Azerbaijani: Nikeada, Xonidən
_LONGEST_ENDING = max(map(len, _ENDINGS))
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
    for size in range(1, min(_LONGEST_ENDING, len(key) - _SHORTEST_STEM) + 1):
        if key[-size:] in _ENDINGS:
            rest = key[:-size]
            found[rest] = None
            found[bare_stem(rest)] = None
    return tuple(found)


def joined(split: Iterable[str]) -> list[str]:
    """The keys of words written together, from the keys of each: the two likeliest of a word."""
    found = [""]
    for word in split:
        found = [left + (key[1:] if left and left[-1] == key[:1] else key) for left in found for key in keys(word)[:2]]
    return list(dict.fromkeys(found))


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
_CASED = re.compile("(?:верхн|нижн|средн)(?:ем|его|ей|ему|ую|ого)")  # "в Верхнем Бахви"
_CASED_SENSE = {"верхн": "up", "нижн": "down", "средн": "mid"}
_SHORTEST_BASE = 3
SEPARATOR = "~"


def qualified(split: list[str]) -> list[tuple[str, str]]:
    """(sense, key of the rest) where one of the words says upper, lower, …: `Kveda Bakhvi` → `down`, `bakhvi`.

    A name written in one word is taken apart too: ზემოსურები.
    """
    found = []
    for at, word in enumerate(split if 1 < len(split) <= 4 else ()):
        sense = sense_of(word)
        if sense:
            rest = "".join(split[:at] + split[at + 1 :])
            found += [(sense, key) for key in keys(rest)]
    for key in keys("".join(split)) if not found else ():
        for prefix, sense in _PREFIXES:
            if key.startswith(prefix) and len(key) - len(prefix) >= _SHORTEST_BASE:
                # A doubled letter has melted where the two words meet: შუა ამაღლება.
                found += [(sense, key[len(prefix) :]), (sense, prefix[-1] + key[len(prefix) :])]
                break
    return found


def sense_of(word: str) -> str | None:
    """What *word* says before a name (`up`, `down`, …), or None."""
    for key in keys(word):
        if key in _BY_KEY:
            return _BY_KEY[key]
    return _CASED_SENSE[lower(word)[:5]] if _CASED.fullmatch(lower(word)) else None


# --- what carries no name ---------------------------------------------------------------------------------------------

# Beside a number these only say that it counts districts: მე-13 მ/რ, 13-й мкр, 13th micro-district, 1-ლი.
COUNTING = frozenset(
    """
    მე ე ლი მ რ მრ მკრ მიკრო მიკრორაიონი მიკრორაიონში კვარტალი კვ
    me e li m r mr mkr mikro micro mikroraion mikroraioni microdistrict kvartali kv n no th st nd rd
    мкр м р мр микро микрорайон квартал кв й я ый ий го mikrorayon kvartal միկրոշրջան
    """.split()  # noqa: SIM905  a list of fifty quoted words would be read by nobody
)


class Nouns:
    """Words that stand before or after a name and are none of it: village, სოფ., kəndi, in any case ending."""

    __slots__ = ("_keys", "_literal", "_stems")

    def __init__(self, nouns: Iterable[str]) -> None:
        self._literal = frozenset(lower(noun) for noun in nouns)
        self._keys = frozenset(key for noun in self._literal for key in keys(noun))
        self._stems = frozenset(stem for key in self._keys if len(key) >= 5 for stem in stored_stems(key))

    def __contains__(self, word: object) -> bool:
        if not isinstance(word, str):
            return False
        if lower(word) in self._literal:
            return True
        for key in keys(word):
            if key in self._keys or (len(key) >= 5 and not self._stems.isdisjoint(spoken_stems(key))):
                return True
        return False
