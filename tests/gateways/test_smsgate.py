from __future__ import annotations

import json
from base64 import b64encode
from dataclasses import replace

import pytest

from smsbot.errors import GatewayError, HookMalformed, Misconfigured, Refused, Throttled, Unavailable
from smsbot.gateways.base import Accepted, Hook, Pending, Polled, Probed, Received, Response, StatusChange
from smsbot.gateways.registry import channel
from smsbot.gateways.smsgate import Smsgate, outside_id
from smsbot.status import Status
from tests.gateways.georgian import GEORGIAN, NUMBER, TEXT, answer, document

KEYS: dict[str, object] = {"gateway": "smsgate", "username": "u", "password": "p", "signing_key": "secret12"}
OURS = "out-17.0123456789ab"


def smsgate(**keys: object) -> Smsgate:
    built = channel("phone", KEYS | keys).gateway
    assert isinstance(built, Smsgate)
    return built


def hook(body: object, **headers: str) -> Hook:
    octets = body if isinstance(body, bytes) else json.dumps(body).encode()
    heads = {name.replace("_", "-"): value for name, value in headers.items()}
    return Hook("POST", "https://sms.example.ge/channels/phone/inbound", heads, [], octets)


def event(name: str, payload: dict[str, object], **more: object) -> Hook:
    return hook({"id": "n4n0", "webhookId": "w1", "deviceId": "phone-1", "event": name, "payload": payload, **more})


def test_a_text_goes_to_the_phone_with_an_id_of_ours() -> None:
    request = smsgate(base_url="http://192.168.1.7:8080", device_id="phone-1", sim_number=2).request(GEORGIAN)
    assert (request.method, request.url) == ("POST", "http://192.168.1.7:8080/message")
    assert request.headers["authorization"] == "Basic " + b64encode(b"u:p").decode()
    assert document(request) == {
        "id": outside_id(GEORGIAN),
        "textMessage": {"text": TEXT},
        "phoneNumbers": [NUMBER],
        "withDeliveryReport": True,
        "deviceId": "phone-1",
        "simNumber": 2,
    }


def test_the_newer_name_of_the_address_is_a_setting() -> None:
    gateway = smsgate(send_path="/messages")
    assert gateway.request(GEORGIAN).url.endswith("/3rdparty/v1/messages")
    assert gateway.poll([Pending("out-17", OURS, NUMBER)]).url.endswith(f"/3rdparty/v1/messages/{OURS}")


def test_without_device_and_sim_the_phone_chooses_and_the_cloud_is_the_default() -> None:
    request = smsgate().request(GEORGIAN)
    assert request.url == "https://api.sms-gate.app/3rdparty/v1/message"
    assert not {"deviceId", "simNumber"} & document(request).keys()


def test_the_id_is_the_same_each_time_short_enough_and_another_for_another_text() -> None:
    longest = replace(GEORGIAN, id="out-999999999999999999")
    assert outside_id(GEORGIAN) == outside_id(replace(GEORGIAN, status_url=""))
    assert outside_id(GEORGIAN).startswith("out-17.")
    assert len(outside_id(longest)) <= 36
    others = [replace(GEORGIAN, text="JOIN"), replace(GEORGIAN, to="+995555000002"), replace(GEORGIAN, id="out-1")]
    assert len({outside_id(GEORGIAN), *map(outside_id, others)}) == 4


@pytest.mark.parametrize(
    "status, body, outcome",
    [
        (202, {"id": OURS, "state": "Pending", "recipients": []}, Accepted(OURS)),
        (201, {"id": OURS}, Accepted(OURS)),
        (202, b"", Accepted()),
        (409, {"message": "duplicate id"}, Accepted()),  # an earlier attempt arrived
    ],
)
def test_what_is_taken_and_what_was_taken_before(status: int, body: object, outcome: Accepted) -> None:
    assert smsgate().result(answer(body, status)) == outcome


