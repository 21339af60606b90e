"""Broadcasts through the API (contract §4 and §10)."""

from __future__ import annotations

from typing import Any

import pytest

from smsbot.store.database import Store
from smsbot.store.staff import Role
from tests.web.composition import ALICE, Client, Composition, compose, is_problem

HEARING = {"text": {"ka": "მოსმენა 12-ზე", "en": "Hearing at 12"}, "topics": ["budget"]}
STATUSES = {
    "queued", "sending", "sent", "delivered", "failed", "expired", "suppressed", "cancelled", "unknown",
}  # fmt: skip


@pytest.fixture
async def crowd(api: Client) -> Client:
    """Two English readers and one Georgian, all for the budget; one more for culture."""
    for number, words in (("01", "BUDGET"), ("02", "BUDGET"), ("03", "ბიუჯეტი"), ("04", "CULTURE")):
        await api.text(words, number=f"+9955550000{number}")
    return api


async def test_a_broadcast_answers_with_whom_it_reaches_and_what_it_costs(crowd: Client) -> None:
    answer = await crowd.post("/api/broadcasts", json=HEARING)
    assert answer.status_code == 202, answer.text
    told = answer.json()
    assert set(told) == {"id", "state", "recipients", "by_language", "parts_total"}
    assert isinstance(told["id"], str)
    assert (told["state"], told["recipients"], told["parts_total"]) == ("sending", 3, 3)
    assert told["by_language"] == {
        "ka": {"recipients": 1, "encoding": "UCS-2", "units": 13, "parts": 1},
        "en": {"recipients": 2, "encoding": "GSM-7", "units": 13, "parts": 1},
    }
    shown = (await crowd.get(f"/api/broadcasts/{told['id']}")).json()
    assert shown["counts"].keys() == STATUSES
    assert sum(shown["counts"].values()) == shown["recipients"] == 3
    assert shown["created_by"] == "admin_key"
    assert shown["text"] == HEARING["text"]
    assert shown["created_at"] == "2026-12-01T12:00:00+04:00"


async def test_a_dry_run_stores_nothing_and_names_what_forces_ucs2(crowd: Client) -> None:
    wanted = {**HEARING, "text": {"en": "The “old” bridge"}, "dry_run": True}
    answer = await crowd.post("/api/broadcasts", json=wanted)
    assert answer.status_code == 200, answer.text
    told = answer.json()
    assert told["id"] is None
    english = told["by_language"]["en"]
    assert (english["recipients"], english["encoding"]) == (3, "UCS-2")
    assert {"character": "“", "substitute": '"'} in english["forcing"]
    assert (await crowd.get("/api/broadcasts")).json() == {"items": [], "next": None}


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"topics": ["no-such"]}, "topics"),
        ({"topics": []}, "topics"),
        ({"topics": "budget"}, "topics"),
        ({"topics": ["education"]}, "topics"),  # nobody there
        ({"places": ["nowhere"]}, "places"),
        ({"languages": ["fr"]}, "languages"),
        ({"text": {"fr": "Bonjour"}}, "text"),
        ({"text": ""}, "text"),
        ({"text": {}}, "text"),
        ({"text": {"en": "  "}}, "text.en"),
        ({"text": 5}, "text"),
        ({"text": "x" * 2000}, "text"),
        ({"kind": "spam"}, "kind"),
        ({"missing_translation": "guess"}, "missing_translation"),
        ({"send_at": "2026-11-01T10:00:00+04:00"}, "send_at"),
        ({"send_at": "2026-12-02T10:00:00"}, "send_at"),
        ({"send_at": "tomorrow"}, "send_at"),
        ({"send_at": 1796112000}, "send_at"),
        ({"send_at": "2026-12-03T10:00:00Z", "expires_at": "2026-12-02T10:00:00Z"}, "expires_at"),
        ({"urgent": True}, "reason"),
        ({"urgent": "yes"}, "urgent"),
        ({"channel": "no-such"}, "channel"),
        ({"dry_run": 1}, "dry_run"),
        ({"color": "red"}, "color"),
    ],
)
async def test_what_cannot_be_sent_is_422_and_names_the_field(
    crowd: Client, change: dict[str, Any], field: str
) -> None:
    problem = is_problem(await crowd.post("/api/broadcasts", json={**HEARING, **change}), 422)
    assert problem["field"] == field
    assert problem["errors"]
    assert (await crowd.get("/api/broadcasts")).json()["items"] == []


async def test_null_stands_for_what_is_not_given(crowd: Client) -> None:
    nothing = dict.fromkeys(("languages", "send_at", "expires_at", "reason", "channel"))
    answer = await crowd.post("/api/broadcasts", json={**HEARING, **nothing, "dry_run": True})
    assert answer.status_code == 200, answer.text


