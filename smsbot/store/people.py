"""What staff see of a person: the standing, the consents, what was written both ways. Reads only, but for `forget`."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, Select, and_, literal_column, or_, select

from smsbot.dialogue.model import State
from smsbot.status import Status
from smsbot.store import audit, erasure, reach
from smsbot.store.tables import (
    BroadcastText,
    Contact,
    Inbound,
    Ledger,
    Outbox,
    Place,
    Subscription,
    Suppression,
    Topic,
    table,
)

CONTACT = table(Contact)
INBOUND = table(Inbound)
LEDGER = table(Ledger)
OUTBOX = table(Outbox)
PLACE = table(Place)
SUBSCRIPTION = table(Subscription)
SUPPRESSION = table(Suppression)
TEXT = table(BroadcastText)
TOPIC = table(Topic)

RECEIVED = "received"
ARRIVED = (Status.SENT.value, Status.DELIVERED.value, Status.UNKNOWN.value)
ON_ITS_WAY = (Status.QUEUED.value, Status.SENDING.value)
NO_BROADCAST: ColumnElement[int] = literal_column("0")  # as in the condition of an index, which a parameter never fits


@dataclass(frozen=True, slots=True)
class Consent:
    at_ms: int
    action: str
    scope: str
    source: str
    evidence: str | None


@dataclass(frozen=True, slots=True)
class Person:
    number: str
    state: State
    language: str | None = None
    script: str = ""
    topics: tuple[str, ...] = ()
    place: str | None = None
    since_ms: int | None = None
    paused_until_ms: int | None = None
    consents: tuple[Consent, ...] = ()
    unreachable: int = 0  # permanent failures in a row
    dormant_ms: int | None = None
    dormant_reason: str | None = None
    blocked: tuple[reach.Blocked, ...] = ()


@dataclass(frozen=True, slots=True)
class Message:
    """One text, either way. *id* is the row's; *outgoing* says of which table."""

    id: int
    outgoing: bool
    number: str
    channel: str
    text: str
    status: str
    at_ms: int
    parts: int | None = None  # as it left; None for what came in
    error: str = ""
    broadcast_id: int | None = None
    in_reply_to: int | None = None
    erased: bool = False  # the words, or whose they were, are no longer kept


@dataclass(frozen=True, slots=True)
class Position:
    """Where a page ends: the ids last shown of each table; what follows is below them. None: from the newest."""

    inbound: int | None = None
    outgoing: int | None = None


def standing(connection: Connection, number: str, subject: str, now_ms: int) -> State | None:
    """The state of *number*; None if it is unknown. A lapsed pause reads active (contract §10)."""
    row = connection.execute(
        select(CONTACT.c.state, CONTACT.c.paused_until_ms).where(CONTACT.c.number == number)
    ).first()
    if connection.execute(select(SUPPRESSION.c.at_ms).where(SUPPRESSION.c.subject == subject)).first() is not None:
        return State.STOPPED
    return _state(row.state, row.paused_until_ms, now_ms) if row is not None else None


def person(connection: Connection, number: str, subject: str, now_ms: int) -> Person | None:
    """Everything staff may know of *number*; None if it never wrote, never stopped and was never entered."""
    state = standing(connection, number, subject, now_ms)
    if state is None:
        return None
    row = connection.execute(select(CONTACT).where(CONTACT.c.number == number)).first()
    told = consents(connection, subject)
    if row is None:  # a number that only ever sent STOP, or whose profile was erased
        return Person(number, state, consents=told)
    place = connection.execute(select(PLACE.c.code).where(PLACE.c.id == row.place_id)).scalar()
    return Person(
        number=number,
        state=state,
        language=row.language,
        script=row.script,
        topics=() if state is State.STOPPED else _topics(connection, row.id),
        place=place,
        since_ms=row.since_ms,
        paused_until_ms=row.paused_until_ms if state is State.PAUSED else None,
        consents=told,
        unreachable=row.unreachable,
        dormant_ms=row.dormant_ms,
        dormant_reason=row.dormant_reason if row.dormant_ms is not None else None,
        blocked=reach.blocks(connection, row.id),
    )


def consents(connection: Connection, subject: str) -> tuple[Consent, ...]:
    """The ledger's entries, oldest first."""
    entries = connection.execute(
        select(LEDGER.c.at_ms, LEDGER.c.action, LEDGER.c.scope, LEDGER.c.source, LEDGER.c.evidence)
        .where(LEDGER.c.subject == subject)
        .order_by(LEDGER.c.id)
    )
    return tuple(Consent(*entry) for entry in entries)


def forget(connection: Connection, number: str, subject: str, *, by: str, now_ms: int) -> bool:
    """Erase the profile, the texts and the topics at the wish of a person, entered by *by*.

    What stays is the ledger's skeleton and, if the number is stopped, the suppression. False: there was nobody.
    """
    contact_id = connection.execute(select(CONTACT.c.id).where(CONTACT.c.number == number)).scalar()
    if contact_id is None and not _has_texts(connection, number) and standing(connection, number, subject, 0) is None:
        return False
    erasure.erase(connection, subject, number, contact_id, now_ms=now_ms)
    entry = audit.Entry(at_ms=now_ms, subject=subject, action="erase", scope="all", source="staff", actor=by)
    audit.append(connection, [entry])
    return True


