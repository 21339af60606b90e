"""A municipality of Guria begins: villages, a message to one of them, and a polite wish to be left alone."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.product import Product, until

AKETI, BAKHVI, PARTSKHMA = "+995555000101", "+995555000102", "+995555000103"
POLITE = "Stop the dust in our street, and please, we would rather not be texted about it"


@pytest.fixture
def product(database_url: str, tmp_path: Path) -> Iterator[Product]:
    with Product(tmp_path, database_url=database_url, service='example = "guria"') as running:
        yield running


def texts(product: Product, number: str) -> list[str]:
    items = product.api("GET", f"/api/messages?number=%2B{number[1:]}&direction=out")["items"]
    return [item["text"] for item in items]


def delivered(product: Product, broadcast: str) -> dict[str, Any]:
    view: dict[str, Any] = product.api("GET", f"/api/broadcasts/{broadcast}")
    return view["counts"]


def test_villages_are_told_apart_and_staff_stop_who_asked_for_it(product: Product) -> None:
    for number, join, place, code in (
        (AKETI, "გამოწერა", "აკეთიდან", "aketi"),
        (BAKHVI, "gamowera", "qvemo baxvshi", "kveda-bakhvi"),
        (PARTSKHMA, "подписка", "Земо Парцхма", "zemo-partskhma"),
    ):
        product.say(number, join)
        product.say(number, "1")
        product.say(number, place)
        assert product.subscriber(number)["place"] == code

    audience = {"text": "Road closed", "topics": ["ses"], "places": ["ozurgeti"], "urgent": True, "reason": "a try"}
    sent = product.api("POST", "/api/broadcasts", audience, status=202)
    assert sent["recipients"] == 1  # Kveda Bakhvi lies in Bakhvi, and Bakhvi in Ozurgeti
    until("the message has arrived", lambda: delivered(product, sent["id"])["delivered"] == 1)

    product.say(BAKHVI, POLITE)
    (entry,) = product.api("GET", "/api/inbox?tag=review")["items"]
    assert entry["text"] == POLITE
    before = len(texts(product, BAKHVI))
    product.api("POST", f"/api/inbox/{entry['id']}", {"action": "stop"})
    person = product.subscriber(BAKHVI)
    assert (person["state"], person["consents"][-1]["source"]) == ("stopped", "staff")
    confirmed = until("the one confirmation is sent", lambda: texts(product, BAKHVI)[: -before or None])
    assert len(confirmed) == 1

    audience = {"text": "Road open", "everyone": True, "urgent": True, "reason": "a try"}
    again = product.api("POST", "/api/broadcasts", audience, status=202)
    assert again["recipients"] == 2
    until("both have it", lambda: delivered(product, again["id"])["delivered"] == 2)
    assert "Road open" not in texts(product, BAKHVI)
    verified = product.command("audit", "verify")
    assert verified.returncode == 0, verified.stderr