async def test_an_idempotent_repeat_answers_the_same_and_another_body_is_422(crowd: Client) -> None:
    key = {"Idempotency-Key": "press-2026-17"}
    first = await crowd.post("/api/broadcasts", json=HEARING, headers=key)
    turned = {"topics": HEARING["topics"], "text": HEARING["text"]}
    second = await crowd.post("/api/broadcasts", json=turned, headers=key)
    assert (first.status_code, second.status_code) == (202, 202)
    assert first.json() == second.json()
    is_problem(await crowd.post("/api/broadcasts", json={**HEARING, "urgent": False}, headers=key), 422)
    assert len((await crowd.get("/api/broadcasts")).json()["items"]) == 1
    is_problem(await crowd.post("/api/broadcasts", json=HEARING, headers={"Idempotency-Key": "x" * 300}), 422)


async def test_broadcasts_are_steered_and_a_wrong_state_is_409(crowd: Client) -> None:
    made = (await crowd.post("/api/broadcasts", json={**HEARING, "send_at": "2026-12-02T12:00:00+04:00"})).json()
    address = f"/api/broadcasts/{made['id']}"
    assert made["state"] == "scheduled"
    assert (await crowd.post(f"{address}/pause")).json()["state"] == "paused"
    is_problem(await crowd.post(f"{address}/pause"), 409)
    assert (await crowd.post(f"{address}/resume")).json()["state"] == "scheduled"
    cancelled = (await crowd.post(f"{address}/cancel")).json()
    assert (cancelled["state"], cancelled["counts"]["cancelled"]) == ("cancelled", 3)
    is_problem(await crowd.post(f"{address}/resume"), 409)
    is_problem(await crowd.post(f"{address}/approve"), 409)
    is_problem(await crowd.post("/api/broadcasts/4711/pause"), 404)
    is_problem(await crowd.get("/api/broadcasts/x"), 404)


async def test_nobody_approves_their_own_broadcast(store: Store, keys: dict[Role, str]) -> None:
    careful: Composition = compose(store, sending={"approvals": 1})
    async with Client(careful, key=keys[Role.APPROVER]) as one, Client(careful, key=keys[Role.ADMIN]) as other:
        await one.text("BUDGET", number=ALICE)
        made = (await one.post("/api/broadcasts", json=HEARING)).json()
        assert made["state"] == "awaiting_approval"
        refused = await one.post(f"/api/broadcasts/{made['id']}/approve")
        assert refused.status_code in (403, 409), refused.text
        approved = await other.post(f"/api/broadcasts/{made['id']}/approve")
        assert approved.status_code == 200, approved.text
        assert approved.json()["approved_by"] == "the admin"


async def test_broadcasts_come_newest_first_in_pages(crowd: Client) -> None:
    ids = [(await crowd.post("/api/broadcasts", json=HEARING)).json()["id"] for _ in range(3)]
    first = (await crowd.get("/api/broadcasts", params={"limit": "2"})).json()
    rest = (await crowd.get("/api/broadcasts", params={"limit": "2", "cursor": first["next"]})).json()
    assert [item["id"] for item in first["items"] + rest["items"]] == ids[::-1]
    assert rest["next"] is None
    is_problem(await crowd.get("/api/broadcasts", params={"cursor": "x"}), 422)


async def test_a_correction_without_anybody_reached_says_so(crowd: Client) -> None:
    made = (await crowd.post("/api/broadcasts", json={**HEARING, "send_at": "2026-12-02T12:00:00+04:00"})).json()
    is_problem(await crowd.post(f"/api/broadcasts/{made['id']}/correction", json={"text": "At 13."}), 422)
    is_problem(await crowd.post(f"/api/broadcasts/{made['id']}/correction", json={"topics": []}), 422)


@pytest.mark.parametrize(
    "text, field",
    [
        ("", "text"),
        (" \n", "text"),
        ("x" * 1000, "text"),
        ({"ka": ""}, "text.ka"),
        ({"en": "x" * 1000}, "text.en"),
        ({"": "Hearing"}, "text"),
        ({}, "text"),
    ],
)
async def test_a_text_is_refused_by_the_name_it_was_given(crowd: Client, text: object, field: str) -> None:
    answer = await crowd.post("/api/broadcasts", json={**HEARING, "text": text})
    assert (answer.status_code, answer.json()["field"]) == (422, field)


async def test_a_correction_s_empty_string_is_the_field_text(crowd: Client) -> None:
    made = (await crowd.post("/api/broadcasts", json=HEARING)).json()["id"]
    answer = await crowd.post(f"/api/broadcasts/{made}/correction", json={"text": " "})
    assert (answer.status_code, answer.json()["field"]) == (422, "text")
