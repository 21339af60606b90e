"""The world's providers and the product, over HTTP: a text comes in, its answer leaves, the report comes back."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlencode, urlsplit

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from smsbot.clock import now_ms
from smsbot.testing.fake_gateway import Asked
from smsbot.testing.providers import (
    jwt,
    messagebird_claims,
    plivo_headers,
    sinch_headers,
    telnyx_headers,
    vonage_sig,
)
from smsbot.testing.world_gateway import WorldGateway
from tests.e2e.product import Product, until

PUBLIC = "https://sms.example.ge"
SECRET = "the secret of all these channels"
TOKEN = "token of all these channels"
KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
FORM = {"content-type": "application/x-www-form-urlencoded"}
JSON = {"content-type": "application/json"}
KEYS = {
    "vonage": {"api_key": "k", "api_secret": "s", "signature_secret": SECRET, "signature_method": "sha512"},
    "infobip": {"api_key": "k", "webhook_token": TOKEN},
    "telnyx": {"api_key": "k", "public_key": "A6EHv/POEL4dcN0Y50vAmWfk1jCbpQ1fHdyGZBJVMbg="},
    "messagebird": {"access_key": "k", "signing_key": SECRET},
    "sinch": {"service_plan_id": "p", "api_token": "t", "webhook_secret": SECRET},
    "plivo": {"auth_id": "MA1", "auth_token": SECRET},
    "africastalking": {"username": "city", "api_key": "k", "webhook_token": TOKEN},
    "jasmin": {"username": "u", "password": "p", "webhook_token": TOKEN},
}


@contextmanager
def started(folder: Path, *names: str) -> Iterator[tuple[Product, WorldGateway]]:
    """A product with a channel for each of the gateways *names*, and the provider of all of them."""
    with WorldGateway() as provider:
        channels = "".join(
            f'[channels.{name}]\ngateway = "{name}"\nsender = "2200"\nbase_url = "{provider.url}"\n'
            + "".join(f'{key} = "{value}"\n' for key, value in KEYS[name].items())
            for name in names
        )
        with Product(folder, channels=channels, service=f'public_url = "{PUBLIC}"') as product:
            yield product, provider


def delivered(product: Product, number: str) -> bool:
    return {message["status"] for message in product.messages(number)} == {"delivered"}


def inside(url: str) -> str:
    """The path and query of a public address, where the process itself can be called."""
    assert url.startswith(f"{PUBLIC}/"), url
    return url.removeprefix(PUBLIC)


def vonage_call(product: Product, path: str, fields: dict[str, str]) -> int:
    sig = vonage_sig(fields, SECRET, "sha512")
    return product.call("GET", f"{path}?{urlencode(fields | {'sig': sig})}")[0]


def test_vonage_reports_each_part_of_an_answer(tmp_path: Path) -> None:
    number, text = "+995555000011", {"msisdn": "995555000011", "to": "2200", "messageId": "0B1", "text": "გაწევრიანება"}
    with started(tmp_path, "vonage") as (product, provider):
        assert product.call("GET", "/channels/vonage/inbound")[0] == 200, "an empty probe"
        assert product.call("GET", f"/channels/vonage/inbound?{urlencode(text | {'sig': 'a' * 128})}")[0] == 403
        assert product.call("GET", f"/channels/vonage/inbound?{urlencode(text)}")[0] == 403
        assert vonage_call(product, "/channels/vonage/inbound", text | {"text": ""} | {"messageId": ""}) == 400
        for _ in range(2):  # a repeat is acknowledged and answered once
            assert vonage_call(product, "/channels/vonage/inbound", text) == 200
        (asked,) = provider.wait_for(1)
        parts = product.messages(number)[0]["parts"]
        assert parts > 1
        assert asked.fields["type"] == "unicode"
        report = {"msisdn": "995555000011", "to": "2200", "err-code": "0", "status": "delivered"}
        path = inside(asked.fields["callback"])
        for message_id in ["w-1"] + [f"w-1-{part + 1}" for part in range(1, parts)]:
            assert vonage_call(product, path, report | {"messageId": message_id}) == 200
        until("the answer has arrived", lambda: delivered(product, number))
        assert provider.count == 1


def test_infobip_brings_texts_and_reports_in_batches(tmp_path: Path) -> None:
    numbers = ["+995555000021", "+995555000022"]
    texts = [
        {"messageId": f"m-{number}", "from": number.removeprefix("+"), "to": "2200", "text": "JOIN 1",
         "cleanText": "1", "keyword": "JOIN", "receivedAt": "2026-11-25T10:00:00.000+0000"}
        for number in numbers
    ]  # fmt: skip
    batch = json.dumps({"results": texts, "messageCount": 2, "pendingMessageCount": 0}).encode()
    with started(tmp_path, "infobip") as (product, provider):
        assert product.call("POST", "/channels/infobip/inbound", batch, JSON)[0] == 403
        path = f"/channels/infobip/inbound?{urlencode({'token': TOKEN})}"
        for _ in range(2):
            assert product.call("POST", path, batch, JSON)[0] == 200
        answers = [json.loads(asked.body)["messages"][0] for asked in provider.wait_for(2)]
        assert {answer["destinations"][0]["to"] for answer in answers} == {number[1:] for number in numbers}
        assert all(product.subscriber(number)["topics"] == ["budget"] for number in numbers)
        reports = [
            {"messageId": answer["destinations"][0]["messageId"], "to": answer["destinations"][0]["to"],
             "status": {"groupId": 3, "groupName": "DELIVERED", "id": 5, "name": "DELIVERED_TO_HANDSET"},
             "error": {"groupId": 0, "id": 0, "name": "NO_ERROR", "permanent": False}}
            for answer in answers
        ]  # fmt: skip
        address = inside(answers[0]["webhooks"]["delivery"]["url"])
        assert product.call("POST", address, json.dumps({"results": reports}).encode(), JSON)[0] == 200
        until("both answers have arrived", lambda: all(delivered(product, number) for number in numbers))
        assert provider.count == 2


def calls(name: str, asked: Asked | None) -> tuple[str, str, bytes, dict[str, str]]:
    """The webhook of *name* now: method, path, body and headers. A person's JOIN, or that *asked* was delivered."""
    number, address = "995555000031", f"{PUBLIC}/channels/{name}/inbound"
    at_s = now_ms() // 1_000
    match name:
        case "telnyx":
            payload: dict[str, object] = {"id": "t-1", "from": {"phone_number": f"+{number}"}, "text": "JOIN"}
            if asked:
                address = str(json.loads(asked.body)["webhook_url"])
                payload = {"id": "w-1", "to": [{"status": "delivered"}]}
            kind = "message.finalized" if asked else "message.received"
            body = json.dumps({"data": {"event_type": kind, "payload": payload}}).encode()
            return "POST", inside(address), body, telnyx_headers(body, KEY, at_s)
        case "messagebird":
            if asked:
                query = {"id": "w-1", "reference": json.loads(asked.body)["reference"], "status": "delivered"}
                address = f"{json.loads(asked.body)['reportUrl']}?{urlencode(query)}"
                token = jwt(messagebird_claims(address, b"", at_s), SECRET)
                return "GET", inside(address), b"", {"messagebird-signature-jwt": token}
            body = urlencode({"mid": "b-1", "shortcode": "2200", "originator": number, "message": "JOIN"}).encode()
            token = jwt(messagebird_claims(address, body, at_s), SECRET, "HS512")
            return "POST", inside(address), body, FORM | {"messagebird-signature-jwt": token}
        case "sinch":
            told = {"type": "mo_text", "id": "s-1", "from": number, "to": "2200", "body": "JOIN"}
            if asked:
                address = str(json.loads(asked.body)["callback_url"])
                told = {"type": "recipient_delivery_report_sms", "batch_id": "w-1", "status": "Delivered"}
            body = json.dumps(told).encode()
            return "POST", inside(address), body, sinch_headers(body, SECRET)
        case "plivo":
            fields = {"MessageUUID": "p-1", "From": number, "To": "2200", "Text": "JOIN"}
            if asked:
                address = str(json.loads(asked.body)["url"])
                fields = {"MessageUUID": "w-1", "ParentMessageUUID": "w-1", "Status": "delivered"}
            return "POST", inside(address), urlencode(fields).encode(), FORM | plivo_headers(address, fields, SECRET)
        case "africastalking":
            fields = {"id": "w-1", "status": "Success"} if asked else {"id": "a", "from": number, "text": "JOIN"}
            path = f"/channels/{name}/{'status' if asked else 'inbound'}?{urlencode({'token': TOKEN})}"
            return "POST", path, urlencode(fields).encode(), FORM
    fields = {"id": "j-1", "from": number, "to": "2200", "content": "JOIN", "coding": "0", "binary": b"JOIN".hex()}
    if asked:
        fields = {"id": "w-1", "message_status": "DELIVRD", "level": "2", "err": "000"}
        return "POST", inside(asked.fields["dlr-url"]), urlencode(fields).encode(), FORM
    return "GET", f"/channels/{name}/inbound?{urlencode(fields | {'token': TOKEN})}", b"", {}


