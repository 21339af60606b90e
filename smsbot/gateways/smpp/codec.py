"""PDUs to bytes and back. Pure; strict in what is written, lenient in what is read, and only `BadPdu` is raised.

Source: SMPP v3.4 Issue 1.2: §3.2 (format), §4 (PDUs), §5.2 (mandatory parameters).
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from struct import Struct

from smsbot.errors import SmsbotError
from smsbot.gateways.smpp.codes import (
    INVALID_COMMAND_LENGTH,
    INVALID_MESSAGE_LENGTH,
    LAST_SEQUENCE,
    Command,
)
from smsbot.values import value

VERSION = 0x34
HEADER = 16
LONGEST = 73_728
"""Octets of a PDU: `message_payload` holds up to 64 KiB (§5.3.2.32); 8 KiB are left for everything else."""

LONGEST_WORD = 255
"""Octets of a string that is read: more than any limit of the specification, since some servers' ids exceed theirs."""

_head = Struct(">IIII")
_lead = _head.unpack_from
_tlv = Struct(">HH")
_WORD = rb"([^\0]{0,%d})\0" % LONGEST_WORD
_FIXED = re.compile(_WORD + 2 * (rb"(.)(.)" + _WORD) + rb"(.)(.)(.)" + 2 * _WORD + rb"(.)(.)(.)(.)(.)", re.DOTALL).match
"""The fields of a short message up to its length (§4.4.1), in one go."""


class BadPdu(SmsbotError):
    """Octets that are no PDU, or a value that cannot be one. *status*: what to answer the other side."""

    def __init__(self, sentence: str, status: int = INVALID_MESSAGE_LENGTH) -> None:
        self.status = status
        super().__init__(sentence)


Tlvs = tuple[tuple[int, bytes], ...]
"""Optional parameters in their order: tag and value, known or not."""


@value(frozen=True, slots=True)
class Address:
    """§5.2.5 to §5.2.9: type of number, numbering plan, digits or a name."""

    ton: int = 0
    npi: int = 0
    value: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Bind:
    """§4.1: of all three kinds of bind."""

    system_id: str
    password: str = field(repr=False)
    system_type: str = ""
    version: int = VERSION
    address: Address = Address()


@dataclass(frozen=True, slots=True)
class Bound:
    """The response to a bind. Empty where the server left the body out, as it may with an error."""

    system_id: str = ""
    tlvs: Tlvs = ()


@value(frozen=True, slots=True)
class Sm:
    """A short message: `submit_sm` (§4.4.1), `deliver_sm` (§4.6.1), and `data_sm` (§4.7.1) without what that lacks.

    *message* is the octets of `short_message`; a longer one is in the optional `message_payload` instead.
    """

    source: Address
    dest: Address
    message: bytes = field(default=b"", repr=False)
    data_coding: int = 0
    esm_class: int = 0
    registered_delivery: int = 0
    service_type: str = ""
    protocol_id: int = 0
    priority: int = 0
    schedule: str = ""
    validity: str = ""
    replace: int = 0
    default_message: int = 0
    tlvs: Tlvs = field(default=(), repr=False)


@value(frozen=True, slots=True)
class Taken:
    """The response to a short message. `deliver_sm_resp` carries no id."""

    message_id: str = ""
    tlvs: Tlvs = ()


@dataclass(frozen=True, slots=True)
class Opaque:
    """The body of a command that is not read here."""

    octets: bytes = field(default=b"", repr=False)


Body = Bind | Bound | Sm | Taken | Opaque | None


@value(frozen=True, slots=True)
class Pdu:
    """*command* is a `Command` or a number that is none of them; *body* None: there is none."""

    command: int
    sequence: int
    status: int = 0
    body: Body = None


BINDS = frozenset({Command.BIND_RECEIVER, Command.BIND_TRANSMITTER, Command.BIND_TRANSCEIVER})
_BIND_RESPONSES = frozenset({Command.BIND_RECEIVER_RESP, Command.BIND_TRANSMITTER_RESP, Command.BIND_TRANSCEIVER_RESP})
_MESSAGES = frozenset({Command.SUBMIT_SM, Command.DELIVER_SM})
_MESSAGE_RESPONSES = frozenset({Command.SUBMIT_SM_RESP, Command.DELIVER_SM_RESP, Command.DATA_SM_RESP})
_BARE = frozenset(
    {
        Command.GENERIC_NACK,
        Command.UNBIND,
        Command.UNBIND_RESP,
        Command.ENQUIRE_LINK,
        Command.ENQUIRE_LINK_RESP,
    }
)


