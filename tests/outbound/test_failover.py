"""A channel goes down: what waits on it leaves through its fallback, once, and nothing else is touched."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

import pytest
from sqlalchemy import Connection

from smsbot.clock import now_ms
from smsbot.errors import GatewayError, Misconfigured, SettingsError, Unavailable, Uncertain
from smsbot.gateways import registry
from smsbot.gateways.base import Accepted, Capabilities, ChannelConfig, Message
from smsbot.outbound.dispatch import Dispatcher
from smsbot.outbound.failover import AHEAD_S, BULK_LEAST, GRACE_MS, Failover
from smsbot.outbound.schedule import QuietHours
from smsbot.outbound.wake import Wake
from smsbot.settings import Settings
from smsbot.store import broadcasts, channel_health, channel_vitals, outbox, sql
from smsbot.store.audience import Audience
from smsbot.store.database import Store
from smsbot.store.failover import Target
from smsbot.testing.bulletins import announce
from smsbot.testing.population import populate, settle_directory

pytestmark = pytest.mark.anyio
EVERYONE = Audience(everyone=True)
CUT = Uncertain("cut", "The connection was cut before the answer; it may have taken the message.")
GONE = Unavailable("no_connection", "The gateway cannot be reached.")
PEOPLE = 500


class Link:
    """A gateway in this process. `trouble` says how it answers from the message after *works* on; None: it works."""

    name = "link"
    Config = ChannelConfig
    capabilities = Capabilities()

    def __init__(self, works: int = 10**9) -> None:
        self.works = works
        self.taken: list[Message] = []
        self.cut: list[Message] = []
        self.asked = 0
        self.trouble: Callable[[int], GatewayError | None] = lambda _n: None

    async def send(self, message: Message) -> Accepted:
        self.asked += 1
        error = self.trouble(self.asked - self.works) if self.asked > self.works else None
        await asyncio.sleep(0)
        if error is None:
            self.taken.append(message)
            return Accepted(f"{id(self)}-{message.id}")
        if error is CUT:
            self.cut.append(message)
        raise error


class Sender:
    async def deliver(self, gateway: Any, message: Message) -> Accepted:
        accepted: Accepted = await gateway.send(message)
        return accepted


class House:
    """Two channels, `main` with the fallback `other`, in one process."""

    def __init__(self, store: Store, main: Link, other: Link, *, rate_per_s: float = 50_000) -> None:
        self.store, self.ahead_ms = store, 0
        self.wake = Wake()
        self.links = {"main": main, "other": other}
        settings = Settings.model_validate({"sending": {"quiet_from": "00:00", "quiet_until": "00:00"}})
        self.quiet = QuietHours.of(settings)
        self.dispatchers = {
            name: Dispatcher(
                name, link, ChannelConfig(gateway="link", rate_per_s=rate_per_s), store=store, sender=Sender(),
                wake=self.wake, clock=self.clock, quiet=self.quiet, public_url="", owner="one", chance=lambda: 0.0,
            )
            for name, link in self.links.items()
        }  # fmt: skip
        self.failover = Failover(
            "main", [Target("other", rate_per_s=rate_per_s)], lead=self.dispatchers["main"], store=store,
            clock=self.clock, quiet=self.quiet, wake=self.wake,
        )  # fmt: skip

    def clock(self) -> int:
        return now_ms() + self.ahead_ms

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        runners = (*self.dispatchers.values(), self.failover)
        tasks = [asyncio.create_task(each.run()) for each in runners]
        try:
            await self.until(lambda: all(each.leads for each in self.dispatchers.values()))
            await self.until(lambda: len(self.store.read(channel_health.read)) == 2)
            yield
        finally:
            for each in runners:
                each.stop()
            await asyncio.wait_for(asyncio.gather(*tasks), 60)

    async def until(self, holds: Callable[[], bool | Awaitable[bool]], seconds: float = 60) -> None:
        async with asyncio.timeout(seconds):
            while True:
                answer = holds()
                if answer if isinstance(answer, bool) else await answer:
                    return
                await asyncio.sleep(0.01)

    async def until_down(self) -> None:
        await self.until(lambda: self.dispatchers["main"].watch.probing)

    def announce(self) -> int:
        return self.store.write(lambda c: announce(c, EVERYONE, self.clock(), written_for=("main",)))

    def reply(self, text: str = "hello") -> int:
        key = self.store.write(
            lambda c: outbox.queue_personal(
                c, channel="main", contact_id=1, number="+995555000001", text=text, parts=1, now_ms=self.clock()
            )
        )
        self.wake.wake("main")
        return key

    def rows(self, broadcast_id: int) -> list[Any]:
        statement = "SELECT id, contact_id, channel, status FROM outbox WHERE broadcast_id = ?"
        return list(self.store.read(lambda c: sql.run(c, statement, (broadcast_id,)).all()))

    def counts(self, broadcast_id: int) -> dict[str, int]:
        view = self.store.read(lambda c: broadcasts.get(c, broadcast_id))
        assert sum(view.counts.values()) == view.recipients
        return {status: n for status, n in view.counts.items() if n}

    def where(self, key: int) -> tuple[str, str]:
        row = self.store.read(lambda c: sql.run(c, "SELECT channel, status FROM outbox WHERE id = ?", (key,)).one())
        return row[0], row[1]


@pytest.fixture
def town(store: Store) -> Store:
    def build(connection: Connection) -> None:
        settle_directory(connection)
        populate(connection, PEOPLE)

    store.write(build)
    return store


def cut_then_gone(nth: int) -> GatewayError:
    return CUT if nth <= 5 else GONE


async def test_a_link_down_in_the_middle_of_a_broadcast_loses_and_doubles_nothing(town: Store) -> None:
    main, other = Link(works=200), Link()
    main.trouble = cut_then_gone
    house = House(town, main, other)
    key = house.announce()
    async with house.running():
        await house.until_down()
        assert other.taken == []
        house.ahead_ms = GRACE_MS + 1_000
        await house.until(lambda: house.counts(key).get("sending", 0) + house.counts(key).get("queued", 0) == 0)
    got = Counter(message.to for link in (main, other) for message in link.taken)
    assert max(got.values()) == 1
    assert len(main.taken) == 200
    assert 1 <= len(main.cut) <= 5
    assert len(got) == PEOPLE - len(main.cut)
    assert not got.keys() & {message.to for message in main.cut}
    assert house.counts(key) == {"sent": PEOPLE - len(main.cut), "unknown": len(main.cut)}
    assert Counter(row.status for row in house.rows(key)) == house.counts(key)
    rows = {f"out-{row.id}": row for row in house.rows(key)}
    assert {rows[message.id].channel for message in other.taken} == {"other"}
    assert {rows[message.id].channel for message in main.taken} == {"main"}
    assert {(rows[m.id].channel, rows[m.id].status) for m in main.cut} == {("main", "unknown")}


async def test_nothing_moves_within_the_grace(town: Store) -> None:
    main, other = Link(works=0), Link()
    main.trouble = lambda _nth: GONE
    house = House(town, main, other)
    house.reply()
    async with house.running():
        house.ahead_ms = 6_000
        await house.until_down()
        since_ms = house.dispatchers["main"].watch.troubled_since_ms
        assert since_ms is not None
        house.ahead_ms += GRACE_MS - 10_000
        assert await house.failover.step() > 0
        assert other.taken == []


async def test_with_both_down_nothing_is_lost_and_recovery_delivers_all(town: Store) -> None:
    main, other = Link(works=100), Link(works=0)
    main.trouble = other.trouble = lambda _nth: GONE
    house = House(town, main, other)
    key = house.announce()
    town.write(
        lambda c: outbox.queue_personal(
            c, channel="other", contact_id=2, number="+995555000002", text="x", parts=1, now_ms=house.clock()
        )
    )
    async with house.running():
        await house.until_down()
        house.ahead_ms = 6_000
        await house.until(lambda: house.dispatchers["other"].watch.probing)
        house.ahead_ms = GRACE_MS + 10_000
        via, moved, _ = await town.run(house.failover._move)
        assert (via, moved) == ("", 0)
        assert {row.channel for row in house.rows(key)} == {"main"}
        main.trouble = other.trouble = lambda _nth: None
        house.wake.wake_all()
        await house.until(lambda: house.counts(key) == {"sent": PEOPLE})
    got = Counter(message.to for link in (main, other) for message in link.taken if message.text != "x")
    assert (len(got), max(got.values())) == (PEOPLE, 1)


async def test_when_the_channel_works_again_new_messages_take_it_and_the_state_says_so(town: Store) -> None:
    main, other = Link(works=0), Link()
    main.trouble = lambda _nth: Misconfigured("auth", "The password is wrong.")
    house = House(town, main, other)
    async with house.running():
        first = house.reply("first")
        await house.until_down()
        house.ahead_ms = GRACE_MS + 1_000
        await house.until(lambda: house.where(first) == ("other", "sent"))
        assert town.read(channel_vitals.read)["main"].via == "other"
        main.trouble = lambda _nth: None
        house.ahead_ms += 20 * 60_000  # past the longest pause of a channel that is not set up rightly
        second = house.reply("second")
        await house.until(lambda: house.where(second)[1] == "sent")
        if house.where(second)[0] == "other":  # it had moved before the channel was tried
            await house.until(lambda: not house.dispatchers["main"].watch.probing or bool(house.reply("try")))
        await house.until(lambda: not house.dispatchers["main"].watch.probing)
        third = house.reply("third")
        await house.until(lambda: house.where(third) == ("main", "sent"))
        await house.until(lambda: town.read(channel_vitals.read)["main"].via == "")
        assert house.where(first) == ("other", "sent")
    assert [message.text for message in other.taken][:1] == ["first"]


async def test_replies_move_before_a_broadcast_and_of_that_no_more_than_can_leave_soon(town: Store) -> None:
    main, other = Link(works=0), Link()
    main.trouble = lambda _nth: GONE
    house = House(town, main, other, rate_per_s=1)
    key = house.announce()
    replies = [house.reply(str(n)) for n in range(3)]
    town.write(
        lambda c: (
            channel_health.report(c, "other", "up", "", now_ms=house.clock(), success_ms=None),
            sql.run(
                c, "INSERT INTO lease (name, owner, fence, until_ms) VALUES ('channel:other', 'x', 1, ?)",
                (house.clock() + 10**9,),
            ),
        )
    )  # fmt: skip
    via, moved, more = await town.run(house.failover._move)
    assert (via, moved, more) == ("other", 3 + max(BULK_LEAST, AHEAD_S), False)
    assert {house.where(each)[0] for each in replies} == {"other"}
    assert Counter(row.channel for row in house.rows(key)) == {"main": PEOPLE - BULK_LEAST, "other": BULK_LEAST}
    _, again, _ = await town.run(house.failover._move)
    assert again == 0  # until some of those have left


async def test_whoever_takes_over_goes_on_with_what_was_known(town: Store) -> None:
    main, other = Link(works=0), Link()
    main.trouble = lambda _nth: GONE
    house = House(town, main, other)
    since_ms = now_ms() - 10 * 60_000
    town.write(lambda c: channel_health.report(c, "main", "down", "no answer", now_ms=since_ms, success_ms=None))
    key = house.reply()
    async with house.running():
        await house.until(lambda: house.where(key) == ("other", "sent"))
    assert house.ahead_ms == 0  # no other minute had to pass
    assert main.asked <= 3


async def test_a_channel_that_nobody_serves_takes_nothing_over(town: Store) -> None:
    async with AsyncExitStack() as stack:
        house = House(town, Link(), Link())
        key = house.reply()
        town.write(lambda c: channel_health.report(c, "other", "up", "", now_ms=house.clock(), success_ms=None))
        via, moved, _ = await town.run(house.failover._move)
        assert (via, moved, house.where(key)) == ("", 0, ("main", "queued"))
        await stack.enter_async_context(house.running())
        await house.until(lambda: house.where(key) == ("main", "sent"))


WRONG = [
    ({"main": "nowhere"}, "`channels.main.fallback` names no channel; there are: main, other, third"),
    ({"main": "main"}, "`channels.main.fallback` leads back to `main`"),
    ({"main": "other", "other": "main"}, "`channels.other.fallback` leads back to `main`"),
    ({"main": "other", "other": "third", "third": "other"}, "`channels.third.fallback` leads back to `other`"),
    ({"main": "receiving"}, "`channels.main.fallback` names a channel with `outbound = false`"),
]


@pytest.mark.parametrize(("fallbacks", "sentence"), WRONG)
def test_a_fallback_that_cannot_be_is_told_before_anything_starts(fallbacks: dict[str, str], sentence: str) -> None:
    names = ["main", "other", "third"] + (["receiving"] if "receiving" in fallbacks.values() else [])
    table: dict[str, dict[str, Any]] = {name: {"gateway": "simulator"} for name in names}
    for name, fallback in fallbacks.items():
        table[name]["fallback"] = fallback
    if "receiving" in table:
        table["receiving"]["outbound"] = False
    with pytest.raises(SettingsError) as error:
        registry.channels(table)
    assert sentence in str(error.value)


def test_a_chain_of_fallbacks_is_followed_in_its_order() -> None:
    table = {"a": {"gateway": "simulator", "fallback": "b"}, "b": {"gateway": "simulator", "fallback": "c"},
             "c": {"gateway": "simulator"}}  # fmt: skip
    found = registry.channels(table)
    assert registry.fallbacks(found, "a") == ("b", "c")
    assert registry.fallbacks(found, "c") == ()
