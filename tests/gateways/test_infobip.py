from __future__ import annotations

import json

import pytest

from smsbot.errors import GatewayError, HookMalformed, Misconfigured, Refused, Throttled, Unavailable
from smsbot.gateways.base import Accepted, Ack, Balance, Balanced, Received, StatusChange
from smsbot.status import Status
from tests.gateways.cases import GEORGIAN, NUMBER, answer, build, message, posted

ACCEPTED = {"groupId": 1, "groupName": "PENDING", "id": 26, "name": "PENDING_ACCEPTED", "description": "…"}


def infobip(**keys):
    return build("infobip", api_key="k", webhook_token="t", **keys)


def taken(group: int, name: str, group_name: str = ""):
    status = {"groupId": group, "groupName": group_name, "id": 1, "name": name}
    return answer({"bulkId": "b", "messages": [{"messageId": "out-7", "status": status, "destination": NUMBER}]})


def refused(code: str, status: int):
    return answer({"requestError": {"serviceException": {"messageId": code, "text": "…"}}}, status)


def report(status: dict[str, object], error: dict[str, object] | None = None):
    item = {"bulkId": "b", "messageId": "out-7", "to": "995555000001", "doneAt": "2026-11-25T10:00:00.000+0000",
            "status": status, "error": error or {"groupId": 0, "name": "NO_ERROR", "permanent": False}}  # fmt: skip
    return posted({"results": [item]})


def text(**fields: object) -> dict[str, object]:
    return {"messageId": "817790313235066447", "from": "995555000001", "to": "2200", "text": "ხმა 1", "cleanText": "1",
            "keyword": "ხმა", "receivedAt": "2016-10-06T09:28:39.220+0000", "smsCount": 1} | fields  # fmt: skip


def test_a_text_is_handed_over_with_our_own_id_and_the_address_for_reports() -> None:
    request = infobip(base_url="http://127.0.0.1:9/").request(message())
    assert (request.method, request.url) == ("POST", "http://127.0.0.1:9/sms/3/messages")
    assert request.headers["authorization"] == "App k"
    assert json.loads(request.body) == {
        "messages": [
            {
                "sender": "995322000000",
                "destinations": [{"to": "995555000001", "messageId": "out-7"}],
                "content": {"text": GEORGIAN},
                "webhooks": {
                    "delivery": {
                        "url": "https://sms.example.ge/channels/main/status",
                        "contentType": "application/json",
                    }
                },
            }
        ]
    }
    assert "webhooks" not in json.loads(infobip().request(message(status_url="")).body)["messages"][0]


@pytest.mark.parametrize(
    "group, name, group_name",
    [
        (1, "PENDING_ACCEPTED", "PENDING"),
        (3, "DELIVERED_TO_HANDSET", "DELIVERED"),
        (0, "OK", "OK"),
        (9, "MESSAGE_ACCEPTED", "ACCEPTED"),
        (5, "REJECTED_DUPLICATE_MESSAGE_ID", "REJECTED"),
    ],
)
def test_what_was_taken_keeps_our_id(group: int, name: str, group_name: str) -> None:
    assert infobip().result(taken(group, name, group_name)) == Accepted("out-7")


@pytest.mark.parametrize(
    "response, kind, code, flag",
    [
        (taken(5, "REJECTED_NOT_ENOUGH_CREDITS"), Misconfigured, "REJECTED_NOT_ENOUGH_CREDITS", ""),
        (taken(5, "REJECTED_PREPAID_PACKAGE_EXPIRED"), Misconfigured, "REJECTED_PREPAID_PACKAGE_EXPIRED", ""),
        (taken(5, "REJECTED_SOURCE"), Misconfigured, "REJECTED_SOURCE", ""),
        (taken(5, "REJECTED_PREFIX_MISSING"), Refused, "REJECTED_PREFIX_MISSING", "unreachable"),
        (taken(5, "REJECTED_DESTINATION"), Refused, "REJECTED_DESTINATION", "unreachable"),
        (taken(5, "REJECTED_DESTINATION_BLOCKLISTED"), Refused, "REJECTED_DESTINATION_BLOCKLISTED", "blocked"),
        (taken(5, "REJECTED_DND"), Refused, "REJECTED_DND", "blocked"),
        (taken(5, "REJECTED_SYSTEM_ERROR"), Unavailable, "REJECTED_SYSTEM_ERROR", ""),
        (taken(2, "UNDELIVERABLE_REJECTED_OPERATOR"), Refused, "UNDELIVERABLE_REJECTED_OPERATOR", ""),
        (taken(4, "EXPIRED_EXPIRED"), Refused, "EXPIRED_EXPIRED", ""),
        (taken(5, "REJECTED_BY_THE_MOON"), Refused, "REJECTED_BY_THE_MOON", ""),
        (answer({"messages": []}), Refused, "200", ""),
        (refused("UNAUTHORIZED", 401), Misconfigured, "UNAUTHORIZED", ""),
        (answer({"errorCode": "E403"}, 403), Misconfigured, "E403", ""),
        (refused("BAD_REQUEST", 400), Refused, "BAD_REQUEST", ""),
        (answer(b"", 402), Misconfigured, "402", ""),
        (answer({"errorCode": "E429"}, 429), Throttled, "E429", ""),
        (answer(b"<html>", 503), Unavailable, "503", ""),
    ],
)  # fmt: skip
def test_what_each_refusal_means(response, kind: type[GatewayError], code: str, flag: str) -> None:
    error = infobip().result(response)
    assert type(error) is kind
    assert error.code == code
    flags = {name for name in ("opted_out", "unreachable", "blocked") if getattr(error, name, False)}
    assert flags == {flag} - {""}


