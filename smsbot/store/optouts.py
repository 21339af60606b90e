"""Opt-outs that a gateway tells us: the same suppression and the same ledger as a STOP by text (civic rule 14)."""

from __future__ import annotations

import json
from collections.abc import Sequence

from sqlalchemy import Connection, delete, select

from smsbot.dialogue.model import State
from smsbot.store import audit, bulk, outbox
from smsbot.store.contacts import CONTACT, CONVERSATION, SUBSCRIPTION, SUPPRESSED, SUPPRESSED_CONFLICT, SUPPRESSION
from smsbot.store.tables import Topic, table

TOPIC = table(Topic)


def stopped_by_gateway(
    connection: Connection, key: bytes, opted_out: Sequence[outbox.OptOut], *, now_ms: int
) -> list[str]:
    """Stop everybody in *opted_out* who is not stopped yet; returns their numbers."""
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
            connection, SUPPRESSION, SUPPRESSED, [(subject, now_ms, None, None, "gateway")],
            conflict=SUPPRESSED_CONFLICT,
        )  # fmt: skip
        stopped.append(optout.number)
        entries.append(
            audit.Entry(
                at_ms=now_ms, subject=subject, action="stop", scope="all", source="gateway", channel=optout.channel,
                actor=optout.channel, rule="gateway", evidence=optout.error,
            )
        )  # fmt: skip
    if entries:
        audit.append(connection, entries)
    return stopped


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
