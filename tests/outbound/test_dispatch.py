"""The dispatcher against a gateway in this process: what leaves, what does not, and what is written of it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
from sqlalchemy import Connection

from smsbot.clock import HOUR_MS, now_ms
from smsbot.errors import GatewayError, Misconfigured, Refused, Throttled, Unavailable, Uncertain, Withdrawn
from smsbot.gateways.base import Accepted, Capabilities, ChannelConfig, Message
from smsbot.outbound.dispatch import Dispatcher
from smsbot.outbound.schedule import QuietHours
from smsbot.outbound.wake import Wake
from smsbot.settings import Settings
from smsbot.status import Status
from smsbot.store import broadcasts, channel_health, outbox, sql, steering
from smsbot.store.audience import Audience
from smsbot.store.database import Store
from smsbot.store.outbox import Claimed
from smsbot.testing.bulletins import announce
from smsbot.testing.population import populate, settle_directory

pytestmark = pytest.mark.anyio
EVERYONE = Audience(everyone=True)


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


class Clock:
    """The system's time, moved ahead by what a test says."""

    def __init__(self) -> None:
        self.ahead_ms = 0

    def __call__(self) -> int:
        return now_ms() + self.ahead_ms


class Gateway:
    """Answers in turn what `script` says, then yes; `hold` keeps it from answering."""

    name = "scripted"
    Config = ChannelConfig

    def __init__(self, *script: GatewayError | Accepted) -> None:
        self.script = list(script)
        self.taken: list[Message] = []
        self.asked = 0
        self.capabilities = Capabilities()
        self.open = asyncio.Event()
        self.open.set()

    async def send(self, message: Message) -> Accepted:
        self.asked += 1
        await self.open.wait()
        answer = self.script.pop(0) if self.script else Accepted(f"x-{message.id}")
        if isinstance(answer, GatewayError):
            raise answer
        self.taken.append(message)
        return answer


class Sender:
    async def deliver(self, gateway: Any, message: Message) -> Accepted:
        accepted: Accepted = await gateway.send(message)
        return accepted


class Post:
    """A town of six, a channel, its dispatcher."""

    def __init__(self, store: Store, gateway: Gateway, **config: Any) -> None:
        self.store, self.gateway, self.clock = store, gateway, Clock()
        self.wake = Wake()
        self.config = ChannelConfig(gateway="scripted", **{"rate_per_s": 10_000} | config)
        self.dispatcher = self.another("one")

    def another(self, owner: str) -> Dispatcher:
        settings = Settings.model_validate({"sending": {"quiet_from": "00:00", "quiet_until": "00:00"}})
        return Dispatcher(
            "main", self.gateway, self.config, store=self.store, sender=Sender(), wake=self.wake, clock=self.clock,
            quiet=QuietHours.of(settings), public_url="http://here", owner=owner, chance=lambda: 0.0,
        )  # fmt: skip

    @asynccontextmanager
    async def running(self) -> AsyncIterator[Dispatcher]:
        task = asyncio.create_task(self.dispatcher.run())
        try:
            yield self.dispatcher
        finally:
            self.gateway.open.set()
            self.dispatcher.stop()
            await asyncio.wait_for(task, 60)

    async def until(self, holds: Callable[[], bool | Awaitable[bool]], seconds: float = 60) -> None:
        async with asyncio.timeout(seconds):
            while True:
                answer = holds()
                if answer if isinstance(answer, bool) else await answer:
                    return
                await asyncio.sleep(0.005)

    def reply(self, text: str = "hello", person: int = 1) -> int:
        number = f"+99555500000{person}"
        return self.store.write(
            lambda c: outbox.queue_personal(
                c, channel="main", contact_id=person, number=number, text=text, parts=1, now_ms=self.clock()
            )
        )

    def announce(self, **fields: Any) -> int:
        return self.store.write(lambda c: announce(c, EVERYONE, self.clock(), written_for=("main",), **fields))

    def row(self, key: int) -> Any:
        return self.store.read(lambda c: sql.run(c, "SELECT * FROM outbox WHERE id = ?", (key,)).one())

    async def settled(self, key: int, status: str) -> Any:
        await self.until(lambda: self.row(key).status == status)
        return self.row(key)

    def counts(self, broadcast_id: int) -> dict[str, int]:
        view = self.store.read(lambda c: broadcasts.get(c, broadcast_id))
        assert sum(view.counts.values()) == view.recipients
        return {status: n for status, n in view.counts.items() if n}

    def stop(self, person: int) -> None:
        def work(connection: Connection) -> None:
            sql.run(connection, "UPDATE contact SET state = 'stopped' WHERE id = ?", (person,))
            outbox.suppress(connection, [person], self.clock())

        self.store.write(work)
        self.wake.stopped([f"+99555500000{person}"])


