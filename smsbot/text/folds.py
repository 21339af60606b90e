"""The sound keys of the languages of Georgia. To add one: a function from a word to its keys, and a line in FOLDS.

Keys are no romanisation: `S` stands for sh, `C` for ch, `Z` for zh, `A` and `U` for я and ю. The Georgian classes and
their recall were measured on 7,471 word forms in four habits of romanisation.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

from smsbot.text.fold import (
    PLAIN,
    Fold,
    brancher,
    distinct,
    letters,
    lower,
    plain_latin,
    rewriter,
    script,
    speller,
    undouble,
)

# --- Georgian: the aspirated and the ejective of a pair are one class, since Latin spellings seldom tell them apart ---

_KA = str.maketrans("აბგდევზთიკლმნოპჟრსტუფქღყშჩცძწჭხჯჰ", "abgdevztiklmnopjrstupkgkSCczcCxjh")
# Case-sensitive habit of the old fonts and of the Georgian keyboard: T is თ, W is ჭ, and so on.
_KA_LEGACY = letters("abgdevzTiklmnopJrstufqRySCcZwWxjh", "აბგდევზთიკლმნოპჟრსტუფქღყშჩცძწჭხჯჰ")
_KA_LATIN = rewriter(
    {
        "dzh": "j", "tch": "C", "sh": "S", "ch": "C", "zh": "j", "dz": "z", "dj": "j", "kh": "x", "gh": "g",
        "ts": "c", "tz": "c", "ph": "p", "th": "t", "f": "p", "q": "k", "j": "J",
    }
)  # fmt: skip
# J: a plain j, which is ჯ or ჟ in most habits and ძ in ISO 9984.
_KA_BRANCHES = brancher({"w": "cv", "y": "ki", "h": "hx", "J": "jz"})
_KA_COARSE_BRANCHES = brancher({"r": "rg"}, limit=8)
_KA_COARSE = letters("SCx", "sch")


def _ka_keys(word: str) -> tuple[str, ...]:
    match script(word):
        case "Geor":
            return (undouble(lower(word).translate(_KA)),)
        case "Latn":
            lowered = plain_latin(word)
            if word.isascii():
                return _ka_plain(word, lowered, _KA_LATIN(lowered))
            return distinct(_KA_BRANCHES(_KA_LATIN(lowered))) if lowered else ()
        case _:
            return ()


def _ka_plain(word: str, lowered: str, sounds: str) -> tuple[str, ...]:
    keys = _KA_BRANCHES(sounds)
    if word != lowered:
        keys.append(word.translate(_KA_LEGACY).translate(_KA).lower() if word.isupper() else _ka_legacy(word))
    return distinct(keys)


def likely_georgian(word: str) -> tuple[str, ...]:
    """The first keys of a word in plain Latin letters, two of them if it has two, and few more."""
    return distinct(_KA_BRANCHES(_KA_LATIN(word.lower()), most=2))


def _ka_legacy(word: str) -> str:
    """`SewyviTe` read by the old fonts' letters; a capital that is none of theirs (a sentence's first) is lowered."""
    return "".join(char if char in "TWRSJZC" else char.lower() for char in word).translate(_KA_LEGACY).translate(_KA)


def _ka_coarse(key: str) -> str:
    return undouble(key.translate(_KA_COARSE))


def _ka_coarsest(key: str) -> str:
    return key.replace("r", "g")


def _ka_coarse_readings(key: str) -> list[str]:
    """The old fonts' R for ღ, in a text without its capitals: `arar minda`."""
    return _KA_COARSE_BRANCHES(key)


# Sources: the decree of 2011 without its apostrophes; two usual spellings of chats; the old fonts without capitals.
_KA_SPELLINGS = speller(
    "აბგდევზთიკლმნოპჟრსტუფქღყშჩცძწჭხჯჰ",
    "a b g d e v z t i k l m n o p zh r s t u p k gh q sh ch ts dz ts ch kh j h",
    "a b g d e v z t i k l m n o p zh r s t u f q g y sh ch c dz w ch x j h",
    "a b g d e v z t i k l m n o p j r s t u f k g k sh ch c dz c ch x j h",
    "a b g d e v z t i k l m n o p j r s t u f q r y s c c z w w x j h",
)


# --- Russian ---------------------------------------------------------------------------------------------------------

_RU = rewriter(
    {
        "а": "a", "б": "b", "в": "v", "г": "g", "д": "d", "е": "e", "ё": "e", "ж": "Z", "з": "z", "и": "i", "й": "i",
        "к": "k", "л": "l", "м": "m", "н": "n", "о": "o", "п": "p", "р": "r", "с": "s", "т": "t", "у": "u", "ф": "f",
        "х": "h", "ц": "c", "ч": "C", "ш": "S", "щ": "S", "ъ": "", "ы": "i", "ь": "", "э": "e", "ю": "U", "я": "A",
        "тс": "c", "тьс": "c", "иа": "A", "йа": "A", "иу": "U", "йу": "U", "ио": "e", "йо": "e",
    }
)  # fmt: skip
_RU_LATIN = rewriter(
    {
        "shch": "S", "sch": "S", "sh": "S", "ch": "C", "zh": "Z", "kh": "h", "ts": "c", "x": "h", "w": "S",
        "ya": "A", "ja": "A", "ia": "A", "yu": "U", "ju": "U", "iu": "U", "yo": "e", "jo": "e", "io": "e", "y": "i",
        "j": "i", "q": "k", "4": "C", "6": "S",
    }
)  # fmt: skip


