"""What people and machines read: the public page, the simulator, the description, the measurements."""

from __future__ import annotations

import re

from prometheus_client.parser import text_string_to_metric_families

from smsbot.store.database import Store
from smsbot.web.app import CALLS
from tests.web.composition import ALICE, NOW_MS, Client, Composition, compose, is_problem

ELSEWHERE = re.compile(r"""(?:src|href|action)=["']?(?:https?:)?//|<script>|<style|\son\w+=|\sstyle=""")


async def test_the_simulator_answers_with_the_replies_that_a_text_caused(api: Client) -> None:
    (reply,) = await api.text("JOIN")
    assert set(reply) == {"id", "text", "encoding", "parts"}
    assert re.fullmatch(r"out-\d+", reply["id"])
    items = (await api.get("/simulator/messages", params={"number": ALICE})).json()["items"]
    assert [(item["direction"], item["text"]) for item in items] == [("in", "JOIN"), ("out", reply["text"])]


async def test_the_simulator_needs_no_key_and_shows_no_real_channel(store: Store) -> None:
    real = {"gateway": "kannel", "webhook_token": "t" * 20, "username": "u", "password": "p"}
    mixed = compose(store, channels={"main": real, "phone": {"gateway": "simulator"}})
    async with Client(mixed, key=None) as client:
        await client.text("JOIN")
        row = "INSERT INTO inbound (channel, external_id, number, recipient, text, at_ms, intent, rule, inbox, tag)"
        values = f" VALUES ('main', 'x', '{ALICE}', '', 'a private word', {NOW_MS}, '', '', '', '')"
        store.write(lambda on: on.exec_driver_sql(row + values))
        answer = await client.get("/simulator/messages", params={"number": ALICE})
    assert [item["channel"] for item in answer.json()["items"]] == ["phone", "phone"]
    assert "private" not in answer.text


async def test_without_a_simulated_channel_all_of_the_simulator_is_404(store: Store) -> None:
    real = {"gateway": "kannel", "webhook_token": "t" * 20, "username": "u", "password": "p"}
    async with Client(compose(store, channels={"main": real}), key=None) as client:
        is_problem(await client.get("/simulator"), 404)
        is_problem(await client.post("/simulator/messages", json={"from": ALICE, "text": "JOIN"}), 404)
        is_problem(await client.get("/simulator/messages", params={"number": ALICE}), 404)
        assert "/simulator" not in (await client.get("/")).text


async def test_pages_load_nothing_from_elsewhere_and_run_nothing_inline(api: Client) -> None:
    for path in ("/", "/?lang=ka", "/docs", "/simulator"):
        answer = await api.get(path)
        assert answer.status_code == 200
        assert not ELSEWHERE.search(answer.text), path
        for asset in re.findall(r'(?:src|href)="(/static/[^"]+)"', answer.text):
            assert (await api.get(asset)).status_code == 200, asset


async def test_the_public_page_speaks_the_readers_language(api: Client) -> None:
    english = await api.get("/", headers={"Accept-Language": "en-GB,en;q=0.9"})
    assert '<html lang="en">' in english.text
    assert "Kutaisi City Hall" in english.text
    georgian = await api.get("/", headers={"Accept-Language": "fr"})
    assert '<html lang="ka">' in georgian.text
    assert "ბიუჯეტი" in georgian.text
    for word in ("JOIN", "STOP", "HELP", "2020", "+995431230000"):
        assert word in english.text


async def test_the_public_page_names_a_number_that_real_phones_reach(store: Store) -> None:
    real = {"gateway": "kannel", "sender": "3300", "webhook_token": "t" * 20, "username": "u", "password": "p"}
    async with Client(compose(store, channels={"phone": {"gateway": "simulator"}, "main": real}), key=None) as client:
        page = (await client.get("/", params={"lang": "en"})).text
    assert "<strong>3300</strong>" in page
    assert "2020" not in page


async def test_no_number_of_people_under_ten_is_published(api: Client) -> None:
    for at in range(9):
        await api.text("BUDGET", number=f"+9955550002{at:02}")
    page = (await api.get("/", params={"lang": "en"})).text
    assert "Subscribers" not in page
    assert "people receive" not in page
    await api.text("BUDGET", number="+995555000299")
    page = (await api.get("/", params={"lang": "en"})).text
    assert "<td>10</td>" in page
    assert "10 people receive" in page
    assert page.count("fewer than 10") == 7


async def test_names_given_by_staff_are_text_on_every_page(api: Client) -> None:
    made = await api.post("/api/topics", json={"code": "x1", "names": {"en": "<script>alert(1)</script>"}})
    assert made.status_code == 201, made.text
    assert "<script>alert" not in (await api.get("/", params={"lang": "en"})).text


async def test_the_description_is_complete_and_its_references_lead_somewhere(api: Client) -> None:
    described = (await api.get("/openapi.json")).json()
    assert described["openapi"].startswith("3.1")
    operations = {
        (method.upper(), path): operation
        for path, methods in described["paths"].items()
        for method, operation in methods.items()
    }
    assert set(operations) == {(call.method, call.path) for call in CALLS}
    assert len({operation["operationId"] for operation in operations.values()}) == len(operations)
    named = set(re.findall(r'"#/components/schemas/([^"]+)"', (await api.get("/openapi.json")).text))
    assert named <= set(described["components"]["schemas"])
    broadcast = operations["POST", "/api/broadcasts"]
    assert {"200", "202", "400", "401", "403", "413", "422"} <= set(broadcast["responses"])
    assert "Idempotency-Key" in [parameter["name"] for parameter in broadcast["parameters"]]
    assert operations["GET", "/healthz"]["security"] == []


async def test_the_docs_page_shows_every_call_with_an_example(api: Client) -> None:
    page = (await api.get("/docs")).text
    for call in CALLS:
        assert f"<code>{call.path}</code>" in page
    assert page.count("curl ") == len(CALLS)


async def test_measurements_come_from_the_database_and_the_process(api: Client, service: Composition) -> None:
    await api.text("BUDGET")
    await api.text("what about the bridge?")
    service.now_ms += 30_000
    answer = await api.get("/metrics", headers={"Authorization": ""})
    assert answer.headers["content-type"].startswith("text/plain; version=0.0.4")
    samples = {
        (sample.name, *sorted(sample.labels.values())): sample.value
        for family in text_string_to_metric_families(answer.text)
        for sample in family.samples
    }
    assert samples["smsbot_queue_depth", "reply", "simulator"] == 2
    assert samples["smsbot_queue_oldest_seconds", "reply", "simulator"] == 30
    assert samples["smsbot_people", "active"] == 1
    assert samples[("smsbot_inbox_unanswered",)] == 1
    assert ALICE not in answer.text


async def test_channels_show_health_backlog_and_rate(api: Client, store: Store) -> None:
    await api.text("JOIN")
    (unserved,) = (await api.get("/api/channels")).json()["items"]
    assert (unserved["name"], unserved["health"], unserved["backlog"]) == ("simulator", "down", 1)
    assert "work" in unserved["reason"]
    told = f"INSERT INTO channel_health VALUES ('simulator', 'degraded', 'It is slow.', {NOW_MS}, {NOW_MS})"
    store.write(lambda on: on.exec_driver_sql(told))
    (slow,) = (await api.get("/api/channels")).json()["items"]
    assert (slow["health"], slow["reason"]) == ("degraded", "It is slow.")
    assert (slow["since"], slow["rate_per_s"]) == ("2026-12-01T12:00:00+04:00", 100_000)
