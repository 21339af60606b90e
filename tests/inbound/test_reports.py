"""Delivery reports as webhooks bring them: one that cannot be taken in keeps nobody else's out."""

from __future__ import annotations

import asyncio
from collections.abc import MutableMapping, Sequence
from typing import Any

import pytest
from sqlalchemy import Connection

from smsbot.gateways.base import StatusChange
from smsbot.inbound.reports import Reports
from smsbot.status import Status
from smsbot.store import outbox, sql
from smsbot.store.audience import Audience
from smsbot.store.database import Store
from smsbot.store.outbox import Result
from smsbot.testing.bulletins import announce
from smsbot.testing.population import populate, settle_directory

NOW = 1_772_791_200_000


@pytest.fixture
def sent(store: Store) -> Store:
    """A broadcast to three people: messages 1 to 3, known to the gateway as x1, x2 and a text that is no id."""

    def build(connection: Connection) -> None:
        settle_directory(connection)
        populate(connection, 3)
        announce(connection, Audience(everyone=True), NOW, written_for=("main",))
        held = outbox.claim(connection, "main", outbox.lanes(connection)[0], NOW, 9)
        results = [
            Result(each.id, each.broadcast_id, Status.SENT, external_id=f"x{each.contact_id}", handed_ms=NOW)
            for each in held
        ]
        outbox.settle(connection, "main", results, NOW)

    store.write(build)
    return store


def statuses(store: Store) -> list[str]:
    return list(store.read(lambda c: sql.run(c, "SELECT status FROM outbox ORDER BY id").scalars()))


def change(external_id: str, **more: Any) -> StatusChange:
    return StatusChange(Status.DELIVERED, external_id, **more)


ODD: Sequence[StatusChange] = (
    change("x1\0"),
    change("\ud800"),
    change("x" * 5_000),
    change("x9", error="no\0 \ud800"),
    change("x9", message_id="out-99999999999999999999"),
    change("x9", message_id="out-" + "9" * 18),
    StatusChange(Status.DELIVERED, None, "out-\u0665"),
)


@pytest.mark.parametrize("odd", ODD)
async def test_a_report_that_cannot_be_keeps_nobody_out(sent: Store, odd: StatusChange) -> None:
    reports = Reports(sent, clock=lambda: NOW)
    await asyncio.gather(
        reports.submit("main", [change("x2")]), reports.submit("main", [odd]), reports.submit("main", [change("x3")])
    )
    assert statuses(sent)[1:] == ["delivered", "delivered"]
    assert reports.dropped == 0


async def test_one_that_fails_whatever_the_reason_is_dropped_and_told(
    sent: Store, logged: list[MutableMapping[str, Any]]
) -> None:
    def refuse(connection: Connection) -> None:
        if sql.is_postgresql(connection):
            body = "BEGIN RAISE EXCEPTION 'not this one'; END"
            sql.run(connection, f"CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ {body} $$")
            sql.run(connection, "CREATE TRIGGER refusing BEFORE UPDATE ON outbox FOR EACH ROW WHEN (OLD.id = 1)"
                                " EXECUTE FUNCTION refuse()")  # fmt: skip
        else:
            sql.run(connection, "CREATE TRIGGER refusing BEFORE UPDATE ON outbox WHEN OLD.id = 1"
                                " BEGIN SELECT RAISE(ABORT, 'not this one'); END")  # fmt: skip

    def allow(connection: Connection) -> None:
        if sql.is_postgresql(connection):
            sql.run(connection, "DROP FUNCTION refuse() CASCADE")
        else:
            sql.run(connection, "DROP TRIGGER refusing")

    sent.write(refuse)
    reports = Reports(sent, clock=lambda: NOW)
    await reports.submit("main", [change("x2"), change("x1"), change("x3")])  # acknowledged, or it comes for ever
    assert statuses(sent) == ["sent", "delivered", "delivered"]
    assert reports.dropped == 1
    assert [entry["event"] for entry in logged] == ["delivery reports cannot be taken in"]
    sent.write(allow)
    await reports.submit("main", [change("x1")])
    assert statuses(sent) == ["delivered"] * 3
