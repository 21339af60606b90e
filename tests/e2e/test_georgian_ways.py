"""The product with what a Georgian municipality can get: a phone both ways, and a phone in with an aggregator out."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from smsbot.testing import smsgate
from smsbot.testing.loopback import Asked, Loopback
from smsbot.testing.smsgate import Phone
from smsbot.testing.webhooks import Caller
from tests.e2e.product import Product, until

NINO, GIORGI = "+995555000001", "+995555000002"
HEARING = "ბიუჯეტის საჯარო განხილვა: 10 დეკემბერი, 12:00, მერიის დარბაზი."


def phone_channel(phone: Phone) -> str:
    return (
        f'[channels.phone]\ngateway = "smsgate"\nsender = "+995599000000"\nrate_per_s = 100\nbase_url = "{phone.url}"\n'
        f'username = "{smsgate.USERNAME}"\npassword = "{smsgate.PASSWORD}"\nsigning_key = "{smsgate.SIGNING_KEY}"\n'
    )


@pytest.fixture
def phone() -> Iterator[Phone]:
    with Phone() as running:
        yield running


def test_a_phone_carries_a_conversation_and_a_broadcast(phone: Phone, tmp_path: Path) -> None:
    with Product(tmp_path, channels=phone_channel(phone)) as product:
        phone.webhook = f"{product.url}/channels/phone/inbound"
        assert phone.call("system:ping", {"health": {"status": "pass"}}) == 200

        assert phone.say(NINO, "გამოწერა", again=1) == [200, 200]
        menu = phone.wait(NINO, "1 ბიუჯეტი")
        assert phone.say(GIORGI, "გამოწერა") == [200]  # the same hash of the text, and another person
        phone.wait(GIORGI, "1 ბიუჯეტი")
        assert phone.say(NINO, "1") == [200]
        phone.wait(NINO, "გამოწერილია")
        assert len(product.messages(NINO, "in")) == 2

        assert phone.report("sms:sent", menu, partsCount=2) == 200
        assert phone.report("sms:delivered", menu) == 200
        (stored,) = (each for each in product.messages(NINO) if "1 ბიუჯეტი" in each["text"])
        assert stored["status"] == "delivered"

        made = product.broadcast({"ka": HEARING}, topics=["budget"])
        notice = phone.wait(NINO, HEARING)
        assert phone.report("sms:failed", notice, reason="No service") == 200
        done = product.finished(made["id"])
        assert (done["counts"]["failed"], done["recipients"]) == (1, 1)

        assert phone.say(NINO, "სტოპ") == [200]
        phone.wait(NINO, "აღარ მიიღებთ")
        assert product.subscriber(NINO)["state"] == "stopped"
        assert phone.call("sms:received", {"messageId": "x"}, key="wrong") == 403
        assert phone.call("sms:received", {"messageId": "x"}, age_s=600) == 403, "a replay"
        assert smsgate.PASSWORD not in product.logged()


def test_a_phone_that_took_a_text_without_an_answer_does_not_get_it_twice(tmp_path: Path) -> None:
    with Phone(deaf=1) as phone, Product(tmp_path, channels=phone_channel(phone)) as product:
        phone.webhook = f"{product.url}/channels/phone/inbound"
        phone.say(NINO, "JOIN")
        phone.wait(NINO, "1 Budget")
        until("the repeat was refused", lambda: bool(phone.repeats))
        until("the message counts as sent", lambda: product.messages(NINO)[0]["status"] == "sent")
        assert len(phone.texts(NINO)) == 1


def get(url: str) -> int:
    with Caller() as caller:
        return caller.call("GET", url)[0]


class Ubill(Loopback):
    """uBill on loopback: takes messages; a number that is on its stop-list it does not find."""

    def __init__(self) -> None:
        super().__init__()
        self.taken: list[dict[str, Any]] = []
        self.blocked: set[int] = set()
        self._ids = count(1)

    def answer(self, asked: Asked) -> tuple[int, object]:
        if asked.method == "GET":
            return 200, {"statusID": 0, "sms": 100, "result": []}
        if asked.headers["key"] != "k" or asked.target != "/sms/send":
            return 401, {}
        message = asked.document()
        if set(message["numbers"]) & self.blocked:
            return 200, {"statusID": 50, "message": "no valid numbers"}
        self.taken.append(message)
        return 200, {"statusID": 0, "smsID": next(self._ids), "message": "sent"}


def test_people_write_to_a_phone_and_broadcasts_leave_by_an_aggregator(phone: Phone, tmp_path: Path) -> None:
    with Ubill() as ubill:
        channels = phone_channel(phone) + (
            f'[channels.ubill]\ngateway = "ubill"\nsender = "Kutaisi"\nrate_per_s = 1000\nbase_url = "{ubill.url}"\n'
            'api_key = "k"\nbrand_id = 7\nwebhook_token = "agreed"\n'
        )
        with Product(tmp_path, channels=channels) as product:
            phone.webhook = f"{product.url}/channels/phone/inbound"
            for number in (NINO, GIORGI):
                phone.say(number, "ბიუჯეტი")
                phone.wait(number, "ბიუჯეტი")
            ubill.blocked = {995555000002}
            made = product.broadcast({"ka": HEARING}, topics=["budget"], channel="ubill")
            done = product.finished(made["id"])
            assert done["counts"]["failed"] == 1
            (message,) = ubill.taken
            assert (message["brandID"], message["numbers"]) == (7, [995555000001])
            assert message["text"].startswith(HEARING)
            assert not any(HEARING in text for text in phone.texts(NINO))
            assert product.subscriber(GIORGI)["state"] == "active", "another's stop-list is no STOP"

            report = f"{product.url}/channels/ubill/status?event=sms.delivery.updated&smsID=1&statusID=1&date=x"
            assert get(f"{report}&key=guessed") == 403
            assert get(f"{report}&key=agreed") == 200
            until(
                "the message is delivered",
                lambda: product.api("GET", f"/api/broadcasts/{made['id']}")["counts"]["delivered"] == 1,
            )
