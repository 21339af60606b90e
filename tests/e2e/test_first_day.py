"""The README's path: somebody joins, chooses, gets a broadcast, stops, and gets no other one."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from smsbot.testing.databases import Postgres
from smsbot.testing.fake_gateway import FakeGateway
from tests.e2e.product import PATIENCE_S, Product, twilio_channel, until

ONE, TWO = "+995555000001", "+995555000002"
HEARING = {
    "en": "Budget hearing on 10 December, 12:00.",
    "ka": "ბიუჯეტის განხილვა 10 დეკემბერს, 12:00.",
}


@dataclass(frozen=True)
class Citizen:
    """What one person writes, and what the replies must hold."""

    language: str
    number: str
    join: str
    menu: str
    chosen: str
    stop: str
    stopped: str


CITIZENS = (
    Citizen("en", ONE, "JOIN", "1 Budget", "Subscribed: Budget, Planning", "STOP", "you are unsubscribed"),
    Citizen("ka", TWO, "გამოწერა", "1 ბიუჯეტი", "გამოწერილია: ბიუჯეტი, დაგეგმარება", "სტოპ", "აღარ მიიღებთ"),
)


@pytest.fixture
def product(database_url: str, tmp_path: Path) -> Iterator[Product]:
    with Product(tmp_path, database_url=database_url) as running:
        yield running


def joined(product: Product) -> None:
    for citizen in CITIZENS:
        (menu,) = product.say(citizen.number, citizen.join)
        assert citizen.menu in menu
        (confirmed,) = product.say(citizen.number, "1 3")
        assert citizen.chosen in confirmed


def test_the_start_tells_where_everything_is(product: Product) -> None:
    told = product.logged()
    for what, path in (("Phone simulator", "/simulator"), ("Console", "/console"), ("API docs", "/docs")):
        assert re.search(rf"^ +{what} +{product.url}{path}( |$)", told, re.MULTILINE), what


def test_the_first_day(product: Product) -> None:
    joined(product)
    assert [product.subscriber(c.number)["topics"] for c in CITIZENS] == [["budget", "planning"]] * 2
    assert [product.subscriber(c.number)["language"] for c in CITIZENS] == ["en", "ka"]

    dry = product.api("POST", "/api/broadcasts", {"text": HEARING, "topics": ["budget"], "dry_run": True})
    assert (dry["recipients"], dry["parts_total"]) == (2, 2)
    assert {language: share["encoding"] for language, share in dry["by_language"].items()} == {
        "en": "GSM-7",
        "ka": "UCS-2",
    }
    assert product.api("GET", "/api/broadcasts")["items"] == []

    made = product.broadcast(HEARING, topics=["budget"])
    assert made["recipients"] == 2
    done = product.finished(made["id"])
    assert done["counts"] == {name: 2 if name == "delivered" else 0 for name in done["counts"]}
    for citizen in CITIZENS:
        assert product.phone(citizen.number)[-1] == HEARING[citizen.language]

    english, georgian = CITIZENS
    (goodbye,) = product.say(georgian.number, georgian.stop)
    assert georgian.stopped in goodbye
    assert product.say(georgian.number, georgian.stop) == []  # the second within a day: silence
    assert product.subscriber(georgian.number)["state"] == "stopped"

    second = product.finished(product.broadcast("Roads are closed tomorrow.", everyone=True)["id"])
    assert (second["recipients"], second["counts"]["delivered"]) == (1, 1)
    assert product.phone(english.number)[-1] == "Roads are closed tomorrow."
    assert georgian.stopped in product.phone(georgian.number)[-1]

    (goodbye,) = product.say(english.number, english.stop)
    assert english.stopped in goodbye
    product.api("POST", "/api/broadcasts", {"text": "Nobody", "everyone": True}, status=422)
    product.api("POST", "/api/messages", {"to": english.number, "text": "Are you sure?"}, status=409)
    product.stop()
    verified = product.command("audit", "verify")
    assert verified.returncode == 0, verified.stderr
    assert "8 entries" in verified.stdout  # two joins of two topics each, two stops


def test_one_process_answers_and_another_delivers(postgres_server: Postgres, tmp_path: Path) -> None:
    url = postgres_server.fresh()
    with Product(tmp_path, database_url=url, role="web", name="web") as web:
        for citizen in CITIZENS:
            assert len(web.say(citizen.number, citizen.join)) == 1
            assert len(web.say(citizen.number, "1 3")) == 1
        made = web.broadcast(HEARING, topics=["budget"])
        assert {message["status"] for message in web.messages(ONE)} == {"queued"}
        with Product(tmp_path, database_url=url, role="work", name="work") as work:
            done = web.finished(made["id"])
            assert done["counts"]["delivered"] == 2
            for citizen in CITIZENS:
                assert HEARING[citizen.language] in web.phone(citizen.number)
            until("the replies have left", lambda: {m["status"] for m in web.messages(ONE)} == {"delivered"})
            assert {path: work.call("GET", path)[0] for path in ("/healthz", "/metrics")} == {
                "/healthz": 200,
                "/metrics": 200,
            }
            for path in ("/", "/docs", "/readyz", "/api/broadcasts", "/simulator", "/channels/simulator/inbound"):
                assert work.call("GET", path)[0] == 404, path
            work.stop()
        (goodbye,) = web.say(ONE, "STOP")
        assert "unsubscribed" in goodbye
        second = web.broadcast(HEARING, everyone=True)
        assert second["recipients"] == 1
        with Product(tmp_path, database_url=url, role="work", name="silent", port=None) as silent:
            assert web.finished(second["id"])["counts"]["delivered"] == 1
            until("the goodbye has left", lambda: {m["status"] for m in web.messages(ONE)} == {"delivered"})
            silent.stop()
        assert web.phone(ONE).count(HEARING["en"]) == 1
        web.stop()
    postgres_server.drop(url)


def test_a_process_that_only_delivers_gives_no_address_for_reports_but_the_public_one(
    postgres_server: Postgres, tmp_path: Path
) -> None:
    """It has no webhooks, so its own address would be wrong, and a provider may refuse the whole message for it."""
    url = postgres_server.fresh()
    public = "https://sms.example.ge"
    with FakeGateway() as provider:
        channels = twilio_channel(provider.url)
        with Product(tmp_path, database_url=url, channels=channels, role="web", name="web") as web:
            for number, service, status_url in (
                (1, "", ""),
                (2, f'public_url = "{public}"', f"{public}/channels/main/status?message_id=out-2"),
            ):
                web.api("POST", "/api/messages", {"to": ONE, "text": "Good morning"}, status=202)
                with Product(
                    tmp_path, database_url=url, channels=channels, role="work", name=f"work-{number}", service=service
                ) as work:
                    asked = provider.wait_for(number, timeout_s=PATIENCE_S)[-1]
                    assert asked.status_url == status_url
                    work.stop()
    postgres_server.drop(url)