OTHERS = ("telnyx", "messagebird", "sinch", "plivo", "africastalking", "jasmin")
ACKS = {"messagebird": b"OK", "jasmin": b"ACK/Jasmin"}


@pytest.mark.parametrize("name", OTHERS)
def test_a_text_its_answer_and_the_report_make_a_round(name: str, tmp_path: Path) -> None:
    with started(tmp_path, name) as (product, provider):
        method, path, body, headers = calls(name, None)
        assert product.call(method, urlsplit(path).path + ("?id=x" if method == "GET" else ""), body)[0] == 403
        for _ in range(2):
            assert product.call(method, path, body, headers) == (200, ACKS.get(name, b""))
        (asked,) = provider.wait_for(1)
        for _ in range(2):
            method, path, body, headers = calls(name, asked)
            assert product.call(method, path, body, headers) == (200, ACKS.get(name, b""))
        until("the answer has arrived", lambda: delivered(product, "+995555000031"))
        assert provider.count == 1
        assert SECRET not in product.logged()


def test_a_webhook_that_was_overheard_cannot_be_sent_again_later(tmp_path: Path) -> None:
    body = json.dumps(
        {
            "data": {
                "event_type": "message.received",
                "payload": {"id": "t-9", "from": {"phone_number": "+995555000041"}},
            }
        }
    ).encode()
    with started(tmp_path, "telnyx", "messagebird") as (product, _):
        now_s = now_ms() // 1_000
        for age_s, status in ((3_600, 403), (310, 403), (-310, 403), (0, 200)):
            headers = telnyx_headers(body, KEY, now_s - age_s)
            assert product.call("POST", "/channels/telnyx/inbound", body, headers)[0] == status
        address = f"{PUBLIC}/channels/messagebird/status?id=b-9&status=sent"
        for age_s, status in ((3_600, 403), (120, 403), (-120, 403), (0, 200)):
            token = jwt(messagebird_claims(address, b"", now_s - age_s), SECRET)
            headers = {"messagebird-signature-jwt": token}
            assert product.call("GET", inside(address), b"", headers)[0] == status


