"""Forgetting a person: the profile, the texts and the topics go; what stays is the ledger's skeleton and, if the
number is stopped, the suppression, both under a keyed hash (contract §10)."""

from __future__ import annotations

from sqlalchemy import ColumnElement, Connection, delete, or_, select, update

from smsbot.status import Status
from smsbot.store import audit, outbox, part_upkeep, reach
from smsbot.store.tables import Contact, Conversation, Inbound, Outbox, Subscription, table

CONTACT = table(Contact)
CONVERSATION = table(Conversation)
SUBSCRIPTION = table(Subscription)
INBOUND = table(Inbound)
OUTBOX = table(Outbox)

PENDING = (Status.QUEUED.value, Status.SENDING.value)


def erase(connection: Connection, subject: str, number: str, contact_id: int | None, *, now_ms: int) -> None:
    """Erase *number*. Rows that counts or the recognition of repeats hang on stay, without the person.

    A reply still on its way keeps its number until it has left, and forgets it then.
    """
    if contact_id is not None:
        outbox.suppress(connection, [contact_id], now_ms=now_ms)
        connection.execute(delete(CONVERSATION).where(CONVERSATION.c.contact_id == contact_id))
        connection.execute(delete(SUBSCRIPTION).where(SUBSCRIPTION.c.contact_id == contact_id))
        reach.forget(connection, contact_id)
        connection.execute(delete(CONTACT).where(CONTACT.c.id == contact_id))
    connection.execute(
        update(INBOUND)
        .where(INBOUND.c.number == number)
        .values(number="", text="", contact_id=None, inbox="", tag="", erased_ms=now_ms)
    )
    part_upkeep.erase(connection, number, now_ms=now_ms)
    replies = select(OUTBOX.c.id).where(OUTBOX.c.number == number, OUTBOX.c.broadcast_id == 0)
    mine: ColumnElement[bool] = OUTBOX.c.id.in_(replies)
    if contact_id is not None:
        mine = or_(mine, (OUTBOX.c.contact_id == contact_id) & (OUTBOX.c.broadcast_id > 0))
    pending = OUTBOX.c.status.in_(PENDING)
    connection.execute(update(OUTBOX).where(mine, pending).values(forget=True, contact_id=None, erased_ms=now_ms))
    connection.execute(
        update(OUTBOX).where(mine, ~pending).values(number=None, text=None, contact_id=None, erased_ms=now_ms)
    )
    audit.erase_evidence(connection, subject)
