"""Halves of a letter. UTF-16 writes an emoji in two units, and some telephones cut a longer text between them. Pure.

No database stores half a letter, so until the parts are joined each half stands as a letter of the last private plane,
where the block U+10D800 to U+10DFFF mirrors the surrogates; nobody writes those.
"""

from __future__ import annotations

import re

_MIRROR = 0x100000
_HIGH, _LOW = "\ud800-\udbff", "\udc00-\udfff"
_SURROGATE = re.compile(f"[{_HIGH}{_LOW}]").search
_AT_AN_END = re.compile(f"\\A[{_LOW}]|[{_HIGH}]\\Z")
_MIRRORED = re.compile("[\U0010d800-\U0010dfff]")
_PAIR = re.compile("([\U0010d800-\U0010dbff])([\U0010dc00-\U0010dfff])")

LOST = "\ufffd"


def kept(part: str) -> str:
    """*part* of a longer text with the half that it begins or ends with in a form that can be stored.

    Any other lone surrogate stays as it is; a letter that would be taken for a half is lost.
    """
    if part.isascii():
        return part
    part = _MIRRORED.sub(LOST, part)
    if _SURROGATE(part) is None:
        return part
    return _AT_AN_END.sub(lambda half: chr(_MIRROR + ord(half[0])), part)


def mended(text: str) -> str:
    """*text*, joined from parts, with whole letters: two halves that meet are one, and a half alone is lost."""
    if text.isascii() or _MIRRORED.search(text) is None:
        return text
    return _MIRRORED.sub(LOST, _PAIR.sub(lambda pair: _letter(pair[1], pair[2]), text))


def _letter(high: str, low: str) -> str:
    units = chr(ord(high) - _MIRROR) + chr(ord(low) - _MIRROR)
    return units.encode("utf-16-be", "surrogatepass").decode("utf-16-be")
