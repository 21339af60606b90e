"""The header that joins the parts of a longer text (3GPP TS 23.040 §9.2.3.24), in hexadecimal as gammu writes it."""

from __future__ import annotations

from smsbot.gateways.base import Part

EIGHT_BITS, SIXTEEN_BITS = 0x00, 0x08
"""Information elements: concatenated messages with a reference of 8 and of 16 bits (§9.2.3.24.1, §9.2.3.24.8)."""


def joining_header(reference: int, total: int, number: int) -> str:
    """`050003RRTTNN`: *reference* of 8 bits, so that 153 septets or 67 code units are left for the text."""
    return f"050003{reference:02X}{total:02X}{number:02X}"


def part_of(header: str) -> Part | None:
    """Which piece of a longer text a header speaks of; None where it joins nothing or cannot be read."""
    try:
        octets = bytes.fromhex(header)
    except ValueError:
        return None
    at, end = 1, min(len(octets), 1 + octets[0]) if octets else 0
    while at + 2 <= end:
        element, length = octets[at], octets[at + 1]
        data = octets[at + 2 : min(at + 2 + length, end)]
        at += 2 + length
        if len(data) != length:
            return None
        if (element, length) in {(EIGHT_BITS, 3), (SIXTEEN_BITS, 4)}:
            total, number = data[-2], data[-1]
            if total < 2 or not 1 <= number <= total:
                return None  # TS 23.040: such an element is to be ignored
            return Part(int.from_bytes(data[:-2], "big"), total, number)
    return None
