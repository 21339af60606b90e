"""Texts that leave by a sender nobody can answer: what is counted, stored and sent."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date
from typing import Any

import pytest
from sqlalchemy import Connection

from smsbot.dialogue.stop_hint import StopHint
from smsbot.errors import Invalid
from smsbot.gateways.base import Received
from smsbot.gateways.registry import channels
from smsbot.outbound import answering
from smsbot.outbound.broadcast import Draft
from smsbot.service import Service
from smsbot.settings import Settings
from smsbot.store import fanout, sql, variants
from smsbot.store.broadcasts import View
from smsbot.store.greeting_texts import Welcome
from smsbot.testing.population import populate

pytestmark = pytest.mark.anyio

NAME = {"gateway": "simulator", "sender": "KUTAISI"}
SHORT = {"gateway": "simulator", "sender": "2200"}
RECEIVES = {"gateway": "simulator", "sender": "2200", "outbound": False}
REAL = {"gateway": "smsoffice", "sender": "Kutaisi", "api_key": "k"}
KANNEL = {"gateway": "kannel", "username": "u", "password": "p", "webhook_token": "t" * 20}

NUMBERS: list[tuple[dict[str, dict[str, Any]], dict[str, str], list[str]]] = [
    ({"main": SHORT}, {}, []),
    ({"main": {"gateway": "simulator", "sender": ""}}, {}, []),
    ({"main": NAME}, {}, ["main"]),
    ({"main": NAME, "in": RECEIVES}, {"main": "2200"}, []),
    ({"main": NAME, "in": {**RECEIVES, "sender": "+995322000000"}}, {"main": "+995322000000"}, []),
    ({"main": {**NAME, "answer_to": "3300"}, "in": RECEIVES}, {"main": "3300"}, []),
    ({"main": {**NAME, "answer_to": "3300"}}, {"main": "3300"}, []),
    ({"main": NAME, "in": {**RECEIVES, "inbound": False}}, {}, ["main"]),
    ({"main": NAME, "in": {**SHORT, "sender": "CITY"}, "two": RECEIVES}, {"main": "2200", "in": "2200"}, []),
    ({"main": {**NAME, "outbound": False}, "out": SHORT}, {}, []),
    ({"main": REAL, "phone": SHORT}, {}, ["main"]),
    ({"phone": SHORT, "main": REAL, "in": {**KANNEL, "sender": "3300"}}, {"main": "3300"}, []),
]


@pytest.mark.parametrize(("table", "numbers", "unanswered"), NUMBERS)
def test_the_number_is_that_of_the_first_channel_that_receives_at_digits(
    table: dict[str, dict[str, Any]], numbers: dict[str, str], unanswered: list[str]
) -> None:
    found = channels(table)
    assert answering.numbers(found) == numbers
    assert [name for name, channel in found.items() if answering.unanswered(channel, found)] == unanswered


Desk = Callable[..., Service]


@pytest.fixture
def desk(database_url: str) -> Iterator[Desk]:
    opened: list[Service] = []

    def build(people: int = 4, **table: dict[str, Any]) -> Service:
        settings = Settings.model_validate(
            {
                "channels": table,
                "database": {"url": database_url},
                "sending": {"quiet_from": "00:00", "quiet_until": "00:00"},
                "service": {"languages": ["ka", "en"]},
            }
        )
        service = Service(settings, public_url="http://here")
        service.prepare()
        service.store.start()
        if people:
            service.store.write(lambda c: populate(c, people, topics=(), languages=("ka", "en")))
        opened.append(service)
        return service

    yield build
    for service in opened:
        service.store.close()


def write_out(service: Service, key: int) -> list[tuple[str, str, int]]:
    """Channel, text and parts of every message of the broadcast, by person."""

    def job(connection: Connection) -> list[tuple[str, str, int]]:
        usable = tuple(service.channels)
        while not fanout.write_piece(
            connection, key, usable, service.clock(), 2, hints=service.hints
        ).complete:  # fmt: skip
            pass
        rows = sql.run(
            connection,
            "SELECT o.channel, t.text, o.parts FROM outbox o JOIN broadcast_text t ON t.id = o.text_id"
            " WHERE o.broadcast_id = ? ORDER BY o.contact_id",
            (key,),
        )
        return [(row[0], row[1], int(row[2])) for row in rows]

    return service.store.write(job)


async def post(service: Service, texts: dict[str, str], *, dry_run: bool = False, **fields: Any) -> View:
    return await service.broadcasts.post(Draft(texts=texts, everyone=True, **fields), "Nino", dry_run=dry_run)


async def test_on_a_channel_that_can_be_answered_a_text_leaves_byte_for_byte(desk: Desk) -> None:
    service = desk(main=SHORT)
    view = await post(service, {"en": "Water is back."})
    assert view.texts == {"en": "Water is back."}
    assert write_out(service, view.id) == [("main", "Water is back.", 1)] * 4


async def test_the_sentence_counts_in_the_dry_run_and_is_what_is_stored_and_sent(desk: Desk) -> None:
    service = desk(main=NAME, inn=RECEIVES)
    texts = {"ka": "ა" * 60, "en": "a" * 150}
    dry = await post(service, texts, dry_run=True)
    assert {language: (share.recipients, share.encoding, share.units, share.parts)
            for language, share in dry.by_language.items()} == {
        "ka": (2, "UCS-2", 83, 2), "en": (2, "GSM-7", 163, 2),
    }  # fmt: skip
    assert dry.parts_total == 8
    view = await post(service, texts)
    expected = {"ka": "ა" * 60 + "\nგაუქმება: სტოპ 2200-ზე", "en": "a" * 150 + "\nSTOP to 2200"}
    assert view.texts == expected
    assert set(write_out(service, view.id)) == {("main", text, 2) for text in expected.values()}
    shown = await service.broadcasts.get(view.id)
    assert (shown.parts_total, shown.recipients, shown.texts) == (8, 4, expected)


async def test_a_text_that_is_too_long_with_it_is_refused_and_the_sentence_is_named(desk: Desk) -> None:
    service = desk(main={**NAME, "max_parts": 1}, inn=RECEIVES)
    assert (await post(service, {"en": "a" * 147}, dry_run=True)).parts_total == 4
    with pytest.raises(Invalid, match="STOP to 2200") as error:
        await post(service, {"en": "a" * 148})
    assert error.value.field == "text.en"


async def test_a_text_that_says_it_already_is_left_alone(desk: Desk) -> None:
    service = desk(main=NAME, inn=RECEIVES)
    view = await post(service, {"en": "Water is back. To end, send STOP to 2200."})
    assert view.texts == {"en": "Water is back. To end, send STOP to 2200."}


async def test_people_on_different_channels_get_each_the_right_text_and_all_are_counted(desk: Desk) -> None:
    service = desk(main=NAME, short=SHORT)
    service.store.write(lambda c: sql.run(c, "UPDATE contact SET last_channel = 'short' WHERE id = 2"))
    view = await post(service, {"en": "a" * 150})
    assert (view.recipients, view.parts_total) == (4, 7)
    assert view.by_language["en"].recipients == 4
    assert view.by_language["en"].parts == 2
    assert view.texts == {"en": "a" * 150}
    long = ("main", "a" * 150 + "\nSTOP to 2200", 2)
    assert write_out(service, view.id) == [long, ("short", "a" * 150, 1), long, long]
    shown = await service.broadcasts.get(view.id)
    assert (shown.recipients, shown.parts_total, shown.written, shown.counts["queued"]) == (4, 7, 4, 4)
    chosen = await post(service, {"en": "a" * 150}, channel="short", dry_run=True)
    assert chosen.parts_total == 4


async def test_a_correction_says_it_too(desk: Desk) -> None:
    service = desk(main=NAME, inn=RECEIVES)
    first = await post(service, {"en": "At noon."})
    write_out(service, first.id)
    service.store.write(lambda c: sql.run(c, "UPDATE outbox SET status = 'sent', handed_ms = 1"))
    second = await service.broadcasts.correction(first.id, {"en": "At one."}, "Nino")
    assert second.texts == {"en": "At one.\nSTOP to 2200"}
    assert {text for _, text, _ in write_out(service, second.id)} == {"At one.\nSTOP to 2200"}


async def test_a_broadcast_written_before_the_settings_changed_says_it_all_the_same(desk: Desk) -> None:
    service = desk(main=SHORT)
    view = await post(service, {"en": "At noon."})
    later = desk(0, main=NAME, inn=RECEIVES)
    assert {text for _, text, _ in write_out(later, view.id)} == {"At noon.\nSTOP to 2200"}
    assert (await later.broadcasts.get(view.id)).recipients == 4


async def test_replies_say_it_and_the_confirmation_of_a_stop_does_not(desk: Desk) -> None:
    service = desk(inn=RECEIVES, main=NAME)
    number = "+995555777777"
    for n, text in enumerate(("JOIN", "HELP", "STOP")):
        await service.turns.submit("inn", Received(number, text, f"m{n}"))
    left = [
        (row[0], int(row[1]))
        for row in service.store.read(
            lambda c: sql.run(c, "SELECT text, parts FROM outbox WHERE number = ? ORDER BY id", (number,)).all()
        )
    ]
    assert len(left) == 3
    assert [text.endswith("\nSTOP to 2200") for text, _ in left] == [True, True, False]
    assert "unsubscribed" in left[2][0]


async def test_a_personal_message_says_it_in_the_language_of_its_letters_or_of_the_person(desk: Desk) -> None:
    service = desk(main=NAME, inn=RECEIVES)
    for person, text in ((1, "გმადლობთ."), (1, "Thank you."), (2, "Gmadlobt.")):  # the second speaks Georgian
        await service.queue_personal(f"+99555500000{person}", text, "Nino")
    texts = service.store.read(lambda c: [row[0] for row in sql.run(c, "SELECT text FROM outbox ORDER BY id")])
    assert texts == [
        "გმადლობთ.\nგაუქმება: სტოპ 2200-ზე", "Thank you.\nSTOP to 2200", "Gmadlobt.\nGaukmeba: STOP 2200-ze",
    ]  # fmt: skip
    with pytest.raises(Invalid):
        await service.queue_personal("+995555000002", "a" * 915, "Nino")


VARIANTS = [
    (None, {"en": "Hello"}),
    (StopHint("2200", {"en": "STOP to 2200"}, frozenset({"stop"})), {"en 2200": "Hello\nSTOP to 2200"}),
]


@pytest.mark.parametrize(("hint", "found"), VARIANTS)
def test_a_text_is_kept_by_its_language_and_the_number_it_names(hint: StopHint | None, found: dict[str, str]) -> None:
    assert variants.write({"en": "Hello"}, hint) == found
    assert variants.as_shown(found) == {"en": next(iter(found.values()))}


def test_what_was_written_is_shown_where_some_people_get_it_so() -> None:
    both = {"en 2200": "Hello\nSTOP to 2200", "en": "Hello", "ka 2200": "x"}
    assert variants.as_shown(both) == {"en": "Hello", "ka": "x"}


def test_a_welcome_after_a_paper_form_says_it_too() -> None:
    hint = StopHint("2200", {"en": "STOP to 2200"}, frozenset({"stop"}))
    welcome = Welcome({"en": "City Hall"}, {}, ("en",), "main", hint)
    _, text = welcome.text("en", "", date(2026, 5, 3))
    assert text.endswith("reply STOP.\nSTOP to 2200")
    assert welcome.text("en", "", date(2026, 5, 3)) == ("en", text)
