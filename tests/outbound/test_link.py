"""A gateway's own connection: in one process, as long as that one has the channel's lease, and again after every fault.

Whole services over real databases; the centre at the other end is on loopback and counts who is bound.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from smsbot.errors import GatewayError, StoreUnavailable, Unavailable
from smsbot.gateways.base import Inbox, Received, StatusChange
from smsbot.inbound.arrivals import Arrivals
from smsbot.inbound.results import TurnResult
from smsbot.outbound.link import LET_GO_S, LinkRunner
from smsbot.service import Service
from smsbot.settings import Settings
from smsbot.status import Status
from smsbot.store import channel_health, sql
from smsbot.store.database import Store
from smsbot.testing.databases import Postgres
from smsbot.testing.line_gateway import LineCentre, install

NUMBER = "+995555000001"
PATIENCE_S = 60.0


@pytest.fixture
def centre(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[LineCentre]:
    monkeypatch.syspath_prepend(str(install(tmp_path / "plugins")))
    with LineCentre() as opened:
        yield opened


def service(url: str, **channels: dict[str, object]) -> Service:
    settings = {
        "database": {"url": url},
        "service": {"languages": ["en", "ka"]},
        "sending": {"quiet_from": "00:00", "quiet_until": "00:00"},
        "channels": channels,
    }
    made = Service(Settings.model_validate(settings), public_url="http://127.0.0.1")
    made.prepare()
    return made


@asynccontextmanager
async def running(*services: Service) -> AsyncIterator[None]:
    for each in services:
        await each.start()
    try:
        yield
    finally:
        for each in services:
            await each.stop()


async def until(holds: Callable[[], Any]) -> None:
    """Asks again and again; fails after `PATIENCE_S`."""
    async with asyncio.timeout(PATIENCE_S):
        while True:
            if await asyncio.to_thread(holds):
                return
            await asyncio.sleep(0.01)


def health(each: Service, name: str = "main") -> tuple[str, str]:
    found = {health.name: health for health in each.store.read(channel_health.read)}
    return (found[name].state, found[name].reason) if name in found else ("", "")


def statuses(each: Service) -> list[str]:
    return [row[0] for row in each.store.read(lambda c: sql.run(c, "SELECT status FROM outbox ORDER BY id").all())]


def texts(each: Service) -> list[str]:
    return [row[0] for row in each.store.read(lambda c: sql.run(c, "SELECT text FROM inbound ORDER BY id").all())]


async def test_texts_come_by_the_connection_and_answers_and_reports_too(database_url: str, centre: LineCentre) -> None:
    one = service(database_url, main=centre.channel())
    async with running(one):
        key = centre.deliver(NUMBER, "JOIN")
        await until(lambda: centre.messages and key in centre.acknowledged)
        (message,) = centre.messages
        assert message.to == NUMBER
        assert "1 Budget" in message.text
        report = centre.report(message.external_id, Status.DELIVERED)
        await until(lambda: report in centre.acknowledged)
        await until(lambda: statuses(one) == ["delivered"])
        await until(lambda: health(one) == ("up", ""))
    assert (centre.bound, centre.most_bound, len(centre.binds)) == ([], 1, 1)
    assert centre.refused == []


async def test_parts_of_a_text_are_joined(database_url: str, centre: LineCentre) -> None:
    async with running(one := service(database_url, main=centre.channel())):
        for number, text in ((2, "GET"), (1, "BUD")):
            centre.deliver(NUMBER, text, part=(7, 2, number))
        await until(lambda: centre.messages)
        assert texts(one) == ["BUDGET"]
        assert len(centre.acknowledged) == 2


async def test_a_channel_that_only_receives_has_its_connection_and_tells_how_it_is(
    database_url: str, centre: LineCentre
) -> None:
    one = service(
        database_url, main=centre.channel(outbound=False), other={"gateway": "simulator", "sender": "2020"}
    )  # fmt: skip
    async with running(one):
        centre.deliver(NUMBER, "JOIN")
        await until(lambda: len(centre.acknowledged) == 1)
        await until(lambda: health(one) == ("up", ""))
        centre.shut()
        await until(lambda: health(one)[0] == "down")
        centre.open()
        await until(lambda: health(one) == ("up", ""))
    assert centre.bound == []
    assert centre.messages == []
    store = Store(database_url)
    leases = store.read(lambda c: sql.run(c, "SELECT name, owner, until_ms FROM lease ORDER BY name").all())
    store.close()
    assert [tuple(lease) for lease in leases] == [
        ("broadcasts", "", 0), ("channel:main", "", 0), ("channel:other", "", 0)
    ]  # fmt: skip


async def test_without_inbound_texts_are_refused_and_reports_count(database_url: str, centre: LineCentre) -> None:
    one = service(
        database_url, main=centre.channel(inbound=False), other={"gateway": "simulator", "sender": "2020"}
    )  # fmt: skip
    async with running(one):
        await until(lambda: centre.bound)
        key = centre.deliver(NUMBER, "JOIN")
        await until(lambda: key in centre.acknowledged)
        assert texts(one) == []
        await one.queue_personal(NUMBER, "hello", "test")
        await until(lambda: centre.messages)
        report = centre.report(centre.messages[0].external_id, Status.DELIVERED)
        await until(lambda: report in centre.acknowledged)
        await until(lambda: statuses(one) == ["delivered"])


async def test_a_channel_that_neither_sends_nor_receives_is_left_alone(database_url: str, centre: LineCentre) -> None:
    one = service(
        database_url, main=centre.channel(inbound=False, outbound=False), other={"gateway": "simulator"}
    )  # fmt: skip
    async with running(one):
        assert len(one.dispatchers) == 1
        assert [task.get_name() for task in asyncio.all_tasks() if "main" in task.get_name()] == []


async def test_nothing_is_tried_while_the_connection_does_not_stand_and_all_leaves_once_it_does(
    database_url: str, centre: LineCentre
) -> None:
    centre.shut()
    one = service(database_url, main=centre.channel())
    async with running(one):
        await until(lambda: health(one) == ("down", "The centre does not answer."))
        for n in range(20):
            await one.queue_personal(NUMBER, f"number {n}", "test")
        await until(lambda: health(one)[0] == "down")
        assert one.dispatchers["main"].capacity() == 0
        centre.open()
        await until(lambda: len(centre.messages) == 20)
        assert [message.text for message in centre.messages] == [f"number {n}" for n in range(20)]
        await until(lambda: health(one) == ("up", ""))
        attempts = one.store.read(lambda c: sql.run(c, "SELECT DISTINCT attempts FROM outbox").scalars().all())
        assert attempts == [0]


async def test_a_connection_that_is_cut_is_made_again_and_no_text_is_lost(
    database_url: str, centre: LineCentre
) -> None:
    one = service(database_url, main=centre.channel())
    async with running(one):
        for n in range(60):
            centre.deliver(f"+9955550{n:05d}", "JOIN")
            if n % 20 == 10:
                await until(lambda: centre.bound)
                centre.cut()
        await until(lambda: len(set(centre.acknowledged)) == 60)
        assert sorted(texts(one)) == ["JOIN"] * 60
    assert centre.most_bound == 1
    assert len(centre.binds) > 1


async def test_a_wrong_password_is_told_as_misconfigured(database_url: str, centre: LineCentre) -> None:
    centre.password = "another"
    one = service(database_url, main=centre.channel())
    async with running(one):
        await until(lambda: health(one) == ("misconfigured", "The password is wrong. (password)"))
        centre.password = centre.channel()["password"]  # type: ignore[assignment]
        await until(lambda: health(one) == ("up", ""))


async def test_a_fault_of_the_gateway_itself_is_told_and_the_connection_made_again(
    database_url: str, centre: LineCentre
) -> None:
    one = service(database_url, main=centre.channel())
    async with running(one):
        await until(lambda: health(one) == ("up", ""))
        centre.say('{"key": "nonsense"}')
        await until(lambda: health(one)[0] == "down")
        assert health(one)[1] == "The connection failed in an unforeseen way (KeyError); it is made again."
        await until(lambda: health(one) == ("up", ""))
        centre.deliver(NUMBER, "JOIN")
        await until(lambda: centre.messages)
    assert (len(centre.binds), centre.most_bound) == (2, 1)


async def test_the_lease_moves_and_there_is_one_connection_at_any_moment(
    postgres_server: Postgres, centre: LineCentre
) -> None:
    url = postgres_server.fresh()
    one, two = (service(url, main=centre.channel()) for _ in range(2))
    await one.start()
    await until(lambda: centre.bound)
    await two.start()
    for n in range(30):
        centre.deliver(f"+9955550{n:05d}", "JOIN")
        if n == 15:
            await one.stop()
    await until(lambda: len(set(centre.acknowledged)) == 30)
    await until(lambda: len(centre.messages) == 30)
    assert len(texts(two)) == 30
    await two.stop()
    assert (len(centre.binds), centre.most_bound, centre.bound) == (2, 1, [])
    assert {message.to for message in centre.messages} == {f"+9955550{n:05d}" for n in range(30)}
    postgres_server.recycle(url)


async def test_a_lease_that_another_process_has_taken_ends_the_connection(
    database_url: str, centre: LineCentre
) -> None:
    channels = {"main": centre.channel(), "in": centre.channel(outbound=False)}
    one = service(database_url, **channels)

    def take(owner: str) -> None:
        one.store.write(
            lambda c: sql.run(
                c, "UPDATE lease SET owner = ?, fence = fence + 1, until_ms = until_ms + 60000 WHERE name <> ?",
                (owner, "broadcasts"),
            )
        )  # fmt: skip

    async with running(one):
        await until(lambda: len(centre.bound) == 2)
        take("other")
        await until(lambda: centre.bound == [])
        one.store.write(lambda c: sql.run(c, "UPDATE lease SET until_ms = 0, owner = ''"))
        await until(lambda: len(centre.bound) == 2)
        await until(lambda: health(one) == health(one, "in") == ("up", ""))


async def test_while_the_database_is_away_texts_are_refused_and_come_again(
    postgres_server: Postgres, centre: LineCentre
) -> None:
    url = postgres_server.fresh()
    name = url.split("?", maxsplit=1)[0].rsplit("/", 1)[1]
    one = service(url, main=centre.channel())
    async with running(one):
        await until(lambda: health(one) == ("up", ""))
        postgres_server._execute(f"ALTER DATABASE {name} ALLOW_CONNECTIONS false")
        postgres_server._execute(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'")
        key = centre.deliver(NUMBER, "JOIN")
        await until(lambda: key in centre.refused)
        assert (centre.bound != [], centre.acknowledged) == (True, [])
        postgres_server._execute(f"ALTER DATABASE {name} ALLOW_CONNECTIONS true")
        await until(lambda: key in centre.acknowledged)
        await until(lambda: centre.messages)
        assert texts(one) == ["JOIN"]
    assert (len(centre.binds), centre.most_bound) == (1, 1)
    postgres_server.drop(url)


class Scripted:
    """A link that does as it is told: `fail` lets it end, `stubborn` is how often it ignores that it is cancelled."""

    name = "scripted"

    def __init__(self, stubborn: int = 0) -> None:
        self.runs = 0
        self.ended: list[str] = []
        self.fail = asyncio.Event()
        self.stubborn = stubborn

    async def send(self, message: object) -> None:
        raise AssertionError("nothing is sent here")

    async def run(self, inbox: Inbox) -> None:
        self.runs += 1
        inbox.trouble(None)
        while True:
            try:
                await self.fail.wait()
            except asyncio.CancelledError:
                inbox.trouble(Unavailable("", "too late to tell"))
                if self.stubborn:
                    self.stubborn -= 1
                    continue
                self.ended.append("cancelled")
                raise
            self.ended.append("failed")
            raise LookupError


def runner(link: Scripted, troubles: list[str], **more: Any) -> LinkRunner:
    async def take(_events: object) -> None:
        raise AssertionError("nothing comes here")

    def trouble(error: GatewayError | None) -> None:
        troubles.append("" if error is None else str(error))

    return LinkRunner("main", link, take=take, trouble=trouble, **more)  # type: ignore[arg-type]


async def test_a_lease_that_is_not_renewed_ends_the_connection_before_it_runs_out() -> None:
    link, troubles = Scripted(), list[str]()
    run = runner(link, troubles)
    end_s = time.monotonic() + LET_GO_S + 0.2
    run.keep(end_s)
    await until(lambda: link.runs == 1)
    await until(lambda: link.ended == ["cancelled"])
    assert time.monotonic() < end_s
    assert troubles == ["The connection is being made.", "", "The connection is being made."]
    run.keep(end_s + 60)
    await until(lambda: link.runs == 2)
    await run.part()
    assert link.ended == ["cancelled", "cancelled"]


async def test_after_parting_a_lease_that_is_kept_makes_another_connection() -> None:
    link = Scripted()
    run = runner(link, [])
    for times in (1, 2):
        run.keep(time.monotonic() + 60)
        await until(lambda times=times: link.runs == times)
        await run.part()
    assert link.ended == ["cancelled", "cancelled"]


async def test_where_no_other_process_can_be_the_connection_outlives_the_lease() -> None:
    link = Scripted()
    run = runner(link, [], alone=True)
    run.keep(time.monotonic() - 60)
    await until(lambda: link.runs == 1)
    assert link.ended == []
    run.lose()
    await until(lambda: link.ended == ["cancelled"])
    await run.part()


async def test_a_link_that_does_not_part_in_good_order_is_cancelled_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("smsbot.outbound.link.PART_MOST_S", 0.05)
    link = Scripted(stubborn=1)
    run = runner(link, [])
    run.keep(time.monotonic() + 60)
    await until(lambda: link.runs == 1)
    await run.part()
    assert (link.ended, link.stubborn) == (["cancelled"], 0)


async def test_a_process_that_ends_settles_what_is_in_flight_before_it_ends_the_connection(
    database_url: str, centre: LineCentre
) -> None:
    one = service(database_url, main=centre.channel())
    await one.start()
    await until(lambda: centre.bound)
    centre.silent = True
    await one.queue_personal(NUMBER, "hello", "test")
    await until(lambda: centre.messages)
    ending = asyncio.create_task(one.stop())
    await until(lambda: one.dispatchers["main"].backlog == 1 and one.dispatchers["main"].capacity() == 0)
    assert len(centre.bound) == 1
    centre.speak()
    await ending
    assert centre.bound == []
    store = Store(database_url)
    assert store.read(lambda c: sql.run(c, "SELECT status FROM outbox").scalar_one()) == "sent"
    store.close()


async def test_a_link_that_fails_again_and_again_is_asked_more_and_more_rarely(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("smsbot.outbound.link.AGAIN_S", 0.001)
    monkeypatch.setattr("smsbot.outbound.link.AGAIN_MOST_S", 0.016)
    link, draws = Scripted(), 0
    link.fail.set()

    def chance() -> float:
        nonlocal draws
        draws += 1
        return 1.0

    troubles: list[str] = []
    run = runner(link, troubles, chance=chance)
    run.keep(time.monotonic() + 60)
    await until(lambda: link.runs == 8)
    link.fail.clear()
    await run.part()
    assert draws >= 7
    assert troubles[:3] == [
        "The connection is being made.", "",
        "The connection failed in an unforeseen way (LookupError); it is made again.",
    ]  # fmt: skip


async def test_whatever_goes_wrong_the_link_is_told_to_bring_it_again() -> None:
    class Turns:
        async def submit_all(self, _channel: str, texts: Sequence[object]) -> list[object]:
            return [outcomes.get(text, TurnResult(False)) for text in texts]

    class Reports:
        async def submit(self, _channel: str, changes: Sequence[object]) -> None:
            if changes:
                raise away

    away = StoreUnavailable("The database cannot be used.")
    odd, late, good = (Received(NUMBER, text, text) for text in ("JOIN", "STOP", "HELP"))
    outcomes: dict[object, Exception] = {odd: ZeroDivisionError(), late: away}
    report = StatusChange(Status.DELIVERED, "x")
    arrivals = Arrivals("main", Turns(), Reports(), accepts=True)  # type: ignore[arg-type]
    for events in ([odd], [late], [good, odd], [good, report]):
        with pytest.raises(StoreUnavailable):
            await arrivals.take(events)
    await arrivals.take([good])
    await arrivals.take([])
