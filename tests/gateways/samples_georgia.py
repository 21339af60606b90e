"""Samples of the ways that a municipality in Georgia has: the phone, and the aggregators, to whom nobody can write."""

from __future__ import annotations

import hmac
from dataclasses import replace

from smsbot.gateways.smsgate import outside_id
from smsbot.testing.conformance import AT_S, MESSAGE, NUMBER, SECRET, TEXT, Call, Sample, document, query
from tests.gateways.samples_world import BARE, SHORT, said

OURS = outside_id(MESSAGE)
ONE_WAY = {"username": "u", "password": SECRET, "client_id": "1", "service_id": "2"}


def smsgate(call: Call) -> Call:
    stamp = str(AT_S)
    signature = hmac.digest(SECRET.encode(), call.body + stamp.encode(), "sha256").hex()
    return replace(call, headers={**call.headers, "x-signature": signature, "x-timestamp": stamp})


def event(name: str, payload: object) -> object:
    return {"id": "n1", "webhookId": "w", "event": name, "deviceId": "phone-1", "payload": payload}


def ubill_report(status: str) -> dict[str, str]:
    return {"event": "sms.delivery.updated", "smsID": "4711", "number": BARE, "statusID": status, "date": "x"}


GEORGIA = (
    Sample(
        "smsgate",
        {"username": "u", "password": SECRET, "signing_key": SECRET},
        text=document(event("sms:received", {
            "messageId": "a1b2", "sender": NUMBER, "recipient": SHORT, "message": TEXT,
            "receivedAt": "2026-12-01T12:00:00.000+04:00",
        })),
        report=document(event("sms:delivered", {"messageId": OURS, "recipient": NUMBER})),
        unknown=document(event("sms:teleported", {"messageId": OURS, "recipient": NUMBER})),
        raw="sms:teleported",
        sign=smsgate,
        accepted=said({"id": OURS, "state": "Pending", "recipients": []}, 202),
        polled=said({"id": OURS, "state": "Delivered", "recipients": []}),
        probed=said([]),
    ),
    Sample(
        "ubill",
        {"api_key": SECRET, "brand_id": 1, "webhook_token": SECRET},
        report=query(ubill_report("1")),
        unknown=query(ubill_report("99")),
        raw="99",
        accepted=said({"statusID": 0, "smsID": 4711, "message": "ok"}),
        polled=said({"statusID": 0, "result": [{"number": BARE, "statusID": 1}]}),
        balance=said({"statusID": 0, "sms": 412}),
    ),
    Sample(
        "smsoffice",
        {"api_key": SECRET, "sender": "Kutaisi", "webhook_token": SECRET},
        report=query({"reference": MESSAGE.id, "status": "Delivered", "destination": BARE}),
        unknown=query({"reference": MESSAGE.id, "status": "teleported", "destination": BARE}),
        accepted=said({"Success": True, "Message": "", "Output": None, "ErrorCode": 0}),
        polled=said({"Success": True, "Output": {"Status": "Delivered", "Reason": ""}, "ErrorCode": 0}),
        balance=said(b"5120\r\n"),
    ),
    Sample(
        "sender_ge",
        {"api_key": SECRET},
        accepted=said({"data": [{"messageId": 4711, "statusId": 1, "qnt": 1}]}),
        polled=said({"data": [{"statusId": 1, "timestamp": "2026-12-01 12:00:00"}]}),
        balance=said({"balance": "120.5", "overdraft": "0"}),
    ),
    Sample(
        "gosms",
        {"api_key": SECRET, "sender": "Kutaisi"},
        accepted=said({"success": True, "messageId": 4711, "balance": 17, "segment": 1}),
        polled=said({"success": True, "messageId": 4711, "status": "DELIVERED"}),
        balance=said({"success": True, "balance": 12}),
    ),
    Sample(
        "msg_ge",
        ONE_WAY | {"alternate_password": SECRET},
        accepted=said(b"0000-4711"),
        polled=said(b"1"),
    ),
    Sample("magti", ONE_WAY, accepted=said(b"0000 - 4711"), polled=said(b"1")),
)  # fmt: skip