def first(tlvs: Tlvs, tag: int) -> bytes | None:
    """The value of the first optional parameter *tag*."""
    for found, octets in tlvs:
        if found == tag:
            return octets
    return None


# Reading


def header(frame: bytes) -> tuple[int, int, int]:
    """Command, status and sequence of a whole PDU. Raises `BadPdu`."""
    if len(frame) < HEADER:
        raise BadPdu("A PDU is shorter than its header.", INVALID_COMMAND_LENGTH)
    _, command, status, sequence = _lead(frame)
    return command, status, sequence


def decode(frame: bytes) -> Pdu:
    """Read one whole PDU. Raises `BadPdu`."""
    command, status, sequence = header(frame)
    if _lead(frame)[0] != len(frame):
        raise BadPdu("A PDU's length is not the one it tells.", INVALID_COMMAND_LENGTH)
    return Pdu(command, sequence, status, _body(command, frame))


def _body(command: int, frame: bytes) -> Body:
    if command in _BARE:
        return None  # whatever stands there has no meaning
    if command in _MESSAGES:
        return _message(frame)
    reader = _Reader(frame)
    if command in _MESSAGE_RESPONSES:
        return Taken(reader.word(lenient=True), reader.tlvs()) if reader.left else Taken()
    if command == Command.DATA_SM:
        return _data(reader)
    if command in BINDS:
        system_id, password, system_type = reader.word(), reader.word(), reader.word()
        return Bind(system_id, password, system_type, reader.octet(), reader.address())
    if command in _BIND_RESPONSES:
        return Bound(reader.word(lenient=True), reader.tlvs()) if reader.left else Bound()
    return Opaque(frame[HEADER:])


def _message(frame: bytes) -> Sm:
    found = _FIXED(frame, HEADER)
    if found is None:
        raise BadPdu("A PDU ends before its last field, or holds a string without an end.")
    (
        service_type, source_ton, source_npi, source, dest_ton, dest_npi, dest, esm_class, protocol_id, priority,
        schedule, validity, registered, replace, coding, default, length,
    ) = found.groups()  # fmt: skip
    reader = _Reader(frame, found.end())
    message = reader.octets(length[0])
    return Sm(
        Address(source_ton[0], source_npi[0], source.decode("latin-1")),
        Address(dest_ton[0], dest_npi[0], dest.decode("latin-1")),
        message, coding[0], esm_class[0], registered[0], service_type.decode("latin-1"), protocol_id[0], priority[0],
        schedule.decode("latin-1"), validity.decode("latin-1"), replace[0], default[0], reader.tlvs(),
    )  # fmt: skip


def _data(reader: _Reader) -> Sm:
    service_type, source, dest = reader.word(), reader.address(), reader.address()
    esm_class, registered, coding = reader.octet(), reader.octet(), reader.octet()
    return Sm(source, dest, b"", coding, esm_class, registered, service_type, tlvs=reader.tlvs())


class _Reader:
    """Goes through a PDU's body once."""

    __slots__ = ("_at", "_frame")

    def __init__(self, frame: bytes, at: int = HEADER) -> None:
        self._frame = frame
        self._at = at

    @property
    def left(self) -> int:
        return len(self._frame) - self._at

    def octet(self) -> int:
        at = self._at
        if at >= len(self._frame):
            raise BadPdu("A PDU ends before its last field.")
        self._at = at + 1
        return self._frame[at]

    def octets(self, number: int) -> bytes:
        start, end = self._at, self._at + number
        if end > len(self._frame):
            raise BadPdu("A PDU tells a length that it does not have.")
        self._at = end
        return self._frame[start:end]

    def word(self, *, lenient: bool = False) -> str:
        """A C-octet string. *lenient*: it may end with the PDU, as the ids of some servers do."""
        start = self._at
        end = self._frame.find(0, start, start + LONGEST_WORD + 1)
        if end < 0:
            if not lenient or self.left > LONGEST_WORD:
                raise BadPdu("A PDU holds a string without an end.")
            end = len(self._frame)
        self._at = min(end + 1, len(self._frame))
        return self._frame[start:end].decode("latin-1")

    def address(self) -> Address:
        return Address(self.octet(), self.octet(), self.word())

    def tlvs(self) -> Tlvs:
        """Optional parameters to the end. Up to three octets after the last are filling that some servers add."""
        if self._at == len(self._frame):
            return ()
        found: list[tuple[int, bytes]] = []
        while self.left >= _tlv.size:
            tag, length = _tlv.unpack_from(self._frame, self._at)
            self._at += _tlv.size
            found.append((tag, self.octets(length)))
        return tuple(found)