_RU_SPELLINGS = speller(
    "абвгдеёжзийклмнопрстуфхцчшщъыьэюя",
    "a b v g d e e zh z i y k l m n o p r s t u f h ts ch sh sch - y - e yu ya",
    "a b v g d e e j z i i k l m n o p r s t u f kh c ch sh shch - i - e iu ia",
)


def _ru_keys(word: str) -> tuple[str, ...]:
    keys = _two_scripts(word, "Cyrl", _RU, _RU_LATIN)
    if "j" in word and script(word) == "Latn":  # й, and ж as well: `biudjet`
        keys += tuple(key for key in _two_scripts(word.replace("j", "zh"), "Cyrl", _RU, _RU_LATIN) if key not in keys)
    return keys


def _ru_sounds(lowered: str) -> str:
    return undouble(_RU_LATIN(lowered))


def _ru_plain(word: str, _: str, sounds: str) -> tuple[str, ...]:
    if "j" in word:
        other = _ru_sounds(word.replace("j", "zh").lower())
        return (sounds, other) if other != sounds else (sounds,)
    return (sounds,)


# --- Azerbaijani: one script, with and without its special letters ----------------------------------------------------

_AZ = rewriter(
    {
        "ə": "e", "ä": "e", "ğ": "g", "gh": "g", "ı": "i", "ş": "s", "sh": "s", "w": "s", "ç": "c", "ch": "c",
        "ö": "o", "ü": "u", "kh": "x",
    }
)  # fmt: skip


def _az_keys(word: str) -> tuple[str, ...]:
    return (undouble(_AZ(lower(word))),) if script(word) == "Latn" else ()


def _az_sounds(lowered: str) -> str:
    return undouble(_AZ(lowered))


def _az_plain(_word: str, _lowered: str, sounds: str) -> tuple[str, ...]:
    return (sounds,)


# --- Armenian --------------------------------------------------------------------------------------------------------

_HY = rewriter(
    {
        "ու": "u", "և": "ev", "եւ": "ev",
        "ա": "a", "բ": "b", "գ": "g", "դ": "d", "ե": "e", "զ": "z", "է": "e", "ը": "y", "թ": "t", "ժ": "Z", "ի": "i",
        "լ": "l", "խ": "x", "ծ": "c", "կ": "k", "հ": "h", "ձ": "c", "ղ": "g", "ճ": "C", "մ": "m", "յ": "y", "ն": "n",
        "շ": "S", "ո": "o", "չ": "C", "պ": "p", "ջ": "C", "ռ": "r", "ս": "s", "վ": "v", "տ": "t", "ր": "r", "ց": "c",
        "ւ": "v", "փ": "p", "ք": "k", "օ": "o", "ֆ": "f",
    }
)  # fmt: skip
_HY_LATIN = rewriter(
    {
        "kh": "x", "gh": "g", "dz": "c", "ts": "c", "tz": "c", "ch": "C", "sh": "S", "zh": "Z", "ph": "p", "th": "t",
        "j": "C", "q": "k", "w": "v",
    }
)  # fmt: skip


_HY_SPELLINGS = speller(
    "աբգդեզէըթժիլխծկհձղճմյնշոչպջռսվտրցւփքօֆ",
    "a b g d e z e y t zh i l kh ts k h dz gh ch m y n sh o ch p j r s v t r ts u p q o f",
    "a b g d e z e y t j i l x c k h dz g ch m y n sh o ch p j r s v t r c v p k o f",
)


def _hy_keys(word: str) -> tuple[str, ...]:
    return _spoken_vo(_two_scripts(word, "Armn", _HY, _HY_LATIN))


def _hy_sounds(lowered: str) -> str:
    return undouble(_HY_LATIN(lowered))


def _hy_plain(_word: str, _lowered: str, sounds: str) -> tuple[str, ...]:
    return _spoken_vo((sounds,))


def _spoken_vo(keys: tuple[str, ...]) -> tuple[str, ...]:
    """Ո at the start of a word is spoken "vo": `voch` is ոչ."""
    return (*keys, keys[0][1:]) if keys and keys[0].startswith("vo") else keys


def _two_scripts(word: str, own: str, native: Callable[[str], str], latin: Callable[[str], str]) -> tuple[str, ...]:
    found = script(word)
    if found == own:
        return (undouble(native(lower(word))),)
    lowered = plain_latin(word) if found == "Latn" else ""
    return (undouble(latin(lowered)),) if lowered else ()


FOLDS: Mapping[str, Fold] = MappingProxyType(
    {
        "ka": Fold(
            "Geor",
            _ka_keys,
            _ka_coarse,
            _ka_coarse_readings,
            _ka_coarsest,
            _KA_SPELLINGS,
            latin=_KA_LATIN,
            plain=_ka_plain,
        ),
        "en": PLAIN,
        "ru": Fold("Cyrl", _ru_keys, spellings=_RU_SPELLINGS, latin=_ru_sounds, plain=_ru_plain),
        "az": Fold("Latn", _az_keys, latin=_az_sounds, plain=_az_plain),
        "hy": Fold("Armn", _hy_keys, spellings=_HY_SPELLINGS, latin=_hy_sounds, plain=_hy_plain),
    }
)
