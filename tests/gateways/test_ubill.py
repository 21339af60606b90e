from __future__ import annotations

import pytest

from smsbot.errors import GatewayError, HookMalformed, Misconfigured, Refused, Throttled, Unavailable
from smsbot.gateways.base import Accepted, Balance, Balanced, Hook, Polled, StatusChange
from smsbot.gateways.registry import channel
from smsbot.status import Status
from tests.gateways.georgian import GEORGIAN, NUMBER, SENT, TEXT, answer, built, document, pushed

KEYS: dict[str, object] = {"api_key": "k", "brand_id": 7}


def test_a_text_goes_to_a_number_that_is_a_number() -> None:
    request = built("ubill", **KEYS).request(GEORGIAN)
    assert (request.method, request.url) == ("POST", "https://api.ubill.dev/v1/sms/send")
    assert request.headers["key"] == "k"
    assert document(request) == {"brandID": 7, "numbers": [995555000001], "text": TEXT, "stopList": True}


def test_the_stop_list_is_passed_over_only_where_the_settings_say_so() -> None:
    assert document(built("ubill", stop_list=False, **KEYS).request(GEORGIAN))["stopList"] is False


@pytest.mark.parametrize("sms_id", [4711, "4711"], ids=["number", "text"])
def test_its_id_of_the_message_is_kept(sms_id: object) -> None:
    told = answer({"statusID": 0, "smsID": sms_id, "message": "sent"})
    assert built("ubill", **KEYS).result(told) == Accepted("4711")


@pytest.mark.parametrize(
    "status, code, kind, said",
    [
        (200, 10, Misconfigured, "brand_id"),
        (200, 20, Refused, "number"),
        (200, 30, Refused, "text"),
        (200, 40, Misconfigured, "top up"),
        (200, 90, Refused, "read"),
        (200, 99, Unavailable, "error of its own"),
        (200, 12345, Refused, "does not name"),
        (200, None, Refused, "does not name"),
        (200, 0, Refused, "does not name"),  # without an id
        (401, None, Misconfigured, "credentials"),
        (429, None, Throttled, "pace"),
        (500, None, Unavailable, "fault"),
    ],
)
def test_what_each_refusal_means(status: int, code: object, kind: type[GatewayError], said: str) -> None:
    outcome = built("ubill", **KEYS).result(answer({"statusID": code}, status))
    assert type(outcome) is kind
    assert said in str(outcome)


@pytest.mark.parametrize("stop_list, blocked", [(True, True), (False, False)])
def test_a_number_that_it_finds_none_of_is_stop_listed_unless_nobody_asked_the_list(
    stop_list: bool, blocked: bool
) -> None:
    outcome = built("ubill", stop_list=stop_list, **KEYS).result(answer({"statusID": 50}))
    assert isinstance(outcome, Refused)
    assert (outcome.blocked, outcome.unreachable, outcome.opted_out) == (blocked, not blocked, False)


@pytest.mark.parametrize(
    "fate, change",
    [
        ("0", None),
        (3, None),
        ("1", StatusChange(Status.DELIVERED, external_id="4711", raw="1")),
        (2, StatusChange(Status.FAILED, external_id="4711", error="2", raw="2")),
        ("4", StatusChange(Status.FAILED, external_id="4711", error="4", raw="4")),
        ("77", StatusChange(None, external_id="4711", error="77", raw="77")),
    ],
)
def test_what_became_of_a_message_is_asked(fate: object, change: StatusChange | None) -> None:
    gateway = built("ubill", **KEYS)
    assert isinstance(gateway, Polled)
    request = gateway.poll([SENT])
    assert (request.method, request.url) == ("GET", "https://api.ubill.dev/v1/sms/report/4711")
    assert request.headers["key"] == "k"
    told = answer({"statusID": 0, "result": [{"number": NUMBER, "statusID": fate}]})
    assert gateway.polled([SENT], told) == ([change] if change else [])


@pytest.mark.parametrize(
    "status, body, kind",
    [(401, {}, Misconfigured), (429, {}, Throttled), (503, b"", Unavailable), (200, {"statusID": 99}, Unavailable)],
)
def test_an_answer_that_tells_nothing_is_an_error(status: int, body: object, kind: type[GatewayError]) -> None:
    assert type(built("ubill", **KEYS).polled([SENT], answer(body, status))) is kind


def test_the_balance_is_counted_in_messages() -> None:
    gateway = built("ubill", **KEYS)
    assert isinstance(gateway, Balanced)
    assert gateway.balance_request().url == "https://api.ubill.dev/v1/sms/balance"
    assert gateway.balance(answer({"statusID": 0, "sms": 412})) == Balance(412.0, "SMS")
    assert isinstance(gateway.balance(answer({"sms": None}, 401)), Misconfigured)
    assert isinstance(gateway.balance(answer(b'{"sms": NaN}')), Refused)


def test_a_report_that_is_pushed_proves_itself_by_the_channels_token_under_ubills_name_for_it() -> None:
    held = channel("main", {"gateway": "ubill", **KEYS})
    assert held.needs_token
    assert held.gateway.capabilities.proof_field == "key"


def test_what_is_pushed_is_read() -> None:
    gateway = built("ubill", **KEYS)
    report = {"key": "k", "event": "sms.delivery.updated", "smsID": "4711", "statusID": "2"}
    assert gateway.parse(pushed(**report)) == [StatusChange(Status.FAILED, external_id="4711", error="2", raw="2")]
    posted = Hook("POST", "https://x.ge/", {}, [], b"event=sms.delivery.updated&smsID=4711&statusID=1")
    assert gateway.parse(posted) == [StatusChange(Status.DELIVERED, external_id="4711", raw="1")]
    assert gateway.parse(pushed(key="k", event="balance.low")) == []
    assert gateway.parse(pushed()) == []
    for missing in ("smsID", "statusID"):
        with pytest.raises(HookMalformed, match=missing):
            gateway.parse(pushed(**{name: value for name, value in report.items() if name != missing}))
    assert gateway.ack(pushed()).status == 200
