from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smsbot.gateways.base import Part
from smsbot.gateways.headers import header, part_of


@pytest.mark.parametrize(
    "written, part",
    [
        ("050003420301", Part(0x42, 3, 1)),
        ("050003420303", Part(0x42, 3, 3)),
        ("050003ff0201", Part(0xFF, 2, 1)),
        ("0608041234FF02", Part(0x1234, 255, 2)),
        ("0B0504158100000003420201", Part(0x42, 2, 1)),  # after another element: application ports
        ("080003420302240103", Part(0x42, 3, 2)),  # before another: a national alphabet
        ("", None),
        ("00", None),
        ("0605041581158A", None),  # ports alone: no text of a person
        ("050003420304", None),  # the fourth of three
        ("050003420300", None),  # counts begin at 1
        ("050003420001", None),
        ("050003420101", None),  # one of one joins nothing
        ("0500034203", None),  # cut
        ("0500024203", None),  # a length that this element does not have
        ("FF0003420301", Part(0x42, 3, 1)),  # a header longer than it is
        ("not hexadecimal", None),
        ("05 00 03 42 03 01", Part(0x42, 3, 1)),
    ],
)
def test_each_header_joins_or_does_not(written: str, part: Part | None) -> None:
    assert part_of(written) == part


@given(reference=st.integers(0, 255), total=st.integers(2, 255), data=st.data())
def test_what_is_written_is_read_again(reference: int, total: int, data: st.DataObject) -> None:
    number = data.draw(st.integers(1, total))
    assert part_of(header(Part(reference, total, number)).hex()) == Part(reference, total, number)


@given(octets=st.binary(max_size=140) | st.text(max_size=20).map(str.encode))
def test_whatever_stands_there_is_a_part_or_none(octets: bytes) -> None:
    part = part_of(octets.hex())
    assert part is None or 1 <= part.number <= part.total <= 255
