"""The dispatcher, the real sender and a provider on loopback."""

from __future__ import annotations

import asyncio

import pytest
from sqlalchemy import Connection

from smsbot.clock import now_ms
from smsbot.gateways import registry
from smsbot.gateways.client import Sender
from smsbot.outbound.dispatch import Dispatcher
from smsbot.outbound.schedule import QuietHours
from smsbot.outbound.wake import Wake
from smsbot.settings import Settings
from smsbot.store import broadcasts, sql
from smsbot.store.audience import Audience
from smsbot.store.database import Store
from smsbot.testing.bulletins import announce
from smsbot.testing.fake_gateway import FakeGateway
from smsbot.testing.population import populate, settle_directory

pytestmark = pytest.mark.anyio


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


async def test_a_broadcast_reaches_everybody_once_over_http(store: Store) -> None:
    def build(connection: Connection) -> int:
        settle_directory(connection)
        populate(connection, 300)
        return announce(connection, Audience(everyone=True), now_ms(), written_for=("main",))

    key = store.write(build)
    settings = Settings.model_validate({"sending": {"quiet_from": "00:00", "quiet_until": "00:00"}})
    with FakeGateway() as provider:
        values = {
            "gateway": "twilio", "sender": "+15005550006", "rate_per_s": 100_000, "base_url": provider.url,
            "account_sid": "AC" + "0" * 32, "auth_token": "secret",
        }  # fmt: skip
        channel = registry.channel("main", values)
        async with Sender() as sender:
            dispatcher = Dispatcher(
                "main", channel.gateway, channel.config, store=store, sender=sender, wake=Wake(), clock=now_ms,
                quiet=QuietHours.of(settings), public_url="http://here", owner="one",
            )  # fmt: skip
            task = asyncio.create_task(dispatcher.run())
            async with asyncio.timeout(60):
                while store.read(lambda c: broadcasts.get(c, key)).state != "done":  # noqa: ASYNC110  # the database tells nobody
                    await asyncio.sleep(0.02)
            dispatcher.stop()
            await asyncio.wait_for(task, 60)
        numbers = [asked.to for asked in provider.wait_for(300)]
    assert len(numbers) == len(set(numbers)) == 300
    known = store.read(lambda c: sql.run(c, "SELECT count(DISTINCT external_id) FROM outbox").scalar_one())
    assert known == 300
