"""Samples of the world's providers, of Kannel, Jasmin and the configurable gateway."""

from __future__ import annotations

import json
from dataclasses import replace
from urllib.parse import parse_qsl, urlencode

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from smsbot.testing.conformance import AT_S, MESSAGE, NUMBER, SECRET, TEXT, Call, Sample, document, form, query
from smsbot.testing.fake_gateway import Answer
from smsbot.testing.providers import (
    jwt,
    messagebird_claims,
    plivo_headers,
    sinch_headers,
    telnyx_headers,
    vonage_sig,
)
from smsbot.testing.webhooks import twilio_message, twilio_report, twilio_signature

KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
PUBLIC_KEY = "A6EHv/POEL4dcN0Y50vAmWfk1jCbpQ1fHdyGZBJVMbg="
BARE = NUMBER.removeprefix("+")
SHORT = "2200"


def said(content: object, status: int = 200) -> Answer:
    return Answer(status, content if isinstance(content, bytes) else json.dumps(content).encode())


def fields(call: Call) -> dict[str, str]:
    return dict(parse_qsl(call.body.decode(), keep_blank_values=True))


def twilio(call: Call) -> Call:
    signature = twilio_signature(SECRET, call.url, fields(call))
    return replace(call, headers={**call.headers, "x-twilio-signature": signature})


def vonage(call: Call) -> Call:
    address, _, written = call.url.partition("?")
    content = dict(parse_qsl(written, keep_blank_values=True))
    signed = content | {"sig": vonage_sig(content, SECRET, "sha256")} if content else content
    return replace(call, url=f"{address}?{urlencode(signed)}")


def sinch(call: Call) -> Call:
    return replace(call, headers={**call.headers, **sinch_headers(call.body, SECRET)})


def telnyx(call: Call) -> Call:
    return replace(call, headers={**call.headers, **telnyx_headers(call.body, KEY, AT_S)})


def plivo(call: Call) -> Call:
    return replace(call, headers={**call.headers, **plivo_headers(call.url, fields(call), SECRET)})


def messagebird(call: Call) -> Call:
    token = jwt(messagebird_claims(call.url, call.body, AT_S), SECRET)
    return replace(call, headers={**call.headers, "messagebird-signature-jwt": token})


def infobip(group: int, name: str, word: str) -> object:
    status = {"groupId": group, "groupName": name, "id": 5, "name": word}
    return {"results": [{"bulkId": "b-1", "messageId": MESSAGE.id, "to": BARE, "status": status}]}


def sinch_report(status: str) -> object:
    return {
        "type": "recipient_delivery_report_sms", "batch_id": "w-1", "recipient": BARE, "code": 0, "status": status,
        "at": "2026-12-01T08:00:00.000Z",
    }  # fmt: skip


def telnyx_report(status: str) -> object:
    return {"data": {"event_type": "message.finalized", "payload": {"id": "w-1", "to": [{"status": status}]}}}