# Writing


def encode(pdu: Pdu) -> bytes:
    """The octets of *pdu*. Raises `BadPdu` if a value does not fit."""
    body = _octets(pdu)
    if not 0 <= pdu.sequence <= LAST_SEQUENCE:
        raise BadPdu("A sequence number is out of range.")
    length = HEADER + len(body)
    if length > LONGEST:
        raise BadPdu("A PDU is longer than any may be.")
    return _head.pack(length, pdu.command, pdu.status, pdu.sequence) + body


def _octets(pdu: Pdu) -> bytes:
    match pdu.body:
        case None:
            return b""
        case Taken(message_id, tlvs):
            return _word(message_id, 65) + _written(tlvs)
        case Sm() if pdu.command == Command.DATA_SM:
            return _data_octets(pdu.body)
        case Sm():
            return _message_octets(pdu.body)
        case Bind(system_id, password, system_type, version, address):
            # Operators give out longer names and passwords than §4.1.1 allows (15 and 8), and take them.
            names = _word(system_id, LONGEST_WORD) + _word(password, LONGEST_WORD) + _word(system_type, 13)
            return names + _octet(version) + _address(address, 41)
        case Bound(system_id, tlvs):
            return _word(system_id, LONGEST_WORD) + _written(tlvs)
        case Opaque(octets):
            return octets


def _message_octets(sm: Sm) -> bytes:
    if len(sm.message) > 254:  # §5.2.22
        raise BadPdu("A short message has more than 254 octets.")
    try:
        after = bytes((sm.registered_delivery, sm.replace, sm.data_coding, sm.default_message, len(sm.message)))
        before = bytes((sm.esm_class, sm.protocol_id, sm.priority))
    except ValueError as error:
        raise BadPdu("A field of a short message is no octet.") from error
    return b"".join(
        (
            _word(sm.service_type, 6),
            _address(sm.source, 21),
            _address(sm.dest, 21),
            before,
            _word(sm.schedule, 17),
            _word(sm.validity, 17),
            after,
            sm.message,
            _written(sm.tlvs),
        )
    )


def _data_octets(sm: Sm) -> bytes:
    flags = _octet(sm.esm_class) + _octet(sm.registered_delivery) + _octet(sm.data_coding)
    return _word(sm.service_type, 6) + _address(sm.source, 65) + _address(sm.dest, 65) + flags + _written(sm.tlvs)


def _octet(value: int) -> bytes:
    if not 0 <= value <= 255:
        raise BadPdu("A field is no octet.")
    return bytes((value,))


def _word(text: str, most: int) -> bytes:
    """A C-octet string of at most *most* octets, its end included."""
    if not text:
        return b"\0"
    try:
        octets = text.encode("latin-1")
    except UnicodeEncodeError as error:
        raise BadPdu("A field holds a letter that SMPP cannot write.") from error
    if len(octets) >= most or 0 in octets:
        raise BadPdu(f"A field holds more than {most - 1} characters, or one that would end it.")
    return octets + b"\0"


def _address(address: Address, most: int) -> bytes:
    return _octet(address.ton) + _octet(address.npi) + _word(address.value, most)


def _written(tlvs: Tlvs) -> bytes:
    if not tlvs:
        return b""
    pieces: list[bytes] = []
    for tag, octets in tlvs:
        if not 0 <= tag <= 0xFFFF or len(octets) > 0xFFFF:
            raise BadPdu("An optional parameter does not fit.")
        pieces += (_tlv.pack(tag, len(octets)), octets)
    return b"".join(pieces)
