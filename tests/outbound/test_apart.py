"""One message that everything fails over: it ends by itself and says why, the others go out, and nothing twice."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import Connection

from smsbot.errors import GatewayError, Refused, Unsendable
from smsbot.gateways.base import Accepted, Message
from smsbot.store import broadcasts, reconcile, sql, steering
from smsbot.store.database import Store
from smsbot.testing.population import populate, settle_directory
from smsbot.workers import Workers
from tests.outbound.test_dispatch import Gateway, Post

pytestmark = pytest.mark.anyio
ODD = "+995555000004"


class Failing(Gateway):
    """Does what *odd* says with every message to one number."""

    def __init__(self, odd: Callable[[Message], Any]) -> None:
        super().__init__()
        self.odd = odd
        self.tried: list[str] = []

    async def send(self, message: Message) -> Accepted:
        self.tried.append(message.to)
        if message.to != ODD:
            return await super().send(message)
        answer: Accepted = self.odd(message)
        return answer


def raising(error: Exception) -> Callable[[Message], Any]:
    def odd(_message: Message) -> Any:
        raise error

    return odd


def verified(store: Store) -> None:
    """What `smsbot verify` says of messages; these people have no ledger."""
    found, _ = store.snapshot(lambda c: reconcile.reconcile(c, store.key))
    assert [str(each) for each in found if not each.rule.startswith("a person")] == []


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
def town(store: Store) -> Store:
    def build(connection: Connection) -> None:
        settle_directory(connection)
        populate(connection, 6)

    store.write(build)
    return store


ANSWERS: dict[str, tuple[Callable[[Message], Any], str, str | None]] = {
    "nothing": (lambda _m: None, "unknown", None),
    "a text": (lambda _m: "yes", "unknown", None),
    "an unforeseen error": (raising(KeyError("id")), "unknown", None),
    "an id with NUL": (lambda _m: Accepted("a\0b"), "sent", "ab"),
    "an id with half a letter": (lambda _m: Accepted("a\ud800"), "sent", "a?"),
    "an id that is a number": (lambda _m: Accepted(17), "sent", "17"),  # type: ignore[arg-type]
    "an empty id": (lambda _m: Accepted(""), "sent", None),
    "further ids that cannot be": (lambda _m: Accepted("a", further_ids=("\0", "b\0", "b")), "sent", "a"),
    "a refusal that cannot be stored": (raising(Refused("a\0", "no \ud800")), "failed", None),
}


@pytest.mark.parametrize("what", ANSWERS)
async def test_whatever_the_gateway_says_of_one_message_the_others_go_out(town: Store, what: str) -> None:
    odd, status, external_id = ANSWERS[what]
    post = Post(town, Failing(odd))
    broadcast = post.announce()
    async with post.running():
        await post.until(lambda: post.counts(broadcast).get("sent", 0) == (6 if status == "sent" else 5))
        await post.until(lambda: post.counts(broadcast).get(status, 0) > 0)
        key = post.reply()
        post.wake.wake("main")
        await post.settled(key, "sent")
    (row,) = town.read(
        lambda c: sql.run(c, "SELECT o.* FROM outbox o JOIN contact k ON k.id = o.contact_id WHERE k.number = ?"
                             " AND broadcast_id > 0", (ODD,)).all()
    )  # fmt: skip
    assert (row.status, row.external_id) == (status, external_id)
    assert bool(row.error) is (status != "sent")
    assert post.gateway.tried.count(ODD) == 1  # type: ignore[attr-defined]
    verified(town)


async def test_a_message_that_the_gateways_code_fails_over_is_tried_thrice_and_fails(town: Store) -> None:
    post = Post(town, Failing(raising(Unsendable())))
    broadcast = post.announce()
    async with post.running():
        for tries in (1, 2, 3):
            await post.until(lambda tries=tries: post.gateway.tried.count(ODD) == tries)  # type: ignore[attr-defined]
            await post.until(lambda: not post.dispatcher.backlog)
            post.clock.ahead_ms += 3_600_000
            post.wake.wake("main")
        await post.until(lambda: post.counts(broadcast) == {"sent": 5, "failed": 1})
    verified(town)


async def test_code_that_fails_over_all_messages_loses_none_of_them(town: Store) -> None:
    class Broken(Gateway):
        mended = False

        async def send(self, message: Message) -> Accepted:
            if not self.mended:
                self.asked += 1
                raise Unsendable
            return await super().send(message)

    gateway = Broken()
    post = Post(town, gateway)
    broadcast = post.announce()
    async with post.running():
        await post.until(lambda: post.dispatcher.watch.state == "down")
        for _ in range(10):
            before = gateway.asked
            post.clock.ahead_ms += 4_000_000
            post.wake.wake("main")
            await post.until(lambda before=before: gateway.asked > before)
        gateway.mended = True
        post.clock.ahead_ms += 7_200_000
        post.wake.wake("main")
        await post.until(lambda: not post.counts(broadcast).get("sending", 0))
        assert post.counts(broadcast) == {"sent": 6}
    verified(town)


def refusing(condition: str) -> Callable[[Connection], None]:
    """A database that takes no change of some messages, as after a mistake by hand; until `allowing`."""
    condition = f"{condition} AND EXISTS (SELECT 1 FROM meta WHERE key = 'refuse')"

    def work(connection: Connection) -> None:
        sql.run(connection, "INSERT INTO meta (key, value) VALUES ('refuse', '')")
        if sql.is_postgresql(connection):
            body = f"BEGIN IF {condition} THEN RAISE EXCEPTION 'not this one'; END IF; RETURN NEW; END"
            sql.run(connection, f"CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ {body} $$")
            sql.run(
                connection, "CREATE TRIGGER refusing BEFORE UPDATE ON outbox FOR EACH ROW EXECUTE FUNCTION refuse()"
            )
        else:
            sql.run(connection, f"CREATE TRIGGER refusing BEFORE UPDATE ON outbox WHEN {condition}"
                                " BEGIN SELECT RAISE(ABORT, 'not this one'); END")  # fmt: skip

    return work


def allowing(connection: Connection) -> None:
    sql.run(connection, "DELETE FROM meta WHERE key = 'refuse'")


async def test_an_answer_that_cannot_be_written_down_is_written_as_plainly_as_need_be(town: Store) -> None:
    post = Post(town, Gateway())
    town.write(refusing("NEW.contact_id = 4 AND NEW.status = 'sent'"))
    broadcast = post.announce()
    async with post.running():
        await post.until(lambda: post.counts(broadcast) == {"sent": 5, "unknown": 1})
        await post.until(lambda: post.dispatcher.watch.state == "degraded")  # so that somebody looks
    row = town.read(lambda c: sql.run(c, "SELECT * FROM outbox WHERE status = 'unknown'").one())
    assert row.error.startswith("What the gateway answered could not be written down")
    assert row.external_id == f"x-out-{row.id}"  # a report may still say that it arrived
    town.write(allowing)
    verified(town)


async def test_a_message_of_which_nothing_can_be_written_is_not_sent_again(town: Store) -> None:
    post = Post(town, Gateway())
    town.write(refusing("NEW.contact_id = 4 AND OLD.status = 'sending'"))
    broadcast = post.announce()
    async with post.running():
        await post.until(lambda: post.counts(broadcast) == {"sent": 5, "sending": 1})
        post.clock.ahead_ms += 60_000  # its lease is over
        for _ in range(3):
            key = post.reply(person=5)
            post.wake.wake("main")
            await post.settled(key, "sent")
        town.write(allowing)
        post.dispatcher._apart._again_s = 0.0
        await post.until(lambda: post.counts(broadcast) == {"sent": 6})
    assert len({message.id for message in post.gateway.taken}) == len(post.gateway.taken) == 9
    verified(town)


async def test_a_message_that_cannot_be_claimed_ends_and_the_others_go_out(town: Store) -> None:
    post = Post(town, Gateway())
    broadcast = post.announce()
    key = post.reply()
    town.write(refusing("NEW.contact_id = 4 AND NEW.status = 'sending'"))
    town.write(lambda c: sql.run(c, "UPDATE outbox SET text_id = 987654 WHERE contact_id = 2 AND broadcast_id > 0"))
    async with post.running():
        await post.settled(key, "sent")
        await post.until(lambda: post.counts(broadcast) == {"sent": 4, "failed": 2})
    errors = town.read(lambda c: sql.run(c, "SELECT error FROM outbox WHERE status = 'failed'").scalars().all())
    assert all(error.startswith("It could not be taken up for sending") for error in errors)
    town.write(allowing)
    assert len(post.gateway.taken) == 5


async def test_a_message_that_cannot_be_looked_at_again_ends_and_the_others_go_out(town: Store) -> None:
    post = Post(town, Gateway(), rate_per_s=4)
    broadcast = post.announce()
    async with post.running():
        await post.until(lambda: bool(post.gateway.taken))
        town.write(lambda c: sql.run(c, "UPDATE outbox SET text_id = 987654 WHERE contact_id = 5 AND broadcast_id > 0"))
        await post.until(lambda: post.counts(broadcast) == {"sent": 5, "failed": 1})
    assert len(post.gateway.taken) == 5


async def test_a_broadcast_that_cannot_be_read_is_paused_and_keeps_nobody(town: Store) -> None:
    post, workers = Post(town, Gateway()), Workers(again_s=0.0)
    broadcast, other = post.announce(), post.announce()
    town.write(lambda c: sql.run(c, "UPDATE broadcast SET audience = '{' WHERE id = ?", (broadcast,)))
    key = post.reply()
    workers.begin(post.dispatcher, "dispatch main")
    try:
        await post.settled(key, "sent")
        await post.until(lambda: post.counts(other) == {"sent": 6})
    finally:
        await workers.end()
    shown, _ = town.read(lambda c: broadcasts.recent(c, None, 10))  # one that cannot be read hides no other
    views = {view.id: view for view in shown}
    assert views[broadcast].state == "paused"
    assert "Cancel it" in views[broadcast].paused_because
    assert views[other].paused_because == ""


def test_why_a_broadcast_was_paused_is_told_until_somebody_resumes_it(town: Store) -> None:
    broadcast = Post(town, Gateway()).announce()
    town.write(lambda c: steering.pause(c, broadcast, "It cannot go on."))
    assert town.read(lambda c: broadcasts.get(c, broadcast)).paused_because == "It cannot go on."
    town.write(lambda c: steering.resume(c, broadcast, 1))
    town.write(lambda c: steering.pause(c, broadcast))
    assert town.read(lambda c: broadcasts.get(c, broadcast)).paused_because == ""


def test_what_no_database_keeps_never_gets_into_a_reason() -> None:
    assert str(GatewayError("4\0", "N\0o \ud800")) == "No ? (4)"
