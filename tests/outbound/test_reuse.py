"""Before a dormant number gets anything again, one neutral text leaves for it (civic rule 20)."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from smsbot.clock import DAY_MS
from smsbot.errors import Conflict, Missing
from smsbot.gateways.base import Received
from smsbot.outbound import reuse
from smsbot.service import Service
from smsbot.settings import Settings
from smsbot.store import sql
from smsbot.store.database import Store
from smsbot.text.gsm7 import measure

NOW = 1_800_000_000_000
NUMBER = "+995555000001"


class Hall:
    """A municipality's process that delivers nothing: what waits is looked at."""

    def __init__(self, url: str, **channels: dict[str, Any]) -> None:
        self.now_ms = NOW
        settings = Settings.model_validate(
            {"database": {"url": url}, "channels": channels or {"main": {"gateway": "simulator"}}}
        )
        self.service = Service(settings, public_url="http://127.0.0.1", works=False, clock=lambda: self.now_ms)
        self.service.prepare()
        self.store.start()
        self._texts = 0

    @property
    def store(self) -> Store:
        return self.service.store

    async def text(self, text: str, channel: str = "main") -> None:
        self._texts += 1
        await self.service.turns.submit(channel, Received(NUMBER, text, f"m{self._texts}"))

    def fall_silent(self, reason: str = "quiet") -> None:
        self.now_ms += DAY_MS
        self.run("UPDATE contact SET dormant_ms = ?, dormant_reason = ?, unreachable = 3", self.now_ms, reason)
        self.run("DELETE FROM outbox")
        self.now_ms += DAY_MS

    def run(self, statement: str, *values: object) -> None:
        self.store.write(lambda c: sql.run(c, statement, values))

    def waiting(self) -> list[tuple[str, int]]:
        """The texts that wait, and how long after now they leave."""
        rows = self.store.read(lambda c: sql.run(c, "SELECT text, due_ms FROM outbox ORDER BY due_ms, id").all())
        return [(str(text), int(due_ms) - self.now_ms) for text, due_ms in rows]

    def dormant(self) -> int | None:
        return self.store.read(lambda c: sql.run(c, "SELECT dormant_ms FROM contact").scalar())


@pytest.fixture
async def hall(database_url: str) -> Any:
    made = Hall(database_url)
    yield made
    await asyncio.to_thread(made.store.close)


LANGUAGES = [
    ("JOIN BUDGET", "Kutaisi City Hall: this number is signed up for our messages. To end them text STOP"),
    ("ჩართვა", "ქუთაისის მერია: ამ ნომერზე გამოწერილია ჩვენი SMS. გაუქმება: სტოპ"),
    ("старт", "Мэрия Кутаиси: этот номер подписан на наши SMS. Отказ: СТОП"),
]


@pytest.mark.parametrize("joins, notice", LANGUAGES)
async def test_rule_20_staff_who_wake_a_number_send_one_neutral_text_first(hall: Hall, joins: str, notice: str) -> None:
    await hall.text(joins)
    hall.fall_silent()
    await hall.service.wake_number(NUMBER, "Nino")
    assert hall.waiting() == [(notice, 0)]
    assert measure(notice).parts == 1
    assert hall.dormant() is None
    with pytest.raises(Conflict, match="not dormant"):
        await hall.service.wake_number(NUMBER, "Nino")
    assert len(hall.waiting()) == 1


async def test_rule_20_a_personal_message_to_a_dormant_number_comes_after_the_neutral_one_and_it_comes_once(
    hall: Hall,
) -> None:
    await hall.text("JOIN BUDGET")
    hall.fall_silent("unreachable")
    for text in ("Your form is here.", "And the other one."):
        await hall.service.queue_personal(NUMBER, text, "Nino")
    assert hall.waiting() == [
        (LANGUAGES[0][1], 0),
        ("Your form is here.", reuse.LEAD_MS),
        ("And the other one.", reuse.LEAD_MS),
    ]
    hall.now_ms += reuse.LEAD_MS
    await hall.service.queue_personal(NUMBER, "A third one.", "Nino")
    assert hall.waiting()[-1] == ("A third one.", 0)


async def test_rule_20_any_text_from_it_wakes_it_at_once_without_a_notice(hall: Hall) -> None:
    await hall.text("JOIN BUDGET")
    hall.fall_silent()
    await hall.text("STATUS")
    assert hall.dormant() is None
    await hall.service.queue_personal(NUMBER, "Your form is here.", "Nino")
    assert not any("signed up" in text for text, _ in hall.waiting())
    with pytest.raises(Conflict):
        await hall.service.wake_number(NUMBER, "Nino")


async def test_a_number_that_falls_silent_a_second_time_is_told_a_second_time(hall: Hall) -> None:
    await hall.text("JOIN BUDGET")
    for _ in range(2):
        hall.fall_silent()
        await hall.service.wake_number(NUMBER, "Nino")
        assert [text for text, _ in hall.waiting()] == [LANGUAGES[0][1]]


async def test_neither_a_stopped_number_nor_an_unknown_one_can_be_woken(hall: Hall) -> None:
    with pytest.raises(Missing):
        await hall.service.wake_number(NUMBER, "Nino")
    await hall.text("JOIN BUDGET")
    await hall.text("STOP")
    hall.fall_silent()
    with pytest.raises(Conflict, match="stopped"):
        await hall.service.wake_number(NUMBER, "Nino")
    assert hall.waiting() == []


async def test_where_the_sender_cannot_be_answered_the_notice_says_where_stop_goes(tmp_path: Path) -> None:
    name = {"gateway": "http", "base_url": "http://127.0.0.1:9", "path": "/", "sender": "KUTAISI", "inbound": False}
    hall = Hall(
        f"sqlite:///{tmp_path}/hall.db",
        main={**name, "fields": {"to": "{to}", "text": "{text}"}},
        inn={
            "gateway": "kannel",
            "sender": "2200",
            "outbound": False,
            "webhook_token": "t",
            "username": "",
            "password": "",
        },
    )
    await hall.text("JOIN BUDGET", "inn")
    hall.fall_silent()
    await hall.service.wake_number(NUMBER, "Nino")
    assert [text for text, _ in hall.waiting()] == [LANGUAGES[0][1] + "\nSTOP to 2200"]
    await asyncio.to_thread(hall.store.close)
