from __future__ import annotations

import pytest

from smsbot.errors import GatewayError, HookMalformed, Misconfigured, Refused, Throttled, Unavailable
from smsbot.gateways.base import Accepted, Balance, Balanced, Pending, Polled, StatusChange
from smsbot.status import Status
from tests.gateways.georgian import GEORGIAN, NUMBER, TEXT, answer, built, form, pushed, query

KEYS: dict[str, object] = {"api_key": "k", "sender": "Kutaisi"}
SENT = Pending("out-17", None, NUMBER)


def test_a_text_goes_by_post_to_the_address_with_the_slash() -> None:
    request = built("smsoffice", **KEYS).request(GEORGIAN)
    assert (request.method, request.url) == ("POST", "https://smsoffice.ge/api/v2/send/")
    assert form(request) == {
        "key": "k", "destination": "995555000001", "sender": "Kutaisi", "content": TEXT, "reference": "out-17",
    }  # fmt: skip
    assert form(built("smsoffice", urgent=True, **KEYS).request(GEORGIAN))["urgent"] == "true"


@pytest.mark.parametrize(
    "status, code, kind, said",
    [
        (200, 10, Refused, "mobile"),
        (200, 20, Misconfigured, "top up"),
        (200, 40, Refused, "long"),
        (200, 60, Refused, "text"),
        (200, 70, Refused, "number"),
        (200, 75, Refused, "stop-list"),
        (200, 76, Refused, "format"),
        (200, 77, Refused, "stop-list"),
        (200, 80, Misconfigured, "api_key"),
        (200, 110, Misconfigured, "sender"),
        (200, 120, Misconfigured, "switch it on"),
        (200, 150, Misconfigured, "registered"),
        (200, 500, Misconfigured, "api_key"),
        (200, 600, Refused, "number"),
        (200, 700, Misconfigured, "sender"),
        (200, 800, Refused, "text"),
        (200, -100, Unavailable, "for the moment"),
        (200, 4242, Refused, "does not name"),
        (401, None, Misconfigured, "credentials"),
        (429, None, Throttled, "pace"),
        (502, None, Unavailable, "fault"),
        (301, None, Misconfigured, "base_url"),
    ],
)
def test_what_each_refusal_means(status: int, code: object, kind: type[GatewayError], said: str) -> None:
    told = answer({"Success": False, "Message": "", "Output": None, "ErrorCode": code}, status)
    outcome = built("smsoffice", **KEYS).result(told)
    assert type(outcome) is kind
    assert said in str(outcome)
    if isinstance(outcome, Refused):
        assert outcome.blocked is (code in {75, 77})
        assert outcome.unreachable is (code in {10, 76})
        assert not outcome.opted_out


def test_a_message_that_is_taken_has_no_id_but_ours() -> None:
    gateway = built("smsoffice", **KEYS)
    assert gateway.result(answer({"Success": True, "Message": "", "Output": None, "ErrorCode": 0})) == Accepted()
    assert isinstance(gateway.result(answer({"Success": False, "ErrorCode": 0})), Refused)
    assert isinstance(gateway.result(answer(b"<html>login</html>")), Refused)


@pytest.mark.parametrize(
    "said, reason, status, error",
    [
        ("Delivered", "", Status.DELIVERED, ""),
        ("DELIVERED", "x", Status.DELIVERED, ""),
        ("Undelivered", "Absent subscriber", Status.FAILED, "Absent subscriber"),
        ("Not Delivered", "", Status.FAILED, "Not Delivered"),
        ("Expired", "", Status.EXPIRED, "Expired"),
        ("Rejected", "", Status.FAILED, "Rejected"),
        ("Pending", "", Status.SENT, ""),
        ("Teleported", "", None, "Teleported"),
    ],
)
def test_a_report_is_read_whether_it_is_pushed_or_asked_for(
    said: str, reason: str, status: Status | None, error: str
) -> None:
    gateway = built("smsoffice", **KEYS)
    change = StatusChange(status, message_id="out-17", error=error, raw=said)
    hook = pushed(reference="out-17", status=said, reason=reason, destination="995555000001",
                  timestamp="20261125101500", operator="28202")  # fmt: skip
    assert gateway.parse(hook) == [change]
    told = answer({"Success": True, "Output": {"Status": said, "Reason": reason}, "ErrorCode": 0})
    assert gateway.polled([SENT], told) == ([] if status is Status.SENT else [change])


def test_the_question_names_number_and_reference_so_it_can_be_asked_without_an_answer_to_the_first() -> None:
    gateway = built("smsoffice", **KEYS)
    assert isinstance(gateway, Polled)
    assert gateway.polled_by_our_id
    request = gateway.poll([SENT])
    assert request.url.startswith("https://smsoffice.ge/api/v2/getMessageStatus/?")
    assert query(request) == {"key": "k", "destination": "995555000001", "reference": "out-17"}
    assert isinstance(gateway.polled([SENT], answer({"Success": False, "ErrorCode": 80})), Misconfigured)
    assert isinstance(gateway.polled([SENT], answer(b"", 503)), Unavailable)


def test_a_push_without_fields_is_a_probe_and_half_a_report_is_malformed() -> None:
    gateway = built("smsoffice", **KEYS)
    assert gateway.parse(pushed()) == []
    assert gateway.parse(pushed(token="t")) == []
    for fields in ({"reference": "out-17"}, {"status": "Delivered"}, {"destination": "995555000001"}):
        with pytest.raises(HookMalformed):
            gateway.parse(pushed(**fields))
    assert (gateway.ack(pushed()).status, gateway.ack(pushed()).body) == (200, b"OK")


def test_the_balance_is_a_bare_number() -> None:
    gateway = built("smsoffice", **KEYS)
    assert isinstance(gateway, Balanced)
    assert query(gateway.balance_request()) == {"key": "k"}
    assert gateway.balance(answer(b"5120\r\n")) == Balance(5120.0, "SMS")
    assert isinstance(gateway.balance(answer({"Success": False, "ErrorCode": 80})), Misconfigured)
    assert isinstance(gateway.balance(answer(b"", 500)), Unavailable)
