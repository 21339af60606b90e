"""PDUs to bytes and back, by the tables of SMPP v3.4 §4, and whatever else comes by the wire."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smsbot.gateways.smpp.codec import (
    HEADER,
    LONGEST,
    Address,
    BadPdu,
    Bind,
    Bound,
    Opaque,
    Pdu,
    Sm,
    Taken,
    decode,
    encode,
)
from smsbot.gateways.smpp.codes import INVALID_COMMAND_LENGTH, LAST_SEQUENCE, Command, Tag
from smsbot.gateways.smpp.frames import Frames

# Written by hand from the field tables, §4.1.5, §4.4.1, §4.6.1 and §3.2.
WRITTEN: list[tuple[str, Pdu]] = [
    (
        "00000026 00000009 00000000 00000001 736d73626f7400 73656372657400 56505300 34 00 01 00",
        Pdu(Command.BIND_TRANSCEIVER, 1, 0, Bind("smsbot", "secret", "VPS", 0x34, Address(0, 1))),
    ),
    (
        "0000001a 80000009 00000000 00000001 736d736300 0210 0001 34",
        Pdu(Command.BIND_TRANSCEIVER_RESP, 1, 0, Bound("smsc", ((Tag.SC_INTERFACE_VERSION, b"\x34"),))),
    ),
    (
        "00000036 00000004 00000000 00000002 00 03 00 3232303000 01 01 39393535353530303030303100"
        " 00 00 00 00 00 01 00 00 00 05 68656c6c6f",
        Pdu(
            Command.SUBMIT_SM, 2, 0,
            Sm(Address(3, 0, "2200"), Address(1, 1, "995555000001"), b"hello", registered_delivery=1),
        ),
    ),
    ("00000013 80000004 00000000 00000002 613100", Pdu(Command.SUBMIT_SM_RESP, 2, 0, Taken("a1"))),
    ("00000010 80000004 00000058 00000003", Pdu(Command.SUBMIT_SM_RESP, 3, 0x58, Taken())),
    ("00000010 00000015 00000000 7fffffff", Pdu(Command.ENQUIRE_LINK, LAST_SEQUENCE)),
    ("00000010 80000000 00000002 00000000", Pdu(Command.GENERIC_NACK, 0, 2)),
]  # fmt: skip


def octets(hexadecimal: str) -> bytes:
    return bytes.fromhex(hexadecimal.replace(" ", ""))


@pytest.mark.parametrize("written, pdu", WRITTEN)
def test_a_pdu_is_read_as_the_specification_writes_it(written: str, pdu: Pdu) -> None:
    assert decode(octets(written)) == pdu


@pytest.mark.parametrize("written, pdu", [row for row in WRITTEN if row[1].status == 0 or row[1].body is None])
def test_a_pdu_is_written_as_the_specification_has_it(written: str, pdu: Pdu) -> None:
    assert encode(pdu) == octets(written)


def framed(command: int, body: bytes, *, length: int | None = None) -> bytes:
    whole = HEADER + len(body) if length is None else length
    return b"".join(number.to_bytes(4, "big") for number in (whole, command, 0, 1)) + body


BEFORE_TEXT = b"\0" + b"\x01\x01995555000001\0" + b"\x00\x012200\0" + bytes(3) + b"\0\0" + bytes(4)


@pytest.mark.parametrize(
    "body, read",
    [
        (BEFORE_TEXT + b"\x02hi", Sm(Address(1, 1, "995555000001"), Address(0, 1, "2200"), b"hi")),
        # filling after the last field, as some servers have it
        (BEFORE_TEXT + b"\x02hi\0\0\0", Sm(Address(1, 1, "995555000001"), Address(0, 1, "2200"), b"hi")),
        (
            BEFORE_TEXT + b"\0" + octets("0424 0002 6869 1400 0001 ff"),
            Sm(
                Address(1, 1, "995555000001"), Address(0, 1, "2200"), b"",
                tlvs=((Tag.MESSAGE_PAYLOAD, b"hi"), (0x1400, b"\xff")),
            ),
        ),
    ],
)  # fmt: skip
def test_a_delivered_message_is_read_with_optional_parameters_known_and_unknown(body: bytes, read: Sm) -> None:
    assert decode(framed(Command.DELIVER_SM, body)).body == read


@pytest.mark.parametrize(
    "command, body, read",
    [
        (Command.SUBMIT_SM_RESP, b"without-an-end", Taken("without-an-end")),
        (Command.SUBMIT_SM_RESP, b"x" * 100 + b"\0", Taken("x" * 100)),  # longer than §4.4.2 allows
        (Command.SUBMIT_SM_RESP, b"", Taken()),
        (Command.BIND_TRANSCEIVER_RESP, b"", Bound()),
        (Command.BIND_TRANSCEIVER_RESP, b"smsc", Bound("smsc")),
        (Command.UNBIND_RESP, b"junk", None),
        (0x0000_0999, b"whatever", Opaque(b"whatever")),
    ],
)
def test_what_servers_write_a_little_wrong_is_read_all_the_same(command: int, body: bytes, read: object) -> None:
    assert decode(framed(command, body)).body == read


@pytest.mark.parametrize(
    "frame",
    [
        b"",
        b"\0\0\0\x10",
        framed(Command.ENQUIRE_LINK, b"", length=17),
        framed(Command.DELIVER_SM, b""),
        framed(Command.DELIVER_SM, b"no end" * 100),
        framed(Command.DELIVER_SM, BEFORE_TEXT),
        framed(Command.DELIVER_SM, BEFORE_TEXT + b"\x03hi"),  # a length that lies
        framed(Command.DELIVER_SM, BEFORE_TEXT + b"\x02hi" + octets("0424 ffff 00")),
        framed(Command.BIND_TRANSCEIVER, b"smsbot\0secret\0\0"),
        framed(Command.SUBMIT_SM_RESP, b"x" * 300),
    ],
)
def test_what_is_no_pdu_is_one_kind_of_error(frame: bytes) -> None:
    with pytest.raises(BadPdu):
        decode(frame)


SM = Sm(Address(), Address(1, 1, "995555000001"), b"hi")


@pytest.mark.parametrize(
    "pdu",
    [
        Pdu(Command.SUBMIT_SM, 1, 0, replace(SM, dest=Address(1, 1, "9" * 21))),
        Pdu(Command.SUBMIT_SM, 1, 0, replace(SM, dest=Address(1, 1, "99\0"))),
        Pdu(Command.SUBMIT_SM, 1, 0, replace(SM, source=Address(5, 0, "მერია"))),
        Pdu(Command.SUBMIT_SM, 1, 0, replace(SM, dest=Address(256, 1, "1"))),
        Pdu(Command.SUBMIT_SM, 1, 0, replace(SM, message=b"x" * 255)),
        Pdu(Command.SUBMIT_SM, 1, 0, replace(SM, data_coding=300)),
        Pdu(Command.SUBMIT_SM, 1, 0, replace(SM, priority=-1)),
        Pdu(Command.SUBMIT_SM, 1, 0, replace(SM, service_type="EMERGENCY")),
        Pdu(Command.SUBMIT_SM, 1, 0, replace(SM, tlvs=((0x0424, b"x" * 65_536),))),
        Pdu(Command.SUBMIT_SM, 1, 0, replace(SM, tlvs=((0x0424, b"x" * 65_535), (0x1400, b"x" * 20_000)))),
        Pdu(Command.SUBMIT_SM_RESP, 1, 0, Taken("x" * 65)),
        Pdu(Command.BIND_TRANSCEIVER, 1, 0, Bind("smsbot", "secret", "x" * 13)),
        Pdu(Command.ENQUIRE_LINK, LAST_SEQUENCE + 1),
    ],
)
def test_what_does_not_fit_is_not_written(pdu: Pdu) -> None:
    with pytest.raises(BadPdu):
        encode(pdu)


def words(most: int) -> st.SearchStrategy[str]:
    return st.text(st.characters(min_codepoint=1, max_codepoint=255), max_size=most)


octet = st.integers(0, 255)
addresses = st.builds(Address, octet, octet, words(20))
optional = st.lists(st.tuples(st.integers(0, 0xFFFF), st.binary(max_size=300)), max_size=4).map(tuple)
short_messages = st.builds(
    Sm, addresses, addresses, st.binary(max_size=254), octet, octet, octet, words(5), octet, octet, words(16),
    words(16), octet, octet, optional,
)  # fmt: skip
data_messages = st.builds(
    lambda source, dest, coding, esm, registered, kind, tlvs: Sm(
        source, dest, b"", coding, esm, registered, kind, tlvs=tlvs
    ),
    addresses, addresses, octet, octet, octet, words(5), optional,
)  # fmt: skip
sequences = st.integers(0, LAST_SEQUENCE)
statuses = st.integers(0, 0xFFFF_FFFF)
BINDS = [Command.BIND_RECEIVER, Command.BIND_TRANSMITTER, Command.BIND_TRANSCEIVER]
BOUND = [Command.BIND_RECEIVER_RESP, Command.BIND_TRANSMITTER_RESP, Command.BIND_TRANSCEIVER_RESP]
TAKEN = [Command.SUBMIT_SM_RESP, Command.DELIVER_SM_RESP, Command.DATA_SM_RESP]
BARE = [
    Command.GENERIC_NACK, Command.UNBIND, Command.UNBIND_RESP, Command.ENQUIRE_LINK, Command.ENQUIRE_LINK_RESP,
]  # fmt: skip
pdus = st.one_of(
    st.builds(Pdu, st.sampled_from([Command.SUBMIT_SM, Command.DELIVER_SM]), sequences, statuses, short_messages),
    st.builds(Pdu, st.just(Command.DATA_SM), sequences, statuses, data_messages),
    st.builds(Pdu, st.sampled_from(TAKEN), sequences, statuses, st.builds(Taken, words(64), optional)),
    st.builds(
        Pdu, st.sampled_from(BINDS), sequences, statuses,
        st.builds(Bind, words(254), words(254), words(12), octet, st.builds(Address, octet, octet, words(40))),
    ),
    st.builds(Pdu, st.sampled_from(BOUND), sequences, statuses, st.builds(Bound, words(254), optional)),
    st.builds(Pdu, st.sampled_from(BARE), sequences, statuses),
    st.builds(Pdu, st.just(Command.ALERT_NOTIFICATION), sequences, statuses, st.builds(Opaque, st.binary(max_size=50))),
)  # fmt: skip


def test_the_round_trip_covers_every_command() -> None:
    covered = {Command.SUBMIT_SM, Command.DELIVER_SM, Command.DATA_SM, Command.ALERT_NOTIFICATION}
    assert covered | {*BINDS, *BOUND, *TAKEN, *BARE} == set(Command)


@given(pdus)
def test_every_pdu_is_read_as_it_was_written(pdu: Pdu) -> None:
    assert decode(encode(pdu)) == pdu


@given(st.lists(pdus, max_size=5), st.data())
def test_a_stream_is_cut_where_pdus_end_however_it_arrives(sent: list[Pdu], data: st.DataObject) -> None:
    stream = b"".join(encode(pdu) for pdu in sent)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(stream)), max_size=6)))
    frames = Frames()
    read = [
        decode(frame)
        for start, end in zip([0, *cuts], [*cuts, len(stream)], strict=True)
        for frame in frames.feed(stream[start:end])
    ]
    assert (read, frames.error) == (sent, None)


@given(st.binary(max_size=400), st.sampled_from(list(Command)))
def test_any_octets_are_a_pdu_or_the_one_error(body: bytes, command: Command) -> None:
    for frame in (body, framed(command, body)):
        try:
            decode(frame)
        except BadPdu:
            continue


@given(st.lists(st.binary(max_size=200), max_size=20))
def test_any_octets_in_the_stream_are_frames_or_an_end(chunks: list[bytes]) -> None:
    frames = Frames()
    for chunk in chunks:
        for frame in frames.feed(chunk):
            assert HEADER <= len(frame) <= LONGEST


@pytest.mark.parametrize("length", [0, 15, LONGEST + 1, 1 << 20, 0xFFFF_FFFF])
def test_a_length_that_cannot_be_ends_the_stream_and_keeps_nothing(length: int) -> None:
    frames = Frames()
    good = encode(Pdu(Command.ENQUIRE_LINK, 7))
    assert frames.feed(good + length.to_bytes(4, "big") + b"x" * 1000) == [good]
    assert frames.error is not None
    assert frames.error.status == INVALID_COMMAND_LENGTH
    assert frames.feed(good) == []
