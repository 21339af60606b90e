from __future__ import annotations

from urllib.parse import parse_qsl

import pytest

from smsbot.errors import GatewayError, HookMalformed, Misconfigured, Refused, Throttled, Unavailable
from smsbot.gateways.base import Accepted, Ack, Balance, Received, StatusChange
from smsbot.status import Status
from tests.gateways.cases import GEORGIAN, NUMBER, answer, build, form, message

TEXT = {"id": "a-1", "linkId": "l", "from": NUMBER, "to": "2200", "text": GEORGIAN, "date": "2017-05-03T06:04:45Z"}

NO_SENDER = answer({"SMSMessageData": {"Message": "InvalidSenderId", "Recipients": []}}, 201)


def africastalking(**keys):
    return build("africastalking", username="city", api_key="k", webhook_token="t", **keys)


def told(code: int, status: str, message_id: str = "ATXid_1"):
    recipient = {"statusCode": code, "number": NUMBER, "cost": "KES 0.8", "status": status, "messageId": message_id}
    return answer({"SMSMessageData": {"Message": "Sent to 1/1", "Recipients": [recipient]}}, 201)


def test_a_text_is_handed_over() -> None:
    request = africastalking(base_url="http://127.0.0.1:9").request(message())
    assert (request.method, request.url) == ("POST", "http://127.0.0.1:9/version1/messaging")
    assert request.headers["apikey"] == "k"
    assert dict(parse_qsl(request.body.decode())) == {
        "username": "city", "to": NUMBER, "message": GEORGIAN, "from": "+995322000000",
    }  # fmt: skip


@pytest.mark.parametrize("code, status", [(100, "Success"), (101, "Success"), (102, "Queued")])
def test_what_was_taken_has_the_gateways_id(code: int, status: str) -> None:
    assert africastalking().result(told(code, status)) == Accepted("ATXid_1")


@pytest.mark.parametrize(
    "response, kind, code, flag",
    [
        (told(401, "RiskHold"), Misconfigured, "401", ""),
        (told(402, "InvalidSenderId"), Misconfigured, "402", ""),
        (told(403, "InvalidPhoneNumber", "None"), Refused, "403", "unreachable"),
        (told(404, "UnsupportedNumberType"), Refused, "404", "unreachable"),
        (told(405, "InsufficientBalance"), Misconfigured, "405", ""),
        (told(406, "UserInBlacklist"), Refused, "406", "opted_out"),
        (told(407, "CouldNotRoute"), Refused, "407", ""),
        (told(409, "DoNotDisturbRejection"), Refused, "409", "blocked"),
        (told(500, "InternalServerError"), Unavailable, "500", ""),
        (told(501, "GatewayError"), Unavailable, "501", ""),
        (told(502, "RejectedByGateway"), Refused, "502", ""),
        (told(777, "Teleported"), Refused, "777", ""),
        (NO_SENDER, Misconfigured, "InvalidSenderId", ""),
        (answer(b"The supplied authentication is invalid", 401), Misconfigured, "401", ""),
        (answer(b"", 429), Throttled, "429", ""),
        (answer(b"", 502), Unavailable, "502", ""),
        (answer(b"{}", 201), Refused, "201", ""),
    ],
)  # fmt: skip
def test_what_each_refusal_means(response, kind: type[GatewayError], code: str, flag: str) -> None:
    error = africastalking().result(response)
    assert type(error) is kind
    assert error.code == code
    assert {name for name in ("opted_out", "unreachable", "blocked") if getattr(error, name, False)} == {flag} - {""}


@pytest.mark.parametrize(
    "date, sent_ms",
    [("2017-05-03T06:04:45Z", 1_493_791_485_000), ("2017-05-03 06:04:45", 1_493_791_485_000), ("yesterday", None)],
)
def test_a_text_arrives(date: str, sent_ms: int | None) -> None:
    hook = form(TEXT | {"date": date})
    assert africastalking().parse(hook) == [Received(NUMBER, GEORGIAN, "a-1", "2200", sent_ms=sent_ms)]
    assert africastalking().ack(hook) == Ack(200)


@pytest.mark.parametrize("missing", ["from", "id"])
def test_a_text_without_sender_or_id_is_malformed(missing: str) -> None:
    with pytest.raises(HookMalformed, match=missing):
        africastalking().parse(form({name: value for name, value in TEXT.items() if name != missing}))


@pytest.mark.parametrize(
    "said, status",
    [
        ("Sent", Status.SENT), ("Submitted", Status.SENT), ("Buffered", Status.SENT), ("Success", Status.DELIVERED),
        ("Rejected", Status.FAILED), ("Failed", Status.FAILED), ("Expired", Status.EXPIRED), ("Teleported", None),
    ],
)  # fmt: skip
def test_every_status_is_understood(said: str, status: Status | None) -> None:
    hook = form({"id": "a-1", "status": said, "phoneNumber": NUMBER, "networkCode": "63902", "retryCount": "0"})
    assert africastalking().parse(hook) == [StatusChange(status, "a-1", raw=said)]


@pytest.mark.parametrize(
    "reason, flag",
    [("UserInBlackList", "opted_out"), ("UserInBlacklist", "opted_out"), ("UserDoesNotExist", "unreachable"),
     ("DoNotDisturbRejection", "blocked"), ("DeliveryFailure", ""), ("InsufficientCredit", "")],
)  # fmt: skip
def test_a_failed_report_tells_why(reason: str, flag: str) -> None:
    (event,) = africastalking().parse(form({"id": "a-1", "status": "Failed", "failureReason": reason}))
    assert event.error == reason
    assert {name for name in ("opted_out", "unreachable", "blocked") if getattr(event, name)} == {flag} - {""}


def test_an_opt_out_at_the_gateway_is_mirrored() -> None:
    assert africastalking().parse(form({"senderId": "City", "phoneNumber": NUMBER})) == [
        Received(NUMBER, "", None, "City", optout="stop")
    ]


def test_the_balance_is_told_with_its_currency() -> None:
    assert africastalking().balance_request().url == "https://api.africastalking.com/version1/user?username=city"
    assert africastalking().balance(answer({"UserData": {"balance": "KES 1785.50"}})) == Balance(1785.5, "KES")
    assert isinstance(africastalking().balance(answer(b"", 401)), Misconfigured)
    assert isinstance(africastalking().balance(answer(b"{}")), Unavailable)
