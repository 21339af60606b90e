"""Topics and places, edited by staff, understood at once."""

from __future__ import annotations

import pytest

from smsbot.store import directory
from smsbot.store.database import Store
from tests.web.composition import Client, is_problem

WATER = {"code": "water", "names": {"ka": "წყალი", "en": "Water"}, "words": ["tskali"]}


async def test_the_built_in_topics_come_in_the_order_of_the_menu(api: Client) -> None:
    page = (await api.get("/api/topics")).json()
    assert [topic["number"] for topic in page["items"]] == [1, 2, 3, 4, 5, 6, 7, 8]
    assert page["items"][0]["code"] == "budget"
    assert set(page["items"][0]) == {"code", "number", "names", "words", "active"}
    first = (await api.get("/api/topics", params={"limit": "5"})).json()
    rest = (await api.get("/api/topics", params={"limit": "5", "cursor": first["next"]})).json()
    assert first["items"] + rest["items"] == page["items"]
    assert rest["next"] is None


async def test_a_new_topic_takes_the_next_number_and_is_understood_at_once(api: Client, store: Store) -> None:
    before = store.read(directory.version)
    answer = await api.post("/api/topics", json=WATER)
    assert answer.status_code == 201, answer.text
    assert answer.json() == {**WATER, "number": 9, "active": True}
    assert store.read(directory.version) > before
    replies = await api.text("TSKALI", number="+995555000077")
    assert "tsqali" in replies[0]["text"]  # in Latin letters, as it was asked
    person = (await api.get("/api/subscribers/+995555000077")).json()
    assert person["topics"] == ["water"]


@pytest.mark.parametrize(
    ("change", "status", "field"),
    [
        ({"code": "budget"}, 409, "code"),
        ({"number": 1}, 409, "number"),
        ({"number": 0}, 422, "number"),
        ({"number": "9"}, 422, "number"),
        ({"code": "Water"}, 422, "code"),
        ({"code": ""}, 422, "code"),
        ({"names": {}}, 422, "names"),
        ({"names": {"en": " "}}, 422, "names.en"),
        ({"names": {"fr": "Eau"}}, 422, "names.fr"),
        ({"names": "Water"}, 422, "names"),
        ({"words": ["STOP"]}, 422, "words"),
        ({"words": ["გაუქმება"]}, 422, "words"),
        ({"words": ["12"]}, 422, "words"),
        ({"words": ["Budget"]}, 422, "words"),
        ({"words": ["Ozurgeti"]}, 422, "words"),
        ({"names": {"ka": "ბიუჯეტი"}}, 422, "names.ka"),
        ({"colour": "blue"}, 422, "colour"),
    ],
)
async def test_a_topic_that_clashes_or_cannot_be_read_is_refused(
    api: Client, change: dict[str, object], status: int, field: str
) -> None:
    problem = is_problem(await api.post("/api/topics", json={**WATER, **change}), status)
    assert problem["field"] == field
    assert len((await api.get("/api/topics")).json()["items"]) == 8


async def test_a_topic_is_changed_in_part_and_closed(api: Client) -> None:
    changed = (await api.patch("/api/topics/budget", json={"words": ["biujeti"], "active": False})).json()
    assert (changed["words"], changed["active"], changed["number"]) == (["biujeti"], False, 1)
    assert changed["names"]["en"] == "Budget"
    is_problem(await api.patch("/api/topics/budget", json={}), 422)
    is_problem(await api.patch("/api/topics/budget", json={"number": 2}), 409)
    is_problem(await api.patch("/api/topics/budget", json={"code": "money"}), 422)


async def test_places_form_a_tree(api: Client) -> None:
    village = {"code": "gonebiskari", "parent": "ozurgeti", "names": {"ka": "გონებისკარი"}}
    assert (await api.post("/api/places", json=village)).status_code == 201
    assert is_problem(await api.post("/api/places", json={**village, "code": "x", "parent": "no"}), 422)["field"] == (
        "parent"
    )
    is_problem(await api.post("/api/places", json=village), 409)
    assert is_problem(await api.patch("/api/places/ozurgeti", json={"parent": "gonebiskari"}), 422)["field"] == "parent"
    assert is_problem(await api.patch("/api/places/ozurgeti", json={"parent": "ozurgeti"}), 422)["field"] == "parent"
    freed = (await api.patch("/api/places/gonebiskari", json={"parent": None})).json()
    assert freed["parent"] is None


async def test_villages_may_share_a_name_but_not_a_topics(api: Client) -> None:
    twin = {"code": "other-likhauri", "names": {"ka": "ლიხაური"}}
    assert (await api.post("/api/places", json=twin)).status_code == 201
    problem = is_problem(await api.post("/api/places", json={"code": "b", "names": {"ka": "ბიუჯეტი"}}), 422)
    assert problem["field"] == "names.ka"
