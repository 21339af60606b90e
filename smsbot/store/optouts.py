"""Opt-outs that a gateway tells us: the same suppression and the same ledger as a STOP by text (civic rule 14)."""

from __future__ import annotations

import json
from collections.abc import Sequence

from sqlalchemy import Connection, delete, select

from smsbot.dialogue.model import State
from smsbot.store import audit, bulk, outbox, sql
from smsbot.store.contacts import CONTACT, CONVERSATION, SUBSCRIPTION, SUPPRESSED, SUPPRESSED_CONFLICT, SUPPRESSION
from smsbot.store.outbox import OptOut
from smsbot.store.tables import Topic, table

TOPIC = table(Topic)
GATEWAY = "gateway"


def stopped_by_gateway(connection: Connection, key: bytes, opted_out: Sequence[OptOut], *, now_ms: int) -> list[str]:
    """Stop everybody in *opted_out* who is not stopped yet; returns their numbers."""
    return stop(connection, key, opted_out, now_ms=now_ms, source=GATEWAY, rule=GATEWAY)


def stop(
    connection: Connection, key: bytes, opted_out: Sequence[OptOut], *, now_ms: int, source: str, rule: str
) -> list[str]:
    """As `stopped_by_gateway`, by another's word; *source* and *rule* go into the ledger."""
    stopped: list[str] = []
    entries: list[audit.Entry] = []
    for optout in {found.number: found for found in opted_out}.values():
        subject = audit.subject(key, optout.number)
        row = connection.execute(
            select(CONTACT.c.id, CONTACT.c.state).where(CONTACT.c.number == optout.number)
        ).one_or_none()
        if row is not None and row.state == State.STOPPED:
            continue
        if row is not None:
            _stop(connection, row.id, now_ms)
        bulk.insert(
            connection, SUPPRESSION, SUPPRESSED, [(subject, now_ms, None, None, source)],
            conflict=SUPPRESSED_CONFLICT,
        )  # fmt: skip
        stopped.append(optout.number)
        entries.append(
            audit.Entry(
                at_ms=now_ms, subject=subject, action="stop", scope="all", source=source, channel=optout.channel,
                actor=optout.channel if source == GATEWAY else "", rule=rule, evidence=optout.error,
            )
        )  # fmt: skip
    if entries:
        audit.append(connection, entries)
    return stopped


def confirmed(connection: Connection, key: bytes, number: str, now_ms: int) -> None:
    """The stop of *number* is confirmed, so that a second STOP within a day is answered with silence."""
    subject = audit.subject(key, number)
    sql.run(connection, "UPDATE contact SET stop_replied_ms = ? WHERE number = ?", (now_ms, number))
    sql.run(connection, "UPDATE suppression SET replied_ms = ? WHERE subject = ?", (now_ms, subject))


def _stop(connection: Connection, contact_id: int, now_ms: int) -> None:
    codes = connection.scalars(
        select(TOPIC.c.code)
        .join(SUBSCRIPTION, SUBSCRIPTION.c.topic_id == TOPIC.c.id)
        .where(SUBSCRIPTION.c.contact_id == contact_id)
        .order_by(TOPIC.c.number)
    ).all()
    connection.execute(
        CONTACT.update()
        .where(CONTACT.c.id == contact_id)
        .values(state=State.STOPPED.value, former=json.dumps(list(codes)), stopped_ms=now_ms)
    )
    connection.execute(delete(SUBSCRIPTION).where(SUBSCRIPTION.c.contact_id == contact_id))
    connection.execute(delete(CONVERSATION).where(CONVERSATION.c.contact_id == contact_id))
    outbox.suppress(connection, [contact_id], now_ms=now_ms)
