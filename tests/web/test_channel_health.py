"""What the API and the measurements tell of channels, and of people who cannot be reached."""

from __future__ import annotations

from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families
from sqlalchemy import Connection

from smsbot.store import channel_health, channel_vitals, sql
from smsbot.store.channel_vitals import Reading
from smsbot.store.database import Store
from smsbot.store.reach import DORMANT_AFTER, Reach
from tests.web.composition import ALICE, NOW_MS, Client, compose, is_problem

pytestmark = pytest.mark.anyio
BOB = "+995555000002"
NOON = "2026-12-01T12:00:00+04:00"


async def test_a_channel_tells_its_rate_its_last_error_its_circuit_and_its_balance(api: Client, store: Store) -> None:
    def tell(connection: Connection) -> None:
        channel_health.report(connection, "simulator", "down", "It is away.", now_ms=NOW_MS, success_ms=NOW_MS)
        reading = Reading(12, 3, 1, 4.5, "It is away.", NOW_MS, NOW_MS + 1_000)
        channel_vitals.tell(connection, "simulator", reading, NOW_MS)
        channel_vitals.tell_balance(connection, "simulator", 2.75, "GEL", NOW_MS)
        channel_vitals.tell_via(connection, "simulator", "other")

    store.write(tell)
    (shown,) = (await api.get("/api/channels")).json()["items"]
    assert shown["health"] == "down"
    assert shown["reason"] == "It is away. Messages leave through `other`."
    assert (shown["parts_per_s"], shown["rate_per_s"], shown["via"]) == (4.5, 100_000, "other")
    assert shown["last_error"] == {"at": NOON, "reason": "It is away."}
    assert (shown["circuit"], shown["next_try"]) == ("open", "2026-12-01T12:00:01+04:00")
    assert shown["balance"] == {"amount": 2.75, "unit": "GEL", "at": NOON}
    assert shown["last_success"] == NOON


async def test_a_channel_that_has_told_nothing_yet_has_nulls(api: Client) -> None:
    (shown,) = (await api.get("/api/channels")).json()["items"]
    assert [shown[key] for key in ("last_error", "next_try", "via", "balance")] == [None] * 4
    assert (shown["circuit"], shown["parts_per_s"]) == ("closed", 0)


async def test_the_balance_below_its_limit_degrades(store: Store) -> None:
    service = compose(store, channels={"main": {"gateway": "simulator", "balance_low": 5}})
    store.write(lambda c: channel_health.report(c, "main", "up", "", now_ms=NOW_MS, success_ms=NOW_MS))
    store.write(lambda c: channel_vitals.tell_balance(c, "main", 4, "SMS", NOW_MS))
    async with Client(service) as api:
        (shown,) = (await api.get("/api/channels")).json()["items"]
    assert (shown["health"], shown["reason"]) == (
        "degraded", "The balance is 4 SMS, below the 5 of `balance_low`: top it up.",
    )  # fmt: skip


async def test_measurements_tell_of_each_channel(api: Client, store: Store) -> None:
    await api.text("JOIN")

    def tell(connection: Connection) -> None:
        channel_health.report(connection, "simulator", "degraded", "It is slow.", now_ms=NOW_MS, success_ms=NOW_MS)
        channel_vitals.tell(connection, "simulator", Reading(12, 3, 1, 4.5), NOW_MS)
        channel_vitals.tell_balance(connection, "simulator", 2.75, "GEL", NOW_MS)

    store.write(tell)
    samples = {
        (sample.name, *sorted(sample.labels.values())): sample.value
        for family in text_string_to_metric_families((await api.get("/metrics")).text)
        for sample in family.samples
    }
    states = {state: samples["smsbot_channel_health", *sorted((state, "simulator"))]
              for state in ("up", "degraded", "down", "misconfigured")}  # fmt: skip
    assert states == {"up": 0, "degraded": 1, "down": 0, "misconfigured": 0}
    assert samples["smsbot_channel_backlog", "simulator"] == 1
    assert samples["smsbot_channel_parts_per_second", "simulator"] == 4.5
    assert samples["smsbot_channel_balance", "GEL", "simulator"] == 2.75
    handed = {outcome: samples["smsbot_channel_messages_total", *sorted((outcome, "simulator"))]
              for outcome in ("accepted", "refused", "uncertain")}  # fmt: skip
    assert handed == {"accepted": 12, "refused": 3, "uncertain": 1}
    assert samples[("smsbot_people_dormant",)] == 0


def fail(store: Store, times: int) -> None:
    def job(connection: Connection) -> None:
        key = int(sql.run(connection, "SELECT id FROM contact").scalar_one())
        for _ in range(times):
            reach = Reach()
            reach.unreachable(key)
            reach.write(connection, NOW_MS)
        reach = Reach()
        reach.blocked(key, "simulator", "on the operator's stop-list")
        reach.write(connection, NOW_MS)

    store.write(job)


async def test_a_subscriber_shows_stop_lists_and_dormancy(api: Client, store: Store) -> None:
    await api.text("BUDGET")
    known = (await api.get(f"/api/subscribers/{ALICE}")).json()
    assert (known["blocked"], known["unreachable"], known["dormant_since"]) == ([], 0, None)
    fail(store, DORMANT_AFTER)
    told = (await api.get(f"/api/subscribers/{ALICE}")).json()
    assert told["blocked"] == [{"channel": "simulator", "at": NOON, "reason": "on the operator's stop-list"}]
    assert (told["unreachable"], told["dormant_since"], told["state"]) == (DORMANT_AFTER, NOON, "active")
    assert (told["topics"], told["consents"]) == (known["topics"], known["consents"])


async def test_rule_20_any_text_from_a_dormant_number_wakes_it(api: Client, store: Store) -> None:
    asked: dict[str, Any] = {"text": {"en": "Water is back."}, "everyone": True, "dry_run": True}
    await api.text("BUDGET")
    assert (await api.post("/api/broadcasts", json=asked)).json()["recipients"] == 1
    fail(store, DORMANT_AFTER)
    assert is_problem(await api.post("/api/broadcasts", json=asked), 422)["field"] == "everyone", "nobody is left"
    await api.text("BUDGET", BOB)
    answer = (await api.post("/api/broadcasts", json=asked)).json()
    assert (answer["recipients"], answer["dormant"]) == (1, 1)
    asked["topics"] = ["culture"]
    refused = await api.post("/api/broadcasts", json={**asked, "everyone": False})
    assert is_problem(refused, 422)["field"] == "topics"
    del asked["topics"]
    await api.text("what about the bridge?")
    answer = (await api.post("/api/broadcasts", json=asked)).json()
    assert (answer["recipients"], answer["dormant"]) == (2, 0)
    shown = (await api.get(f"/api/subscribers/{ALICE}")).json()
    assert (shown["unreachable"], shown["dormant_since"]) == (0, None)
    assert len(shown["blocked"]) == 1  # that is for the operator to lift
