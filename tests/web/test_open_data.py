"""`/data/`: an index, each set as CSV and JSON, and no cell under ten people."""

from __future__ import annotations

import csv
import io
import re
from typing import Any

import pytest

from smsbot.clock import DAY_MS
from smsbot.store import open_data
from smsbot.store.database import Store
from smsbot.store.open_data import Circumstances, Set
from smsbot.web.public import data
from tests.web.composition import Client, Composition, is_problem

FORMULA = "=1+1 and so on"


def number(at: int) -> str:
    return f"+995555{at:06}"


async def table(api: Client, name: str) -> list[dict[str, Any]]:
    """The set as JSON, when its CSV says the same."""
    answer = await api.get(f"/data/{name}.json", headers={"Authorization": ""})
    assert answer.status_code == 200, answer.text
    items: list[dict[str, Any]] = answer.json()["items"]
    sheet = await api.get(f"/data/{name}.csv", headers={"Authorization": ""})
    assert sheet.headers["content-type"].startswith("text/csv")
    rows = list(csv.DictReader(io.StringIO(sheet.text, newline="")))
    assert [list(row) for row in rows] == [answer.json()["columns"]] * len(items)
    for row, item in zip(rows, items, strict=True):
        assert {column for column, cell in row.items() if cell == ""} == {
            column for column, value in item.items() if value is None or value == []
        }
    return items


async def test_the_index_leads_to_every_set_and_the_public_page_to_the_index(api: Client) -> None:
    assert 'href="/data/"' in (await api.get("/")).text
    for lang in ("en", "ka", "ru"):
        page = await api.get("/data/", params={"lang": lang}, headers={"Authorization": ""})
        assert page.status_code == 200
        assert f'<html lang="{lang}">' in page.text
        files = re.findall(r'href="(/data/[^"?]+)"', page.text)
        assert len(files) == 2 * len(Set)
        for file in files:
            assert (await api.get(file)).status_code == 200, file
    for nothing in ("/data/people.csv", "/data/topics.xml", "/data/topics", "/data/../topics.csv"):
        is_problem(await api.get(nothing), 404)


async def test_a_cell_is_told_from_ten_people_on(api: Client) -> None:
    for at in range(9):
        await api.text("JOIN BUDGET CULTURE", number=number(at))
        await api.text("AREA Likhauri", number=number(at))
    assert {row["subscribers"] for row in await table(api, "topics")} == {None}
    assert {row["subscribers"] for row in await table(api, "places")} == {None}
    await api.text("BUDGET", number=number(9))
    await api.text("AREA Likhauri", number=number(9))
    told = {row["code"]: row["subscribers"] for row in await table(api, "topics")}
    assert told.pop("budget") == 10
    assert set(told.values()) == {None}
    places = {row["code"]: (row["parent"], row["subscribers"]) for row in await table(api, "places")}
    assert places == {"ozurgeti": (None, None), "likhauri": ("ozurgeti", 10)}
    await api.text("STOP", number=number(3))
    assert {row["subscribers"] for row in await table(api, "topics")} == {None}


async def test_who_paused_counts_again_when_the_pause_is_over(api: Client, service: Composition) -> None:
    for at in range(10):
        await api.text("BUDGET", number=number(at))
        await api.text("AREA Likhauri", number=number(at))
    await api.text("PAUSE 2", number=number(0))
    for name in ("topics", "places"):
        assert {row["subscribers"] for row in await table(api, name)} == {None}
    service.now_ms += 3 * DAY_MS
    for name in ("topics", "places"):
        assert {row["subscribers"] for row in await table(api, name)} == {None, 10}
    assert "<td>10</td>" in (await api.get("/", params={"lang": "en"})).text


async def test_months_are_told_when_they_are_over(api: Client, service: Composition) -> None:
    for at in range(11):
        await api.text("JOIN", number=number(at))
    for at in range(10):
        await api.text("STOP", number=number(at))
        await api.text("START", number=number(at))
        await api.text("STOP", number=number(at))
    assert await table(api, "months") == []
    service.now_ms += 31 * DAY_MS
    for at in range(9):
        await api.text("START", number=number(at))
    service.now_ms += 31 * DAY_MS
    assert await table(api, "months") == [
        {"month": "2026-12", "joined": 11, "stopped": 10},
        {"month": "2027-01", "joined": None, "stopped": None},
    ]


@pytest.mark.parametrize(("people", "state", "shown"), [(10, "done", True), (9, "done", False), (10, "sending", False)])
async def test_a_broadcast_is_published_when_it_is_over_and_was_no_small_circle(
    api: Client, store: Store, people: int, state: str, shown: bool
) -> None:
    for at in range(people):
        await api.text("BUDGET", number=number(at))
    wanted = {"text": {"en": FORMULA, "ka": "სხდომა"}, "topics": ["budget"], "urgent": True, "reason": "a try"}
    made = (await api.post("/api/broadcasts", json=wanted)).json()

    def over(connection: Any) -> None:
        connection.exec_driver_sql(f"UPDATE broadcast SET state = '{state}', done_ms = created_ms")
        connection.exec_driver_sql(f"UPDATE broadcast_count SET n = {people - 1} WHERE status = 'delivered'")
        connection.exec_driver_sql("UPDATE broadcast_count SET n = 1 WHERE status = 'sent'")

    store.write(over)
    found = await table(api, "broadcasts")
    if not shown:
        assert found == []
        return
    (one,) = found
    assert one["id"] == f"b{made['id']}"
    assert (one["text_en"], one["text_ka"], one["text_ru"]) == (FORMULA, "სხდომა", None)
    assert (one["topics"], one["everyone"], one["recipients"], one["delivered"]) == (["budget"], False, 10, None)
    assert one["sent_at"] == "2026-12-01T12:00:00+04:00"
    assert f"'{FORMULA}" in (await api.get("/data/broadcasts.csv")).text  # no spreadsheet runs it


async def test_no_set_holds_a_number_or_what_people_wrote(api: Client) -> None:
    for at in range(10):
        await api.text("BUDGET", number=number(at))
    await api.text("a private word", number=number(0))
    for each in Set:
        for form in ("csv", "json"):
            text = (await api.get(f"/data/{each}.{form}")).text
            assert "private" not in text
            assert "995555" not in text


async def test_what_took_long_to_count_is_counted_again_only_after_a_rest(service: Composition, api: Client) -> None:
    now_s = [0.0]

    def slow() -> float:
        now_s[0] += 1.0  # so that every count takes a second
        return now_s[0]

    shelf = data.Shelf(service, slow)
    assert (await shelf.get(Set.TOPICS)).rows[0][-1] is None
    for at in range(10):
        await api.text("BUDGET", number=number(at))
    assert (await shelf.get(Set.TOPICS)).rows[0][-1] is None
    now_s[0] += data.REST
    assert (await shelf.get(Set.TOPICS)).rows[0][-1] == 10


def test_the_last_months_are_counted_over_the_turn_of_a_year(store: Store, service: Composition) -> None:
    given = Circumstances(("en",), service.settings.service.zone, service.now_ms)
    starts = open_data._beginnings(given)
    assert (f"{starts[0]:%Y-%m}", f"{starts[-1]:%Y-%m}", len(starts)) == ("2024-12", "2026-12", open_data.MONTHS + 1)
    assert store.read(lambda c: open_data.read(c, Set.MONTHS, given)).rows == ()
