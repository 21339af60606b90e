"""Our Kannel gateway against Kannel itself: bearerbox, smsbox, and a handset behind the fake SMSC."""

from __future__ import annotations

from collections.abc import Iterator
from queue import Queue
from urllib.parse import parse_qsl, urlsplit

import pytest

from smsbot.errors import Misconfigured
from smsbot.gateways.base import Accepted, Event, Hook, HttpGateway, Message, Received, StatusChange
from smsbot.gateways.client import Sender
from smsbot.gateways.registry import build
from smsbot.status import Status
from smsbot.testing.kannel import PASSWORD, USERNAME, Kannel
from smsbot.testing.loopback import Asked, Loopback

pytestmark = pytest.mark.kannel

TOKEN = "a+b/c% d&e"
"""Every letter that means something in an address, to Kannel's own escapes or to neither."""


class Webhooks(Loopback):
    """Keeps what Kannel calls; answers as its *answers* say, then 200."""

    def __init__(self) -> None:
        super().__init__()
        self.hooks: Queue[Hook] = Queue()
        self.answers: list[int] = []

    def answer(self, asked: Asked) -> tuple[int, object]:
        query = parse_qsl(urlsplit(asked.target).query, keep_blank_values=True)
        self.hooks.put(Hook("GET", self.url + asked.target, {}, query, b""))
        return (self.answers.pop(0) if self.answers else 200), None

    def next(self) -> Hook:
        return self.hooks.get(timeout=60)


@pytest.fixture(scope="module")
def webhooks() -> Iterator[Webhooks]:
    with Webhooks() as server:
        yield server


@pytest.fixture(scope="module")
def real_kannel(webhooks: Webhooks, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kannel]:
    with Kannel(tmp_path_factory.mktemp("kannel"), inbound_url=f"{webhooks.url}/inbound?token=t%25") as running:
        yield running


@pytest.fixture(scope="module")
def gateway(real_kannel: Kannel) -> HttpGateway:
    built = build("main", {"gateway": "kannel", "base_url": real_kannel.base_url, "username": USERNAME,
                           "password": PASSWORD, "webhook_token": TOKEN, "sender": "2020"})  # fmt: skip
    assert isinstance(built, HttpGateway)
    return built


def parsed(webhooks: Webhooks, gateway: HttpGateway) -> tuple[Hook, Event]:
    hook = webhooks.next()
    (event,) = gateway.parse(hook)
    return hook, event


@pytest.mark.parametrize(
    "message_id, encoding, text, lengths",
    [
        ("m-1", "UCS-2", "გამარჯობა, ქუთაისო! ₾ 5% + ә", [28]),
        ("m-2", "UCS-2", "ბიუჯეტის განხილვა 12 ივნისს, 18:00. " * 5, [67, 67, 46]),
        ("m-3", "GSM-7", "Reply 1 for budget\n2 for roads + {€} [100%] £", [45]),
    ],
)
async def test_a_text_reaches_the_handset_whole_and_its_report_comes_back(  # noqa: PLR0917  # fixtures and a table
    real_kannel: Kannel, webhooks: Webhooks, gateway: HttpGateway, message_id: str, encoding: str, text: str,
    lengths: list[int],
) -> None:  # fmt: skip
    before = len(real_kannel.parts(0))
    message = Message(message_id, "+995555000001", text, encoding, len(lengths), "2020", f"{webhooks.url}/status")
    async with Sender() as sender:
        assert await sender.deliver(gateway, message) == Accepted()
    parts = real_kannel.parts(before + len(lengths))[before:]
    assert [len(part.text) for part in parts] == lengths
    assert "".join(part.text for part in parts) == text
    assert {(part.sender, part.to) for part in parts} == {("2020", "+995555000001")}
    if len(parts) > 1:
        assert [part.udh[-2:] for part in parts] == [bytes([3, 1]), bytes([3, 2]), bytes([3, 3])]
    reports: set[Status | None] = set()
    while reports != {Status.SENT, Status.DELIVERED}:  # in either order; the queue gives up after 10 s
        hook, event = parsed(webhooks, gateway)
        assert isinstance(event, StatusChange)
        assert event.message_id == message_id
        assert dict(hook.query)["token"] == TOKEN
        reports.add(event.status)


@pytest.mark.parametrize("text", ["JOIN", "ბიუჯეტი + 100% 😀", "a&b=c?"])
def test_what_a_person_writes_arrives_whole(
    real_kannel: Kannel, webhooks: Webhooks, gateway: HttpGateway, text: str
) -> None:
    real_kannel.say("+995555000002", text)
    hook, event = parsed(webhooks, gateway)
    assert isinstance(event, Received)
    assert (event.number, event.text, event.to) == ("+995555000002", text, "2020")
    assert event.external_id
    assert event.sent_ms
    assert dict(hook.query)["token"] == "t%"


def test_a_text_that_was_not_acknowledged_comes_again_under_the_same_id(
    real_kannel: Kannel, webhooks: Webhooks, gateway: HttpGateway
) -> None:
    webhooks.answers.append(503)
    real_kannel.say("+995555000003", "STOP")
    (_, first), (_, again) = parsed(webhooks, gateway), parsed(webhooks, gateway)
    assert first == again


async def test_a_wrong_password_is_a_mistake_in_the_configuration(real_kannel: Kannel) -> None:
    wrong = build("main", {"gateway": "kannel", "base_url": real_kannel.base_url, "username": USERNAME,
                           "password": "wrong", "webhook_token": "t"})  # fmt: skip
    async with Sender() as sender:
        with pytest.raises(Misconfigured):
            await sender.deliver(wrong, Message("m-9", "+995555000001", "x", "GSM-7", 1, "2020", ""))