@pytest.fixture
def town(store: Store) -> Store:
    def build(connection: Connection) -> None:
        settle_directory(connection)
        populate(connection, 6)

    store.write(build)
    return store


async def test_a_reply_leaves_as_soon_as_its_channel_is_woken(town: Store) -> None:
    post = Post(town, Gateway(), sender="+995322", webhook_token="t0")
    async with post.running():
        await post.until(lambda: post.dispatcher.capacity() > 0)
        key = post.reply()
        post.wake.wake("main")
        await post.until(lambda: bool(post.gateway.taken), 0.9)
        row = await post.settled(key, "sent")
    message = post.gateway.taken[0]
    assert (message.id, message.to, message.text) == (f"out-{key}", "+995555000001", "hello")
    assert (message.encoding, message.parts, message.sender) == ("GSM-7", 1, "+995322")
    assert message.status_url == "http://here/channels/main/status?token=t0"
    assert (row.external_id, row.due_ms) == (f"x-out-{key}", None)
    assert row.handed_ms is not None


async def test_replies_pass_a_broadcast_and_keep_their_order_to_a_number(town: Store) -> None:
    post = Post(town, Gateway(), rate_per_s=20)
    broadcast = post.announce()
    first, second, third = post.reply("1"), post.reply("2"), post.reply("3")
    async with post.running():
        await post.until(lambda: len(post.gateway.taken) == 9)
    replies = [m.id for m in post.gateway.taken if m.text in ("1", "2", "3")]
    assert replies == [f"out-{key}" for key in (first, second, third)]
    assert post.gateway.taken[0].id == replies[0]
    assert post.counts(broadcast) == {"sent": 6}
    assert town.read(lambda c: broadcasts.get(c, broadcast)).state == "done"


async def test_nothing_leaves_after_a_stop_though_it_was_claimed_before(town: Store) -> None:
    post = Post(town, Gateway(), rate_per_s=20)
    broadcast = post.announce()
    async with post.running():
        await post.until(lambda: bool(post.gateway.taken))
        post.stop(5)
        post.stop(6)
        await post.until(lambda: len(post.gateway.taken) == 4)
        await post.until(lambda: post.counts(broadcast) == {"sent": 4, "suppressed": 2})
    assert {m.to[-1] for m in post.gateway.taken} == {"1", "2", "3", "4"}


async def test_a_stop_that_another_process_wrote_is_seen_before_the_next_hand_over(town: Store) -> None:
    post = Post(town, Gateway(), rate_per_s=3)
    broadcast = post.announce()
    async with post.running():
        await post.until(lambda: bool(post.gateway.taken))
        post.store.write(lambda c: sql.run(c, "UPDATE contact SET state = 'stopped' WHERE id > 2"))
        await post.until(lambda: post.counts(broadcast) == {"sent": 2, "suppressed": 4})
    assert len(post.gateway.taken) == 2


async def test_a_paused_broadcast_sends_nothing_and_a_resumed_one_the_rest(town: Store) -> None:
    post = Post(town, Gateway(), rate_per_s=20)
    broadcast = post.announce()
    async with post.running():
        await post.until(lambda: bool(post.gateway.taken))
        town.write(lambda c: steering.pause(c, broadcast))
        post.wake.steered(broadcast)
        at_pause = post.gateway.asked
        key = post.reply(person=6)
        post.wake.wake("main")
        await post.settled(key, "sent")
        assert post.gateway.asked <= at_pause + 2  # the reply, and at most what was at the gateway's door
        town.write(lambda c: steering.resume(c, broadcast, post.clock()))
        post.wake.steered(broadcast)
        await post.until(lambda: post.counts(broadcast) == {"sent": 6})


async def test_a_message_that_was_surely_not_accepted_climbs_the_ladder(town: Store) -> None:
    post = Post(town, Gateway(*[Unavailable("503", "The gateway is out of order.")] * 3))
    (key,) = [post.reply()]
    ladder = []
    async with post.running():
        for attempt, step in ((1, 5_000), (2, 30_000), (3, 120_000)):
            await post.until(lambda attempt=attempt: post.row(key).attempts == attempt)  # type: ignore[misc]
            row = post.row(key)
            assert (row.status, row.error) == ("sending", "The gateway is out of order. (503)")
            ladder.append(row.due_ms - post.clock())
            post.clock.ahead_ms += step
            post.wake.wake("main")
        await post.settled(key, "sent")
    assert [round(wait / 1_000) for wait in ladder] == [5, 30, 120]
    assert len(post.gateway.taken) == 1