WORLD = (
    Sample(
        "twilio",
        {"account_sid": "AC1", "auth_token": SECRET},
        text=form(twilio_message(NUMBER, TEXT, sid="SM9")),
        report=form(twilio_report("w-1", "delivered", number=NUMBER)),
        unknown=form(twilio_report("w-1", "teleported", number=NUMBER)),
        sign=twilio,
        accepted=said({"sid": "w-1", "status": "queued"}, 201),
        balance=said({"balance": "12.5", "currency": "USD"}),
        probed=said({"sid": "AC1", "status": "active"}),
    ),
    Sample(
        "vonage",
        {"api_key": "k", "api_secret": SECRET, "signature_secret": SECRET, "signature_method": "sha256"},
        text=query({"msisdn": BARE, "to": SHORT, "messageId": "0B1", "text": TEXT, "type": "text"}),
        report=query({"messageId": "w-1", "msisdn": BARE, "to": SHORT, "status": "delivered", "err-code": "0"}),
        unknown=query({"messageId": "w-1", "msisdn": BARE, "to": SHORT, "status": "teleported"}),
        sign=vonage,
        accepted=said({"message-count": "1", "messages": [{"to": BARE, "message-id": "w-1", "status": "0"}]}),
        balance=said({"value": 12.5, "autoReload": False}),
    ),
    Sample(
        "infobip",
        {"api_key": SECRET, "webhook_token": SECRET},
        text=document({"results": [
            {"messageId": "i-1", "from": BARE, "to": SHORT, "text": TEXT, "receivedAt": "2026-12-01T08:00:00.000+0000"}
        ]}),
        report=document(infobip(3, "DELIVERED", "DELIVERED_TO_HANDSET")),
        unknown=document(infobip(9, "GONE", "teleported")),
        accepted=said({"messages": [{"messageId": MESSAGE.id, "status": {"groupId": 1, "groupName": "PENDING"}}]}),
        balance=said({"balance": 12.5, "currency": "EUR"}),
    ),
    Sample(
        "sinch",
        {"service_plan_id": "p", "api_token": SECRET, "webhook_secret": SECRET},
        text=document({"type": "mo_text", "id": "01XX", "from": BARE, "to": SHORT, "body": TEXT}),
        report=document(sinch_report("Delivered")),
        unknown=document(sinch_report("teleported")),
        sign=sinch,
        accepted=said({"id": "w-1"}, 201),
        probed=said({"count": 0, "batches": []}),
    ),
    Sample(
        "telnyx",
        {"api_key": SECRET, "public_key": PUBLIC_KEY},
        text=document({"data": {"event_type": "message.received", "payload": {
            "id": "t-1", "from": {"phone_number": NUMBER}, "to": [{"phone_number": SHORT}], "text": TEXT,
        }}}),
        report=document(telnyx_report("delivered")),
        unknown=document(telnyx_report("teleported")),
        sign=telnyx,
        accepted=said({"data": {"id": "w-1", "to": [{"status": "queued"}]}}),
        balance=said({"data": {"balance": "12.5", "currency": "USD"}}),
    ),
    Sample(
        "plivo",
        {"auth_id": "MA1", "auth_token": SECRET},
        text=form({"From": BARE, "To": SHORT, "Text": TEXT, "Type": "sms", "MessageUUID": "p-1"}),
        report=form({"MessageUUID": "w-1", "ParentMessageUUID": "w-1", "Status": "delivered", "To": BARE}),
        unknown=form({"MessageUUID": "w-1", "ParentMessageUUID": "w-1", "Status": "teleported", "To": BARE}),
        sign=plivo,
        accepted=said({"message_uuid": ["w-1"], "api_id": "a"}, 202),
        balance=said({"cash_credits": "12.5"}),
    ),
    Sample(
        "africastalking",
        {"username": "city", "api_key": SECRET, "webhook_token": SECRET},
        text=form({"id": "a-1", "linkId": "", "from": NUMBER, "to": SHORT, "text": TEXT,
                   "date": "2026-12-01 08:00:00"}),
        report=form({"id": "w-1", "status": "Success", "phoneNumber": NUMBER, "networkCode": "28201"}),
        unknown=form({"id": "w-1", "status": "teleported", "phoneNumber": NUMBER}),
        accepted=said({"SMSMessageData": {"Message": "Sent to 1/1", "Recipients": [
            {"statusCode": 101, "number": NUMBER, "status": "Success", "messageId": "w-1"}
        ]}}, 201),
        balance=said({"UserData": {"balance": "KES 12.5"}}),
    ),
    Sample(
        "messagebird",
        {"access_key": SECRET, "signing_key": SECRET},
        text=form({"id": "m-1", "originator": BARE, "recipient": SHORT, "body": TEXT}),
        report=query({"id": "w-1", "recipient": BARE, "status": "delivered"}),
        unknown=query({"id": "w-1", "recipient": BARE, "status": "teleported"}),
        sign=messagebird,
        accepted=said({"id": "w-1"}, 201),
        balance=said({"payment": "prepaid", "type": "credits", "amount": 12.5}),
    ),
    Sample(
        "jasmin",
        {"username": "u", "password": SECRET, "webhook_token": SECRET},
        text=form({"id": "j-1", "from": BARE, "to": SHORT, "content": TEXT, "coding": "0",
                   "binary": TEXT.encode().hex()}),
        report=form({"id": "w-1", "message_status": "DELIVRD", "level": "2", "err": "000"}),
        unknown=form({"id": "w-1", "message_status": "teleported", "level": "2"}),
        accepted=said(b'Success "w-1"'),
        probed=said({"balance": "ND", "sms_count": "ND"}),
    ),
    Sample(
        "kannel",
        {"username": "u", "password": SECRET, "webhook_token": SECRET},
        text=query({"id": "k-1", "from": NUMBER, "to": SHORT, "text": TEXT, "ts": "1796112000", "smsc": "op"}),
        report=query({"id": MESSAGE.id, "type": "1"}),
        unknown=query({"id": MESSAGE.id, "type": "99"}),
        raw="99",
        accepted=said(b"0: Accepted for delivery", 202),
    ),
    Sample(
        "http",
        {"base_url": "http://127.0.0.1:9", "api_key": SECRET, "headers": {"X-Key": "{api_key}"}, "username": "u",
         "password": SECRET, "webhook_token": SECRET},
        text=document({"id": "h-1", "from": NUMBER, "to": SHORT, "text": TEXT}),
        report=document({"id": "w-1", "status": "delivered"}),
        unknown=document({"id": "w-1", "status": "teleported"}),
        accepted=said({"id": "w-1"}),
    ),
    Sample("simulator"),
)  # fmt: skip
