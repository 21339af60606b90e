"""`smsbot verify`: a database that the product wrote agrees with itself, and each rule notices what breaks it."""

from __future__ import annotations

import asyncio

import pytest
from sqlalchemy import Connection

from smsbot.compose import blueprint, seed_topics
from smsbot.dialogue.blueprint import Blueprint
from smsbot.gateways.base import Received
from smsbot.inbound.bot import Bot
from smsbot.inbound.routes import Routes
from smsbot.inbound.turns import Turns
from smsbot.settings import Settings
from smsbot.status import Status
from smsbot.store import directory, outbox, sql
from smsbot.store.audience import Audience
from smsbot.store.database import Store
from smsbot.store.outbox import Result
from smsbot.store.reconcile import OTHER_RULES, OUTBOX_RULES, Finding, reconcile
from smsbot.testing.bulletins import announce

NOW_MS = 1_772_791_200_000
PEOPLE = [f"+99555500000{n}" for n in range(1, 9)]
SAID = [
    (PEOPLE[0], "JOIN"), (PEOPLE[0], "1 3"), (PEOPLE[1], "BUDGET"), (PEOPLE[1], "STOP 1"), (PEOPLE[2], "JOIN BUDGET"),
    (PEOPLE[2], "STOP"), (PEOPLE[3], "STOP"), (PEOPLE[4], "1 2 4"), (PEOPLE[4], "LEAVE 2"), (PEOPLE[4], "PAUSE"),
    (PEOPLE[2], "START"), (PEOPLE[2], "1"), (PEOPLE[5], "hello there"), (PEOPLE[1], "STOP"),
    (PEOPLE[5], "JOIN"), (PEOPLE[6], "JOIN BUDGET"), (PEOPLE[7], "culture"),
]  # fmt: skip


@pytest.fixture(scope="module")
def content() -> Blueprint:
    return blueprint(Settings())


@pytest.fixture
async def lived(store: Store, content: Blueprint) -> Store:
    """A database in which people have joined, chosen, rested and stopped, and a broadcast is half sent."""
    store.write(lambda c: directory.seed(c, seed_topics(Settings()), ()))
    clock = iter(range(NOW_MS, NOW_MS + 1_000_000, 1_000))
    turns = Turns(store, Bot(content.engine), region="GE", clock=lambda: next(clock), routes=Routes({"main": "main"}))
    for serial, (number, text) in enumerate(SAID):
        await turns.submit("main", Received(number, text, f"id-{serial}"))
    await asyncio.to_thread(store.write, half_sent)
    return store


def half_sent(connection: Connection) -> None:
    broadcast = announce(connection, Audience(everyone=True), NOW_MS, written_for=("main",))
    (lane,) = outbox.lanes(connection, [broadcast])
    sent, refused, *_ = outbox.claim(connection, "main", lane, NOW_MS, 3)
    results = [
        Result(sent.id, broadcast, Status.SENT, external_id="x-1", handed_ms=NOW_MS),
        Result(refused.id, broadcast, Status.FAILED, "no such number", final_ms=NOW_MS),
    ]
    outbox.settle(connection, "main", results, NOW_MS)


def findings(store: Store, acknowledged: tuple[tuple[str, str], ...] = ()) -> list[Finding]:
    return store.snapshot(lambda c: reconcile(c, store.key, acknowledged=acknowledged))[0]


def rules(store: Store) -> set[str]:
    return {finding.rule for finding in findings(store)}


def change(store: Store, statement: str) -> None:
    def job(connection: Connection) -> None:
        if store.sqlite:
            connection.exec_driver_sql("PRAGMA foreign_keys=OFF")
        assert sql.run(connection, statement).rowcount > 0, "nothing was there to be changed"

    store.write(job)


async def test_what_the_product_wrote_agrees(lived: Store) -> None:
    found, tally = lived.snapshot(lambda c: reconcile(c, lived.key))
    assert found == []
    assert tally.people == 7  # one only ever sent STOP: suppressed, without a profile
    assert tally.inbound == len(SAID)
    assert tally.broadcasts == 1
    assert tally.entries > 10


