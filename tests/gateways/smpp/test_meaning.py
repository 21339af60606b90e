"""What messages, receipts and codes mean; pure."""

from __future__ import annotations

import dataclasses

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smsbot.errors import GatewayError, Misconfigured, Refused, Throttled, Unavailable
from smsbot.gateways.base import Part, Received, StatusChange
from smsbot.gateways.headers import header, split_header
from smsbot.gateways.smpp import alphabet, codes
from smsbot.gateways.smpp.alphabet import Default
from smsbot.gateways.smpp.codec import Address, Sm
from smsbot.gateways.smpp.codes import Tag
from smsbot.gateways.smpp.incoming import PART_WINDOW_MS, Habits, digest, event
from smsbot.gateways.smpp.receipts import ReceiptId, answered_id, same_id
from smsbot.status import Status
from smsbot.text import gsm7

FROM, TO = Address(1, 1, "995555000001"), Address(0, 1, "2200")
NOW_MS = 1_780_000_000_000
GEORGIAN = "ბიუჯეტი"


def sm(message: bytes, coding: int = 0, esm_class: int = 0, *tlvs: tuple[int, bytes]) -> Sm:
    return Sm(FROM, TO, message, coding, esm_class, tlvs=tlvs)


# Alphabets


@pytest.mark.parametrize(
    "octets, coding, default, text",
    [
        (b"JOIN", 0, Default.GSM7, "JOIN"),
        (b"\x00\x02 \x1be\x1b(\x1b)", 0, Default.GSM7, "@$ €{}"),
        (b"caf\x05", 0, Default.GSM7, "café"),
        (b"caf\xe9", 0, Default.LATIN1, "café"),
        (b"@ {1}", 0, Default.LATIN1, "@ {1}"),
        (b"JOIN", 1, Default.GSM7, "JOIN"),
        (b"caf\xe9", 3, Default.GSM7, "café"),
        (GEORGIAN.encode("utf-16-be"), 8, Default.GSM7, GEORGIAN),
        ("😀".encode("utf-16-be"), 8, Default.GSM7, "😀"),
        (b"\xff\xfe" + GEORGIAN.encode("utf-16-le"), 8, Default.GSM7, GEORGIAN),
        (b"\xfe\xff" + GEORGIAN.encode("utf-16-be"), 8, Default.GSM7, GEORGIAN),
        ("привет".encode("iso8859_5"), 6, Default.GSM7, "привет"),
        (b"STOP", 0xF0, Default.GSM7, "STOP"),  # GSM coding with a message class
        (GEORGIAN.encode("utf-16-be"), 0x18, Default.GSM7, GEORGIAN),
        (GEORGIAN.encode("utf-16-be"), 0xE0, Default.GSM7, GEORGIAN),
        (GEORGIAN.encode("utf-8"), 0, Default.GSM7, GEORGIAN),  # against all rules, but told
        (b"\x89PNG", 4, Default.GSM7, ""),  # no text at all
        (b"\x89PNG", 0xF5, Default.GSM7, ""),
        (b"\x10", 8, Default.GSM7, "\ufffd"),  # half a letter
        (b"", 0, Default.GSM7, ""),
    ],
)
def test_a_text_is_read_in_its_alphabet(octets: bytes, coding: int, default: Default, text: str) -> None:
    assert alphabet.text(octets, coding, default) == text


@pytest.mark.parametrize(
    "text, default, coding, lengths",
    [
        ("JOIN", Default.GSM7, 0, [4]),
        ("€", Default.GSM7, 0, [2]),
        ("a" * 160, Default.GSM7, 0, [160]),
        ("a" * 161, Default.GSM7, 0, [153, 8]),
        ("{" * 81, Default.GSM7, 0, [152, 10]),
        ("{" * 81, Default.LATIN1, 0, [76, 5]),  # an octet each, but cut as the septets they become
        ("é" * 160, Default.LATIN1, 0, [160]),
        ("€" * 70, Default.LATIN1, 8, [140]),
        ("€" * 71, Default.LATIN1, 8, [134, 8]),
        (GEORGIAN, Default.GSM7, 8, [14]),
        ("ა" * 71, Default.GSM7, 8, [134, 8]),
        ("😀" * 36, Default.LATIN1, 8, [132, 12]),
    ],
)
def test_a_text_leaves_in_as_many_octets_as_it_takes(
    text: str, default: Default, coding: int, lengths: list[int]
) -> None:
    found, pieces = alphabet.pieces(text, default)
    assert (found, [len(piece) for piece in pieces]) == (coding, lengths)