@pytest.mark.parametrize(
    "status, body, kind",
    [
        (400, {"message": "invalid phone number in row 1"}, Refused),
        (400, {"message": "text is empty"}, Refused),
        (400, {"message": "no devices registered"}, Misconfigured),
        (404, {"message": "device not found"}, Misconfigured),
        (404, b"", Refused),
        (401, {"message": "Unauthorized"}, Misconfigured),
        (403, b"", Misconfigured),
        (429, b"", Throttled),
        (500, {"message": "internal"}, Unavailable),
        (503, b"", Unavailable),
    ],
)
def test_what_each_refusal_means(status: int, body: object, kind: type[GatewayError]) -> None:
    outcome = smsgate().result(answer(body, status))
    assert type(outcome) is kind
    if isinstance(outcome, Refused):
        assert outcome.unreachable is (status == 400 and "phone" in str(body))


BODY = b'{"event":"sms:received","id":"e1"}'
STAMP = "1700000000"
SIGNATURE = "ae75ecbbc015b81221862620f467611dadd01c65f0cd9dfef3fab6547cbfbe5a"
"""HMAC-SHA256 of body and time under `secret12`."""


def test_the_signature_covers_body_and_time() -> None:
    assert smsgate().verify(hook(BODY, x_signature=SIGNATURE, x_timestamp=STAMP))
    assert smsgate().verify(hook(BODY, x_signature=SIGNATURE.replace("ae75", "AE75"), x_timestamp=STAMP))


@pytest.mark.parametrize(
    "body, signature, stamp, key",
    [
        (BODY + b" ", SIGNATURE, STAMP, "secret12"),
        (BODY, SIGNATURE[:-1] + "b", STAMP, "secret12"),
        (BODY, "", STAMP, "secret12"),
        (BODY, "ა" * 64, STAMP, "secret12"),
        (BODY, SIGNATURE, "1700000001", "secret12"),
        (BODY, SIGNATURE, "", "secret12"),
        (BODY + b"1700000", SIGNATURE, "000", "secret12"),  # the time moved into the body
        (BODY[:-1], SIGNATURE, "}1700000000", "secret12"),  # and the body into the time
        (BODY, SIGNATURE, STAMP, "secret13"),
        (BODY, SIGNATURE, STAMP, ""),
    ],
)
def test_anything_else_is_refused(body: bytes, signature: str, stamp: str, key: str) -> None:
    assert not smsgate(signing_key=key, webhook_token="t").verify(hook(body, x_signature=signature, x_timestamp=stamp))


@pytest.mark.parametrize(
    "after_s, good", [(0, True), (299, True), (300, True), (301, False), (-300, True), (-301, False), (86_400, False)]
)
def test_an_old_signature_is_a_replay(after_s: int, good: bool) -> None:
    came = hook(BODY, x_signature=SIGNATURE, x_timestamp=STAMP)
    assert smsgate().verify(replace(came, at_ms=(1_700_000_000 + after_s) * 1_000)) is good


def test_without_a_signing_key_the_channel_needs_a_token() -> None:
    assert not channel("phone", KEYS).needs_token
    assert channel("phone", KEYS | {"signing_key": "", "webhook_token": "t"}).needs_token


RECEIVED: dict[str, object] = {
    "messageId": "a1b2c3d4", "sender": NUMBER, "recipient": "+995599000000", "simNumber": 1, "message": "სტოპ",
    "receivedAt": "2026-11-25T14:15:00.000+04:00",
}  # fmt: skip
SENT_MS = 1_795_601_700_000


def test_a_text_arrives() -> None:
    (received,) = smsgate().parse(event("sms:received", RECEIVED))
    assert isinstance(received, Received)
    assert (received.number, received.text, received.to, received.sent_ms) == (
        NUMBER, "სტოპ", "+995599000000", SENT_MS,
    )  # fmt: skip
    older = {name: value for name, value in RECEIVED.items() if name not in {"sender", "recipient"}}
    (same,) = smsgate().parse(event("sms:received", older | {"phoneNumber": NUMBER}))
    assert isinstance(same, Received)
    assert (same.number, same.external_id) == (NUMBER, received.external_id)


def key(payload: dict[str, object], **more: object) -> str | None:
    (received,) = smsgate().parse(event("sms:received", payload, **more))
    assert isinstance(received, Received)
    return received.external_id


def test_the_same_text_is_known_again_whatever_webhook_brings_it() -> None:
    assert key(RECEIVED) == key(RECEIVED, id="another", webhookId="w2")


