"""Texts as octets of a short message, and back. Pure.

`data_coding`: SMPP v3.4 §5.2.19; the values from 0x10 on: 3GPP TS 23.038 §4.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType

from smsbot.text import gsm7

SMSC_DEFAULT, UCS2 = 0, 8

_CODECS: Mapping[int, str] = MappingProxyType({1: "ascii", 3: "latin-1", 6: "iso8859_5", 7: "iso8859_8", 14: "euc_kr"})
_MARKS: Mapping[bytes, str] = MappingProxyType({b"\xff\xfe": "utf-16-le", b"\xfe\xff": "utf-16-be"})


class Default(StrEnum):
    """What `data_coding` 0 means to an SMSC: its operator has to say."""

    GSM7 = "gsm7"  # one septet an octet
    LATIN1 = "latin1"


def pieces(text: str, default: Default) -> tuple[int, list[bytes]]:
    """`data_coding`, and the octets of each part that a handset joins again.

    Nothing is cut that belongs together, see `gsm7.split`. Where the default alphabet is Latin-1, texts are cut as the
    GSM-7 they become on the air; one with a letter that Latin-1 lacks (`€`, Greek capitals) leaves as UCS-2.
    """
    if gsm7.is_gsm7(text):
        if default is Default.GSM7:
            return SMSC_DEFAULT, [gsm7.encode(part) for part in gsm7.split(text)]
        try:
            return SMSC_DEFAULT, [part.encode("latin-1") for part in gsm7.split(text)]
        except UnicodeEncodeError:
            return UCS2, [part.encode("utf-16-be") for part in gsm7.split_ucs2(text)]
    return UCS2, [part.encode("utf-16-be", "replace") for part in gsm7.split(text)]


def text(octets: bytes, data_coding: int, default: Default) -> str:
    """What was written. Never fails: what cannot be read becomes U+FFFD; what is no text at all, the empty text.

    In UCS-2 half a letter stays what it is, a lone surrogate: the part with the other half may follow.
    """
    coding = _of_group(data_coding)
    if coding == SMSC_DEFAULT:
        return _in_default(octets, default)
    if coding == UCS2 and octets[:2] in _MARKS:  # some servers begin with a byte order mark
        return _in_utf16(octets[2:], _MARKS[octets[:2]])
    if coding == UCS2:
        return _in_utf16(octets, "utf-16-be")
    codec = _CODECS.get(coding)
    return octets.decode(codec, "replace") if codec else ""


def _of_group(data_coding: int) -> int:
    """The alphabet of a GSM coding with a message class or a waiting indication (23.038 §4); others as they are."""
    group, bits = data_coding & 0xF0, data_coding & 0x0C
    if group == 0x10:
        return {0x00: SMSC_DEFAULT, 0x08: UCS2}.get(bits, 4)
    if group == 0xF0:
        return 4 if bits & 0x04 else SMSC_DEFAULT
    return {0xC0: SMSC_DEFAULT, 0xD0: SMSC_DEFAULT, 0xE0: UCS2}.get(group, data_coding)


def _in_utf16(octets: bytes, codec: str) -> str:
    whole = octets[: len(octets) & ~1]
    return whole.decode(codec, "surrogatepass") + ("\ufffd" if len(octets) % 2 else "")


def _in_default(octets: bytes, default: Default) -> str:
    if default is Default.LATIN1:
        return octets.decode("latin-1")
    if octets.isascii():
        return gsm7.decode(octets)
    try:  # no septet is so high, so the server sends something else than it was asked to
        return octets.decode("utf-8")
    except UnicodeDecodeError:
        return octets.decode("latin-1")