@given(
    st.one_of(st.text(max_size=400), st.text(st.sampled_from(gsm7.BASIC + gsm7.EXTENSION), max_size=500)),
    st.sampled_from(Default),
)
def test_nothing_is_cut_that_belongs_together(text: str, default: Default) -> None:
    coding, pieces = alphabet.pieces(text, default)
    assert "".join(alphabet.text(piece, coding, default) for piece in pieces).removeprefix(
        "\ufeff"
    ) == text.removeprefix("\ufeff")
    assert all(len(piece) <= (160 if len(pieces) == 1 else 153) for piece in pieces)
    assert coding != 8 or all(len(piece) <= (140 if len(pieces) == 1 else 134) for piece in pieces)
    if default is Default.GSM7:
        assert len(pieces) == gsm7.measure(text).parts


@given(st.binary(max_size=200), st.integers(0, 255), st.sampled_from(Default))
def test_any_octets_in_any_coding_are_some_text(octets: bytes, coding: int, default: Default) -> None:
    alphabet.text(octets, coding, default).encode("utf-8", "surrogatepass")


# Parts


@pytest.mark.parametrize(
    "octets, part, rest",
    [
        (b"\x05\x00\x03\xcc\x02\x01hi", Part(0xCC, 2, 1), b"hi"),
        (b"\x06\x08\x04\x01\xcc\x02\x02hi", Part(0x1CC, 2, 2), b"hi"),
        (b"\x0a\x24\x01\x01\x05\x06\x00\x03\x07\x03\x03hi", None, b"hi"),  # another element whose length lies
        (b"\x08\x24\x01\x01\x00\x03\x07\x03\x03hi", Part(7, 3, 3), b"hi"),
        (b"\x05\x00\x03\xcc\x01\x01hi", None, b"hi"),  # the only part
        (b"\x05\x00\x03\xcc\x02\x03hi", None, b"hi"),  # the third of two
        (b"\x05\x00\x03\xcc\x02\x00hi", None, b"hi"),
        (b"\x05\x00\x04\xcc\x02", None, b"\x05\x00\x04\xcc\x02"),  # longer than the message
        (b"\x00hi", None, b"hi"),
        (b"", None, b""),
    ],
)
def test_the_joining_header_tells_the_place_of_a_part(octets: bytes, part: Part | None, rest: bytes) -> None:
    assert split_header(octets) == (part, rest)


@given(st.integers(0, 0xFFFF), st.integers(2, 255), st.data(), st.binary(max_size=140))
def test_a_written_header_is_read_again(reference: int, total: int, data: st.DataObject, rest: bytes) -> None:
    number = data.draw(st.integers(1, total))
    assert split_header(header(Part(reference, total, number), wide=True) + rest) == (
        Part(reference, total, number),
        rest,
    )
    assert split_header(header(Part(reference, total, number)) + rest) == (Part(reference & 255, total, number), rest)


def test_a_text_with_a_header_is_a_part_with_an_id_of_its_own() -> None:
    first = event(sm(b"\x05\x00\x03\xcc\x02\x01" + b"aaaa", 0, 0x40), Habits(), NOW_MS)
    second = event(sm(b"\x05\x00\x03\xcc\x02\x02" + b"aaaa", 0, 0x40), Habits(), NOW_MS)
    again = event(sm(b"\x05\x00\x03\xcc\x02\x01" + b"aaaa", 0, 0x40), Habits(), NOW_MS + 1_000)
    next_day = event(sm(b"\x05\x00\x03\xcc\x02\x01" + b"aaaa", 0, 0x40), Habits(), NOW_MS + 24 * PART_WINDOW_MS)
    assert isinstance(first, Received)
    assert isinstance(second, Received)
    assert (first.text, first.part, second.part) == ("aaaa", Part(0xCC, 2, 1), Part(0xCC, 2, 2))
    assert first.external_id is not None
    assert first == again
    assert first.external_id != second.external_id
    assert isinstance(next_day, Received)
    assert next_day.external_id != first.external_id