@pytest.mark.parametrize("order", [(1, 2), (2, 1)])
def test_a_text_that_vonage_brings_in_parts_is_one(order: tuple[int, int], tmp_path: Path) -> None:
    number, pieces = "+995555000012", {1: "SUBSCRIBE me to ", 2: "the budget please"}
    with started(tmp_path, "vonage") as (product, _):
        for part in (*order, *order):
            fields = {"msisdn": number[1:], "to": "2200", "messageId": f"0P{part}", "text": pieces[part],
                      "concat": "true", "concat-ref": "54", "concat-total": "2", "concat-part": str(part)}  # fmt: skip
            assert vonage_call(product, "/channels/vonage/inbound", fields) == 200
        (message,) = product.messages(number, "in")
        assert message["text"] == pieces[1] + pieces[2]


@pytest.mark.parametrize(
    "fates, status, state",
    [
        ({"w-1-2": ("delivered", "0")}, "sent", "active"),
        ({"w-1-2": ("delivered", "0"), "w-1": ("delivered", "0")}, "delivered", "active"),
        ({"w-1": ("delivered", "0"), "w-1-2": ("failed", "9")}, "failed", "stopped"),
    ],
)
def test_an_answer_in_parts_has_arrived_with_all_and_failed_with_any(
    fates: dict[str, tuple[str, str]], status: str, state: str, tmp_path: Path
) -> None:
    number = "+995555000013"
    text = {"msisdn": number[1:], "to": "2200", "messageId": "0B3", "text": "გაწევრიანება"}
    with started(tmp_path, "vonage") as (product, provider):
        assert vonage_call(product, "/channels/vonage/inbound", text) == 200
        (asked,) = provider.wait_for(1)
        until("the answer has left", lambda: product.messages(number)[0]["status"] == "sent")
        assert product.messages(number)[0]["parts"] == 2
        for message_id, (said, code) in fates.items():
            report = {"msisdn": number[1:], "messageId": message_id, "status": said, "err-code": code}
            assert vonage_call(product, inside(asked.fields["callback"]), report) == 200
        assert product.messages(number)[0]["status"] == status
        assert product.subscriber(number)["state"] == state