def messages(
    connection: Connection,
    *,
    number: str | None = None,
    channels: Collection[str] | None = None,
    direction: str | None = None,
    after: Position = Position(),
    limit: int = 100,
    arrived: bool = False,
) -> tuple[list[Message], Position | None]:
    """Texts both ways, newest first, and where the next page begins (None: there is none).

    Each table is read by its own descending ids, so that a page costs the same however deep it lies, and the two are
    merged by time. *arrived*: of what we send only what reached the phone, and replies on their way.
    """
    came = [] if direction == "out" else _inbound(connection, number, channels, after.inbound, limit + 1)
    left = []
    if direction != "in":
        left = _outgoing(connection, number, channels, after.outgoing, limit + 1, arrived=arrived)
    page: list[Message] = []
    came_at = left_at = 0
    while len(page) < limit and (came_at < len(came) or left_at < len(left)):
        one = came[came_at] if came_at < len(came) else None
        other = left[left_at] if left_at < len(left) else None
        # At the same instant the reply is the newer one: the text that it answers came before it.
        if other is not None and (one is None or other.at_ms >= one.at_ms):
            page.append(other)
            left_at += 1
        elif one is not None:
            page.append(one)
            came_at += 1
    if came_at >= len(came) and left_at >= len(left):
        return page, None
    return page, Position(
        came[came_at - 1].id if came_at else after.inbound, left[left_at - 1].id if left_at else after.outgoing
    )


def outgoing_message(connection: Connection, message_id: int) -> Message | None:
    row = connection.execute(_outgoing_rows().where(OUTBOX.c.id == message_id)).first()
    return _sent(row) if row is not None else None


def _state(stored: str, paused_until_ms: int | None, now_ms: int) -> State:
    state = State(stored)
    if state is State.PAUSED and paused_until_ms is not None and paused_until_ms <= now_ms:
        return State.ACTIVE
    return state


def _topics(connection: Connection, contact_id: int) -> tuple[str, ...]:
    codes = (
        select(TOPIC.c.code)
        .join(SUBSCRIPTION, SUBSCRIPTION.c.topic_id == TOPIC.c.id)
        .where(SUBSCRIPTION.c.contact_id == contact_id)
        .order_by(TOPIC.c.number)
    )
    return tuple(connection.execute(codes).scalars())


def _has_texts(connection: Connection, number: str) -> bool:
    came = connection.execute(select(INBOUND.c.id).where(INBOUND.c.number == number).limit(1)).first()
    left = (
        select(OUTBOX.c.id)
        .where(OUTBOX.c.number == number, OUTBOX.c.broadcast_id == NO_BROADCAST, ~OUTBOX.c.forget)
        .limit(1)
    )
    return came is not None or connection.execute(left).first() is not None


def _inbound(
    connection: Connection, number: str | None, channels: Collection[str] | None, below: int | None, limit: int
) -> list[Message]:
    wanted = select(INBOUND)
    if number is not None:
        wanted = wanted.where(INBOUND.c.number == number)
    if channels is not None:
        wanted = wanted.where(INBOUND.c.channel.in_(channels))
    if below is not None:
        wanted = wanted.where(INBOUND.c.id < below)
    rows = connection.execute(wanted.order_by(INBOUND.c.id.desc()).limit(limit))
    return [
        Message(
            row.id, False, row.number, row.channel, row.text, RECEIVED, row.at_ms,
            erased=row.erased_ms is not None or not row.number,
        )
        for row in rows
    ]  # fmt: skip


def _outgoing(
    connection: Connection,
    number: str | None,
    channels: Collection[str] | None,
    below: int | None,
    limit: int,
    *,
    arrived: bool,
) -> list[Message]:
    conditions: list[ColumnElement[bool]] = [~OUTBOX.c.forget]  # an erased person's last reply is nobody's to read
    if channels is not None:
        conditions.append(OUTBOX.c.channel.in_(channels))
    if below is not None:
        conditions.append(OUTBOX.c.id < below)
    if arrived:
        on_its_way = and_(OUTBOX.c.broadcast_id == NO_BROADCAST, OUTBOX.c.status.in_(ON_ITS_WAY))
        conditions.append(or_(OUTBOX.c.status.in_(ARRIVED), on_its_way))
    if number is None:
        return _read_outgoing(connection, conditions, limit)
    # Two questions, each with an index of its own: replies carry the number, a broadcast's rows the contact.
    replies = [OUTBOX.c.number == number, OUTBOX.c.broadcast_id == NO_BROADCAST]
    found = _read_outgoing(connection, [*conditions, *replies], limit)
    contact_id = connection.execute(select(CONTACT.c.id).where(CONTACT.c.number == number)).scalar()
    if contact_id is not None:
        mine = [OUTBOX.c.contact_id == contact_id, OUTBOX.c.broadcast_id > NO_BROADCAST]
        found += _read_outgoing(connection, [*conditions, *mine], limit)
    return sorted(found, key=lambda message: message.id, reverse=True)[:limit]


def _read_outgoing(connection: Connection, conditions: Sequence[ColumnElement[bool]], limit: int) -> list[Message]:
    rows = connection.execute(_outgoing_rows().where(*conditions).order_by(OUTBOX.c.id.desc()).limit(limit))
    return [_sent(row) for row in rows]


def _outgoing_rows() -> Select[Any]:
    words = TEXT.c.text.label("broadcast_words")
    person_number = CONTACT.c.number.label("contact_number")
    return (
        select(OUTBOX, words, person_number)
        .outerjoin(TEXT, TEXT.c.id == OUTBOX.c.text_id)
        .outerjoin(CONTACT, and_(CONTACT.c.id == OUTBOX.c.contact_id, OUTBOX.c.number.is_(None)))
    )


def _sent(row: Row[Any]) -> Message:
    return Message(
        id=row.id,
        outgoing=True,
        number=row.number or row.contact_number or "",
        channel=row.channel,
        text=row.text if row.text is not None else row.broadcast_words or "",
        status=row.status,
        at_ms=row.created_ms,
        parts=row.parts,
        error=row.error,
        broadcast_id=row.broadcast_id or None,
        in_reply_to=row.in_reply_to,
        erased=row.erased_ms is not None or row.forget,
    )
