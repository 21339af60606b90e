"""The inbox: filters, and what staff decide about texts that may have been a wish to stop."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import select

from smsbot.store import audit
from smsbot.store.database import Store
from smsbot.store.staff import add_staff
from smsbot.store.tables import Inbound, Outbox, Suppression, table
from tests.web.composition import ALICE, NOW_MS, Client, Composition, is_problem, send_one_broadcast

BOB = "+995555000002"
STOPPED = "Kutaisi City Hall: you are unsubscribed and will get no more messages. To rejoin text START"


async def written(api: Client, service: Composition, *texts: str, number: str = ALICE) -> None:
    for text in texts:
        service.now_ms += 1_000
        await api.text(text, number)


async def entries(api: Client, **query: Any) -> list[dict[str, Any]]:
    answer = await api.get("/api/inbox", params=query)
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json()["items"]
    return found


async def decide(api: Client, entry: dict[str, Any], action: str) -> Any:
    return await api.post(f"/api/inbox/{entry['id']}", json={"action": action})


def to_alice(store: Store) -> list[str]:
    rows = table(Outbox)
    return list(
        store.read(
            lambda on: on.execute(select(rows.c.text).where(rows.c.number == ALICE).order_by(rows.c.id)).scalars()
        )
    )


async def test_texts_are_filtered_by_tag(api: Client, service: Composition) -> None:
    await written(api, service, "BUDGET", "what about the bridge?", "Stop the landfill in Likhauri", "don't stop")
    assert [entry["tag"] for entry in await entries(api)] == ["keep", "stop_sentence", "unknown"]
    assert [entry["text"] for entry in await entries(api, tag="unknown")] == ["what about the bridge?"]
    assert [entry["tag"] for entry in await entries(api, tag="keep,unknown")] == ["keep", "unknown"]
    assert [entry["tag"] for entry in await entries(api, tag="review")] == ["keep", "stop_sentence"]
    assert await entries(api, tag="nothing_like_it") == []
    is_problem(await api.get("/api/inbox", params={"tag": "KEEP; DROP"}), 422)


async def test_pages_of_a_filtered_inbox_meet_without_gap_or_repeat(api: Client, service: Composition) -> None:
    await written(
        api, service, *(text for n in range(4) for text in (f"Stop the works no {n} in our street", f"bridge {n}?"))
    )
    whole = await entries(api, tag="review")
    await decide(api, whole[2], "close")
    whole = await entries(api, tag="review")
    paged: list[dict[str, Any]] = []
    cursor: str | None = None
    while True:
        page = (
            await api.get("/api/inbox", params={"tag": "review", "limit": 1, **({"cursor": cursor} if cursor else {})})
        ).json()
        paged += page["items"]
        cursor = page["next"]
        if cursor is None:
            break
    assert paged == whole
    assert [entry["state"] for entry in whole] == ["open", "open", "open", "answered"]


async def test_an_opt_out_found_by_staff_stops_as_stop_does(api: Client, service: Composition, store: Store) -> None:
    await written(api, service, "BUDGET", "Stop the landfill in Likhauri and leave us alone with these")
    send_one_broadcast(store, status="queued")
    (entry,) = await entries(api, tag="review")
    before = to_alice(store)
    answer = await decide(api, entry, "stop")
    assert (answer.status_code, answer.json()["state"]) == (200, "answered")
    person = (await api.get(f"/api/subscribers/{ALICE}")).json()
    assert (person["state"], person["topics"]) == ("stopped", [])
    assert person["consents"][-1] == {
        "at": "2026-12-01T12:00:02+04:00", "action": "stop", "scope": "all", "source": "staff",
        "evidence": "Stop the landfill in Likhauri and leave us alone with these",
    }  # fmt: skip
    assert to_alice(store)[len(before) :] == [STOPPED]
    last = store.read(lambda on: audit.of(on, audit.subject(store.key, ALICE)))[-1]
    assert (last.actor, last.rule, last.channel) == ("admin_key", "review", "simulator")
    assert last.wording.startswith("consent.stopped@")
    assert store.read(audit.verify) is None
    rows = table(Outbox)
    assert store.read(lambda on: on.execute(select(rows.c.status).where(rows.c.broadcast_id == 1)).scalars().all()) == [
        "suppressed"
    ]
    assert store.read(lambda on: on.execute(select(table(Suppression).c.source)).scalars().all()) == ["staff"]


async def test_the_confirmation_belongs_to_the_text_and_comes_once(
    api: Client, service: Composition, store: Store
) -> None:
    await written(api, service, "BUDGET", "Stop the landfill in Likhauri", "Stop the works in our street")
    first, second = await entries(api, tag="review")
    await decide(api, first, "stop")
    told = to_alice(store)
    answer = await decide(api, second, "stop")
    assert (answer.status_code, answer.json()["state"]) == (200, "answered")
    service.now_ms += 60_000
    assert await api.text("STOP") == []  # a repeat within a day is silent, as after their own STOP
    assert to_alice(store) == told
    message = (await api.get("/api/messages", params={"number": ALICE, "direction": "out"})).json()["items"][0]
    assert (message["text"], message["in_reply_to"]) == (STOPPED, first["id"])


async def test_the_confirmation_speaks_the_persons_language(api: Client, service: Composition, store: Store) -> None:
    await written(api, service, "ბიუჯეტი", "სტოპ ნაგავსაყრელს ლიხაურში გთხოვთ მართლა ყველამ")
    (entry,) = await entries(api)
    await decide(api, entry, "stop")
    assert to_alice(store)[-1].startswith("ქუთაისის მერია")


async def test_start_after_it_offers_the_former_topics(api: Client, service: Composition) -> None:
    await written(api, service, "BUDGET", "Stop the landfill in Likhauri")
    (entry,) = await entries(api, tag="review")
    await decide(api, entry, "stop")
    service.now_ms += 1_000
    (offer,) = await api.text("START")
    assert "Budget" in offer["text"]


async def test_who_has_joined_again_since_is_not_stopped(api: Client, service: Composition) -> None:
    await written(api, service, "BUDGET", "Stop the landfill in Likhauri", "CULTURE")
    (entry,) = await entries(api, tag="review")
    problem = is_problem(await decide(api, entry, "stop"), 409)
    assert problem["detail"] == "This person has joined again since writing this; close the entry instead."
    assert (await api.get(f"/api/subscribers/{ALICE}")).json()["state"] == "active"
    assert (await entries(api, tag="review"))[0]["state"] == "open"
    assert (await decide(api, entry, "close")).json()["state"] == "answered"


async def test_an_entry_is_closed_and_opened_once_each(api: Client, service: Composition) -> None:
    await written(api, service, "what about the bridge?")
    (entry,) = await entries(api)
    is_problem(await decide(api, entry, "open"), 409)
    assert (await decide(api, entry, "close")).json()["state"] == "answered"
    assert is_problem(await decide(api, entry, "close"), 409)["detail"] == "This entry is closed already."
    assert (
        is_problem(await decide(api, entry, "stop"), 409)["detail"]
        == "This entry is closed already; open it again first."
    )
    assert (await decide(api, entry, "open")).json()["state"] == "open"


async def test_what_no_phone_number_wrote_stops_nobody(api: Client, service: Composition) -> None:
    await written(api, service, "Stop the landfill in Likhauri", number="MAGTI")
    (entry,) = await entries(api)
    assert "No phone number" in str(is_problem(await decide(api, entry, "stop"), 409)["detail"])


async def test_no_entry_is_404_and_no_action_422(api: Client, service: Composition) -> None:
    await written(api, service, "BUDGET", "what about the bridge?")
    (entry,) = await entries(api)
    is_problem(await api.post("/api/inbox/in-1", json={"action": "stop"}), 404)  # BUDGET was understood
    is_problem(await api.post("/api/inbox/mayor", json={"action": "close"}), 404)
    is_problem(await decide(api, entry, "erase"), 422)
    is_problem(await api.post(f"/api/inbox/{entry['id']}", json={}), 422)


@pytest.mark.parametrize(("role", "status"), [("viewer", 403), ("auditor", 403), ("author", 200), ("approver", 200)])
async def test_who_may_decide(api: Client, service: Composition, store: Store, role: str, status: int) -> None:
    await written(api, service, "Stop the landfill in Likhauri", number=BOB)
    (entry,) = await entries(api)
    key = store.write(lambda on: add_staff(on, "Nino", role, NOW_MS))
    async with Client(service, key) as staff:
        answer = await decide(staff, entry, "stop")
    assert answer.status_code == status
    rows = table(Inbound)
    state = store.read(lambda on: on.execute(select(rows.c.inbox).where(rows.c.number == BOB)).scalar_one())
    assert state == ("answered" if status == 200 else "open")