def test_a_text_with_sar_parameters_is_a_part() -> None:
    tlvs = ((Tag.SAR_MSG_REF_NUM, b"\x01\x02"), (Tag.SAR_TOTAL_SEGMENTS, b"\x03"), (Tag.SAR_SEGMENT_SEQNUM, b"\x02"))
    found = event(sm(b"hello", 0, 0, *tlvs), Habits(), NOW_MS)
    assert isinstance(found, Received)
    assert (found.text, found.part) == ("hello", Part(0x102, 3, 2))
    lone = event(sm(b"hello", 0, 0, *tlvs[:2]), Habits(), NOW_MS)
    assert isinstance(lone, Received)
    assert lone.part is None


def test_a_long_text_in_one_parameter_is_one_text_without_an_id() -> None:
    found = event(sm(b"", 8, 0, (Tag.MESSAGE_PAYLOAD, (GEORGIAN * 50).encode("utf-16-be"))), Habits(), NOW_MS)
    assert found == Received("995555000001", GEORGIAN * 50, None, "2200")


def test_acknowledgements_that_handsets_write_are_neither_texts_nor_receipts() -> None:
    assert event(sm(b"read", 0, 0x08), Habits(), NOW_MS) is None
    assert event(sm(b"read", 0, 0x10), Habits(), NOW_MS) is None


def test_a_digest_depends_on_the_message_and_not_on_when_or_how_it_came() -> None:
    assert digest(sm(b"JOIN")) == digest(sm(b"JOIN"))
    assert digest(sm(b"JOIN")) == digest(dataclasses.replace(sm(b"JOIN"), tlvs=((0x1400, b"\1"),))), "a vendor's own"
    others = [sm(b"JOIN", 1), sm(b"STOP"), Sm(Address(1, 1, "995555000002"), TO, b"JOIN"), sm(b"JOIN", 0, 0x40)]
    assert len({digest(each) for each in (sm(b"JOIN"), *others)}) == 5


# Receipts

USUAL = b"id:%s sub:001 dlvrd:001 submit date:2611252200 done date:2611252201 stat:%s err:%s text:hello"


def change(
    message: bytes, *tlvs: tuple[int, bytes], form: ReceiptId = ReceiptId.SAME, esm_class: int = 4
) -> StatusChange:
    found = event(sm(message, 0, esm_class, *tlvs), Habits(receipt_id=form), NOW_MS)
    assert isinstance(found, StatusChange)
    return found


@pytest.mark.parametrize(
    "word, number, status",
    [
        ("DELIVRD", 2, Status.DELIVERED),
        ("ENROUTE", 1, Status.SENT),
        ("ACCEPTD", 6, Status.SENT),
        ("EXPIRED", 3, Status.EXPIRED),
        ("DELETED", 4, Status.FAILED),
        ("UNDELIV", 5, Status.FAILED),
        ("UNKNOWN", 7, Status.UNKNOWN),
        ("REJECTD", 8, Status.FAILED),
        ("TELEPORTED", 99, None),
        ("", 99, None),
    ],
)
def test_a_state_is_told_by_word_or_by_number(word: str, number: int, status: Status | None) -> None:
    assert change(USUAL % (b"0A1", word.encode(), b"000")).status is status
    assert change(USUAL.lower() % (b"0a1", word.lower().encode(), b"000")).status is status
    told = change(b"", (Tag.RECEIPTED_MESSAGE_ID, b"0A1\0"), (Tag.MESSAGE_STATE, bytes((number,))))
    assert (told.status, told.external_id) == (status, "a1")


@pytest.mark.parametrize(
    "message",
    [
        b"id:77 sub:001 dlvrd:001 submit date:2611252200 done date:2611252201 stat:UNDELIV err:069 text:x",
        b"stat:UNDELIV ID:77 err:069",
        b"Id: 77 Stat: UNDELIVERABLE Err: 069",
        b"text:stat:DELIVRD id:1 done date:26 id:77 stat:UNDELIV err:069",
        b"id:77, stat:UNDELIV, err:069",
        b"id:77 stat:UNDELIV err:069 text:id:5 stat:DELIVRD err:000",
    ],
)
def test_a_receipt_is_read_in_any_order_and_case(message: bytes) -> None:
    found = change(message)
    assert (found.external_id, found.status) == ("77", Status.FAILED)
    assert found.error.endswith(", error 069")


