"""The vector of the signature: the field notes'."""

from __future__ import annotations

import json

import pytest

from smsbot.errors import GatewayError, HookMalformed, Misconfigured, Refused, SettingsError, Throttled, Unavailable
from smsbot.gateways import registry
from smsbot.gateways.base import Accepted, Ack, Probed, Received, StatusChange
from smsbot.status import Status
from smsbot.testing.providers import sinch_headers
from tests.gateways.cases import GEORGIAN, NUMBER, answer, build, message, posted

SECRET = "KayakingTheSwell"
VECTOR = {
    "x-sinch-webhook-signature": "MH1I7rrKKGiGg4axXliVbBxvLi0rSkHLbndP1Qfu45M=",
    "x-sinch-webhook-signature-nonce": "01ABC",
    "x-sinch-webhook-signature-timestamp": "1700000000",
}
BODY = b'{"type":"mo_text"}'
TEXT = {
    "type": "mo_text",
    "id": "mo-1",
    "from": "995555000001",
    "to": "2200",
    "body": GEORGIAN,
    "operator_id": "28201",
    "sent_at": "2023-11-14T22:13:20.000Z",
    "received_at": "2023-11-14T22:13:21.000Z",
}
REPORT = {"type": "recipient_delivery_report_sms", "batch_id": "01B", "recipient": "995555000001", "code": 0,
          "status": "Delivered", "at": "2023-11-14T22:13:21Z", "client_reference": "out-7"}  # fmt: skip


def sinch(**keys):
    return build("sinch", **({"service_plan_id": "plan", "api_token": "t", "webhook_secret": SECRET} | keys))


def test_a_text_is_handed_over_as_a_batch_of_one() -> None:
    request = sinch(base_url="http://127.0.0.1:9").request(message())
    assert (request.method, request.url) == ("POST", "http://127.0.0.1:9/xms/v1/plan/batches")
    assert request.headers["authorization"] == "Bearer t"
    assert json.loads(request.body) == {
        "from": "+995322000000", "to": [NUMBER], "body": GEORGIAN, "client_reference": "out-7",
        "delivery_report": "per_recipient", "callback_url": "https://sms.example.ge/channels/main/status",
    }  # fmt: skip
    assert "delivery_report" not in json.loads(sinch().request(message(status_url="")).body)


@pytest.mark.parametrize(
    "response, kind, code, flag",
    [
        (answer({"code": "syntax_invalid_json", "text": "…"}, 400), Refused, "syntax_invalid_json", ""),
        (answer({"code": "syntax_invalid_parameter_format"}, 400), Refused, "syntax_invalid_parameter_format", ""),
        (answer({"code": "syntax_constraint_violation"}, 400), Refused, "syntax_constraint_violation", ""),
        (answer({"code": "illegal_number_type"}, 403), Refused, "illegal_number_type", "unreachable"),
        (answer({"code": "blocked_account"}, 403), Misconfigured, "blocked_account", ""),
        (answer({"code": "missing_callback_url"}, 403), Misconfigured, "missing_callback_url", ""),
        (answer({"code": "anything_else"}, 403), Misconfigured, "anything_else", ""),
        (answer(b"", 401), Misconfigured, "401", ""),
        (answer(b"", 402), Misconfigured, "402", ""),
        (answer(b"", 429), Throttled, "429", ""),
        (answer(b"", 500), Unavailable, "500", ""),
        (answer({"code": "syntax_invalid_json"}, 503), Unavailable, "syntax_invalid_json", ""),
        (answer({}, 201), Refused, "", ""),
    ],
)
def test_what_each_refusal_means(response, kind: type[GatewayError], code: str, flag: str) -> None:
    error = sinch().result(response)
    assert type(error) is kind
    assert error.code == code
    assert {name for name in ("opted_out", "unreachable", "blocked") if getattr(error, name, False)} == {flag} - {""}


def test_the_batch_names_the_message() -> None:
    assert sinch().result(answer({"id": "01B", "to": [NUMBER]}, 201)) == Accepted("01B")


def test_the_known_signature_holds() -> None:
    assert sinch().verify(posted(BODY, headers=VECTOR))
    assert sinch().verify(posted(BODY, headers=sinch_headers(BODY, SECRET)))


