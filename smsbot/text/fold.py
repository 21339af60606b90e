"""From what people type to what can be compared: cleaning, tokens, and each language's sound key.

`clean` undoes what phones and keyboards do to a text; a `Fold` maps a word of one language, in its own script or
romanised in any habit, to a few short keys. Two spellings of one word share a key. A language without a fold is
compared letter by letter, so a new language works before anybody writes its fold.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType
from typing import Protocol

MAX_CHARS = 1000  # six parts; nothing beyond can change what a text asks for
MAX_KEYS = 12  # branches kept of one romanised word

_KEYCAP = "\u20e3"
_BEFORE_NFKC = str.maketrans({"№": " ", _KEYCAP: " ", "🔟": " 10 ", "´": "'", "`": "'", "…": " "})
_IS_BEFORE_NFKC = re.compile(f"[{''.join(map(chr, _BEFORE_NFKC))}]")
_APOSTROPHES = "'’‘ʼʻʹ′´`＇‛՚"
_MINUS = "-‐‑‒–—―−﹣－"
# Marks, invisible signs and lone surrogates: nothing a person meant to say.
_DROPPED_CATEGORIES = frozenset({"Mn", "Me", "Cf", "Cs", "Cc", "Co", "Cn"})
_ARMENIAN_INSIDE = "՛՜՞"  # emphasis, exclamation and question marks are written inside the word
_CAPITAL_GEORGIAN = {code: chr(code - 0x2D00 + 0x10D0) for code in range(0x2D00, 0x2D26)}

WORD = re.compile(r"[^\W_]+")
_PIECES = re.compile(r"[^\W\d_]+|\d+")
# Two marks on a letter are decoration; and sorting long piles of them is what makes NFKC slow.
_PILE = re.compile("[\u0300-\u036f\u0488\u0489\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f]{2,}")
_RUN = re.compile(r"(.)\1\1+")
_SCHWA = re.compile(r"(?<=[A-Za-z])@(?![\w.])")  # how Armenians type ը in Latin letters: `hamar@`


def clean(text: str) -> str:
    """NFKC without marks, invisible signs and apostrophes; digits ASCII, dashes `-`; the case is kept."""
    text = text.strip()[:MAX_CHARS]
    if "@" in text:
        text = _SCHWA.sub("y", text)
    if text.isascii():
        return text.replace("'", "").replace("`", "")
    if _IS_BEFORE_NFKC.search(text):
        text = text.translate(_BEFORE_NFKC)
    text = _PILE.sub("", text)
    if not unicodedata.is_normalized("NFKC", text):
        text = unicodedata.normalize("NFKC", text)
    return text[: 2 * MAX_CHARS].translate(_CLEANER)


class _Cleaner(dict[int, str | None]):
    """What becomes of one character; worked out when first met."""

    def __missing__(self, code: int) -> str | None:
        char = chr(code)
        kind = unicodedata.category(char)
        result: str | None = char
        if char in _APOSTROPHES or char in _ARMENIAN_INSIDE:
            result = None
        elif char in "\t\n\r\v\f\x85":
            result = " "
        elif kind in _DROPPED_CATEGORIES:
            result = None
        elif char in _MINUS:
            result = "-"
        elif kind == "Nd":
            result = str(unicodedata.digit(char))
        elif 0x10A0 <= code <= 0x10C5:  # Asomtavruli, the old capitals
            result = chr(code - 0x10A0 + 0x10D0)
        elif code in _CAPITAL_GEORGIAN:
            result = _CAPITAL_GEORGIAN[code]
        elif code > 0x2190 and kind == "So":
            result = " "
        self[code] = result
        return result


_CLEANER = _Cleaner()  # a cache of a pure function of one character, at most 0x110000 entries


def lower(text: str) -> str:
    """Case folded: Mtavruli becomes Mkhedruli, `İ` becomes `i`, `և` becomes `եւ`."""
    if text.isascii():
        return text.lower()
    return text.casefold().replace("\u0307", "")


def words(cleaned: str) -> list[str]:
    """The runs of letters and digits of a cleaned text."""
    return WORD.findall(cleaned)


def pieces(word: str) -> list[str]:
    """`tema3` → `tema`, `3`."""
    return _PIECES.findall(word)


def squeeze(word: str) -> tuple[str, ...]:
    """Readings of a word with a letter held down (`STOOOP`): each run of three or more as one letter, and as two."""
    if not _RUN.search(word):
        return ()
    return (_RUN.sub(r"\1", word), _RUN.sub(r"\1\1", word))


# --- scripts ---------------------------------------------------------------------------------------------------------

_SCRIPT_RANGES = (
    ("Latn", 0x41, 0x5A),
    ("Latn", 0x61, 0x7A),
    ("Latn", 0xC0, 0x24F),
    ("Grek", 0x370, 0x3FF),
    ("Cyrl", 0x400, 0x52F),
    ("Armn", 0x531, 0x58F),
    ("Geor", 0x10A0, 0x10FF),
    ("Geor", 0x1C90, 0x1CBF),
    ("Latn", 0x1E00, 0x1EFF),
)


class _Scripts(dict[str, str]):
    """The script of one character; worked out when first met."""

    def __missing__(self, char: str) -> str:
        code = ord(char)
        found = next((name for name, first, last in _SCRIPT_RANGES if first <= code <= last), "")
        self[char] = found
        return found


_SCRIPT_OF = _Scripts()  # a cache of a pure function of one character


def script(word: str) -> str:
    """The script of the first letter that has one of ours, else ""."""
    for char in word:
        found = _SCRIPT_OF[char]
        if found:
            return found
    return ""


# Letters that look alike on a screen. Used only inside words that mix scripts.
_TO_LATIN = str.maketrans("авсенһіјкмоорѕтухгԁԛԝαβεηικμνορτυχζσ", "abcehhijkmoopstyxrdqwabehikmnoptyxzs")
_TO_CYRILLIC = str.maketrans("abcehkmopstxyu", "авсенкморѕтхуи")


_SMALL_LATIN = re.compile("[a-z]")
_GREEK_OR_CYRILLIC = re.compile("[\u0370-\u03ff\u0400-\u052f]")
_LOOKS_LATIN = re.compile(f"[A-Za-z{''.join(map(chr, _TO_LATIN))}]+")


def disguised(word: str) -> tuple[str, ...]:
    """Readings of a casefolded word that mixes Latin with Cyrillic or Greek letters (`сtop`), else nothing."""
    if word.isascii() or not _SMALL_LATIN.search(word):
        return ()
    if not any(map(str.isalpha, _GREEK_OR_CYRILLIC.findall(word))):
        return ()
    return (word.translate(_TO_LATIN), word.translate(_TO_CYRILLIC))


def masked(word: str) -> str:
    """A casefolded Cyrillic or Greek word that looks wholly Latin (`ѕтор`), in Latin letters; else ""."""
    if word.isascii() or not _LOOKS_LATIN.fullmatch(word):
        return ""
    return word.translate(_TO_LATIN)


_AS_LATIN = str.maketrans("05134@$", "osieaas")
_AS_CYRILLIC = str.maketrans("0346", "озчб")


def spelled_with_digits(word: str) -> tuple[str, ...]:
    """Readings of a casefolded word in which digits stand for letters (`5t0p`, `ст0п`), else nothing."""
    if word.isalpha() or sum(map(str.isdigit, word)) * 2 > len(word):
        return ()
    readings = [word.translate(table) for table in (_AS_LATIN, _AS_CYRILLIC)]
    return tuple(reading for reading in readings if reading.isalpha())


_CARONS = str.maketrans({"š": "sh", "č": "ch", "ž": "zh", "ḡ": "gh", "ǰ": "j", "ċ": "ts", "ť": "t", "ķ": "k"})

_SCHOLARLY = re.compile(f"[\0-\x7f{''.join(map(chr, _CARONS))}]+")


def plain_latin(word: str) -> str:
    """A Latin word lowered, the marked letters of scholars spelled out (`šeċqvite`); "" if it has others.

    Source: ISO 9984:1996 (Georgian) and ISO 9:1968 (Cyrillic) write sh, ch, zh, gh with marks.
    """
    lowered = word.lower()
    if lowered.isascii():
        return lowered
    return lowered.translate(_CARONS) if _SCHOLARLY.fullmatch(lowered) else ""


# --- keys ------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Fold:
    """How words of one language are compared.

    *script*: its own script. *keys*: a cleaned word, case kept, to its keys; nothing for a word in a foreign script.
    *coarse*: a key with more letters merged, for what the keys do not find. *coarse_readings*: what else a Latin word
    of that coarse key may be; *coarsest* is the same for all of them. *spellings*: a word of the own script in its
    usual Latin letters: what fingers slip on. *latin*: lowered words in ASCII letters, with blanks
    between them, by their sounds; *plain*: the keys of such a word, the same lowered, by its sounds.
    """

    script: str
    keys: Callable[[str], tuple[str, ...]]
    coarse: Callable[[str], str] | None = None
    coarse_readings: Callable[[str], list[str]] | None = None
    coarsest: Callable[[str], str] | None = None
    spellings: Callable[[str], tuple[str, ...]] | None = None
    latin: Callable[[str], str] | None = None
    plain: Callable[[str, str, str], tuple[str, ...]] | None = None


def plain_keys(word: str) -> tuple[str, ...]:
    return (lower(word),)


def undouble(key: str) -> str:
    """`gaauqme` → `gauqme`."""
    return _RUNS.sub(_once, key) if _DOUBLED.search(key) else key


def _once(run: re.Match[str]) -> str:
    """The letter of a run. A template (`\\1`) says the same, and is worked out anew for each run."""
    return run[0][0]


_DOUBLED = re.compile(r"(.)\1")
_RUNS = re.compile(r"(.)\1+")
_PRIVATE = 0xE000  # the first code point that `clean` drops from every text


def letters(old: str, new: str) -> dict[int, str]:
    """A table for `str.translate`, with the Latin letters that stay: one that is missing costs as much as ten."""
    return {
        **{code: chr(code) for code in range(128)},
        **{ord(one): other for one, other in zip(old, new, strict=True)},
    }


def rewriter(rules: Mapping[str, str]) -> Callable[[str], str]:
    """A function that rewrites the longest match first, in one pass; no text has private-use characters.

    Groups of letters become such a character each, so that the letters can be translated at once.
    """
    groups = sorted((each for each in rules if len(each) > 1), key=len, reverse=True)
    marks = {group: chr(_PRIVATE + number) for number, group in enumerate(groups)}
    table = letters("", "")
    table |= {ord(each): rules[each] for each in rules if len(each) == 1}
    table |= {ord(mark): rules[group] for group, mark in marks.items()}
    if not groups:
        return lambda text: text.translate(table)
    pattern = re.compile("|".join(map(re.escape, groups)))
    search, replace = pattern.search, pattern.sub

    def mark(found: re.Match[str]) -> str:
        return marks[found[0]]

    def rewrite(text: str) -> str:
        if search(text) is not None:
            text = replace(mark, text)
        return text.translate(table)

    return rewrite


class Brancher(Protocol):
    """Every reading of the ambiguous letters of *word*; of these the first, at least *most*."""

    def __call__(self, word: str, most: int = MAX_KEYS) -> list[str]: ...


def brancher(choices: Mapping[str, str], limit: int = MAX_KEYS) -> Brancher:
    """Letters that may be one of several others; up to *limit* readings of a word."""
    ambiguous = re.compile(f"[{re.escape(''.join(choices))}]")

    def read(word: str, most: int = MAX_KEYS) -> list[str]:
        if ambiguous.search(word) is None:
            return [word]
        found = [""]
        count = 1
        start = 0  # of the letters since the last ambiguous one
        for match in ambiguous.finditer(word):
            at = match.start()
            options = choices[match.group()]
            if count * len(options) > limit:
                options = options[0]
            count *= len(options)
            sure = word[start:at]
            found = [reading + sure + option for reading in found[:most] for option in options]
            start = at + 1
        rest = word[start:]
        return [reading + rest for reading in found] if rest else found

    return read


def speller(letters: str, *styles: str) -> Callable[[str], tuple[str, ...]]:
    """A function that writes a word in each of *styles*: what stands for each of *letters*, `-` for nothing."""
    tables = [
        str.maketrans(
            {char: "" if written == "-" else written for char, written in zip(letters, style.split(), strict=True)}
        )
        for style in styles
    ]
    return lambda word: tuple(dict.fromkeys(lower(word).translate(table) for table in tables))


def distinct(keys: list[str]) -> tuple[str, ...]:
    if len(keys) == 1:
        return (undouble(keys[0]),)
    return tuple(dict.fromkeys([undouble(key) for key in keys]))


@cache
def folds() -> Mapping[str, Fold]:
    """The folds we have, by language."""
    # Imported here: the languages build on this module's parts.
    from smsbot.text.folds import FOLDS  # noqa: PLC0415

    return FOLDS


def fold_of(language: str) -> Fold:
    return folds().get(language, PLAIN)


PLAIN = Fold("Latn", plain_keys)
NOTHING: Mapping[str, str] = MappingProxyType({})
