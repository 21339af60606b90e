"""What a `deliver_sm` or `data_sm` means: a text from a person, a part of one, or a receipt. Pure."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from smsbot.clock import HOUR_MS
from smsbot.gateways.base import Event, Part, Received
from smsbot.gateways.headers import placed, split_header
from smsbot.gateways.reading import clean, clean_part
from smsbot.gateways.smpp import alphabet
from smsbot.gateways.smpp.alphabet import Default
from smsbot.gateways.smpp.codec import Sm, first
from smsbot.gateways.smpp.codes import HEADER_FOLLOWS, Tag
from smsbot.gateways.smpp.receipts import ReceiptId, from_person, is_receipt, receipt

_TELLING = (Tag.MESSAGE_PAYLOAD, Tag.SAR_MSG_REF_NUM, Tag.SAR_TOTAL_SEGMENTS, Tag.SAR_SEGMENT_SEQNUM)
"""Optional parameters that make one message another."""

PART_WINDOW_MS = HOUR_MS
"""A part that comes again within the hour is a repeat; phones count their references up, so the same number with the
same octets from the same phone is no other text so soon."""


@dataclass(frozen=True, slots=True)
class Habits:
    """What the operator says of its SMSC."""

    default: Default = Default.GSM7
    receipt_id: ReceiptId = ReceiptId.SAME


def event(sm: Sm, habits: Habits, now_ms: int) -> Event | None:
    """None for what is neither a text nor a receipt: acknowledged and of no consequence. Never fails."""
    payload = first(sm.tlvs, Tag.MESSAGE_PAYLOAD)
    octets = sm.message or payload or b""
    part: Part | None = None
    if sm.esm_class & HEADER_FOLLOWS:
        part, octets = split_header(octets)
    if is_receipt(sm):
        return receipt(sm, clean(alphabet.text(octets, sm.data_coding, habits.default)), habits.receipt_id)
    if not from_person(sm):
        return None
    if part is None:
        part = _by_parameters(sm)
    return Received(
        number=clean(sm.source.value),
        text=(clean_part if part else clean)(alphabet.text(octets, sm.data_coding, habits.default)),
        external_id=_part_id(sm, part, now_ms) if part else None,
        to=clean(sm.dest.value),
        part=part,
    )


def digest(sm: Sm) -> bytes:
    """The same for the same message on any connection: sender, recipient, alphabet, octets and place among parts."""
    further = [first(sm.tlvs, tag) for tag in _TELLING]
    head = f"{sm.source.value}\0{sm.dest.value}\0{sm.data_coding} {sm.esm_class} {further}\0"
    return hashlib.blake2b(head.encode() + sm.message, digest_size=12).digest()


def _by_parameters(sm: Sm) -> Part | None:
    """§5.3.2.22 to .24: the `sar_` parameters."""
    reference = first(sm.tlvs, Tag.SAR_MSG_REF_NUM)
    total = first(sm.tlvs, Tag.SAR_TOTAL_SEGMENTS)
    number = first(sm.tlvs, Tag.SAR_SEGMENT_SEQNUM)
    if reference is None or total is None or number is None:
        return None
    return placed(*(int.from_bytes(value[-2:], "big") for value in (reference, total, number)))


def _part_id(sm: Sm, part: Part, now_ms: int) -> str:
    return f"{digest(sm).hex()}:{part.reference}.{part.total}.{part.number}:{now_ms // PART_WINDOW_MS}"
