"""The vector of the signature: the field notes', of the key whose seed is the octets 0 to 31."""

from __future__ import annotations

import json
import subprocess
import sys
from base64 import b64encode

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from smsbot.errors import GatewayError, HookMalformed, Misconfigured, Refused, SettingsError, Throttled, Unavailable
from smsbot.gateways import registry
from smsbot.gateways.base import Accepted, Ack, Balance, Received, StatusChange
from smsbot.status import Status
from smsbot.testing.providers import telnyx_headers
from tests.gateways.cases import AT_MS, AT_S, GEORGIAN, NUMBER, STATUS_URL, answer, build, message, posted

PUBLIC_KEY = "A6EHv/POEL4dcN0Y50vAmWfk1jCbpQ1fHdyGZBJVMbg="
KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
BODY = b'{"data":{}}'
VECTOR = {
    "telnyx-timestamp": "1700000000",
    "telnyx-signature-ed25519": "gFUFz3M0SRRrClGayW/1fBre6GcdCZK0Wql/WBsuZauIXN5nVv+ZLvPSJXYWvu0Nykmv6NaTfRperFz/"
    "bXvbCQ==",
}


def telnyx(**keys):
    return build("telnyx", **({"api_key": "k", "public_key": PUBLIC_KEY} | keys))


def event(kind: str, **payload: object):
    return {"data": {"record_type": "event", "id": "e-1", "event_type": kind, "occurred_at": "2023-11-14T22:13:20Z",
                     "payload": {"id": "m-1", "direction": "inbound"} | payload}}  # fmt: skip


def text(**more: object):
    whole = {"from": {"phone_number": NUMBER}, "to": [{"phone_number": "+995322000000"}], "text": GEORGIAN, "parts": 1,
             "encoding": "UCS-2", "received_at": "2023-11-14T22:13:20.000+00:00"}  # fmt: skip
    return event("message.received", **(whole | more))


def test_a_text_is_handed_over() -> None:
    request = telnyx(base_url="http://127.0.0.1:9").request(message())
    assert (request.method, request.url) == ("POST", "http://127.0.0.1:9/v2/messages")
    assert request.headers["authorization"] == "Bearer k"
    assert json.loads(request.body) == {
        "from": "+995322000000", "to": NUMBER, "text": GEORGIAN, "webhook_url": f"{STATUS_URL}?message_id=out-7",
    }  # fmt: skip
    assert "webhook_url" not in json.loads(telnyx().request(message(status_url="")).body)


def errors(code: str, status: int):
    return answer({"errors": [{"code": code, "title": "…", "detail": "…"}]}, status)


@pytest.mark.parametrize(
    "response, kind, code, flag",
    [
        (errors("40300", 400), Refused, "40300", "opted_out"),
        (errors("40310", 400), Refused, "40310", "unreachable"),
        (errors("40001", 400), Refused, "40001", "unreachable"),
        (errors("10002", 422), Refused, "10002", "unreachable"),
        (errors("40309", 400), Refused, "40309", ""),
        (errors("40302", 400), Refused, "40302", ""),
        (errors("99999", 400), Refused, "99999", ""),
        (errors("40305", 400), Misconfigured, "40305", ""),
        (errors("40312", 409), Misconfigured, "40312", ""),
        (errors("40321", 400), Misconfigured, "40321", ""),
        (errors("20100", 403), Misconfigured, "20100", ""),
        (errors("20100", 402), Misconfigured, "20100", ""),
        (errors("10009", 401), Misconfigured, "10009", ""),
        (errors("40318", 400), Throttled, "40318", ""),
        (errors("10011", 429), Throttled, "10011", ""),
        (errors("10007", 500), Unavailable, "10007", ""),
        (errors("40300", 503), Unavailable, "40300", ""),
        (answer({"data": {}}), Refused, "", ""),
    ],
)
def test_what_each_refusal_means(response, kind: type[GatewayError], code: str, flag: str) -> None:
    error = telnyx().result(response)
    assert type(error) is kind
    assert error.code == code
    assert {name for name in ("opted_out", "unreachable", "blocked") if getattr(error, name, False)} == {flag} - {""}


def test_an_accepted_message_has_the_gateways_id() -> None:
    assert telnyx().result(answer({"data": {"id": "m-1", "to": [{"status": "queued"}]}})) == Accepted("m-1")


def test_the_known_signature_holds() -> None:
    assert telnyx().verify(posted(BODY, headers=VECTOR))


@pytest.mark.parametrize(
    "age_s, holds", [(0, True), (299, True), (300, True), (301, False), (-300, True), (-301, False), (86_400, False)]
)
def test_a_signature_holds_for_five_minutes(age_s: int, holds: bool) -> None:
    assert telnyx().verify(posted(BODY, headers=VECTOR, at_ms=AT_MS + age_s * 1_000)) is holds