@pytest.mark.parametrize(
    "answered, form, receipted",
    [
        ("A1F", ReceiptId.SAME, "a1f"),
        ("0000A1F", ReceiptId.SAME, "a1f"),
        ("a1f", ReceiptId.DEC, "2591"),
        ("0A1F", ReceiptId.DEC, "0000002591"),
        ("2591", ReceiptId.HEX, "a1f"),
        ("0002591", ReceiptId.HEX, "0xA1F"),
        ("0", ReceiptId.SAME, "000"),
        ("7b2e-uuid", ReceiptId.DEC, "7B2E-UUID"),
        ("7b2e-uuid", ReceiptId.HEX, "7b2e-uuid"),
    ],
)
def test_an_id_is_the_same_however_the_receipt_writes_it(answered: str, form: ReceiptId, receipted: str) -> None:
    assert answered_id(receipted, form) == same_id(answered)
    assert change(USUAL % (receipted.encode(), b"DELIVRD", b"000"), form=form).external_id == same_id(answered)
    parameter = (Tag.RECEIPTED_MESSAGE_ID, receipted.encode() + b"\0")
    assert change(b"", parameter, (Tag.MESSAGE_STATE, b"\x02"), form=form).external_id == same_id(answered)


def test_a_parameter_that_differs_from_the_text_is_the_id_as_it_was_answered() -> None:
    parameter = (Tag.RECEIPTED_MESSAGE_ID, b"10\0")
    assert change(USUAL % (b"16", b"DELIVRD", b"000"), parameter, form=ReceiptId.DEC).external_id == "10"


def test_the_parameters_win_and_an_unknown_subscriber_is_no_phone() -> None:
    network = (Tag.NETWORK_ERROR_CODE, b"\x03\x00\x01")
    found = change(USUAL % (b"77", b"DELIVRD", b"001"), (Tag.MESSAGE_STATE, b"\x05"), network)
    assert (found.status, found.unreachable) == (Status.FAILED, True)
    assert found.error == "UNDELIV, error 001, network error 3:1"
    assert not change(USUAL % (b"77", b"UNDELIV", b"001")).unreachable


def test_an_intermediate_notification_is_a_receipt() -> None:
    assert change(USUAL % (b"77", b"ENROUTE", b"000"), esm_class=0x20).status is Status.SENT


def test_a_person_who_writes_what_looks_like_a_receipt_has_written_a_text() -> None:
    found = event(sm(USUAL % (b"77", b"DELIVRD", b"000")), Habits(), NOW_MS)
    assert isinstance(found, Received)


@given(
    st.binary(max_size=254),
    st.integers(0, 255),
    st.integers(0, 255),
    st.lists(st.tuples(st.sampled_from(Tag), st.binary(max_size=70)), max_size=4),
    st.sampled_from(ReceiptId),
)
def test_any_message_is_an_event_or_none(
    message: bytes, coding: int, esm_class: int, tlvs: list[tuple[Tag, bytes]], form: ReceiptId
) -> None:
    found = event(sm(message, coding, esm_class, *tlvs), Habits(receipt_id=form), NOW_MS)
    match found:
        case Received(text=text):
            assert "\0" not in text
            text.encode("utf-8")
        case StatusChange(error=error):
            error.encode("utf-8")


# Codes


@pytest.mark.parametrize(
    "status, kind",
    [
        (0x58, Throttled),
        (0x14, Throttled),
        (0x08, Unavailable),
        (0x45, Unavailable),
        (0x64, Unavailable),
        (0xFF, Unavailable),
        (0x01, Refused),
        (0x0B, Refused),
        (0x104, Refused),
        (0x0400, Refused),  # a vendor's own
        (0x0A, Misconfigured),
        (0x48, Misconfigured),
        (0x50, Misconfigured),
    ],
)
def test_a_code_says_what_to_do_with_the_message(status: int, kind: type[GatewayError]) -> None:
    assert type(codes.submit_error(status)) is kind


@pytest.mark.parametrize(
    "status, kind, named",
    [
        (0x0E, Misconfigured, "`password`"),
        (0x0F, Misconfigured, "`system_id`"),
        (0x0D, Misconfigured, "`system_id`"),
        (0x53, Misconfigured, "`system_type`"),
        (0x03, Misconfigured, "`bind`"),
        (0x0777, Misconfigured, "operator"),
        (0x05, Unavailable, "connected already"),
        (0x08, Unavailable, "fault"),
    ],
)
def test_a_refused_bind_names_what_to_look_at(status: int, kind: type[GatewayError], named: str) -> None:
    error = codes.bind_error(status)
    assert type(error) is kind
    assert named in error.sentence
    assert error.code == codes.name(status)
