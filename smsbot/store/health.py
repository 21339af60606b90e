"""How the channels and queues stand, from the database: the same answer in every process."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Connection, case, func, select

from smsbot.dialogue.model import State
from smsbot.store import channel_vitals
from smsbot.store.tables import (
    Broadcast,
    BroadcastCount,
    ChannelHealth,
    Contact,
    Inbound,
    Outbox,
    Subscription,
    Topic,
    table,
)

BROADCAST = table(Broadcast)
COUNT = table(BroadcastCount)
CONTACT = table(Contact)
HEALTH = table(ChannelHealth)
INBOUND = table(Inbound)
OUTBOX = table(Outbox)
SUBSCRIPTION = table(Subscription)
TOPIC = table(Topic)


@dataclass(frozen=True, slots=True)
class Health:
    state: str
    reason: str
    since_ms: int
    success_ms: int | None


@dataclass(frozen=True, slots=True)
class Queue:
    """What waits on one channel in one lane (`reply` or `bulk`). *due_ms*: when its oldest was or is due."""

    channel: str
    lane: str
    depth: int
    due_ms: int


def channels(connection: Connection) -> dict[str, Health]:
    rows = connection.execute(select(HEALTH))
    return {row.name: Health(row.state, row.reason, row.since_ms, row.success_ms) for row in rows}


def vitals(connection: Connection) -> Mapping[str, channel_vitals.Vitals]:
    return channel_vitals.read(connection)


def dormant(connection: Connection) -> int:
    """Numbers that broadcasts leave out: dormant (civic rule 20)."""
    return connection.execute(select(func.count()).where(CONTACT.c.dormant_ms.is_not(None))).scalar_one()


def queues(connection: Connection) -> list[Queue]:
    """From the index of due rows alone: its size is what waits, not what was ever sent."""
    lane = case((OUTBOX.c.broadcast_id == 0, "reply"), else_="bulk").label("lane")
    rows = connection.execute(
        select(OUTBOX.c.channel, lane, func.count(), func.min(OUTBOX.c.due_ms))
        .where(OUTBOX.c.due_ms.is_not(None))
        .group_by(OUTBOX.c.channel, lane)
    )
    return [Queue(*row) for row in rows]


def backlog(connection: Connection) -> dict[str, int]:
    """Messages that wait, by channel."""
    depths: dict[str, int] = {}
    for queue in queues(connection):
        depths[queue.channel] = depths.get(queue.channel, 0) + queue.depth
    return depths


def broadcast_statuses(connection: Connection) -> Mapping[str, int]:
    """Messages of all broadcasts by status."""
    rows = connection.execute(select(COUNT.c.status, func.sum(COUNT.c.n)).group_by(COUNT.c.status))
    return {status: int(n) for status, n in rows}


def broadcast_states(connection: Connection) -> Mapping[str, int]:
    rows = connection.execute(select(BROADCAST.c.state, func.count()).group_by(BROADCAST.c.state))
    return {row[0]: row[1] for row in rows}


def unanswered(connection: Connection) -> int:
    found = connection.execute(
        select(func.count()).select_from(INBOUND).where(INBOUND.c.inbox == "open", INBOUND.c.inbox != "")
    )
    return found.scalar_one()


def people(connection: Connection, now_ms: int) -> Mapping[str, int]:
    """Contacts by state; a lapsed pause counts as active."""
    state = case((_lapsed(now_ms), State.ACTIVE.value), else_=CONTACT.c.state).label("state")
    return {row[0]: row[1] for row in connection.execute(select(state, func.count()).group_by(state))}


def active(now_ms: int) -> ColumnElement[bool]:
    """A contact whom broadcasts reach: a lapsed pause counts as none."""
    return (CONTACT.c.state == State.ACTIVE.value) | _lapsed(now_ms)


def _lapsed(now_ms: int) -> ColumnElement[bool]:
    return (CONTACT.c.state == State.PAUSED.value) & (CONTACT.c.paused_until_ms <= now_ms)


def subscribers(connection: Connection, now_ms: int) -> Mapping[str, int]:
    """Active people by topic code."""
    rows = connection.execute(
        select(TOPIC.c.code, func.count())
        .join(SUBSCRIPTION, SUBSCRIPTION.c.topic_id == TOPIC.c.id)
        .join(CONTACT, CONTACT.c.id == SUBSCRIPTION.c.contact_id)
        .where(active(now_ms))
        .group_by(TOPIC.c.code)
    )
    return {row[0]: row[1] for row in rows}