BREACHES = [
    ("UPDATE outbox SET status = 'gone' WHERE broadcast_id = 0", "a message has a status that does not exist"),
    ("UPDATE outbox SET due_ms = NULL WHERE broadcast_id = 0", "a message waits and nobody is to take it up"),
    ("UPDATE outbox SET due_ms = 5 WHERE status = 'sent'", "a message that has its end is still due"),
    ("UPDATE outbox SET final_ms = NULL WHERE status = 'failed'", "a message that has its end does not say when"),
    ("UPDATE outbox SET handed_ms = NULL WHERE status = 'sent'", "a message left and does not say when"),
    ("UPDATE outbox SET text_id = NULL WHERE status = 'sent'", "a broadcast's message has no person or no text"),
    ("UPDATE outbox SET text = NULL WHERE broadcast_id = 0", "a reply has no text"),
    (
        "UPDATE outbox SET text = NULL, erased_ms = 5 WHERE broadcast_id = 0",
        "a message waits and its text is erased",
    ),
    ("UPDATE inbound SET erased_ms = 5", "an erased text is still there"),
    (
        "UPDATE outbox SET broadcast_id = 77 WHERE status = 'sent'",
        "a message belongs to a broadcast that does not exist",
    ),
    ("UPDATE broadcast_text SET broadcast_id = 77", "a message has the text of another broadcast"),
    ("DELETE FROM inbound WHERE external_id = 'id-1'", "a reply answers a text that was never stored"),
    ("UPDATE contact SET state = 'gone' WHERE number = '+995555000001'", "a person has a standing that does not exist"),
    ("UPDATE contact SET paused_until_ms = NULL WHERE state = 'paused'", "a person is paused without an end"),
    ("UPDATE contact SET state = 'stopped' WHERE number = '+995555000001'", "a person who stopped has topics"),
    ("DELETE FROM contact WHERE number = '+995555000001'", "a subscription belongs to nobody"),
    ("UPDATE broadcast SET written = 99", "more of a broadcast is written than it has recipients"),
    ("UPDATE broadcast SET state = 'done', expanded = NOT expanded", "a finished broadcast is not all written out"),
    ("UPDATE broadcast SET state = 'done'", "a finished broadcast still has messages to send"),
    (
        "UPDATE broadcast_count SET n = n + 1 WHERE status = 'sent'",
        "a broadcast's counts do not sum up to its recipients",
    ),
    (
        "UPDATE broadcast_count SET n = CASE status WHEN 'sent' THEN n - 1 ELSE n + 1 END"
        " WHERE status IN ('sent', 'delivered')",
        "a broadcast's counts are not those of its messages",
    ),
    ("DELETE FROM outbox WHERE status = 'sent'", "a broadcast has other rows than it says are written"),
    ("DELETE FROM ledger WHERE scope = 'topic:planning'", "a person has a topic that the ledger holds no consent for"),
    ("DELETE FROM subscription", "a person lacks a topic that the ledger holds a consent for"),
    ("DELETE FROM suppression", "a person's standing and the suppressions do not agree"),
    ("DELETE FROM ledger WHERE action = 'stop'", "a person's standing and the ledger's last stop do not agree"),
    ("DELETE FROM ledger WHERE action <> 'stop'", "a person is active and the ledger holds no joining"),
]


@pytest.mark.parametrize("statement, rule", BREACHES, ids=[rule for _, rule in BREACHES])
async def test_each_rule_notices_what_breaks_it(lived: Store, statement: str, rule: str) -> None:
    assert rule not in rules(lived)
    if "ledger" in statement:
        unguarded(lived, statement)
    else:
        change(lived, statement)
    assert rule in rules(lived)


def test_every_rule_has_a_case() -> None:
    written = {rule for rule, _ in OUTBOX_RULES} | {rule for _, rule, _ in OTHER_RULES}
    elsewhere = {
        "a broadcast's message waits for somebody who stopped",
        "a person who stopped is still asked something",
    }
    assert written - elsewhere <= {rule for _, rule in BREACHES}


def unguarded(store: Store, statement: str) -> None:
    """As somebody does it who owns the database."""

    def job(connection: Connection) -> None:
        if not store.sqlite:
            connection.exec_driver_sql("SET LOCAL session_replication_role = replica")
        for trigger in ("ledger_keeps_entries", "ledger_keeps_words") if store.sqlite else ():
            connection.exec_driver_sql(f"DROP TRIGGER {trigger}")
        assert sql.run(connection, statement).rowcount > 0, "nothing was there to be changed"

    store.write(job)


async def test_a_queued_message_and_an_open_question_of_a_stopped_person_are_noticed(lived: Store) -> None:
    change(lived, "UPDATE contact SET state = 'stopped' WHERE state <> 'stopped'")
    assert "a broadcast's message waits for somebody who stopped" in rules(lived)
    assert "a person who stopped is still asked something" in rules(lived)


async def test_acknowledged_texts_that_are_not_stored_are_named(lived: Store) -> None:
    taken = tuple(("main", f"id-{serial}") for serial in range(len(SAID)))
    assert findings(lived, taken) == []
    (found,) = findings(lived, (*taken, ("main", "id-77"), ("main", "id-78"), ("other", "id-1")))[:1]
    assert (found.rule, found.rows) == ("a text was acknowledged and is not stored", 2)


async def test_a_changed_ledger_is_told_with_its_reason(lived: Store) -> None:
    unguarded(lived, "UPDATE ledger SET keyword = 'x' WHERE id = 3")
    assert any(rule.startswith("the consent ledger does not hold: it was changed") for rule in rules(lived))
