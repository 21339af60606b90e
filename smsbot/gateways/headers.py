"""The header that joins the parts of a longer text, in octets and, as gammu writes it, in hexadecimal. Pure.

3GPP TS 23.040 §9.2.3.24 (user data header), §9.2.3.24.1 (8-bit reference) and §9.2.3.24.8 (16-bit reference).
"""

from __future__ import annotations

from smsbot.gateways.base import Part

_SHORT, _WIDE = 0x00, 0x08  # information elements


def header(part: Part, *, wide: bool = False) -> bytes:
    """Six octets, or seven with a 16-bit reference. The reference is cut to what fits.

    What leaves has the short one: with the wide one a part holds a character less than `gsm7.measure` counts.
    """
    if wide:
        return bytes((6, _WIDE, 4)) + (part.reference & 0xFFFF).to_bytes(2, "big") + bytes((part.total, part.number))
    return bytes((5, _SHORT, 3, part.reference & 0xFF, part.total, part.number))


def split_header(octets: bytes) -> tuple[Part | None, bytes]:
    """The place of a part, if its header tells one, and the octets after the header. Never fails.

    A header that claims to be longer than the message is none: all of it is text then.
    """
    if not octets or octets[0] >= len(octets):
        return None, octets
    end = octets[0] + 1
    return _place(octets[1:end]), octets[end:]


def part_of(written: str) -> Part | None:
    """Which piece of a longer text a header in hexadecimal speaks of; None where it joins nothing or cannot be read."""
    try:
        octets = bytes.fromhex(written)
    except ValueError:
        return None
    return _place(octets[1 : 1 + octets[0]]) if octets else None


def placed(reference: int, total: int, number: int) -> Part | None:
    """None where the numbers cannot be, or say that it is the only part: such a text stands for itself."""
    return Part(reference, total, number) if 1 <= number <= total and total > 1 else None


def _place(elements: bytes) -> Part | None:
    """What the information elements tell; of an element that comes twice the last one counts (§9.2.3.24)."""
    part: Part | None = None
    at = 0
    while at + 2 <= len(elements):
        kind, length = elements[at], elements[at + 1]
        value = elements[at + 2 : at + 2 + length]
        if (kind, length, len(value)) in {(_SHORT, 3, 3), (_WIDE, 4, 4)}:
            part = placed(int.from_bytes(value[:-2], "big"), value[-2], value[-1])
        at += 2 + length
    return part