async def test_a_reply_that_found_no_way_for_an_hour_expires(town: Store) -> None:
    post = Post(town, Gateway(Unavailable("", "no")))
    key = post.reply()
    town.write(lambda c: sql.run(c, "UPDATE outbox SET expires_ms = created_ms + ?", (HOUR_MS,)))
    async with post.running():
        await post.until(lambda: post.row(key).attempts == 1)
        post.clock.ahead_ms += HOUR_MS
        post.wake.wake("main")
        await post.settled(key, "expired")
    assert post.gateway.taken == []


@pytest.mark.parametrize(
    ("answer", "removes_duplicates", "status", "due"),
    [
        (Uncertain("", "no answer came"), False, "unknown", False),
        (Uncertain("", "no answer came"), True, "sending", True),
        (Refused("21614", "not a mobile"), False, "failed", False),
        (Accepted("x", final=Status.DELIVERED), False, "delivered", False),
        (Misconfigured("401", "wrong password"), False, "sending", True),
    ],
)
async def test_each_answer_settles_a_message(
    town: Store, answer: GatewayError | Accepted, removes_duplicates: bool, status: str, due: bool
) -> None:
    gateway = Gateway(answer)
    gateway.capabilities = Capabilities(removes_duplicates=removes_duplicates)
    post = Post(town, gateway)
    key = post.reply()
    async with post.running():
        await post.until(lambda: post.gateway.asked == 1)
        await post.until(lambda: post.row(key).status == status and (post.row(key).error != "" or not due))
    row = post.row(key)
    assert (row.due_ms is not None) == due
    assert (row.final_ms is not None) == (not due)


async def test_a_throttled_message_is_no_attempt_and_comes_again_when_the_gateway_says(town: Store) -> None:
    post = Post(town, Gateway(Throttled("429", "too fast", retry_after_s=0.3)))
    key = post.reply()
    async with post.running():
        await post.settled(key, "sent")
    assert post.row(key).attempts == 0
    assert post.gateway.asked == 2


async def test_an_opt_out_told_by_the_gateway_fails_the_message_and_stops_the_number(town: Store) -> None:
    post = Post(town, Gateway(Refused("21610", "has opted out", opted_out=True)))
    key = post.reply()
    async with post.running():
        await post.settled(key, "failed")
    state = town.read(lambda c: sql.run(c, "SELECT state FROM contact WHERE id = 1").scalar_one())
    entry = town.read(lambda c: sql.run(c, "SELECT action, source, actor FROM ledger").one())
    assert (state, *entry) == ("stopped", "stop", "gateway", "main")
    assert post.wake.changed_since("+995555000001", 0)


async def test_a_misconfigured_channel_stops_asking_and_says_so(town: Store) -> None:
    post = Post(town, Gateway(*[Misconfigured("401", "The password is wrong.")] * 50))
    broadcast = post.announce()
    async with post.running():
        await post.until(lambda: any(h.state == "misconfigured" for h in town.read(channel_health.read)))
        await post.until(lambda: post.dispatcher.backlog == 0)
        asked = post.gateway.asked
        post.gateway.script.clear()
        post.clock.ahead_ms += 31_000
        post.wake.wake("main")
        await post.until(lambda: post.counts(broadcast) == {"sent": 6})
        await post.until(lambda: any(h.state == "up" for h in town.read(channel_health.read)))
    assert asked <= 6


async def test_the_last_success_and_the_latest_reason_are_told(town: Store) -> None:
    post = Post(town, Gateway())

    def told() -> tuple[str, str, int | None]:
        (health,) = town.read(channel_health.read) or [channel_health.Health("main", "", "", 0)]
        return health.state, health.reason, health.success_ms

    async with post.running():
        await post.settled(post.reply(), "sent")
        (state, _, success_ms) = told()
        assert (state, success_ms) == ("up", pytest.approx(post.clock(), abs=5_000))
        for reason in ("Slower.", "It is out of order."):
            post.gateway.script.append(Unavailable("500", reason))
            post.reply(person=2)
            post.wake.wake("main")
            await post.until(lambda reason=reason: told()[:2] == ("degraded", f"{reason} (500)"))


