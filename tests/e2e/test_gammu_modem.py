"""The product and Debian's gammu-smsd with a dummy phone: texts in, answers and broadcasts out, restarts."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from smsbot.testing import gammu
from smsbot.testing.gammu import Gammu
from tests.e2e.product import Product, until

pytestmark = pytest.mark.gammu

NINO, GIORGI = "+995555000001", "+995555000002"
HEARING = (
    "ბიუჯეტის საჯარო განხილვა გაიმართება 10 დეკემბერს, 12:00 საათზე, მერიის დარბაზში. მოგვწერეთ, თუ მოხვალთ. "
    "დამატებითი ცნობები: sms.example.ge ან ნომერზე 0431 23 00 00."
)
LONG = (
    "გამარჯობა! გთხოვთ, შემატყობინოთ, როდის შეკეთდება გზა სოფელ ბახვში, რადგან უკვე მესამე თვეა, რაც ხიდი დაზიანებულია."
)


@pytest.fixture
def tables(tmp_path: Path) -> str:
    url = f"sqlite:///{tmp_path}/gammu.db"
    gammu.make_tables(url)
    return url


@pytest.fixture
def modem(tmp_path: Path, tables: str) -> Iterator[Gammu]:
    with Gammu(tmp_path / "smsd", tables, timeout_s=60) as running:
        yield running


@pytest.fixture
def product(tmp_path: Path, tables: str) -> Iterator[Product]:
    channel = (
        f'[channels.modem]\ngateway = "gammu"\nsender = "+995599000000"\nrate_per_s = 1000\ntimezone = "UTC"\n'
        f'database_url = "{tables}"\n'
    )
    with Product(tmp_path / "product", channels=channel) as running:
        yield running


def got(modem: Gammu, number: str, word: str) -> None:
    modem.until(lambda: any(to == number and word in text for to, text in modem.sent()), f"a text with {word}")


def test_a_conversation_a_long_text_and_a_broadcast_in_three_parts(modem: Gammu, product: Product) -> None:
    modem.say(NINO, "გამოწერა")
    got(modem, NINO, "1 ბიუჯეტი")
    modem.say(NINO, "1")
    got(modem, NINO, "გამოწერილია")
    modem.say(GIORGI, LONG, order=(2, 1))
    until("the long text is in the inbox", lambda: any(m["text"] == LONG for m in product.messages(GIORGI, "in")))

    made = product.broadcast({"ka": HEARING}, topics=["budget"])
    assert made["by_language"]["ka"]["parts"] == 3
    got(modem, NINO, HEARING)
    for _ in range(8):  # the answers before it have reports to come, too
        modem.report(NINO, "Delivered")
    until(
        "the broadcast is delivered",
        lambda: product.api("GET", f"/api/broadcasts/{made['id']}")["counts"]["delivered"] == 1,
    )
    modem.say(NINO, "სტოპ")
    got(modem, NINO, "აღარ მიიღებთ")
    assert product.subscriber(NINO)["state"] == "stopped"
    product.stop()


def test_either_side_may_be_away(modem: Gammu, product: Product) -> None:
    product.kill()
    modem.say(NINO, "JOIN")
    modem.until(lambda: bool(gammu.rows(modem.url, "SELECT 1 FROM inbox")), "the text is in the inbox")
    product.restart()
    got(modem, NINO, "1 Budget")
    modem.stop()
    product.api("POST", "/api/messages", {"to": NINO, "text": "Thank you!"}, status=202)
    until("it waits for the modem", lambda: bool(gammu.rows(modem.url, "SELECT 1 FROM outbox")))
    modem.start()
    got(modem, NINO, "Thank you!")
    assert [text for to, text in modem.sent() if "1 Budget" in text] == [text for to, text in modem.sent()][:1]
    assert [m["text"] for m in product.messages(NINO, "in")] == ["JOIN"]