def test_texts_come_in_batches_and_keep_their_first_word() -> None:
    hook = posted({"results": [text(), text(messageId="m-2", text="STOP", receivedAt="soon")], "messageCount": 2,
                   "pendingMessageCount": 0})  # fmt: skip
    assert infobip().parse(hook) == [
        Received("995555000001", "ხმა 1", "817790313235066447", "2200", sent_ms=1_475_746_119_220),
        Received("995555000001", "STOP", "m-2", "2200"),
    ]
    assert infobip().ack(hook) == Ack(200)


def test_an_empty_batch_is_no_fault() -> None:
    assert infobip().parse(posted({"results": [], "messageCount": 0})) == []


def test_one_unreadable_item_does_not_keep_the_others_out() -> None:
    events = infobip().parse(posted({"results": [text(), {"messageId": "m-2", "text": "no sender"}, "?"]}))
    assert isinstance(events[0], Received)
    assert [event.status for event in events[1:]] == [None, None]
    assert [event.raw for event in events[1:]] == [
        "unreadable: The webhook lacks `from`.",
        "unreadable: The webhook lacks `messageId`.",
    ]


@pytest.mark.parametrize(
    "body",
    [
        b"", b"[]", b"{}", b'{"results": [{}]}', b'{"results": [{"messageId": "a"}]}', b"results=1",
        b'{"results": 5}', b'{"results": null}', b'{"results": {"messageId": "a", "from": "995555000001"}}',
    ],
)  # fmt: skip
def test_a_webhook_without_anything_to_read_is_malformed(body: bytes) -> None:
    with pytest.raises(HookMalformed):
        infobip().parse(posted(body))


@pytest.mark.parametrize(
    "group, name, status",
    [
        (1, "PENDING_WAITING_DELIVERY", Status.SENT),
        (1, "PENDING_ENROUTE", Status.SENT),
        (1, "PENDING_ACCEPTED", Status.SENT),
        (2, "UNDELIVERABLE_REJECTED_OPERATOR", Status.FAILED),
        (2, "UNDELIVERABLE_NOT_DELIVERED", Status.FAILED),
        (3, "DELIVERED_TO_OPERATOR", Status.SENT),
        (3, "DELIVERED_TO_HANDSET", Status.DELIVERED),
        (4, "EXPIRED_EXPIRED", Status.EXPIRED),
        (4, "EXPIRED_DLR_UNKNOWN", Status.UNKNOWN),
        (5, "REJECTED_NETWORK", Status.FAILED),
        (7, "TELEPORTED", None),
    ],
)
def test_every_status_is_understood(group: int, name: str, status: Status | None) -> None:
    (event,) = infobip().parse(report({"groupId": group, "name": name}))
    assert (event.status, event.external_id, event.message_id, event.raw) == (status, "out-7", "out-7", name)
    assert event.error == (name if status in {Status.FAILED, Status.EXPIRED, None} else "")


@pytest.mark.parametrize(
    "error, permanent, group, flag",
    [
        ("EC_UNKNOWN_SUBSCRIBER", True, 1, "unreachable"),
        ("EC_ABSENT_SUBSCRIBER", False, 1, ""),
        ("EC_TELESERVICE_NOT_PROVISIONED", True, 1, "unreachable"),
        ("EC_NEW_PERMANENT_FAULT_OF_THE_HANDSET", True, 1, "unreachable"),
        ("EC_TEMPORARY_HANDSET_FAILURE", True, 1, ""),
        ("EC_MSG_TEXT_TOO_LONG", True, 2, ""),
        ("EC_CONTENT_BLOCKED", True, 2, "opted_out"),
        ("EC_SC_BLOCKED_BY_END_USER", True, 1, "opted_out"),
        ("EC_DEST_ADDRESS_BLACKLISTED", True, 3, "blocked"),
        ("EC_DEACTIVATED_LIST", True, 2, "unreachable"),
    ],
)
def test_a_failed_report_tells_why(error: str, permanent: bool, group: int, flag: str) -> None:
    (event,) = infobip().parse(
        report({"groupId": 2, "name": "UNDELIVERABLE_NOT_DELIVERED"},
               {"groupId": group, "name": error, "permanent": permanent})
    )  # fmt: skip
    assert event.error == error
    assert {name for name in ("opted_out", "unreachable", "blocked") if getattr(event, name)} == {flag} - {""}


def test_a_delivered_report_says_nothing_of_errors() -> None:
    hook = report({"groupId": 3, "groupName": "DELIVERED", "id": 5, "name": "DELIVERED_TO_HANDSET"})
    assert infobip().parse(hook) == [StatusChange(Status.DELIVERED, "out-7", "out-7", raw="DELIVERED_TO_HANDSET")]


def test_the_balance_is_asked_with_the_key() -> None:
    gateway = infobip()
    assert isinstance(gateway, Balanced)
    asked = gateway.balance_request()
    assert (asked.method, asked.url) == ("GET", "https://api.infobip.com/account/1/balance")
    assert gateway.balance(answer({"balance": 47.79134, "currency": "EUR"})) == Balance(47.79134, "EUR")
    assert isinstance(gateway.balance(answer(b"{}", 401)), Misconfigured)
    assert isinstance(gateway.balance(answer({"balance": "much"})), Unavailable)