async def test_of_two_dispatchers_of_a_channel_one_sends(town: Store) -> None:
    post = Post(town, Gateway(), rate_per_s=100)
    other = post.another("two")
    async with post.running():
        await post.until(lambda: post.dispatcher.capacity() > 0)
        task = asyncio.create_task(other.run())
        broadcast = post.announce()
        post.wake.wake("main")
        await post.until(lambda: post.counts(broadcast) == {"sent": 6})
        assert other.capacity() == 0
        post.dispatcher.stop()
        await post.until(lambda: other.capacity() > 0)
        key = post.reply()
        post.wake.wake("main")
        await post.settled(key, "sent")
        other.stop()
        await asyncio.wait_for(task, 60)
    assert len(post.gateway.taken) == 7


async def test_a_graceful_stop_settles_what_is_in_flight_and_gives_back_the_rest(town: Store) -> None:
    post = Post(town, Gateway(), rate_per_s=10_000)
    broadcast = post.announce()
    async with post.running() as dispatcher:
        post.gateway.open.clear()
        await post.until(lambda: post.gateway.asked == 6)
        dispatcher.stop()
    assert post.counts(broadcast) == {"sent": 6}
    lease = town.read(lambda c: sql.run(c, "SELECT owner, until_ms FROM lease").one())
    assert tuple(lease) == ("", 0)


async def test_what_is_still_under_way_when_the_process_ends_may_have_left(
    town: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever takes over would send it again."""
    monkeypatch.setattr("smsbot.outbound.dispatch.DRAIN_S", 0.01)
    post = Post(town, Gateway())
    post.gateway.open.clear()
    key = post.reply()
    task = asyncio.create_task(post.dispatcher.run())
    await post.until(lambda: post.gateway.asked == 1)
    post.dispatcher.stop()
    await asyncio.wait_for(task, 60)
    assert post.row(key).status == "unknown"
    post.gateway.open.set()
    await post.until(lambda: not post.dispatcher.backlog)


async def test_a_dispatcher_whose_feeding_fails_settles_what_has_left_all_the_same(town: Store) -> None:
    post = Post(town, Gateway())
    post.gateway.open.clear()
    key = post.reply()
    task = asyncio.create_task(post.dispatcher.run())
    await post.until(lambda: post.gateway.asked == 1)
    odd = Claimed(0, "main", "+995555000002", "x", None, 0, post.clock(), None)  # type: ignore[arg-type]
    post.dispatcher.offer([odd])
    post.gateway.open.set()
    with pytest.raises(TypeError):
        await asyncio.wait_for(task, 60)
    assert post.row(key).status == "sent"
    lease = town.read(lambda c: sql.run(c, "SELECT owner, until_ms FROM lease").one())
    assert tuple(lease) == ("", 0)


async def test_offered_replies_leave_without_a_claim(town: Store) -> None:
    post = Post(town, Gateway())
    async with post.running() as dispatcher:
        await post.until(lambda: dispatcher.capacity() > 0)

        def queue(connection: Connection) -> list[Claimed]:  # claimed with it, or the dispatcher finds it first
            outbox.queue_personal(
                connection, channel="main", contact_id=1, number="+995555000001", text="x", parts=1,
                now_ms=post.clock(),
            )  # fmt: skip
            return outbox.claim(connection, "main", outbox.REPLIES, post.clock(), 10)

        (claimed,) = town.write(queue)
        assert dispatcher.offer([claimed]) == 1
        await post.settled(claimed.id, "sent")
    assert [m.id for m in post.gateway.taken] == [f"out-{claimed.id}"]


class Slow(Gateway):
    """Its connection takes a while; then it asks whether the message is wanted, as gateways do."""

    async def send(self, message: Message) -> Accepted:
        self.asked += 1
        await self.open.wait()
        assert message.wanted is not None
        if not message.wanted():
            raise Withdrawn
        self.taken.append(message)
        return Accepted(f"x-{message.id}")


async def test_who_stops_while_the_connection_is_being_made_gets_nothing(town: Store) -> None:
    post = Post(town, Slow())
    post.gateway.open.clear()
    broadcast = post.announce()
    async with post.running():
        await post.until(lambda: post.gateway.asked == 6)
        post.stop(5)
        post.stop(6)
        post.gateway.open.set()
        await post.until(lambda: post.counts(broadcast) == {"sent": 4, "suppressed": 2})
    assert {message.to[-1] for message in post.gateway.taken} == {"1", "2", "3", "4"}
    assert len(post.gateway.taken) == 4
