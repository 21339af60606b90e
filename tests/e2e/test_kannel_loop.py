"""The product and Debian's Kannel: bearerbox, smsbox and a handset behind the fake SMSC."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from smsbot.testing.kannel import PASSWORD, USERNAME, Kannel, Part
from tests.e2e.product import Product, until

pytestmark = pytest.mark.kannel

TOKEN = "a+b/c% d&e"
"""Every letter that means something in an address, to Kannel's own escapes or to neither."""

ENGLISH, GEORGIAN = "+995555000001", "+995555000002"
JOIN, STOP = "გამოწერა", "სტოპ"
MENU = (
    "ქუთაისის მერია. აირჩიეთ: 1 ბიუჯეტი 2 სოციალური 3 დაგეგმარება 4 კულტურა 5 განათლება 6 გზები 7 მრჩევლები "
    "8 სხვა 9 ყველა. გაუქმება: სტოპ"
)
HEARING = (
    "ბიუჯეტის საჯარო განხილვა გაიმართება 10 დეკემბერს, 12:00 საათზე, მერიის დარბაზში. მოგვწერეთ, თუ მოხვალთ. "
    "დამატებითი ცნობები: sms.example.ge ან ნომერზე 0431 23 00 00."
)


class Handset:
    """What arrives at the phones, joined as a phone joins it."""

    def __init__(self, kannel: Kannel) -> None:
        self._kannel = kannel

    def texts(self, number: str) -> list[str]:
        """Whole messages, in the order of their first part."""
        whole: dict[object, list[Part]] = {}
        for place, part in enumerate(self._kannel.parts(0)):
            if part.to == number:
                whole.setdefault(part.udh[3:-2] or place, []).append(part)
        found = []
        for parts in whole.values():
            if not parts[0].udh or len(parts) == parts[0].udh[-2]:
                found.append("".join(part.text for part in sorted(parts, key=lambda part: part.udh[-1:])))
        return found

    def wait_for(self, number: str, text: str) -> list[Part]:
        """The parts of *text*, once all have arrived."""
        until("the text is at the phone", lambda: text in self.texts(number))
        return [part for part in self._kannel.parts(0) if part.to == number and part.text and part.text in text]


@pytest.fixture
def product_port() -> int:
    """Where the product will listen: Kannel is told before it starts."""
    with socket.create_server(("127.0.0.1", 0)) as held:
        return int(held.getsockname()[1])


@pytest.fixture
def kannel(tmp_path: Path, product_port: int) -> Iterator[Kannel]:
    url = f"http://127.0.0.1:{product_port}/channels/main/inbound?token=a%2Bb%2Fc%25%20d%26e"
    with Kannel(tmp_path / "kannel", inbound_url=url, retries=1_000, timeout_s=60) as running:
        yield running


@pytest.fixture
def product(tmp_path: Path, kannel: Kannel, product_port: int) -> Iterator[Product]:
    channel = (
        f'[channels.main]\ngateway = "kannel"\nsender = "2020"\nrate_per_s = 1000\nbase_url = "{kannel.base_url}"\n'
        f'username = "{USERNAME}"\npassword = "{PASSWORD}"\nwebhook_token = "{TOKEN}"\n'
    )
    with Product(tmp_path / "product", channels=channel, port=product_port) as running:
        yield running


def test_a_whole_conversation_and_a_broadcast_over_kannel(kannel: Kannel, product: Product) -> None:
    handset = Handset(kannel)

    def delivered(number: str, text: str) -> bool:
        return any(m["text"] == text and m["status"] == "delivered" for m in product.messages(number))

    kannel.say(ENGLISH, "JOIN")
    until("the menu is at the phone", lambda: any("1 Budget 2 Social" in text for text in handset.texts(ENGLISH)))
    kannel.say(ENGLISH, "1 3")
    until("the choice is confirmed", lambda: any("Budget, Planning" in text for text in handset.texts(ENGLISH)))

    kannel.say(GEORGIAN, JOIN)
    parts = handset.wait_for(GEORGIAN, MENU)
    assert len(parts) == product.messages(GEORGIAN)[0]["parts"] == 2
    kannel.say(GEORGIAN, "1")
    until("the choice is confirmed", lambda: any("გამოწერილია: ბიუჯეტი" in t for t in handset.texts(GEORGIAN)))
    (stored,) = (message for message in product.messages(GEORGIAN, "in") if message["text"] != "1")
    assert stored["text"] == JOIN

    made = product.broadcast({"ka": HEARING, "en": "Budget hearing on 10 December."}, topics=["budget"])
    assert made["by_language"]["ka"] == {"recipients": 1, "encoding": "UCS-2", "units": len(HEARING), "parts": 3}
    parts = handset.wait_for(GEORGIAN, HEARING)
    assert len(parts) == 3
    assert len({part.udh[3:-2] for part in parts}) == 1, "the parts do not belong together"
    handset.wait_for(ENGLISH, "Budget hearing on 10 December.")
    until("the report has come", lambda: delivered(GEORGIAN, HEARING))
    done = product.finished(made["id"])
    until(
        "both are delivered",
        lambda: product.api("GET", f"/api/broadcasts/{made['id']}")["counts"]["delivered"] == done["recipients"] == 2,
    )

    kannel.say(GEORGIAN, STOP)
    until("the goodbye is at the phone", lambda: any("აღარ მიიღებთ" in text for text in handset.texts(GEORGIAN)))
    assert product.subscriber(GEORGIAN)["state"] == "stopped"
    second = product.broadcast("The square is closed.", everyone=True)
    assert second["recipients"] == 1
    handset.wait_for(ENGLISH, "The square is closed.")
    product.finished(second["id"])
    kannel.say(ENGLISH, "STOP")  # what Kannel was given before has passed it when this is answered
    until("the goodbye is at the phone", lambda: any("unsubscribed" in text for text in handset.texts(ENGLISH)))
    assert "The square is closed." not in handset.texts(GEORGIAN)
    assert TOKEN not in product.logged()
    product.stop()


def test_a_text_that_came_while_the_product_was_away_is_answered_once_it_is_back(
    kannel: Kannel, product: Product
) -> None:
    handset = Handset(kannel)
    product.kill()
    kannel.say(GEORGIAN, JOIN)
    product.restart()
    handset.wait_for(GEORGIAN, MENU)
    assert [message["text"] for message in product.messages(GEORGIAN, "in")] == [JOIN]
    assert handset.texts(GEORGIAN).count(MENU) == 1
