"""How people text: our written cases, read, and what habits, hurry and wrong keyboards make of them, by a seed.

A file of cases holds a line a case, fields parted by ` | `; blank lines and lines with `#` in front are skipped.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from random import Random

from smsbot.text.understood import Understood

GEORGIAN = "აბგდევზთიკლმნოპჟრსტუფქღყშჩცძწჭხჯჰ"
_CAPS, _NATIONAL = "ALL CAPS", "a b g d e v z t i k l m n o p zh r s t u p k gh q sh ch ts dz ts ch kh j h"
# Sources: Presidential Decree 109 of 2011 (national, its apostrophes mark ejectives), BGN/PCGN 1981, ISO 9984:1996, two
# habits of chats, and the letters of the old fonts, which are also those of the Georgian keyboard.
STYLES: Mapping[str, str] = {
    "national": _NATIONAL,
    "national with apostrophes": "a b g d e v z t i k' l m n o p' zh r s t' u p k gh q' sh ch ts dz ts' ch' kh j h",
    "BGN 1981": "a b g d e v z t' i k l m n o p zh r s t u p' k' gh q sh ch' ts' dz ts ch kh j h",
    "ISO 9984": "a b g d e v z t' i k l m n o p ž r s t u p' k' ḡ q š č' c' j c č x ǰ h",
    "chat w y q": "a b g d e v z t i k l m n o p zh r s t u f q g y sh ch c dz w ch x j h",
    "chat g k c": "a b g d e v z t i k l m n o p j r s t u f k g k sh ch c dz c ch x j h",
    "old fonts": "a b g d e v z T i k l m n o p J r s t u f q R y S C c Z w W x j h",
    _CAPS: _NATIONAL,
}
_KEYBOARDS = (
    "qwertyuiop",
    "asdfghjkl",
    "zxcvbnm",
    "йцукенгшщзхъ",
    "фывапролджэ",
    "ячсмитьбю",
    "ქწერტყუიოპ",
    "ასდფგჰჯკლ",
    "ზხცვბნმ",
)
_PLEASE = {
    "en": ("please", "pls", "thanks", "hello", "thank you"), "ka": ("გთხოვთ", "მადლობა", "გამარჯობა", "გთხოვ"),
    "ka-Latn": ("gtxovt", "madloba", "gamarjoba"), "ru": ("пожалуйста", "спасибо", "здравствуйте"),
    "ru-Latn": ("pozhaluysta", "spasibo"), "az": ("zəhmət olmasa", "sağ olun", "salam"),
    "hy": ("խնդրում եմ", "շնորհակալություն", "բարև"),
}  # fmt: skip
_SIGNS = ("!", "!!", ".", "...", " 🙏", " 😡", "!!!", " :)", "?!", " 👍", "\n", "‎", " -")
_AS_LISTED = frozenset({"exact", "fold", "phrase", "courtesy"})
SLIPPED = 5
"""Letters of the shortest word in which a slip has to be understood."""
_SLOT = re.compile(r"\{(\w+)\}")


def cases(path: Path, fields: int) -> Iterator[tuple[str, ...]]:
    """The cases of a file. Raises ValueError, naming the line, where a case has fewer fields."""
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        if line.strip() and not line.startswith("#"):
            found = tuple(line.split(" | ", fields - 1))
            if len(found) != fields:
                raise ValueError(f"{path.name}:{number}: {fields} fields are expected")
            yield found


def romanised(text: str, style: str) -> str:
    """*text* with its Georgian letters written as *style* does."""
    table = dict(zip(GEORGIAN, STYLES[style].split(), strict=True))
    written = "".join(table.get(char, char) for char in text)
    return written.upper() if style == _CAPS else written


def sentences(path: Path) -> Iterator[tuple[str, str]]:
    """Language and text of everything the templates in *path* can say, in the order of the file."""
    slots: dict[tuple[str, str], list[str]] = {}
    for line in path.read_text(encoding="utf-8").splitlines():
        if not line.strip() or line.startswith("#"):
            continue
        if line.count(" | ") > 1:
            name, language, fillings = line.split(" | ")
            slots[name, language] = [each.strip() for each in fillings.split(";")]
            continue
        language, template = line.split(" | ")
        names = list(dict.fromkeys(_SLOT.findall(template)))
        for chosen in itertools.product(*(slots[name, language] for name in names)):
            yield language, template.format(**dict(zip(names, chosen, strict=True)))


def slipped(word: str, chance: Random) -> str:
    """*word* with one ordinary slip: neighbours swapped, a letter left out, doubled, or hit beside."""
    spot = chance.randrange(1, len(word))
    match chance.randrange(4):
        case 0:
            return word[: spot - 1] + word[spot] + word[spot - 1] + word[spot + 1 :]
        case 1:
            return word[:spot] + word[spot + 1 :]
        case 2:
            return word[:spot] + word[spot] + word[spot:]
        case _:
            return word[:spot] + _beside(word[spot], chance) + word[spot + 1 :]


def _beside(char: str, chance: Random) -> str:
    for row in _KEYBOARDS:
        place = row.find(char)
        if place >= 0:
            return chance.choice([row[near] for near in (place - 1, place + 1) if 0 <= near < len(row)])
    return char


def decorated(text: str, language: str, chance: Random) -> str:
    """*text* as somebody in a hurry, or polite, or angry, would send it."""
    match chance.randrange(8):
        case 0:
            return text + chance.choice(_SIGNS)
        case 1:
            return f"{chance.choice(_PLEASE[language])} {text}"
        case 2:
            return f"{text} {chance.choice(_PLEASE[language])}"
        case 3:
            return f"{text}, {chance.choice(_PLEASE[language])}!"
        case 4 if language not in ("ka", "az"):
            return text.upper()
        case 5:
            return f"  {text[:1].title() if language != 'ka' else text[:1]}{text[1:]}  "
        case 6:
            return f'"{text}"'
        case _:
            return text


def hurried(text: str, chance: Random, shortest: int) -> str:
    """*text* with one slip in one of its words of at least *shortest* letters; unchanged if it has none."""
    words = text.split(" ")
    long = [spot for spot, word in enumerate(words) if len(word) >= shortest and word.isalpha()]
    if not long:
        return text
    spot = chance.choice(long)
    words[spot] = slipped(words[spot], chance)
    return " ".join(words)


def is_slippable(text: str, found: Understood) -> bool:
    """Whether *text*, read as *found*, is a case as listed, so that one slip more is the only one: no slip already, no
    other keyboard, no words run together, no key held down."""
    joined = " " not in text and " " in found.keyword
    lowered = text.lower()
    return found.rule in _AS_LISTED and not joined and not any(char * 3 in lowered for char in lowered)


def sample(found: Sequence[tuple[str, str]], count: int, chance: Random) -> list[tuple[str, str]]:
    return chance.sample(found, min(count, len(found)))
