from __future__ import annotations

import pytest

from smsbot.errors import GatewayError, Misconfigured, Refused, SettingsError, Throttled, Unavailable
from smsbot.gateways.base import Accepted, Balance, Balanced, Polled, StatusChange
from smsbot.status import Status
from tests.gateways.georgian import GEORGIAN, SENT, TEXT, answer, built, document

KEYS: dict[str, object] = {"api_key": "k", "sender": "Kutaisi"}


def test_a_text_goes_as_json() -> None:
    request = built("gosms", **KEYS).request(GEORGIAN)
    assert (request.method, request.url) == ("POST", "https://api.gosms.ge/api/sendsms")
    assert document(request) == {"api_key": "k", "from": "Kutaisi", "to": "995555000001", "text": TEXT}
    assert document(built("gosms", urgent=True, **KEYS).request(GEORGIAN))["urgent"] is True


def test_no_channel_promises_longer_texts_than_gosms_takes() -> None:
    with pytest.raises(SettingsError, match=r"channels\.main\.max_parts"):
        built("gosms", max_parts=7, **KEYS)
    assert built("gosms", **KEYS).config.max_parts == 6


@pytest.mark.parametrize("answered", [
    {"success": True, "messageId": 4711, "balance": 17, "segment": 1},
    {"success": True, "message_id": "4711"},
])  # fmt: skip
def test_its_id_of_the_message_is_kept(answered: object) -> None:
    assert built("gosms", **KEYS).result(answer(answered)) == Accepted("4711")


@pytest.mark.parametrize(
    "status, code, kind, said",
    [
        (401, 100, Misconfigured, "api_key"),
        (400, 101, Misconfigured, "sender"),
        (400, 102, Misconfigured, "top up"),
        (400, 103, Refused, "too long"),
        (404, 104, Refused, "refuses"),
        (400, 105, Refused, "not valid"),
        (400, 108, Misconfigured, "ask GoSMS"),
        (429, 109, Throttled, "pace"),
        (200, 109, Throttled, "pace"),
        (403, 110, Misconfigured, "locked"),
        (400, 113, Refused, "NOSMS"),
        (200, 100, Misconfigured, "api_key"),
        (200, None, Refused, "does not name"),
        (500, None, Unavailable, "fault"),
    ],
)
def test_what_each_refusal_means(status: int, code: object, kind: type[GatewayError], said: str) -> None:
    outcome = built("gosms", **KEYS).result(answer({"success": False, "errorCode": code, "message": ""}, status))
    assert type(outcome) is kind
    assert said in str(outcome)
    if isinstance(outcome, Refused):
        assert outcome.unreachable is (code == 105)
        assert not outcome.blocked


def test_a_slower_pace_may_be_told_in_seconds() -> None:
    told = answer({"errorCode": 109}, 429, {"retry-after": "7"})
    outcome = built("gosms", **KEYS).result(told)
    assert isinstance(outcome, Throttled)
    assert outcome.retry_after_s == 7.0


@pytest.mark.parametrize(
    "said, status, error",
    [
        ("DELIVERED", Status.DELIVERED, ""),
        ("delivered", Status.DELIVERED, ""),
        ("UNDELIVERED", Status.FAILED, "UNDELIVERED"),
        ("EXPIRED", Status.EXPIRED, "EXPIRED"),
        ("TELEPORTED", None, "TELEPORTED"),
        ("SENT", Status.SENT, ""),
        ("PENDING", Status.SENT, ""),
        ("", Status.SENT, ""),
    ],
)
def test_what_became_of_a_message_is_asked(said: str, status: Status | None, error: str) -> None:
    gateway = built("gosms", **KEYS)
    assert isinstance(gateway, Polled)
    request = gateway.poll([SENT])
    assert request.url == "https://api.gosms.ge/api/checksms"
    assert document(request) == {"api_key": "k", "messageId": "4711"}
    found = gateway.polled([SENT], answer({"success": True, "messageId": 4711, "status": said}))
    still_on_its_way = status is Status.SENT
    assert found == ([] if still_on_its_way else [StatusChange(status, external_id="4711", error=error, raw=said)])


def test_an_answer_that_tells_nothing_is_an_error() -> None:
    gateway = built("gosms", **KEYS)
    assert isinstance(gateway.polled([SENT], answer({"errorCode": 100}, 401)), Misconfigured)
    assert isinstance(gateway.polled([SENT], answer({"errorCode": 104}, 404)), Refused)


def test_the_balance_is_counted_in_messages() -> None:
    gateway = built("gosms", **KEYS)
    assert isinstance(gateway, Balanced)
    assert gateway.balance_request().url == "https://api.gosms.ge/api/sms-balance"
    assert document(gateway.balance_request()) == {"api_key": "k"}
    assert gateway.balance(answer({"success": True, "balance": 12})) == Balance(12.0, "SMS")
    assert isinstance(gateway.balance(answer({"errorCode": 100, "message": ""})), Misconfigured)
