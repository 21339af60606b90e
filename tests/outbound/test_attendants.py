"""Dispatcher and attendants together, over HTTP: as a process of the product has them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy import Connection

from smsbot.clock import now_ms
from smsbot.dialogue.stop_hint import NO_HINTS
from smsbot.gateways.client import Sender
from smsbot.gateways.registry import Channel
from smsbot.inbound.reports import Reports
from smsbot.outbound.attendants import attendants
from smsbot.outbound.balance import Balances
from smsbot.outbound.dispatch import Dispatcher
from smsbot.outbound.failover import GRACE_MS
from smsbot.outbound.poller import Poller
from smsbot.outbound.schedule import QuietHours
from smsbot.outbound.wake import Wake
from smsbot.outbound.watch import Watch
from smsbot.service import Service
from smsbot.settings import Settings
from smsbot.store import channel_vitals, outbox, sql
from smsbot.store.database import Store
from smsbot.testing.asking_gateway import Asking, AskingConfig
from smsbot.testing.fake_gateway import FAULT, Answer, FakeGateway
from smsbot.testing.population import populate, settle_directory

pytestmark = pytest.mark.anyio
QUIET = {"quiet_from": "00:00", "quiet_until": "00:00"}


@pytest.fixture
def provider() -> Iterator[FakeGateway]:
    with FakeGateway() as found:
        yield found


async def until(holds: Callable[[], bool], seconds: float = 60) -> None:
    async with asyncio.timeout(seconds):
        while not holds():  # noqa: ASYNC110  # the database tells nobody
            await asyncio.sleep(0.02)


async def test_a_message_leaves_is_asked_about_and_found_delivered(store: Store, provider: FakeGateway) -> None:
    ahead = [0]

    def clock() -> int:
        return now_ms() + ahead[0]

    def build(connection: Connection) -> int:
        settle_directory(connection)
        populate(connection, 1)
        return outbox.queue_personal(
            connection, channel="main", contact_id=1, number="+995555000001", text="x", parts=1, now_ms=clock()
        )

    def status() -> str:
        return str(store.read(lambda c: sql.run(c, "SELECT status FROM outbox WHERE id = ?", (key,)).scalar_one()))

    key = store.write(build)
    config = AskingConfig(gateway="asking", base_url=provider.url, ids_per_part=True)
    channel, wake = Channel("main", Asking(config), config), Wake()
    quiet = QuietHours.of(Settings.model_validate({"sending": QUIET}))
    async with Sender(clock=clock) as sender:
        dispatcher = Dispatcher(
            "main", channel.gateway, config, store=store, sender=sender, wake=wake, clock=clock, quiet=quiet,
            public_url="", owner="one",
        )  # fmt: skip
        beside = attendants(
            channel, {"main": channel}, lead=dispatcher, store=store, exchange=sender.exchange,
            submit=Reports(store, clock=clock).submit, clock=clock, quiet=quiet, wake=wake, hints=NO_HINTS,
        )  # fmt: skip
        assert [type(each) for each in beside] == [Poller, Balances]
        tasks = [asyncio.create_task(each.run()) for each in (dispatcher, *beside)]
        await until(lambda: status() == "sent")
        sid = provider.asked_at("/send")[0].sid
        provider.fates = {sid: "delivered", f"{sid}-2": "delivered"}
        ahead[0] = 11_000
        await until(lambda: status() == "delivered")
        ahead[0] = 62_000
        await until(lambda: store.read(channel_vitals.read)["main"].balance == 10.0)
        for each in (*beside, dispatcher):
            each.stop()
        await asyncio.wait_for(asyncio.gather(*tasks), 60)
    vitals = store.read(channel_vitals.read)["main"]
    assert (vitals.accepted, vitals.refused, vitals.uncertain) == (1, 0, 0)


async def test_a_process_of_the_product_sends_through_the_fallback(database_url: str, provider: FakeGateway) -> None:
    ahead = [0]
    provider.always = FAULT
    twilio = {"gateway": "twilio", "sender": "+995322000000", "account_sid": "AC0", "auth_token": "12345"}
    settings = Settings.model_validate(
        {
            "database": {"url": database_url},
            "sending": QUIET,
            "service": {"languages": ["ka", "en"]},
            "channels": {
                "main": {**twilio, "base_url": provider.url, "fallback": "other"},
                "other": {"gateway": "simulator", "sender": "KUTAISI"},
            },
        }
    )
    service = Service(settings, public_url="http://here", clock=lambda: now_ms() + ahead[0])
    service.prepare()
    async with service.lifespan(None):
        names = {task.get_name() for task in asyncio.all_tasks()}
        assert {name for name in names if name.endswith(" main")} >= {"dispatch main", "failover main"}
        await service.queue_personal("+995555000001", "Thank you.", "Nino")

        def row() -> Any:
            return service.store.read(lambda c: sql.run(c, "SELECT channel, status, text FROM outbox").one())

        await until(lambda: service.dispatchers["main"].watch.error != "")
        ahead[0] = 6_000
        service.wake.wake_all()
        await until(lambda: service.dispatchers["main"].watch.probing)
        assert row()[:1] == ("main",)
        ahead[0] += GRACE_MS
        await until(lambda: tuple(row()[:2]) == ("other", "delivered"))
        assert row().text == "Thank you.\nSTOP to +995322000000"


async def test_a_process_that_ends_waits_for_no_answer_to_a_question(store: Store, provider: FakeGateway) -> None:
    provider.then(Answer(delay_s=60))
    config = AskingConfig(gateway="asking", base_url=provider.url)
    lead = SimpleNamespace(leads=True, watch=Watch())
    async with Sender() as sender:
        lead.watch.balance_doubtful = True
        asker = Balances("main", Asking(config), lead=lead, store=store, exchange=sender.exchange, clock=now_ms)
        task = asyncio.create_task(asker.run())
        await until(lambda: provider.count == 1)
        asker.stop()
        await asyncio.wait_for(task, 30)  # half of what the answer takes
    assert store.read(channel_vitals.read) == {}
