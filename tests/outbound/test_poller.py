"""Gateways that have to be asked what became of messages: when, how often, and until when."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest
from sqlalchemy import Connection

from smsbot.clock import HOUR_MS, MINUTE_MS, SECOND_MS
from smsbot.errors import GatewayError, StoreUnavailable
from smsbot.gateways.base import Pending, Request, Response, StatusChange
from smsbot.gateways.client import Sender
from smsbot.inbound.reports import Reports
from smsbot.outbound.poller import QUESTIONS_PER_S, TROUBLE_FIRST_S, Poller
from smsbot.outbound.watch import Watch
from smsbot.status import Status
from smsbot.store import outbox, polls, sql
from smsbot.store.database import Store
from smsbot.store.outbox import REPLIES, Result
from smsbot.testing.asking_gateway import Asking, AskingByOurId, AskingConfig
from smsbot.testing.fake_gateway import Answer, FakeGateway
from smsbot.testing.population import populate, settle_directory

pytestmark = pytest.mark.anyio
NOW = 1_800_000_000_000


@dataclass
class Lead:
    leads: bool = True
    watch: Watch = field(default_factory=Watch)


class Desk:
    """A channel whose provider answers on loopback; the clock stands still unless a test moves it."""

    def __init__(self, store: Store, provider: FakeGateway, kind: type[Asking] = Asking) -> None:
        self.store, self.provider, self.now_ms = store, provider, NOW
        self.sender = Sender(clock=lambda: self.now_ms)
        self.reports = Reports(store, clock=lambda: self.now_ms)
        self.lead = Lead()
        self.database_away = False
        self.gateway = kind(AskingConfig(gateway="asking", base_url=provider.url))
        self.poller = self.another()

    def another(self) -> Poller:
        return Poller(
            "main", self.gateway, lead=self.lead, store=self.store, exchange=self.sender.exchange,
            submit=self.submit, clock=lambda: self.now_ms, monotonic=lambda: self.now_ms / 1_000,
        )  # fmt: skip

    async def submit(self, channel: str, changes: Any) -> None:
        if self.database_away:
            raise StoreUnavailable("The database cannot be used: it is away.")
        await self.reports.submit(channel, changes)

    def leave(self, *ids: str, status: Status = Status.SENT) -> int:
        """One message handed over now."""

        def job(connection: Connection) -> int:
            key = outbox.queue_personal(
                connection, channel="main", contact_id=1, number="+995555000001", text="x", parts=1, now_ms=self.now_ms
            )
            outbox.claim(connection, "main", REPLIES, self.now_ms, 1)
            first = ids[0] if ids else None
            result = Result(
                key, 0, status, external_id=first, handed_ms=self.now_ms, further_ids=ids[1:], ask=True,
                final_ms=None if status is Status.SENT else self.now_ms,
            )  # fmt: skip
            outbox.settle(connection, "main", [result], self.now_ms)
            return key

        return self.store.write(job)

    def status(self, key: int) -> str:
        return str(self.store.read(lambda c: sql.run(c, "SELECT status FROM outbox WHERE id = ?", (key,)).scalar_one()))

    def waiting(self) -> int:
        return int(self.store.read(lambda c: sql.run(c, "SELECT count(*) FROM poll").scalar_one()))

    def asked(self) -> list[str]:
        return [asked.told("ids") for asked in self.provider.asked_at("/status")]

    async def at(self, age_ms: int) -> float:
        self.now_ms = NOW + age_ms
        return await self.poller.step()


@pytest.fixture
def town(store: Store) -> Store:
    def build(connection: Connection) -> None:
        settle_directory(connection)
        populate(connection, 1)

    store.write(build)
    return store


@pytest.fixture
def provider() -> Iterator[FakeGateway]:
    with FakeGateway() as found:
        yield found


@pytest.fixture
async def desk(town: Store, provider: FakeGateway) -> Any:
    found = Desk(town, provider)
    yield found
    await found.sender.aclose()


async def test_a_message_is_asked_about_ten_seconds_after_it_left_and_not_before(desk: Desk) -> None:
    key = desk.leave("a")
    desk.provider.fates["a"] = "delivered"
    await desk.at(9_999)
    assert desk.asked() == []
    await desk.at(10 * SECOND_MS)
    assert (desk.asked(), desk.status(key)) == (["a"], "delivered")


async def test_the_questions_widen_and_end_after_72_hours(desk: Desk) -> None:
    key = desk.leave("a")
    ages = []
    for age_ms in range(0, 80 * HOUR_MS, 5 * MINUTE_MS):
        before = len(desk.asked())
        await desk.at(age_ms)
        if len(desk.asked()) > before:
            ages.append(age_ms / HOUR_MS)
    assert ages == [5 / 60, 15 / 60, 1, 3, 6, 12, 24, 36, 48, 60, 72]  # looked at each five minutes
    assert (desk.status(key), desk.waiting()) == ("sent", 0)


SCHEDULE = [
    (0, 10 * SECOND_MS), (10 * SECOND_MS, 30 * SECOND_MS), (29_999, 30 * SECOND_MS), (MINUTE_MS, 5 * MINUTE_MS),
    (20 * MINUTE_MS, HOUR_MS), (HOUR_MS, 3 * HOUR_MS), (71 * HOUR_MS, 72 * HOUR_MS), (72 * HOUR_MS, None),
    (500 * HOUR_MS, None), (-5, 10 * SECOND_MS),
]  # fmt: skip


@pytest.mark.parametrize(("age_ms", "next_age_ms"), SCHEDULE)
def test_the_next_question_follows_from_the_age_alone(age_ms: int, next_age_ms: int | None) -> None:
    expected = None if next_age_ms is None else NOW + next_age_ms
    assert polls.next_ms(NOW, NOW + age_ms) == expected


async def test_another_process_goes_on_where_one_has_ended(desk: Desk) -> None:
    desk.leave("a")
    await desk.at(10 * SECOND_MS)
    desk.poller = desk.another()
    await desk.at(20 * SECOND_MS)
    assert desk.asked() == ["a"]
    await desk.at(30 * SECOND_MS)
    assert desk.asked() == ["a", "a"]


async def test_a_question_names_no_more_messages_than_the_gateway_takes(desk: Desk) -> None:
    for one in "abcde":
        desk.leave(one)
    await desk.at(10 * SECOND_MS)
    await desk.at(10 * SECOND_MS)
    assert desk.asked() == ["a,b,c", "d,e"]


async def test_questions_keep_to_a_budget_of_their_own(desk: Desk) -> None:
    for one in "abcd":
        desk.leave(one)
    assert await desk.at(10 * SECOND_MS) == pytest.approx(1 / QUESTIONS_PER_S, abs=0.06)
    assert desk.lead.watch.state == "up"


async def test_what_a_report_has_settled_meanwhile_is_not_asked_about(desk: Desk) -> None:
    desk.leave("a")
    await desk.reports.submit("main", [StatusChange(Status.DELIVERED, "a")])
    await desk.at(10 * SECOND_MS)
    assert (desk.asked(), desk.waiting()) == ([], 0)


async def test_each_part_with_an_id_of_its_own_is_asked_about(desk: Desk) -> None:
    key = desk.leave("a", "b")
    desk.provider.fates = {"a": "delivered"}
    await desk.at(10 * SECOND_MS)
    assert (desk.asked(), desk.status(key)) == (["a,b"], "sent")
    desk.provider.fates = {"b": "delivered"}
    await desk.at(30 * SECOND_MS)
    assert (desk.asked()[1:], desk.status(key)) == (["b"], "delivered")


async def test_a_message_that_may_have_left_is_asked_about_where_our_id_finds_it(
    town: Store, provider: FakeGateway
) -> None:
    desk = Desk(town, provider, AskingByOurId)
    key = desk.leave(status=Status.UNKNOWN)
    provider.fates[f"out-{key}"] = "delivered"
    await desk.at(10 * SECOND_MS)
    assert desk.status(key) == "delivered"
    await desk.sender.aclose()


async def test_a_gateway_that_knows_only_its_own_ids_is_not_asked_without_one(desk: Desk) -> None:
    desk.leave(status=Status.UNKNOWN)
    await desk.at(10 * SECOND_MS)
    assert (desk.asked(), desk.waiting()) == ([], 0)


async def test_a_gateway_out_of_order_is_asked_less_and_less(desk: Desk) -> None:
    key = desk.leave("a")
    desk.provider.fates["a"] = "delivered"
    desk.provider.then(Answer(500, b""), Answer(cut_after=0), Answer(500, b""))
    waits = [await desk.at(10 * SECOND_MS) for _ in range(3)]
    assert waits == [TROUBLE_FIRST_S, 2 * TROUBLE_FIRST_S, 4 * TROUBLE_FIRST_S]
    await desk.at(11 * SECOND_MS)  # nothing was lost by it
    assert desk.status(key) == "delivered"


async def test_a_refused_question_does_not_stand_in_the_way_of_the_next(desk: Desk) -> None:
    for one in "abcd":
        desk.leave(one)
    desk.provider.fates["d"] = "delivered"
    desk.provider.then(Answer(404, b""))
    await desk.at(10 * SECOND_MS)
    await desk.at(10 * SECOND_MS)
    assert desk.asked() == ["a,b,c", "d"]


async def test_a_wrong_key_stops_the_questions_while_it_is_known(desk: Desk) -> None:
    desk.leave("a")
    desk.lead.watch.misconfigured("The key is not accepted.", NOW)
    await desk.at(10 * SECOND_MS)
    assert desk.asked() == []
    desk.lead.watch.success(NOW)
    await desk.at(11 * SECOND_MS)
    assert desk.asked() == ["a"]


async def test_an_answer_that_could_not_be_written_is_asked_for_again(desk: Desk) -> None:
    key = desk.leave("a")
    desk.provider.fates["a"] = "delivered"

    desk.database_away = True
    with pytest.raises(StoreUnavailable):
        await desk.at(10 * SECOND_MS)
    desk.database_away = False
    await desk.at(10 * SECOND_MS)
    assert (desk.asked(), desk.status(key)) == (["a", "a"], "delivered")


class Looked(Lead):
    """Counts how often it is asked whether this process leads, and ends the poller at the third time."""

    def __init__(self, poller: Poller) -> None:
        self.watch = Watch()
        self.poller = poller
        self.times = 0

    @property
    def leads(self) -> bool:  # type: ignore[override]
        self.times += 1
        if self.times == 3:
            self.poller.stop()
        return False


async def test_only_the_process_with_the_lease_asks(desk: Desk) -> None:
    desk.leave("a")
    desk.now_ms = NOW + 10 * SECOND_MS
    follower = Looked(desk.poller)
    desk.poller.lead = follower
    await asyncio.wait_for(desk.poller.run(), 60)
    assert (follower.times, desk.asked()) == (3, [])
    leading = asyncio.create_task((leader := desk.another()).run())
    async with asyncio.timeout(60):
        while not desk.asked():  # noqa: ASYNC110  # the provider runs in a thread of its own
            await asyncio.sleep(0.01)
    leader.stop()
    await leading
    assert desk.asked() == ["a"]


def test_the_question_of_what_is_due_is_served_by_its_index(store: Store) -> None:
    def plan(connection: Connection) -> str:
        if sql.is_postgresql(connection):
            rows = "SELECT n, 'main', n, n FROM generate_series(1, 20000) AS made(n)"
            sql.run(connection, f"INSERT INTO poll (outbox_id, channel, due_ms, left_ms) {rows}")
            sql.run(connection, "ANALYZE poll")
        else:
            made = "WITH RECURSIVE made(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM made WHERE n < 20000)"
            sql.run(
                connection,
                f"INSERT INTO poll (outbox_id, channel, due_ms, left_ms) {made} SELECT n, 'main', n, n FROM made",
            )
        explain = "EXPLAIN " if sql.is_postgresql(connection) else "EXPLAIN QUERY PLAN "
        return "\n".join(str(row) for row in sql.run(connection, explain + polls.DUE, ("main", 500, 100)))

    shown = store.write(plan)
    assert "ix_poll_due" in shown
    assert "Sort" not in shown
    assert "TEMP B-TREE" not in shown


class Stumbling(Asking):
    """Its code fails over one message, or over the answer about it."""

    def poll(self, pending: Sequence[Pending]) -> Request:
        if any(each.external_id == "odd" for each in pending):
            raise KeyError("odd")
        return super().poll(pending)

    def polled(self, pending: Sequence[Pending], response: Response) -> list[StatusChange] | GatewayError:
        if any(each.external_id == "odder" for each in pending):
            raise KeyError("odder")
        return super().polled(pending, response)


async def test_a_message_that_a_question_fails_over_keeps_no_other_from_being_asked_about(
    town: Store, provider: FakeGateway
) -> None:
    desk = Desk(town, provider, Stumbling)
    keys = [desk.leave(name) for name in ("odd", "a", "odder", "b", "c")]
    provider.fates |= dict.fromkeys(("odd", "a", "odder", "b", "c"), "delivered")
    for round_ in range(3):
        await desk.at(10 * SECOND_MS + round_)
    assert [desk.status(key) for key in keys] == ["sent", "delivered", "sent", "delivered", "delivered"]
    await desk.sender.aclose()
