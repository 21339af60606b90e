"""What every gateway must do, whoever's provider it is. A new one adds a row to `SAMPLES`."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from urllib.parse import urlencode

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from smsbot.errors import GatewayError, HookMalformed, Throttled, Unavailable
from smsbot.gateways import registry
from smsbot.gateways.base import (
    Accepted,
    Balanced,
    Hook,
    HttpGateway,
    Message,
    Pending,
    Polled,
    Received,
    Response,
    StatusChange,
)

SECRET = "s3cr3t-w0rd"
PUBLIC = "https://sms.example.ge/channels/main/status"
MESSAGE = Message("m-1", "+995555000001", "ბიუჯეტი & 5% + <b>", "UCS-2", 1, "2020", PUBLIC)


@dataclass(frozen=True)
class Sample:
    """*keys*: a channel's settings, with `SECRET` in each secret one. *unknown_status*: the fields of a report in the
    provider's own format whose status, *raw*, does not exist, none where it sends no webhooks; *where* they stand."""

    keys: Mapping[str, object]
    unknown_status: Mapping[str, object] = field(default_factory=dict)
    where: str = "form"
    raw: str = "teleported"


ONE_WAY = {"username": "u", "password": SECRET, "client_id": "1", "service_id": "2"}

SAMPLES: dict[str, Sample] = {
    "africastalking": Sample(
        {"username": "sandbox", "api_key": SECRET, "webhook_token": SECRET}, {"id": "a", "status": "teleported"}
    ),
    "gammu": Sample({"database_url": f"postgresql://smsd:{SECRET}@127.0.0.1:9/smsd"}),
    "gosms": Sample({"api_key": SECRET, "sender": "Kutaisi"}),
    "http": Sample(
        {"base_url": "http://127.0.0.1:9", "api_key": SECRET, "headers": {"X-Key": "{api_key}"}, "username": "u",
         "password": SECRET, "webhook_token": SECRET},
        {"id": "a", "status": "teleported"}, where="json",
    ),
    "infobip": Sample(
        {"api_key": SECRET, "webhook_token": SECRET},
        {"results": [{"messageId": "a", "status": {"groupId": 9, "groupName": "GONE", "name": "teleported"}}]},
        where="json",
    ),
    "jasmin": Sample(
        {"username": "u", "password": SECRET, "webhook_token": SECRET}, {"id": "a", "message_status": "teleported"}
    ),
    "kannel": Sample(
        {"username": "u", "password": SECRET, "webhook_token": SECRET}, {"id": "m-1", "type": "99"}, where="query",
        raw="99",
    ),
    "magti": Sample(ONE_WAY),
    "messagebird": Sample(
        {"access_key": SECRET, "signing_key": SECRET}, {"id": "a", "status": "teleported"}, where="query"
    ),
    "msg_ge": Sample(ONE_WAY | {"alternate_password": SECRET}),
    "plivo": Sample({"auth_id": "MA1", "auth_token": SECRET}, {"MessageUUID": "a", "Status": "teleported"}),
    "sender_ge": Sample({"api_key": SECRET}),
    "simulator": Sample({}),
    "sinch": Sample(
        {"service_plan_id": "p", "api_token": SECRET, "webhook_secret": SECRET},
        {"type": "recipient_delivery_report_sms", "batch_id": "a", "status": "teleported"}, where="json",
    ),
    "smsgate": Sample(
        {"username": "u", "password": SECRET, "signing_key": SECRET},
        {"id": "n1", "event": "sms:teleported", "payload": {"messageId": "m-1"}}, where="json", raw="sms:teleported",
    ),
    "smsoffice": Sample(
        {"api_key": SECRET, "sender": "Kutaisi", "webhook_token": SECRET},
        {"reference": "m-1", "status": "teleported"}, where="query",
    ),
    "telnyx": Sample(
        {"api_key": SECRET, "public_key": "A6EHv/POEL4dcN0Y50vAmWfk1jCbpQ1fHdyGZBJVMbg="},
        {"data": {"event_type": "message.finalized", "payload": {"id": "a", "to": [{"status": "teleported"}]}}},
        where="json",
    ),
    "smpp": Sample({"host": "127.0.0.1", "system_id": "u", "password": SECRET, "sender": "2020"}),
    "twilio": Sample(
        {"account_sid": "AC1", "auth_token": SECRET, "sender": "2020"},
        {"MessageSid": "SM1", "MessageStatus": "teleported"},
    ),
    "ubill": Sample(
        {"api_key": SECRET, "brand_id": 1, "callback_key": SECRET}, {"smsID": "1", "statusID": "99"}, where="query",
        raw="99",
    ),
    "vonage": Sample(
        {"api_key": "k", "api_secret": SECRET, "signature_secret": SECRET}, {"messageId": "a", "status": "teleported"}
    ),
}  # fmt: skip


def channel(name: str) -> registry.Channel:
    return registry.channel("main", {"gateway": name} | dict(SAMPLES[name].keys))