@pytest.mark.parametrize(
    "other", [{"sender": "+995555000002"}, {"receivedAt": "2026-11-25T14:15:09.000+04:00"}, {"messageId": "ffffffff"}]
)
def test_the_phones_hash_of_the_text_is_no_id(other: dict[str, object]) -> None:
    assert key(RECEIVED) != key(RECEIVED | other)
    assert key(RECEIVED) != key(RECEIVED, deviceId="phone-2")


def test_a_picture_message_is_a_text_without_words() -> None:
    picture = {"messageId": "m1", "sender": NUMBER, "subject": None, "receivedAt": "2026-11-25T14:15:00.000+04:00"}
    (received,) = smsgate().parse(event("mms:received", picture))
    assert isinstance(received, Received)
    assert received.text == ""


@pytest.mark.parametrize(
    "name, more, status, error",
    [
        ("sms:sent", {"partsCount": 3, "sentAt": "x"}, Status.SENT, ""),
        ("sms:delivered", {"deliveredAt": "x"}, Status.DELIVERED, ""),
        ("sms:failed", {"reason": "Generic failure"}, Status.FAILED, "Generic failure"),
        ("sms:failed", {}, Status.FAILED, "sms:failed"),
        ("sms:cancelled", {}, Status.FAILED, "sms:cancelled"),
        ("sms:teleported", {}, None, ""),
    ],
)
def test_a_report_names_our_message(name: str, more: dict[str, object], status: Status | None, error: str) -> None:
    payload: dict[str, object] = {"messageId": OURS, "recipient": NUMBER, **more}
    change = StatusChange(status, external_id=OURS, message_id="out-17", error=error, raw=name)
    assert smsgate().parse(event(name, payload)) == [change]
    strangers = smsgate().parse(event(name, payload | {"messageId": "sent-by-hand"}))
    assert strangers == [replace(change, external_id="sent-by-hand", message_id=None)]


@pytest.mark.parametrize("name", ["system:ping", "app:started", "sms:data-received", "call:missed"])
def test_what_is_no_message_is_acknowledged(name: str) -> None:
    assert smsgate().parse(event(name, {"health": {"status": "pass"}})) == []
    assert smsgate().ack(event(name, {})).status == 200


@pytest.mark.parametrize(
    "came",
    [
        hook(b"not json"),
        hook([]),
        hook({}),
        event("sms:received", {name: value for name, value in RECEIVED.items() if name != "sender"}),
        event("sms:received", {name: value for name, value in RECEIVED.items() if name != "messageId"}),
        event("sms:delivered", {}),
        hook({"event": "sms:received", "payload": "x"}),
    ],
)
def test_what_lacks_something_is_malformed(came: Hook) -> None:
    with pytest.raises(HookMalformed):
        smsgate().parse(came)


@pytest.mark.parametrize(
    "state, status, error",
    [
        ("Pending", None, ""),
        ("Processed", None, ""),
        ("Cancelling", None, ""),
        ("Sent", Status.SENT, ""),
        ("Delivered", Status.DELIVERED, ""),
        ("Failed", Status.FAILED, "No service"),
        ("Cancelled", Status.FAILED, "No service"),
    ],
)
def test_the_phone_can_be_asked_when_a_webhook_was_lost(state: str, status: Status | None, error: str) -> None:
    gateway = smsgate()
    assert isinstance(gateway, Polled)
    pending = [Pending("out-17", OURS, NUMBER)]
    assert gateway.poll(pending).url == f"https://api.sms-gate.app/3rdparty/v1/message/{OURS}"
    told = answer({"id": OURS, "state": state, "recipients": [{"phoneNumber": NUMBER, "error": "No service"}]})
    expected = [StatusChange(status, external_id=OURS, error=error, raw=state)] if status else []
    assert gateway.polled(pending, told) == expected
    assert isinstance(gateway.polled(pending, answer(b"", 401)), Misconfigured)


def test_the_credentials_can_be_tried_without_a_text() -> None:
    gateway = smsgate()
    assert isinstance(gateway, Probed)
    assert (gateway.probe().method, gateway.probe().url) == ("GET", "https://api.sms-gate.app/3rdparty/v1/webhooks")
    assert gateway.probed(Response(200, {}, b"[]")) is None
    assert isinstance(gateway.probed(Response(401, {}, b"")), Misconfigured)
    assert isinstance(gateway.probed(Response(503, {}, b"")), Unavailable)