@pytest.mark.parametrize(
    "body, headers",
    [
        (BODY + b" ", {}),
        (BODY, {"telnyx-timestamp": "1700000001"}),
        (BODY, {"telnyx-timestamp": ""}),
        (BODY, {"telnyx-timestamp": "-1700000000"}),
        (BODY, {"telnyx-timestamp": "٠١٢"}),
        (BODY, {"telnyx-timestamp": "9" * 5_000}),
        (BODY, {"telnyx-signature-ed25519": ""}),
        (BODY, {"telnyx-signature-ed25519": "AAAA"}),
        (BODY, {"telnyx-signature-ed25519": "ქართული"}),
        (BODY, {"telnyx-signature-ed25519": b64encode(bytes(64)).decode()}),
        (BODY, telnyx_headers(BODY, Ed25519PrivateKey.from_private_bytes(bytes(32)), AT_S)),
    ],
)
def test_a_foreign_signature_is_refused(body: bytes, headers: dict[str, str]) -> None:
    assert not telnyx().verify(posted(body, headers=VECTOR | headers))


def test_where_nobody_tells_the_time_nothing_is_believed() -> None:
    assert not telnyx().verify(posted(BODY, headers=VECTOR, at_ms=0))


def test_a_text_arrives() -> None:
    hook = posted(text())
    assert telnyx().parse(hook) == [Received(NUMBER, GEORGIAN, "m-1", "+995322000000", sent_ms=AT_MS)]
    assert telnyx().ack(hook) == Ack(200)


@pytest.mark.parametrize(
    "told, optout", [("STOP", "stop"), ("START", "start"), ("HELP", "help"), (None, None), ("OTHER", None)]
)
def test_a_word_that_telnyx_has_answered_is_told(told: str | None, optout: str | None) -> None:
    assert [found.optout for found in telnyx().parse(posted(text(autoresponse_type=told)))] == [optout]


@pytest.mark.parametrize(
    "body",
    [b"", b"[]", b'{"data": {}}', b'{"data": {"event_type": "message.received", "payload": {}}}',
     b'{"data": {"event_type": "message.received", "payload": {"id": "m-1", "from": {}}}}'],
)  # fmt: skip
def test_a_webhook_without_sender_or_id_is_malformed(body: bytes) -> None:
    with pytest.raises(HookMalformed):
        telnyx().parse(posted(body))


@pytest.mark.parametrize(
    "kind, said, status",
    [
        ("message.sent", "sent", Status.SENT),
        ("message.sent", "queued", Status.SENDING),
        ("message.sent", "sending", Status.SENDING),
        ("message.finalized", "delivered", Status.DELIVERED),
        ("message.finalized", "sending_failed", Status.FAILED),
        ("message.finalized", "delivery_failed", Status.FAILED),
        ("message.finalized", "delivery_unconfirmed", Status.UNKNOWN),
        ("message.finalized", "expired", Status.EXPIRED),
        ("message.finalized", "teleported", None),
    ],
)
def test_every_status_is_understood(kind: str, said: str, status: Status | None) -> None:
    hook = posted(event(kind, to=[{"phone_number": NUMBER, "status": said}], errors=[]),
                  url=f"{STATUS_URL}?message_id=out-7")  # fmt: skip
    assert telnyx().parse(hook) == [StatusChange(status, "m-1", "out-7", raw=said)]


def test_an_event_of_another_kind_is_harmless() -> None:
    assert telnyx().parse(posted(event("message.teleported"))) == [StatusChange(None, "m-1", raw="message.teleported")]


@pytest.mark.parametrize(
    "code, flag", [("40300", "opted_out"), ("40001", "unreachable"), ("40012", "unreachable"), ("40002", ""), ("7", "")]
)
def test_a_failed_report_tells_why(code: str, flag: str) -> None:
    hook = posted(event("message.finalized", to=[{"status": "delivery_failed"}], errors=[{"code": code}]))
    (found,) = telnyx().parse(hook)
    assert found.error == code
    assert {name for name in ("opted_out", "unreachable", "blocked") if getattr(found, name)} == {flag} - {""}


def test_a_key_that_is_none_is_told_at_the_start() -> None:
    values = {"gateway": "telnyx", "api_key": "k", "sender": NUMBER}
    for wrong in ("secret", "AAAA", "ქართული"):
        with pytest.raises(SettingsError, match=r"channels\.main\.public_key.*32 octets in base64"):
            registry.channel("main", values | {"public_key": wrong})
    with pytest.raises(SettingsError, match="webhook_token"):
        registry.channel("main", values)
    assert registry.channel("main", values | {"webhook_token": "t"}).needs_token


def test_the_balance_is_told() -> None:
    assert telnyx().balance_request().url == "https://api.telnyx.com/v2/balance"
    told = {"data": {"balance": "300.00", "currency": "USD", "available_credit": "300.00"}}
    assert telnyx().balance(answer(told)) == Balance(300.0, "USD")
    assert isinstance(telnyx().balance(answer(b"", 401)), Misconfigured)


def test_the_library_for_its_signatures_is_loaded_with_this_gateway_only() -> None:
    program = (
        "import sys\n"
        "from smsbot.gateways import registry\n"
        "registry.channel('a', {'gateway': 'sinch', 'service_plan_id': 'p', 'api_token': 't', 'webhook_secret': 's'})\n"
        "assert 'cryptography' not in sys.modules\n"
        "registry.channel('b', {'gateway': 'telnyx', 'api_key': 'k', 'webhook_token': 't'})\n"
        "assert 'cryptography' in sys.modules\n"
    )
    subprocess.run([sys.executable, "-c", program], check=True, timeout=60)