def gateway(name: str) -> HttpGateway:
    built = channel(name).gateway
    assert isinstance(built, HttpGateway)
    return built


HTTP = [name for name in SAMPLES if isinstance(channel(name).gateway, HttpGateway)]
SIGNED = [name for name in HTTP if not channel(name).needs_token]


def hook(fields: Mapping[str, object], where: str, headers: Mapping[str, str] | None = None) -> Hook:
    heads = dict(headers or {})
    match where:
        case "query":
            return Hook("GET", f"{PUBLIC}?{urlencode(fields)}", heads, list(fields.items()), b"")
        case "json":
            heads |= {"content-type": "application/json"}
            return Hook("POST", PUBLIC, heads, [], json.dumps(fields).encode())
    heads |= {"content-type": "application/x-www-form-urlencoded"}
    return Hook("POST", PUBLIC, heads, [], urlencode(fields).encode())


def test_every_registered_gateway_has_a_sample() -> None:
    assert sorted(SAMPLES) == sorted(registry.BUILT_IN)


@pytest.mark.parametrize("name", SIGNED)
@pytest.mark.parametrize("where", ["query", "form", "json"])
def test_a_bad_signature_is_refused(name: str, where: str) -> None:
    fields = SAMPLES[name].unknown_status
    assert not gateway(name).verify(hook(fields, where))
    guesses = (
        "x-twilio-signature", "authorization", "x-signature", "signature", "messagebird-signature-jwt",
        "x-sinch-webhook-signature", "telnyx-signature-ed25519", "x-plivo-signature-v3", "x-plivo-signature-v2",
    )  # fmt: skip
    assert not gateway(name).verify(hook(fields, where, dict.fromkeys(guesses, "AAAA")))


@pytest.mark.parametrize("name", HTTP)
def test_an_unknown_status_is_harmless_and_kept_for_the_log(name: str) -> None:
    sample = SAMPLES[name]
    if not sample.unknown_status:
        with pytest.raises(HookMalformed):
            gateway(name).parse(hook({"id": "m-1", "status": "teleported"}, "query"))
        return
    (event,) = gateway(name).parse(hook(sample.unknown_status, sample.where))
    assert isinstance(event, StatusChange)
    assert event.status is None
    assert event.raw == sample.raw


@pytest.mark.parametrize("name", HTTP)
@pytest.mark.parametrize("body", [b"", b"{}", b"<html>slow down</html>", b"null", b"[[]]"])
def test_too_fast_is_throttled_and_a_fault_of_theirs_is_tried_again(name: str, body: bytes) -> None:
    throttled = gateway(name).result(Response(429, {"retry-after": "2"}, body))
    assert isinstance(throttled, Throttled)
    assert throttled.retry_after_s == 2.0
    for status in (500, 502, 503, 504):
        assert isinstance(gateway(name).result(Response(status, {}, body)), Unavailable)


@pytest.mark.parametrize("name", HTTP)
def test_the_request_is_ready_for_the_wire(name: str) -> None:
    request = gateway(name).request(MESSAGE)
    assert request.url.isascii()
    assert request.url.isprintable()
    assert " " not in request.url
    for header, value in request.headers.items():
        assert header == header.lower()
        assert "\n" not in value
        assert "\r" not in value


@pytest.mark.parametrize("name", HTTP)
def test_the_acknowledgement_is_a_success(name: str) -> None:
    assert 200 <= gateway(name).ack(hook({}, "form")).status < 300


@pytest.mark.parametrize("name", list(SAMPLES))
def test_no_secret_shows(name: str) -> None:
    built = channel(name)
    shown = [repr(built), str(built), repr(built.config), str(built.config), built.config.model_dump_json()]
    if isinstance(built.gateway, HttpGateway):
        shown += [repr(built.gateway.request(MESSAGE)), str(built.gateway.request(MESSAGE))]
        shown += [repr(built.gateway.result(Response(status, {}, b""))) for status in (200, 400, 401, 429, 500)]
    assert not any(SECRET in text for text in shown)
    assert MESSAGE.text not in "".join(shown) + repr(MESSAGE)
    assert MESSAGE.to not in "".join(shown) + repr(MESSAGE)


WORDS = st.sampled_from(
    ["From", "from", "Body", "text", "To", "MessageSid", "MessageStatus", "SmsStatus", "ErrorCode", "status", "id",
     "type", "ts", "time", "message_id", "OptOutType", "payload", "results", "data", "to", "messageId",
     "received", "delivered", "data", "event_type", "msisdn", "MessageUUID", "Status", "PartInfo", "originator", "mid",
     "batch_id", "statuses", "mo_text", "binary", "coding", "8", "concat", "concat-ref", "sig", "senderId",
     "phoneNumber", "message_status", "ESME_ROK", "authorization", "event", "sms:received", "sms:sent", "sender",
     "smsID", "statusID", "key", "reference", "destination", "statusId", "state", "balance"]
)  # fmt: skip
NASTY = st.sampled_from(["\0", "\ud800", "9" * 5000, "1e999", "+995555000001", "", " ", "-1", "NaN", "%d"])
TEXTS = WORDS | NASTY | st.text(max_size=12)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=6),
    max_leaves=12,
)
FIELDS = st.lists(st.tuples(TEXTS, TEXTS), max_size=8)
BODIES = (
    st.binary(max_size=60)
    | JSON.map(lambda value: json.dumps(value).encode())
    | FIELDS.map(lambda pairs: urlencode(pairs, errors="replace").encode())
    | st.just(b"[" * 50_000)
)
TYPES = st.sampled_from(
    ["", "application/json", "application/x-www-form-urlencoded", "text/xml", "multipart/form-data"]
)


