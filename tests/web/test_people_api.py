"""Subscribers, messages and the inbox, filled by real conversations."""

from __future__ import annotations

from smsbot.clock import DAY_MS
from smsbot.store.database import Store
from smsbot.store.tables import Contact, Outbox, table
from tests.web.composition import ALICE, NOW_MS, Client, Composition, is_problem, send_one_broadcast


async def test_a_subscriber_shows_state_topics_and_consents(api: Client) -> None:
    await api.text("BUDGET")
    for spelling in (ALICE, "995555000001", "00995 555 00 00 01", "%2B995555000001"):
        answer = await api.get(f"/api/subscribers/{spelling}")
        assert answer.status_code == 200, (spelling, answer.text)
    person = answer.json()
    assert person["number"] == ALICE
    assert person["state"] == "active"
    assert person["topics"] == ["budget"]
    assert person["since"] == "2026-12-01T12:00:00+04:00"
    assert {"at", "action", "scope", "source", "evidence"} == set(person["consents"][0])
    assert person["consents"][0]["evidence"] == "BUDGET"


async def test_an_unknown_number_is_404_and_a_word_is_422(api: Client) -> None:
    is_problem(await api.get("/api/subscribers/+995599999999"), 404)
    assert is_problem(await api.get("/api/subscribers/mayor"), 422)["field"] == "number"


async def test_a_number_that_only_sent_stop_is_stopped_without_a_profile(api: Client) -> None:
    await api.text("STOP")
    person = (await api.get(f"/api/subscribers/{ALICE}")).json()
    assert (person["state"], person["topics"], person["since"]) == ("stopped", [], None)


async def test_a_lapsed_pause_reads_active(api: Client, service: Composition, store: Store) -> None:
    await api.text("BUDGET")
    until = {"state": "paused", "paused_until_ms": NOW_MS + DAY_MS}
    store.write(lambda on: on.execute(table(Contact).update().values(until)))
    person = (await api.get(f"/api/subscribers/{ALICE}")).json()
    assert (person["state"], person["paused_until"]) == ("paused", "2026-12-02T12:00:00+04:00")
    service.now_ms += 2 * DAY_MS
    person = (await api.get(f"/api/subscribers/{ALICE}")).json()
    assert (person["state"], person["paused_until"]) == ("active", None)


async def test_erasing_forgets_the_person_but_not_the_stop(api: Client) -> None:
    await api.text("BUDGET")
    await api.text("a secret question about my neighbour")
    await api.text("STOP")
    assert (await api.delete(f"/api/subscribers/{ALICE}")).status_code == 204
    person = (await api.get(f"/api/subscribers/{ALICE}")).json()
    assert person["state"] == "stopped"
    assert [consent["evidence"] for consent in person["consents"]] == [None] * len(person["consents"])
    assert person["consents"][-1]["action"] == "erase"
    everything = (await api.get("/api/messages")).text
    assert "secret" not in everything


async def test_erasing_somebody_who_did_not_stop_leaves_nobody(api: Client) -> None:
    await api.text("BUDGET")
    assert (await api.delete(f"/api/subscribers/{ALICE}")).status_code == 204
    is_problem(await api.get(f"/api/subscribers/{ALICE}"), 404)
    is_problem(await api.delete(f"/api/subscribers/{ALICE}"), 404)


async def test_messages_are_merged_newest_first_and_pages_meet_without_gap_or_repeat(
    api: Client, service: Composition
) -> None:
    for words in ("JOIN", "1 3", "STATUS", "HELP", "what about the bridge?"):
        service.now_ms += 1_000
        await api.text(words)
    whole = (await api.get("/api/messages", params={"number": ALICE})).json()
    assert whole["next"] is None
    times = [item["at"] for item in whole["items"]]
    assert times == sorted(times, reverse=True)
    assert (whole["items"][-1]["direction"], whole["items"][-1]["text"]) == ("in", "JOIN")
    assert whole["items"][-1]["status"] == "received"
    assert whole["items"][-2]["in_reply_to"] == whole["items"][-1]["id"]
    paged, cursor = [], None
    while True:
        params = {"number": ALICE, "limit": "3"} | ({"cursor": cursor} if cursor else {})
        page = (await api.get("/api/messages", params=params)).json()
        paged += page["items"]
        cursor = page["next"]
        if cursor is None:
            break
    assert paged == whole["items"]
    inward = (await api.get("/api/messages", params={"number": ALICE, "direction": "in"})).json()["items"]
    assert [item["text"] for item in inward][-1] == "JOIN"
    assert {item["direction"] for item in inward} == {"in"}