@pytest.mark.parametrize(
    "body, headers",
    [
        (BODY + b" ", VECTOR),
        (BODY, VECTOR | {"x-sinch-webhook-signature-nonce": "01ABD"}),
        (BODY, VECTOR | {"x-sinch-webhook-signature-timestamp": "1700000001"}),
        (BODY, VECTOR | {"x-sinch-webhook-signature": ""}),
        (BODY, VECTOR | {"x-sinch-webhook-signature": "ქართული"}),
        (BODY, {}),
        (BODY, sinch_headers(BODY, "another")),
    ],
)
def test_a_foreign_signature_is_refused(body: bytes, headers: dict[str, str]) -> None:
    assert not sinch().verify(posted(body, headers=headers))


def test_a_signature_of_yesterday_holds_since_sinch_repeats_for_a_day() -> None:
    assert sinch().verify(posted(BODY, headers=sinch_headers(BODY, SECRET, timestamp="1699913600")))


def test_a_text_arrives() -> None:
    assert sinch().parse(posted(TEXT)) == [
        Received("995555000001", GEORGIAN, "mo-1", "2200", sent_ms=1_700_000_000_000)
    ]
    binary = TEXT | {"type": "mo_binary", "body": "AAEC", "udh": "00"}
    assert [event.text for event in sinch().parse(posted(binary))] == [""]
    assert sinch().ack(posted(TEXT)) == Ack(200)


@pytest.mark.parametrize("missing", ["from", "id", "type"])
def test_a_text_without_sender_id_or_kind_is_malformed(missing: str) -> None:
    with pytest.raises(HookMalformed, match=missing):
        sinch().parse(posted({name: value for name, value in TEXT.items() if name != missing}))


@pytest.mark.parametrize(
    "said, status",
    [
        ("Queued", Status.SENDING), ("Dispatched", Status.SENT), ("Delivered", Status.DELIVERED),
        ("Aborted", Status.FAILED), ("Cancelled", Status.FAILED), ("Rejected", Status.FAILED),
        ("Deleted", Status.FAILED), ("Failed", Status.FAILED), ("Expired", Status.EXPIRED),
        ("Unknown", Status.UNKNOWN), ("Teleported", None),
    ],
)  # fmt: skip
def test_every_status_is_understood(said: str, status: Status | None) -> None:
    error = "408" if status in {Status.FAILED, Status.EXPIRED, None} else ""
    assert sinch().parse(posted(REPORT | {"status": said, "code": 408})) == [
        StatusChange(status, "01B", "out-7", error, raw=said)
    ]


def test_a_report_about_the_whole_batch_is_understood() -> None:
    told = {"type": "delivery_report_sms", "batch_id": "01B", "total_message_count": 1,
            "statuses": [{"code": 401, "status": "Dispatched", "count": 1, "recipients": [NUMBER]}]}  # fmt: skip
    assert sinch().parse(posted(told)) == [StatusChange(Status.SENT, "01B", raw="Dispatched")]
    with pytest.raises(HookMalformed, match="batch_id"):
        sinch().parse(posted({"type": "recipient_delivery_report_sms", "status": "Delivered"}))
    for wrong in (5, None, "Delivered", {"status": "Delivered"}):
        with pytest.raises(HookMalformed, match="statuses"):
            sinch().parse(posted(told | {"statuses": wrong}))


def test_the_credentials_can_be_tried() -> None:
    gateway = sinch()
    assert isinstance(gateway, Probed)
    assert gateway.probe().url == "https://us.sms.api.sinch.com/xms/v1/plan/batches?page_size=1"
    assert gateway.probed(answer({"batches": []})) is None
    assert isinstance(gateway.probed(answer(b"", 401)), Misconfigured)


def test_without_the_secret_a_token_is_needed() -> None:
    values = {"gateway": "sinch", "service_plan_id": "p", "api_token": "t", "sender": NUMBER}
    with pytest.raises(SettingsError, match="webhook_token"):
        registry.channel("main", values)
    assert registry.channel("main", values | {"webhook_token": "t"}).needs_token