SIGNATURES = st.lists(
    st.sampled_from(
        ["x-twilio-signature", "authorization", "messagebird-signature-jwt", "x-sinch-webhook-signature",
         "telnyx-signature-ed25519", "telnyx-timestamp", "x-plivo-signature-v3", "x-plivo-signature-v3-nonce",
         "x-signature", "x-timestamp"]
    ),
    max_size=3,
)  # fmt: skip


@st.composite
def hooks(draw: st.DrawFn) -> Hook:
    query: Sequence[tuple[str, str]] = draw(FIELDS)
    url = f"{PUBLIC}?{urlencode(query, errors='replace')}"
    headers = {"content-type": draw(TYPES)} | {name: draw(TEXTS) for name in draw(SIGNATURES)}
    return Hook(draw(st.sampled_from(["GET", "POST", "PUT"])), url, headers, query, draw(BODIES))


@pytest.mark.parametrize("name", HTTP)
@given(given_hook=hooks())
@settings(deadline=None)
def test_whatever_comes_is_read_or_malformed_and_what_is_read_can_be_stored(name: str, given_hook: Hook) -> None:
    assert gateway(name).verify(given_hook) in {True, False}
    try:
        events = gateway(name).parse(given_hook)
    except HookMalformed as error:
        events, complaint = [], str(error)
    else:
        complaint = ""
    assert "+995555000001" not in complaint
    for event in events:
        match event:
            case Received():
                assert event.number
                told = [event.number, event.text, event.external_id or "", event.to]
            case StatusChange():
                assert event.external_id or event.message_id
                told = [event.external_id or "", event.message_id or "", event.error, event.raw]
        for text in told:
            assert "\0" not in text
            text.encode("utf-8")


@pytest.mark.parametrize("name", HTTP)
@given(status=st.integers(200, 599), body=BODIES, headers=st.dictionaries(WORDS, TEXTS, max_size=2), wait=TEXTS)
@settings(deadline=None)
def test_whatever_is_answered_has_a_meaning(
    name: str, status: int, body: bytes, headers: dict[str, str], wait: str
) -> None:
    outcome = gateway(name).result(Response(status, headers | {"retry-after": wait, "date": wait}, body))
    assert isinstance(outcome, Accepted | GatewayError)
    if status >= 400 and not (status == 409 and gateway(name).capabilities.removes_duplicates):
        assert isinstance(outcome, GatewayError)


POLLED = [name for name in HTTP if isinstance(gateway(name), Polled)]
BALANCED = [name for name in HTTP if isinstance(gateway(name), Balanced)]


@pytest.mark.parametrize("name", POLLED)
@given(status=st.integers(200, 599), body=BODIES)
@settings(deadline=None)
def test_whatever_is_answered_to_a_question_has_a_meaning(name: str, status: int, body: bytes) -> None:
    asked = gateway(name)
    assert isinstance(asked, Polled)
    pending = [Pending("out-1", None, MESSAGE.to)]
    assert asked.poll(pending).url.isascii()
    told = asked.polled(pending, Response(status, {}, body))
    if not 200 <= status < 300:
        assert isinstance(told, GatewayError)
    for change in told if isinstance(told, list) else []:
        assert "\0" not in change.raw + change.error
        (change.raw + change.error).encode("utf-8")


@pytest.mark.parametrize("name", BALANCED)
@given(status=st.integers(200, 599), body=BODIES)
@settings(deadline=None)
def test_whatever_is_answered_about_the_balance_is_a_number_or_an_error(name: str, status: int, body: bytes) -> None:
    asked = gateway(name)
    assert isinstance(asked, Balanced)
    assert asked.balance_request().url.isascii()
    told = asked.balance(Response(status, {}, body))
    assert isinstance(told, GatewayError) or math.isfinite(told.amount)
    if not 200 <= status < 300:
        assert isinstance(told, GatewayError)


@pytest.mark.parametrize("name", POLLED)
def test_no_secret_shows_in_a_question(name: str) -> None:
    asked = gateway(name)
    assert isinstance(asked, Polled)
    shown = repr(asked.poll([Pending("out-1", "e-1", MESSAGE.to)])) + repr(asked.polled([], Response(401, {}, b"")))
    assert SECRET not in shown
    assert MESSAGE.to not in shown
