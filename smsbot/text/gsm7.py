"""The GSM alphabet, and how many parts a text costs.

Sources: 3GPP TS 23.038 §6.2.1 (default alphabet and extension table), 23.040 §9.2.3.24.1 (the joining header takes
7 septets, or 3 UCS-2 code units, of every joined part).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from typing import Literal

from smsbot.values import value

Encoding = Literal["GSM-7", "UCS-2"]

BASIC = (
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ"  # 0x1B is the escape, no character of its own
    " !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
EXTENSION = "\f^{}\\[~]|€"

SINGLE_SEPTETS, JOINED_SEPTETS = 160, 153
SINGLE_UNITS, JOINED_UNITS = 70, 67

ESCAPE = 0x1B

_CODES = {char: code for code, char in zip((*range(ESCAPE), *range(ESCAPE + 1, 128)), BASIC, strict=True)}
_EXTENSION_CODES = dict(zip(EXTENSION, b"\x0a\x14\x28\x29\x2f\x3c\x3d\x3e\x40\x65", strict=True))
_OCTETS = str.maketrans(
    {char: chr(code) for char, code in _CODES.items()}
    | {char: chr(ESCAPE) + chr(code) for char, code in _EXTENSION_CODES.items()}
)
_CHARACTERS = str.maketrans(
    {chr(code): char for char, code in _CODES.items()} | {chr(octet): "\ufffd" for octet in range(128, 256)}
)
_ESCAPED = {chr(code): char for char, code in _EXTENSION_CODES.items()}

_BASIC_ONLY = re.compile(f"[{re.escape(BASIC)}]*").fullmatch
_GSM_ONLY = re.compile(f"[{re.escape(BASIC + EXTENSION)}]*").fullmatch
_EXTENDED = re.compile(f"[{re.escape(EXTENSION)}]")
_FOREIGN = re.compile(f"[^{re.escape(BASIC + EXTENSION)}]")
_ASTRAL = re.compile("[\U00010000-\U0010ffff]")

# What a keyboard, a word processor or a date library writes where GSM-7 has a plain sign.
LOOK_ALIKES = str.maketrans(
    {
        **dict.fromkeys("‘’‚‛′ʼʻ´`＇", "'"),
        **dict.fromkeys("“”„‟″«»＂", '"'),
        **dict.fromkeys("‐‑‒–—―−﹣－", "-"),
        **dict.fromkeys(
            "\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u202f\u205f", " "
        ),
        **dict.fromkeys("\u3000\t", " "),
        **dict.fromkeys(
            "\u00ad\u200b\u200c\u200d\u200e\u200f\u2060\ufeff\ufe0e\ufe0f\u202a\u202b\u202c\u202d\u202e", ""
        ),
        **dict.fromkeys("\u2066\u2067\u2068\u2069", ""),
        **dict.fromkeys("\u2028\u2029\u0085\v", "\n"),
        **dict.fromkeys("•·∙●▪◦‣", "-"),
        "…": "...",
        "‹": "<",
        "›": ">",
        "№": "No ",
        "₾": "GEL",
        "₽": "RUB",
        "×": "x",
        "÷": "/",
        "⁄": "/",
        "°": " deg.",
        "©": "(c)",
        "®": "(R)",
        "™": "(TM)",
        "½": "1/2",
        "¼": "1/4",
        "¾": "3/4",
        "≤": "<=",
        "≥": ">=",
        "≈": "~",
        "→": "->",
        "←": "<-",
        "ç": "c",
    }
)


@value(frozen=True, slots=True)
class Measure:
    """What a text costs.

    *units*: septets for GSM-7 (extension characters count two), UTF-16 code units for UCS-2.
    *forcing*: the distinct characters that force UCS-2, in order of appearance.
    """

    encoding: Encoding
    units: int
    parts: int
    forcing: tuple[str, ...] = ()


def is_gsm7(text: str) -> bool:
    return _GSM_ONLY(text) is not None


def measure(text: str) -> Measure:
    """Measure *text* as it would leave. Never fails; the empty text is one part of 0 units."""
    if _BASIC_ONLY(text):
        units = len(text)
        parts = 1 if units <= SINGLE_SEPTETS else -(-units // JOINED_SEPTETS)
        return Measure("GSM-7", units, parts)
    foreign = _FOREIGN.findall(text)
    if not foreign:
        units = len(text) + len(_EXTENDED.findall(text))
        return Measure("GSM-7", units, 1 if units <= SINGLE_SEPTETS else len(_cut_gsm7(text)))
    astral = len(_ASTRAL.findall(text))
    units = len(text) + astral
    if units <= SINGLE_UNITS:
        parts = 1
    elif astral:
        parts = len(_cut_ucs2(text))
    else:
        parts = -(-units // JOINED_UNITS)
    return Measure("UCS-2", units, parts, tuple(dict.fromkeys(foreign)))


def split(text: str) -> list[str]:
    """Cut *text* into the parts a handset will join again.

    GSM-7 parts hold 160 septets alone and 153 joined; UCS-2 parts 70 and 67 code units.
    Escaped characters (`€ ^ { }` …) count two and are never cut in half; nor are surrogate pairs.
    Returns at least one part; the empty text gives `[""]`.
    """
    if is_gsm7(text):
        units = len(text) + len(_EXTENDED.findall(text))
        return [text] if units <= SINGLE_SEPTETS else _cut_gsm7(text)
    return split_ucs2(text)


def split_ucs2(text: str) -> list[str]:
    """As `split`, for a text that leaves as UCS-2 although GSM-7 would do: a server's alphabet may lack a letter."""
    units = len(text) + len(_ASTRAL.findall(text))
    return [text] if units <= SINGLE_UNITS else _cut_ucs2(text)