async def test_a_broadcasts_message_shows_its_words_and_number(api: Client, store: Store) -> None:
    await api.text("BUDGET")
    send_one_broadcast(store, status="delivered")
    (newest, *_) = (await api.get("/api/messages", params={"number": ALICE})).json()["items"]
    assert newest["number"] == ALICE
    assert newest["text"] == "Hearing at noon"
    assert newest["broadcast"] == "1"
    assert newest["status"] == "delivered"


async def test_the_phone_shows_a_broadcast_only_when_it_has_arrived(api: Client, store: Store) -> None:
    await api.text("BUDGET")
    for status, arrived in (("queued", False), ("suppressed", False), ("sent", True), ("delivered", True)):
        store.write(lambda on: on.execute(table(Outbox).delete().where(table(Outbox).c.broadcast_id > 0)))
        send_one_broadcast(store, status=status)
        items = (await api.get("/simulator/messages", params={"number": ALICE})).json()["items"]
        assert ("Hearing at noon" in [item["text"] for item in items]) is arrived, status
    assert items[0]["text"] == "BUDGET"


async def test_a_personal_message_is_queued_and_refused_after_stop(api: Client) -> None:
    answer = await api.post("/api/messages", json={"to": "599 12 34 56", "text": " The library\r\nopens at 10. "})
    assert answer.status_code == 202, answer.text
    message = answer.json()
    assert (message["number"], message["text"]) == ("+995599123456", "The library\nopens at 10.")
    assert (message["direction"], message["status"], message["parts"]) == ("out", "queued", 1)
    await api.text("STOP")
    problem = is_problem(await api.post("/api/messages", json={"to": ALICE, "text": "Hello"}), 409)
    assert "STOP" in str(problem["detail"])


async def test_the_inbox_lists_the_unanswered_first_and_pages(api: Client, service: Composition) -> None:
    ids = []
    for at in range(4):
        service.now_ms += 1_000
        await api.text(f"where is the bridge number {at} going?", number=f"+99555500010{at}")
    items = (await api.get("/api/inbox")).json()["items"]
    assert [item["text"][-8:] for item in items] == ["3 going?", "2 going?", "1 going?", "0 going?"]
    ids = [item["id"] for item in items]
    marked = await api.post(f"/api/inbox/{ids[0]}/answered")
    assert marked.json()["state"] == "answered"
    first = (await api.get("/api/inbox", params={"limit": "3"})).json()
    assert [item["id"] for item in first["items"]] == ids[1:]
    rest = (await api.get("/api/inbox", params={"limit": "3", "cursor": first["next"]})).json()
    assert ([item["id"] for item in rest["items"]], rest["next"]) == ([ids[0]], None)
    reopened = await api.post(f"/api/inbox/{ids[0]}/answered", json={"answered": False})
    assert reopened.json()["state"] == "open"
    is_problem(await api.post("/api/inbox/in-99999/answered"), 404)


async def test_staff_wake_a_dormant_number(api: Client, store: Store) -> None:
    await api.text("BUDGET")
    dormant = {"dormant_ms": NOW_MS, "dormant_reason": "quiet"}
    store.write(lambda on: on.execute(table(Contact).update().values(dormant)))
    person = (await api.get(f"/api/subscribers/{ALICE}")).json()
    assert (person["dormant_reason"], person["dormant_since"]) == ("quiet", "2026-12-01T12:00:00+04:00")
    answer = await api.post(f"/api/subscribers/{ALICE}/wake")
    assert answer.status_code == 200
    assert (answer.json()["dormant_reason"], answer.json()["dormant_since"]) == (None, None)
    newest = (await api.get(f"/api/messages?number={ALICE}")).json()["items"][0]
    assert "signed up" in newest["text"]
    assert newest["erased"] is False
    is_problem(await api.post(f"/api/subscribers/{ALICE}/wake"), 409)
    is_problem(await api.post("/api/subscribers/+995599999999/wake"), 404)
