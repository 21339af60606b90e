"""The shared sender against real sockets: what counts as before and what as after the request left."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Iterator
from dataclasses import replace

import httpx
import pytest

from smsbot.errors import GatewayError, Misconfigured, Refused, Throttled, Unavailable, Uncertain, Unsendable, Withdrawn
from smsbot.gateways.base import Accepted, Message, Request
from smsbot.gateways.client import BODY_CAP, Sender
from smsbot.gateways.registry import Gateway, build
from smsbot.status import Status
from smsbot.testing.fake_gateway import CUT, FAULT, HALF, Answer, FakeGateway, refuse, slow, throttle

MESSAGE = Message("m-1", "+995555000001", "ბიუჯეტი + 5%", "UCS-2", 1, "2020", "http://127.0.0.1:9/channels/main/status")


def twilio(base_url: str) -> Gateway:
    return build("main", {"gateway": "twilio", "account_sid": "AC1", "auth_token": "12345", "sender": "2020",
                          "base_url": base_url})  # fmt: skip


def kannel(base_url: str) -> Gateway:
    return build("main", {"gateway": "kannel", "username": "u", "password": "pass-word", "webhook_token": "t",
                          "base_url": base_url})  # fmt: skip


@pytest.fixture
def provider() -> Iterator[FakeGateway]:
    with FakeGateway() as running:
        yield running


@pytest.fixture
def closed_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


async def failure(gateway: Gateway, *, timeout_s: float = 60.0, message: Message = MESSAGE) -> GatewayError:
    async with Sender(timeout_s=timeout_s) as sender:
        with pytest.raises(GatewayError) as caught:
            await sender.deliver(gateway, message)
    return caught.value


async def test_a_message_arrives_whole_and_its_id_comes_back(provider: FakeGateway) -> None:
    async with Sender() as sender:
        accepted = await sender.deliver(twilio(provider.url), MESSAGE)
        assert await sender.deliver(kannel(provider.url), MESSAGE) == Accepted()
    first, second = provider.requests
    assert accepted == Accepted(first.sid)
    for asked in (first, second):
        assert (asked.to, asked.text) == (MESSAGE.to, MESSAGE.text)
    assert first.headers["authorization"].startswith("Basic ")
    assert first.headers["accept-encoding"] == "identity"


async def test_a_gateway_without_http_delivers_itself() -> None:
    async with Sender() as sender:
        accepted = await sender.deliver(build("simulator", {"gateway": "simulator"}), MESSAGE)
    assert accepted == Accepted("m-1", final=Status.DELIVERED)


async def test_a_message_of_which_the_gateway_can_make_no_request_has_not_left(provider: FakeGateway) -> None:
    gateway = twilio(provider.url)

    def request(_message: Message) -> Request:
        raise KeyError("a letter")

    gateway.request = request  # type: ignore[method-assign]
    async with Sender() as sender:
        with pytest.raises(Unsendable) as raised:
            await sender.deliver(gateway, MESSAGE)
    assert isinstance(raised.value.__cause__, KeyError)
    assert provider.requests == []


async def test_nobody_listens_so_it_was_surely_not_accepted(closed_port: int) -> None:
    error = await failure(twilio(f"http://127.0.0.1:{closed_port}"))
    assert type(error) is Unavailable


async def test_a_name_that_does_not_exist_was_surely_not_accepted(attempts_to_leave: list[str]) -> None:
    assert type(await failure(twilio("http://gateway.example"))) is Unavailable
    assert attempts_to_leave
    attempts_to_leave.clear()


async def test_a_host_that_does_not_answer_the_call_was_surely_not_reached() -> None:
    with socket.socket() as server, socket.socket() as first, socket.socket() as second:
        server.bind(("127.0.0.1", 0))
        server.listen(0)
        for filler in (first, second):  # fill the queue of connections that nobody takes
            filler.setblocking(False)
            filler.connect_ex(server.getsockname())
        error = await failure(twilio(f"http://127.0.0.1:{server.getsockname()[1]}"), timeout_s=0.4)
    assert type(error) is Unavailable


async def test_no_tls_where_tls_was_expected_means_not_accepted(provider: FakeGateway) -> None:
    error = await failure(twilio(provider.url.replace("http", "https")))
    assert type(error) is Unavailable


async def test_waiting_for_a_free_connection_is_before(provider: FakeGateway) -> None:
    provider.always = slow(30)
    async with Sender(timeout_s=3.0, connect_s=1.0, limit=1) as sender:
        outcomes = await asyncio.gather(
            *(sender.deliver(twilio(provider.url), MESSAGE) for _ in range(3)), return_exceptions=True
        )
    assert sorted(type(outcome).__name__ for outcome in outcomes) == ["Unavailable", "Unavailable", "Uncertain"]
    assert provider.count == 1


@pytest.mark.parametrize(
    "answer, kind, code",
    [
        (CUT, Uncertain, "cut"),
        (HALF, Uncertain, "cut"),
        (slow(30), Uncertain, "timeout"),
        (Answer(201, b"x" * 100, {"Content-Length": "7"}), Uncertain, "cut"),
        (FAULT, Unavailable, "500"),
        (refuse(21211), Refused, "21211"),
        (throttle(), Throttled, "20429"),
        (Answer(302, b"", {"Location": "/elsewhere"}), Misconfigured, "302"),
    ],
)
async def test_what_comes_back_decides(
    provider: FakeGateway, answer: Answer, kind: type[GatewayError], code: str
) -> None:
    provider.then(answer)
    error = await failure(twilio(provider.url), timeout_s=2.0 if answer.delay_s else 60.0)
    assert (type(error), error.code) == (kind, code)
    assert provider.count == 1


@pytest.mark.parametrize("written", ["7", "Wed, 01 Jan 2025 00:00:07 GMT"])
async def test_retry_after_is_read_as_seconds_or_date(provider: FakeGateway, written: str) -> None:
    provider.then(throttle(written))
    async with Sender(clock=lambda: 1_735_689_600_000) as sender:  # 2025-01-01T00:00:00Z; the answer has no Date
        with pytest.raises(Throttled) as caught:
            await sender.deliver(twilio(provider.url), MESSAGE)
    assert caught.value.retry_after_s == 7.0


async def test_a_get_on_a_kept_connection_that_is_cut_is_not_sent_twice(provider: FakeGateway) -> None:
    async with Sender() as sender:
        await sender.deliver(kannel(provider.url), MESSAGE)
        provider.then(CUT)
        with pytest.raises(Uncertain):
            await sender.deliver(kannel(provider.url), MESSAGE)
    assert provider.count == 2


async def test_an_endless_answer_is_read_up_to_the_cap(provider: FakeGateway) -> None:
    provider.then(Answer(200, b"x" * (BODY_CAP * 4)))
    async with Sender() as sender:
        response = await sender.exchange(Request("GET", provider.url))
        assert len(response.body) == BODY_CAP
        assert (await sender.exchange(Request("GET", provider.url))).status == 200


async def test_cookies_are_not_kept_and_no_proxy_is_asked(
    provider: FakeGateway, closed_port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("http_proxy", f"http://127.0.0.1:{closed_port}")
    provider.always = Answer(200, b"", {"Set-Cookie": "a=b; Path=/"})
    async with Sender() as sender:
        for _ in range(2):
            await sender.exchange(Request("GET", provider.url))
    assert all("cookie" not in asked.headers for asked in provider.requests)


async def test_the_address_is_sent_as_it_stands(provider: FakeGateway) -> None:
    target = "/a%2Fb?text=%E1%83%91%2B%20+%7e&type=%25d&x="
    async with Sender() as sender:
        await sender.exchange(Request("GET", provider.url + target))
    assert provider.requests[0].target == target


@pytest.mark.parametrize("address", ["http://", "http://:80/x", "http://127.0.0.1:99999/", "http://[::1/"])
async def test_an_address_that_is_none_is_a_mistake_in_the_configuration(address: str) -> None:
    async with Sender() as sender:
        with pytest.raises(Misconfigured):
            await sender.exchange(Request("GET", address))


async def test_an_error_shows_neither_secret_nor_number_nor_text(closed_port: int) -> None:
    error: BaseException | None = await failure(kannel(f"http://127.0.0.1:{closed_port}"))
    while error is not None:
        assert not any(secret in repr(error) for secret in ("pass-word", "555000001", "%E1"))
        error = error.__cause__ or error.__context__


async def test_the_httpx_client_uses_the_same_connections(provider: FakeGateway) -> None:
    async with Sender() as sender, sender.client() as client:
        answer = await client.post(f"{provider.url}/balance", json={"to": "1"})
        assert answer.json()["status"] == "accepted"
        provider.then(CUT)
        with pytest.raises(httpx.ReadError):
            await client.get(provider.url)
    assert provider.requests[0].fields == {"to": "1"}


async def test_many_in_flight_all_come_back(provider: FakeGateway) -> None:
    provider.always = slow(0.05)
    async with Sender() as sender:
        accepted = await asyncio.gather(*(sender.deliver(twilio(provider.url), MESSAGE) for _ in range(100)))
    assert len({one.external_id for one in accepted}) == 100


async def test_what_nobody_wants_any_more_is_held_back_once_the_connection_is_there() -> None:
    asked: list[str] = []

    def no() -> bool:
        asked.append("asked")
        return False

    with FakeGateway() as provider:
        gateway = build("main", {
            "gateway": "twilio", "sender": "+15005550006", "base_url": provider.url, "account_sid": "AC0",
            "auth_token": "secret",
        })  # fmt: skip
        message = Message("m-1", "+995555000001", "hello", "GSM-7", 1, "", "")
        async with Sender() as sender:
            with pytest.raises(Withdrawn):
                await sender.deliver(gateway, replace(message, wanted=no))
            assert asked == ["asked"]
            assert provider.count == 0
            assert (await sender.deliver(gateway, replace(message, wanted=lambda: True))).external_id
            assert (await sender.deliver(gateway, message)).external_id
        assert len(provider._connections) <= 1  # the one that was opened in vain has been used
        assert provider.count == 2
