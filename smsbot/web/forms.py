"""From what callers write to what the store holds, and back: numbers, ids, cursors, instants."""

from __future__ import annotations

import re

from smsbot.clock import to_iso
from smsbot.errors import Invalid, Missing, PhoneError
from smsbot.store import people
from smsbot.text import phone
from smsbot.text.gsm7 import measure
from smsbot.web import schemas
from smsbot.web.ports import Service
from smsbot.web.problems import phone_problem

BIGGEST_ID = 2**63 - 1  # BIGINT
_CURSOR = re.compile(r"(\d{1,18}|-)\.(\d{1,18}|-)").fullmatch


def number(service: Service, raw: str, *, field: str = "number") -> str:
    """*raw* in any spelling as E.164. Raises a 422 `Problem` that names *field*."""
    if raw.startswith(" ") and raw[1:2].isdigit():
        raw = "+" + raw[1:]  # a plus sign in an address reads as a blank unless it is written %2B
    try:
        return phone.parse(raw, service.settings.service.region)
    except PhoneError as error:
        raise phone_problem(error, field) from None


def row_id(raw: str, what: str, prefix: str = "") -> int:
    """`17`, or `in-17` with *prefix* `in-`. Raises `Missing`."""
    digits = raw.removeprefix(prefix)
    if not (digits.isascii() and digits.isdigit()) or int(digits[:20]) > BIGGEST_ID or len(digits) > 19:
        raise Missing(f"There is no {what} of this id.")
    return int(digits)


def moment(service: Service, instant_ms: int) -> str:
    return to_iso(instant_ms, service.settings.service.zone)


def moment_or_none(service: Service, instant_ms: int | None) -> str | None:
    return None if instant_ms is None else moment(service, instant_ms)


def position(cursor: str | None) -> people.Position:
    """The cursor of a list of messages: the last ids of both tables."""
    if cursor is None:
        return people.Position()
    found = _CURSOR(cursor)
    if found is None:
        raise bad_cursor()
    inbound, outgoing = (None if part == "-" else int(part) for part in found.groups())
    return people.Position(inbound, outgoing)


def cursor(after: people.Position | None) -> str | None:
    if after is None:
        return None
    return ".".join("-" if part is None else str(part) for part in (after.inbound, after.outgoing))


def bad_cursor() -> Invalid:
    return Invalid("This cursor is not one that a list gave out; take `next` as it is.", field="cursor")


def message(service: Service, found: people.Message) -> schemas.Message:
    measured = measure(found.text)
    return schemas.Message.model_validate(
        {
            "id": f"{'out' if found.outgoing else 'in'}-{found.id}",
            "direction": "out" if found.outgoing else "in",
            "number": found.number,
            "channel": found.channel,
            "text": found.text,
            "encoding": measured.encoding,
            "parts": found.parts or measured.parts,
            "status": found.status,
            "error": found.error or None,
            "broadcast": None if found.broadcast_id is None else str(found.broadcast_id),
            "in_reply_to": None if found.in_reply_to is None else f"in-{found.in_reply_to}",
            "at": moment(service, found.at_ms),
            "erased": found.erased,
        }
    )
