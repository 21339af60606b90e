from __future__ import annotations

from dataclasses import replace

import pytest

from smsbot.errors import GatewayError, Misconfigured, Refused, SettingsError, Throttled, Unavailable
from smsbot.gateways.base import Accepted, Balance, Balanced, Polled, StatusChange
from smsbot.status import Status
from tests.gateways.georgian import GEORGIAN, SENT, TEXT, answer, built, form

KEYS: dict[str, object] = {"api_key": "k"}


def test_a_text_goes_to_nine_digits_and_as_information() -> None:
    request = built("sender_ge", **KEYS).request(GEORGIAN)
    assert (request.method, request.url) == ("POST", "https://sender.ge/api/send.php")
    assert form(request) == {"apikey": "k", "smsno": "2", "destination": "555000001", "content": TEXT}


def test_advertising_and_priority_are_settings() -> None:
    assert form(built("sender_ge", sms_no=1, priority=True, **KEYS).request(GEORGIAN)) == {
        "apikey": "k", "smsno": "1", "destination": "555000001", "content": TEXT, "priority": "1",
    }  # fmt: skip
    with pytest.raises(SettingsError, match=r"channels\.main\.sms_no"):
        built("sender_ge", sms_no=3, **KEYS)


def test_a_foreign_number_is_refused_before_it_becomes_somebody_elses() -> None:
    with pytest.raises(Refused) as caught:
        built("sender_ge", **KEYS).request(replace(GEORGIAN, to="+447700900123"))
    assert not caught.value.unreachable
    assert "7700900123" not in str(caught.value)


@pytest.mark.parametrize("body", [
    {"data": [{"messageId": 4711, "statusId": 1, "qnt": 2}]},
    {"data": [{"messageId": "4711"}]},
    {"data": {"messageId": "4711"}},
    {"messageId": "4711"},
])  # fmt: skip
def test_its_id_of_the_message_is_kept(body: object) -> None:
    assert built("sender_ge", **KEYS).result(answer(body)) == Accepted("4711")


@pytest.mark.parametrize(
    "status, body, kind, said",
    [
        (401, {}, Misconfigured, "api_key"),
        (402, {"message": "no money"}, Misconfigured, "top up"),
        (403, {}, Misconfigured, "sms_no"),
        (503, b"", Unavailable, "for the moment"),
        (500, b"", Unavailable, "fault"),
        (429, b"", Throttled, "pace"),
        (404, b"", Refused, "refuses"),
        (200, {"message": "bad destination"}, Refused, "did not take"),
        (200, b"<html>", Refused, "did not take"),
        (200, {"data": [{"messageId": "", "statusId": 0}]}, Unavailable, "without an id"),
        (200, {"data": []}, Refused, "did not take"),
    ],
)
def test_what_each_refusal_means(status: int, body: object, kind: type[GatewayError], said: str) -> None:
    outcome = built("sender_ge", **KEYS).result(answer(body, status))
    assert type(outcome) is kind
    assert said in str(outcome)


@pytest.mark.parametrize("wrap", [lambda item: {"data": [item]}, lambda item: item], ids=["data", "bare"])
@pytest.mark.parametrize(
    "fate, change",
    [
        pytest.param(0, None, id="number-0"),
        pytest.param("0", None, id="text-0"),
        (1, StatusChange(Status.DELIVERED, external_id="4711", raw="1")),
        ("2", StatusChange(Status.FAILED, external_id="4711", error="2", raw="2")),
        (9, StatusChange(None, external_id="4711", error="9", raw="9")),
        (None, None),
    ],
)
def test_what_became_of_a_message_is_asked(wrap: object, fate: object, change: StatusChange | None) -> None:
    gateway = built("sender_ge", **KEYS)
    assert isinstance(gateway, Polled)
    request = gateway.poll([SENT])
    assert request.url == "https://sender.ge/api/callback.php"
    assert form(request) == {"apikey": "k", "messageId": "4711"}
    told = answer(wrap({"statusId": fate, "timestamp": "2026-11-25 10:15:00"}))  # type: ignore[operator]
    assert gateway.polled([SENT], told) == ([change] if change else [])
    assert isinstance(gateway.polled([SENT], answer({}, 401)), Misconfigured)


def test_the_balance_is_asked_without_showing_the_key_in_the_address() -> None:
    gateway = built("sender_ge", **KEYS)
    assert isinstance(gateway, Balanced)
    request = gateway.balance_request()
    assert request.url == "https://sender.ge/api/getBalance.php"
    assert form(request) == {"apikey": "k"}
    assert gateway.balance(answer({"balance": "120.5", "overdraft": "0"})) == Balance(120.5, "SMS")
    assert isinstance(gateway.balance(answer({}, 401)), Misconfigured)
    assert isinstance(gateway.balance(answer({"balance": "much"})), Refused)
