"""The weekly look at unknown words, by the API and by the command."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from smsbot.clock import DAY_MS
from smsbot.content import load_keywords
from smsbot.store.database import Store
from smsbot.store.staff import add_staff
from tests.web.composition import ALICE, NOW_MS, Client, Composition, is_problem

BOB, CAROL = "+995555000002", "+995555000003"


async def people_write(api: Client, service: Composition) -> None:
    for number, text in (
        (ALICE, "BUDGET"), (ALICE, "rcheva"), (BOB, "რჩევა"), (CAROL, "Rcheva!"), (ALICE, "tempabi"), (BOB, "თემპაბი"),
        (BOB, "When will the bridge in our village be open again"), (CAROL, "01001012345"), (CAROL, "thanks"),
        (CAROL, "zebra"), (BOB, "STOP"),
    ):  # fmt: skip
        service.now_ms += 60_000
        await api.text(text, number)


async def unknown(api: Client, **query: Any) -> list[dict[str, Any]]:
    answer = await api.get("/api/unknown", params=query)
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json()["items"]
    return found


async def test_unknown_words_are_grouped_by_sound_and_counted(api: Client, service: Composition) -> None:
    await people_write(api, service)
    found = {item["word"]: item for item in await unknown(api)}
    assert [item["count"] for item in await unknown(api)] == [3, 2, 1]
    assert set(found) == {"რჩევა", "თემპაბი", "zebra"}
    advice = found["რჩევა"]
    assert (advice["people"], advice["languages"], advice["example"]) == (3, {"latin": 2, "ka": 1}, "Rcheva!")
    assert advice["first"] < advice["last"]
    assert advice["nearest"] is None
    assert advice["add"] == {"where": "content/locales/ka/keywords.yaml", "line": "words: {COMMAND: [რჩევა]}"}
    topics = found["თემპაბი"]
    assert topics["nearest"] == {"word": "თემები", "kind": "command", "name": "topics", "language": "ka", "distance": 2}
    assert topics["add"] == {"where": "content/locales/ka/keywords.yaml", "line": "words: {topics: [თემპაბი]}"}


async def test_no_number_and_no_free_text_is_shown(api: Client, service: Composition) -> None:
    await people_write(api, service)
    whole = (await api.get("/api/unknown")).text
    for hidden in (ALICE, BOB, CAROL, "995555", "01001012345", "bridge", "thanks"):
        assert hidden not in whole


async def test_a_word_is_counted_only_since_the_instant_asked_for(api: Client, service: Composition) -> None:
    await people_write(api, service)
    service.now_ms += 8 * DAY_MS
    await api.text("zebra", ALICE)
    assert [(item["word"], item["count"]) for item in await unknown(api)] == [("zebra", 1)]
    assert len(await unknown(api, since="2026-11-01T00:00:00+04:00")) == 3
    assert len(await unknown(api, since="2026-11-01T00:00:00+04:00", limit=1)) == 1
    is_problem(await api.get("/api/unknown", params={"since": "last week"}), 422)
    is_problem(await api.get("/api/unknown", params={"limit": 0}), 422)


async def test_an_erased_persons_words_are_gone(api: Client, service: Composition) -> None:
    await people_write(api, service)
    await api.delete(f"/api/subscribers/{CAROL}")
    assert "zebra" not in {item["word"] for item in await unknown(api)}


@pytest.mark.parametrize("role", ["viewer", "author", "auditor"])
async def test_whoever_may_read_may_look(api: Client, service: Composition, store: Store, role: str) -> None:
    key = store.write(lambda on: add_staff(on, "Nino", role, NOW_MS))
    async with Client(service, key) as staff:
        assert (await staff.get("/api/unknown")).status_code == 200
    async with Client(service, None) as nobody:
        is_problem(await nobody.get("/api/unknown"), 401)


async def test_the_line_told_is_one_that_the_folder_takes(api: Client, service: Composition, tmp_path: Path) -> None:
    """Put into a folder of one's own as told, the word is understood from the next start on."""
    await people_write(api, service)
    word = next(item for item in await unknown(api) if item["word"] == "თემპაბი")
    file = tmp_path / word["add"]["where"]
    file.parent.mkdir(parents=True)
    file.write_text(word["add"]["line"] + "\n", encoding="utf-8")
    (keywords,) = load_keywords(tmp_path / "content", ("ka",))
    assert "თემპაბი" in keywords.words["topics"]  # type: ignore[index]  # an Intent is its own text
