"""The numbers of SMPP 3.4: commands, optional parameters, and what the status codes mean to us.

Source: Short Message Peer to Peer Protocol Specification v3.4, Issue 1.2: §5.1.2.1 (commands), §5.1.3 (status codes),
§5.3.2 (optional parameters).
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import IntEnum
from types import MappingProxyType

from smsbot.errors import GatewayError, Misconfigured, Refused, Throttled, Unavailable

RESPONSE = 0x8000_0000
HEADER_FOLLOWS = 0x40  # esm_class, §5.2.12: `short_message` begins with a user data header
"""The bit that makes a response of a command."""

LAST_SEQUENCE = 0x7FFF_FFFF  # §3.2: sequence numbers run from 1 to this


class Command(IntEnum):
    GENERIC_NACK = 0x8000_0000
    BIND_RECEIVER = 0x0000_0001
    BIND_RECEIVER_RESP = 0x8000_0001
    BIND_TRANSMITTER = 0x0000_0002
    BIND_TRANSMITTER_RESP = 0x8000_0002
    SUBMIT_SM = 0x0000_0004
    SUBMIT_SM_RESP = 0x8000_0004
    DELIVER_SM = 0x0000_0005
    DELIVER_SM_RESP = 0x8000_0005
    UNBIND = 0x0000_0006
    UNBIND_RESP = 0x8000_0006
    BIND_TRANSCEIVER = 0x0000_0009
    BIND_TRANSCEIVER_RESP = 0x8000_0009
    ENQUIRE_LINK = 0x0000_0015
    ENQUIRE_LINK_RESP = 0x8000_0015
    ALERT_NOTIFICATION = 0x0000_0102
    DATA_SM = 0x0000_0103
    DATA_SM_RESP = 0x8000_0103


class Tag(IntEnum):
    """Optional parameters that mean something to us; all others are kept as they are."""

    RECEIPTED_MESSAGE_ID = 0x001E
    USER_MESSAGE_REFERENCE = 0x0204
    SAR_MSG_REF_NUM = 0x020C
    SAR_TOTAL_SEGMENTS = 0x020E
    SAR_SEGMENT_SEQNUM = 0x020F
    SC_INTERFACE_VERSION = 0x0210
    NETWORK_ERROR_CODE = 0x0423
    MESSAGE_PAYLOAD = 0x0424
    MESSAGE_STATE = 0x0427


OK = 0x00
INVALID_MESSAGE_LENGTH = 0x01
INVALID_COMMAND_LENGTH = 0x02
INVALID_COMMAND = 0x03
INVALID_BIND_STATUS = 0x04
ALREADY_BOUND = 0x05
SYSTEM_ERROR = 0x08
BIND_FAILED = 0x0D
INVALID_PASSWORD = 0x0E
INVALID_SYSTEM_ID = 0x0F
QUEUE_FULL = 0x14
SUBMIT_FAILED = 0x45
THROTTLED = 0x58
RECEIVER_TEMPORARY = 0x64  # ESME_RX_T_APPN: the SMSC has to bring it again
RECEIVER_PERMANENT = 0x65  # ESME_RX_P_APPN: it need not
UNKNOWN_ERROR = 0xFF

NAMES: Mapping[int, str] = MappingProxyType(
    {
        0x00: "ESME_ROK",
        0x01: "ESME_RINVMSGLEN",
        0x02: "ESME_RINVCMDLEN",
        0x03: "ESME_RINVCMDID",
        0x04: "ESME_RINVBNDSTS",
        0x05: "ESME_RALYBND",
        0x06: "ESME_RINVPRTFLG",
        0x07: "ESME_RINVREGDLVFLG",
        0x08: "ESME_RSYSERR",
        0x0A: "ESME_RINVSRCADR",
        0x0B: "ESME_RINVDSTADR",
        0x0C: "ESME_RINVMSGID",
        0x0D: "ESME_RBINDFAIL",
        0x0E: "ESME_RINVPASWD",
        0x0F: "ESME_RINVSYSID",
        0x11: "ESME_RCANCELFAIL",
        0x13: "ESME_RREPLACEFAIL",
        0x14: "ESME_RMSGQFUL",
        0x15: "ESME_RINVSERTYP",
        0x33: "ESME_RINVNUMDESTS",
        0x34: "ESME_RINVDLNAME",
        0x40: "ESME_RINVDESTFLAG",
        0x42: "ESME_RINVSUBREP",
        0x43: "ESME_RINVESMCLASS",
        0x44: "ESME_RCNTSUBDL",
        0x45: "ESME_RSUBMITFAIL",
        0x48: "ESME_RINVSRCTON",
        0x49: "ESME_RINVSRCNPI",
        0x50: "ESME_RINVDSTTON",
        0x51: "ESME_RINVDSTNPI",
        0x53: "ESME_RINVSYSTYP",
        0x54: "ESME_RINVREPFLAG",
        0x55: "ESME_RINVNUMMSGS",
        0x58: "ESME_RTHROTTLED",
        0x61: "ESME_RINVSCHED",
        0x62: "ESME_RINVEXPIRY",
        0x63: "ESME_RINVDFTMSGID",
        0x64: "ESME_RX_T_APPN",
        0x65: "ESME_RX_P_APPN",
        0x66: "ESME_RX_R_APPN",
        0x67: "ESME_RQUERYFAIL",
        0xC0: "ESME_RINVOPTPARSTREAM",
        0xC1: "ESME_ROPTPARNOTALLWD",
        0xC2: "ESME_RINVPARLEN",
        0xC3: "ESME_RMISSINGOPTPARAM",
        0xC4: "ESME_RINVOPTPARAMVAL",
        0xFE: "ESME_RDELIVERYFAILURE",
        0xFF: "ESME_RUNKNOWNERR",
        0x104: "ESME_RINVDCS",  # of SMPP 5.0, §4.7.6, but sent by servers of 3.4 too
    }
)

_THROTTLED = frozenset({THROTTLED, QUEUE_FULL})
_TEMPORARY: Mapping[int, str] = MappingProxyType(
    {
        SYSTEM_ERROR: "The SMSC has a fault of its own.",
        SUBMIT_FAILED: "The SMSC could not take the message just now.",
        RECEIVER_TEMPORARY: "The SMSC could not take the message just now.",
        UNKNOWN_ERROR: "The SMSC has a fault that it cannot name.",
        INVALID_BIND_STATUS: "The SMSC does not consider this connection bound.",
    }
)
_MISCONFIGURED: Mapping[int, str] = MappingProxyType(
    {
        0x0A: "The SMSC does not accept the channel's `sender`.",
        0x15: "The SMSC does not accept our service type.",
        0x48: "The SMSC does not accept the type of the sender: check `source_ton`.",
        0x49: "The SMSC does not accept the numbering plan of the sender: check `source_npi`.",
        0x50: "The SMSC does not accept the type of the recipient's number: check `dest_ton`.",
        0x51: "The SMSC does not accept the numbering plan of the recipient's number: check `dest_npi`.",
        0x53: "The SMSC does not accept `system_type`.",
    }
)
"""The same for every message of the channel: they wait until somebody mends it instead of failing one by one."""

_REFUSED: Mapping[int, str] = MappingProxyType(
    {
        0x01: "The SMSC says that the message is too long.",
        0x0B: "The SMSC does not accept the recipient's number.",
        0x65: "The SMSC refuses the message for good.",
        0x66: "The SMSC refuses the message.",
        0x104: "The SMSC does not know the alphabet of the message.",
    }
)
_BIND: Mapping[int, str] = MappingProxyType(
    {
        BIND_FAILED: "The SMSC refuses the connection: ask whether `system_id` is active and our address allowed.",
        INVALID_PASSWORD: "The SMSC does not accept `password`.",
        INVALID_SYSTEM_ID: "The SMSC does not know `system_id`.",
        0x15: "The SMSC does not accept our service type.",
        0x53: "The SMSC does not accept `system_type`.",
        INVALID_BIND_STATUS: "The SMSC does not allow this kind of connection: check `bind`.",
        INVALID_COMMAND: "The SMSC does not know this kind of connection: check `bind`.",
    }
)
_BIND_LATER: Mapping[int, str] = MappingProxyType(
    {
        ALREADY_BOUND: "The SMSC thinks that `system_id` is connected already; it should let go of it soon.",
        SYSTEM_ERROR: "The SMSC has a fault of its own.",
        QUEUE_FULL: "The SMSC is full.",
        THROTTLED: "The SMSC asks for fewer attempts to connect.",
        RECEIVER_TEMPORARY: "The SMSC cannot take connections just now.",
        UNKNOWN_ERROR: "The SMSC has a fault that it cannot name.",
    }
)


def name(status: int) -> str:
    """`ESME_RTHROTTLED`, or `0x00000404` for a code of the vendor's own."""
    return NAMES.get(status) or f"0x{status:08X}"


def submit_error(status: int) -> GatewayError:
    """What a `submit_sm_resp` that is no success means (contract §10, Sending).

    A response with an error says that the message was surely not taken, so nothing here is `Uncertain`. Codes that are
    not in the tables, a vendor's own among them, are about the message: `Refused`.
    """
    code = name(status)
    if status in _THROTTLED:
        return Throttled(code, "The SMSC asks for a slower pace.")
    if sentence := _TEMPORARY.get(status):
        return Unavailable(code, sentence)
    if sentence := _MISCONFIGURED.get(status):
        return Misconfigured(code, sentence)
    return Refused(code, _REFUSED.get(status, "The SMSC refuses the message."))


def bind_error(status: int) -> Misconfigured | Unavailable:
    """What a refused bind means: somebody has to act, unless the code says that the SMSC is in trouble itself."""
    code = name(status)
    if sentence := _BIND_LATER.get(status):
        return Unavailable(code, sentence)
    return Misconfigured(code, _BIND.get(status, "The SMSC refuses the connection: ask the operator what it lacks."))
