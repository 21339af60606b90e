"""Georgian in Latin letters, for people who write so themselves or whose phones show no other.

One pure function makes it out of Mkhedruli: the national system (Presidential Decree 109 of 24 February 2011) without
its apostrophes, which people drop. What it makes is GSM-7: a part holds 160 letters instead of 70.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from smsbot.text import gsm7

LATIN = "Latn"
MKHEDRULI = "Geor"
"""ISO 15924 codes: how a person wants Georgian written. Empty: not chosen, so as they write themselves."""
GEORGIAN = "ka"
GEORGIAN_LATIN = "ka-Latn"
"""The tag of Georgian in Latin letters: in keyword files, in `LANG`, in budgets and in names."""

_LETTERS = {
    "ა": "a", "ბ": "b", "გ": "g", "დ": "d", "ე": "e", "ვ": "v", "ზ": "z", "თ": "t", "ი": "i", "კ": "k", "ლ": "l",
    "მ": "m", "ნ": "n", "ო": "o", "პ": "p", "ჟ": "zh", "რ": "r", "ს": "s", "ტ": "t", "უ": "u", "ფ": "p", "ქ": "k",
    "ღ": "gh", "ყ": "q", "შ": "sh", "ჩ": "ch", "ც": "ts", "ძ": "dz", "წ": "ts", "ჭ": "ch", "ხ": "kh", "ჯ": "j",
    "ჰ": "h",
}  # fmt: skip
_ROMAN = str.maketrans(_LETTERS)
_SENTENCE = re.compile(r"(?:^|(?<=[.?!] ))[a-z]")
_WORD = re.compile(r"(?:^|(?<=[\s(/-]))[a-z]")


def latin(text: str) -> str:
    """*text* with its Georgian letters romanised, and with plain signs for „“, №, – and hidden spaces where that alone
    makes it GSM-7. Latin text stays as it is."""
    roman = text.translate(_ROMAN)
    return roman if gsm7.is_gsm7(roman) else gsm7.substitute(roman) or roman


def sentence_case(text: str) -> str:
    """Georgian has no capitals; its romanisation reads better with one at the start of a sentence."""
    return _SENTENCE.sub(lambda found: found[0].upper(), text)


def name_case(text: str) -> str:
    """A place's name with a capital at each of its words."""
    return _WORD.sub(lambda found: found[0].upper(), text)


def tag_of(language: str, script: str) -> str:
    """`ka-Latn` for a reader of Latin letters, else the language itself."""
    return GEORGIAN_LATIN if language == GEORGIAN and script == LATIN else language


def chosen(tag: str) -> tuple[str, str]:
    """Language and script of a choice that a person made: `ka-Latn`, `ka`, `ru`."""
    if tag == GEORGIAN_LATIN:
        return GEORGIAN, LATIN
    return tag, MKHEDRULI if tag == GEORGIAN else ""


def name_in(names: Mapping[str, str], tag: str) -> str:
    """The name for readers of *tag*: their own, else the English one, else any; "" where there is none.

    Georgian in Latin letters is made from the Georgian name unless one is given under `ka-Latn`.
    """
    if tag == GEORGIAN_LATIN and tag not in names:
        return latin(name_in(names, GEORGIAN))
    return names.get(tag) or names.get("en") or next(iter(names.values()), "")