def encode(text: str) -> bytes:
    """The septets of a GSM-7 text, one in each octet ("unpacked"); extension characters take two.

    Raises ValueError if a character is not in the alphabet: ask `is_gsm7` first.
    """
    if not is_gsm7(text):
        raise ValueError("the text is not GSM-7")
    return text.translate(_OCTETS).encode("latin-1")


def decode(octets: bytes) -> str:
    """The text behind unpacked septets. Never fails.

    An escape before a code without an extension character shows that code's basic one, an escape alone a space
    (23.038 §6.2.1.1, note 1); an octet above 127 is none of the alphabet and gives U+FFFD.
    """
    plain, *escaped = octets.decode("latin-1").split(chr(ESCAPE))
    pieces = [plain.translate(_CHARACTERS)]
    for piece in escaped:
        pieces.append(_ESCAPED.get(piece[:1]) or piece[:1].translate(_CHARACTERS) or " ")
        pieces.append(piece[1:].translate(_CHARACTERS))
    return "".join(pieces)


def substitute(text: str) -> str | None:
    """The same text with plain signs for typographic ones, if that alone makes it GSM-7; else None.

    Quotes, dashes, spaces and the like are replaced, and accents of Latin letters dropped. No letter is ever
    replaced by another one's look-alike, so Georgian, Cyrillic and Armenian texts and emoji give None, as does a text
    that is GSM-7 already.
    """
    if is_gsm7(text):
        return None
    plain = text.replace("№ ", "№").translate(LOOK_ALIKES)
    if not is_gsm7(plain):
        plain = _FOREIGN.sub(_without_accent, plain)
    return plain if is_gsm7(plain) else None


def _without_accent(match: re.Match[str]) -> str:
    letter = match.group()
    base = unicodedata.normalize("NFD", letter)[0]
    # Only Latin letters with marks (č, ā); ə, ı and other letters of their own stay and keep the text UCS-2.
    return base if base.isascii() and base.isalpha() else letter


def _cut_gsm7(text: str) -> list[str]:
    return _cut(text, EXTENSION.__contains__, JOINED_SEPTETS)


def _cut_ucs2(text: str) -> list[str]:
    return _cut(text, "\uffff".__lt__, JOINED_UNITS)


def _cut(text: str, is_double: Callable[[str], bool], room: int) -> list[str]:
    """Cut into pieces of at most *room* units; a character for which *is_double* holds takes two."""
    parts = []
    start = used = 0
    for index, char in enumerate(text):
        width = 2 if is_double(char) else 1
        if used + width > room:
            parts.append(text[start:index])
            start, used = index, 0
        used += width
    parts.append(text[start:])
    return parts
