"""Delivery receipts, in the words of Appendix B and in optional parameters. Pure.

Source: SMPP v3.4 §5.2.12 (esm_class), §5.2.28 (message_state), §5.3.2.12, .31 and .35 (optional parameters), Appendix B
(the text). The text is no part of the standard proper, so servers vary the order, the case and the length of the words.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType

from smsbot.gateways.base import StatusChange
from smsbot.gateways.smpp.codec import Sm, first
from smsbot.gateways.smpp.codes import Tag
from smsbot.status import Status

_KIND = 0x3C  # the bits of esm_class that tell what a `deliver_sm` is
_RECEIPT, _INTERMEDIATE = 0x04, 0x20
_FROM_PEOPLE = 0x00

STATES: Mapping[int, str] = MappingProxyType(
    {
        0: "SCHEDULED",  # SMPP 5.0
        1: "ENROUTE",
        2: "DELIVRD",
        3: "EXPIRED",
        4: "DELETED",
        5: "UNDELIV",
        6: "ACCEPTD",
        7: "UNKNOWN",
        8: "REJECTD",
        9: "SKIPPED",  # SMPP 5.0
    }
)

_STATUSES: Mapping[str, Status] = MappingProxyType(
    {
        "SCHED": Status.SENT,
        "ENROU": Status.SENT,
        "ACCEP": Status.SENT,
        "BUFFE": Status.SENT,
        "DELIV": Status.DELIVERED,
        "EXPIR": Status.EXPIRED,
        "DELET": Status.FAILED,
        "UNDEL": Status.FAILED,
        "REJEC": Status.FAILED,
        "FAILE": Status.FAILED,
        "SKIPP": Status.FAILED,
        "UNKNO": Status.UNKNOWN,
    }
)
"""By the first five letters: DELIVRD and DELIVERED, UNDELIV and UNDELIVERABLE are all met."""

_FIELD = re.compile(r"(?i)(?<![a-z])(id|stat|err|text)\s*:\s*([^\s,;]*)")

_GSM, _UNKNOWN_SUBSCRIBER = 3, 1
"""`network_error_code` (§5.3.2.31): kind of network 3 is GSM; MAP error 1 is unknownSubscriber (3GPP TS 29.002,
§17.6.6). The `err` of the text is each vendor's own, so nothing follows from it."""


class ReceiptId(StrEnum):
    """How receipts write the id that the response to `submit_sm` gave."""

    SAME = "same"
    HEX = "hex"
    DEC = "dec"


def is_receipt(sm: Sm) -> bool:
    """Only by `esm_class`, or the optional parameter with the id: people can write texts that look like receipts."""
    kind = sm.esm_class & _KIND
    return kind in (_RECEIPT, _INTERMEDIATE) or (
        kind == _FROM_PEOPLE and first(sm.tlvs, Tag.RECEIPTED_MESSAGE_ID) is not None
    )


def from_person(sm: Sm) -> bool:
    """Acknowledgements by handsets' owners and the like (§5.2.12) are neither texts nor receipts."""
    return sm.esm_class & _KIND == _FROM_PEOPLE


def same_id(written: str) -> str:
    """An id in the form in which ids are compared: without leading zeros, in lower case."""
    word = written.strip().lower()
    return word.lstrip("0") or word[:1]


def answered_id(written: str, form: ReceiptId) -> str:
    """The id of a receipt as the response to `submit_sm` wrote it, for comparison.

    `hex`: receipts write in hexadecimal what the response wrote in decimal; `dec` the reverse. What is no such number
    stays as it is.
    """
    word = written.strip()
    try:
        match form:
            case ReceiptId.HEX if re.fullmatch(r"(?:0[xX])?[0-9a-fA-F]{1,64}", word):
                return same_id(str(int(word, 16)))
            case ReceiptId.DEC if re.fullmatch(r"[0-9]{1,64}", word):
                return same_id(f"{int(word):x}")
    except ValueError:  # more digits than Python converts
        pass
    return same_id(word)


def receipt(sm: Sm, text: str, form: ReceiptId) -> StatusChange:
    """What a receipt says; *text* is its decoded message. The optional parameters win over the text. Never fails."""
    fields = _fields(text)
    state = _state(sm, fields.get("stat", ""))
    status = _STATUSES.get(state.upper()[:5])
    network = first(sm.tlvs, Tag.NETWORK_ERROR_CODE) or b""
    return StatusChange(
        status=status,
        external_id=_id(sm, fields.get("id", ""), form),
        error=_error(state, fields.get("err", ""), network) if status in _LOST else "",
        unreachable=status is Status.FAILED and network == bytes((_GSM, 0, _UNKNOWN_SUBSCRIBER)),
        raw=state or "no state",
    )


_LOST = frozenset({Status.FAILED, Status.EXPIRED, Status.UNKNOWN})


def _fields(text: str) -> dict[str, str]:
    """The fields before `text:`, else those after it: what people were sent may hold words like `stat:` too."""
    found: dict[str, str] = {}
    quoted: dict[str, str] = {}
    into = found
    for match in _FIELD.finditer(text):
        name = match[1].casefold()
        if name == "text":
            into = quoted
        elif into is quoted:
            quoted[name] = match[2]
        else:
            found.setdefault(name, match[2])
    return quoted | found


def _state(sm: Sm, written: str) -> str:
    told = first(sm.tlvs, Tag.MESSAGE_STATE)
    if told is None:
        return written[:20]
    return STATES.get(int.from_bytes(told, "big") if len(told) <= 4 else -1, "") or written[:20]


def _id(sm: Sm, written: str, form: ReceiptId) -> str | None:
    told = first(sm.tlvs, Tag.RECEIPTED_MESSAGE_ID)
    parameter = told.split(b"\0", 1)[0].decode("latin-1").strip() if told else ""
    if not parameter:
        return answered_id(written, form) or None
    if written and same_id(written) != same_id(parameter):
        return same_id(parameter)  # the parameter repeats the response's id as it was, the text has another form
    return answered_id(parameter, form)


def _error(state: str, written: str, network: bytes) -> str:
    told = [state] if state else []
    if written.strip("0"):
        told.append(f"error {written[:20]}")
    if len(network) == 3:
        told.append(f"network error {network[0]}:{int.from_bytes(network[1:], 'big')}")
    return ", ".join(told)
