"""Vectors of the signature: Twilio's published examples (security documentation and its Python library's tests)."""

from __future__ import annotations

from urllib.parse import parse_qsl, urlencode

import pytest

from smsbot.errors import GatewayError, HookMalformed, Misconfigured, Refused, Throttled, Unavailable
from smsbot.gateways.base import (
    Accepted,
    Ack,
    Balance,
    Balanced,
    Hook,
    Message,
    Probed,
    Received,
    Response,
    StatusChange,
)
from smsbot.gateways.twilio import Twilio, TwilioConfig
from smsbot.status import Status
from smsbot.testing.webhooks import twilio_message, twilio_report, twilio_signature

URL = "https://mycompany.com/myapp.php?foo=1&bar=2"
CALL = {
    "CallSid": "CA1234567890ABCDE",
    "Digits": "1234",
    "From": "+14158675309",
    "To": "+18005551212",
    "Caller": "+14158675309",
}
PUBLIC = "https://sms.example.ge/channels/main/inbound"


def twilio(**keys: object) -> Twilio:
    return Twilio(TwilioConfig.model_validate({"gateway": "twilio", "account_sid": "AC1", "auth_token": "12345",
                                               "sender": "+995322000000"} | keys))  # fmt: skip


def hook(
    fields: dict[str, str] | list[tuple[str, str]], *, url: str = PUBLIC, signature: str = "", method: str = "POST"
) -> Hook:
    query = parse_qsl(url.partition("?")[2])
    return Hook(method, url, {"x-twilio-signature": signature}, query, urlencode(fields).encode())


def with_port(scheme: str, port: str) -> str:
    return URL.replace("https://mycompany.com", f"{scheme}://mycompany.com{port}")


@pytest.mark.parametrize(
    "url, signature",
    [
        (URL, "RSOYDt4T1cUTdK1PDd93/VVr8B8="),
        (with_port("https", ":443"), "RSOYDt4T1cUTdK1PDd93/VVr8B8="),
        (with_port("https", ":1234"), "RSOYDt4T1cUTdK1PDd93/VVr8B8="),
        (URL, "kvajT1Ptam85bY51eRf/AJRuM3w="),
        (with_port("https", ":443"), "kvajT1Ptam85bY51eRf/AJRuM3w="),
        (with_port("http", ""), "0ZXoZLH/DfblKGATFgpif+LLRf4="),
        (with_port("http", ":80"), "0ZXoZLH/DfblKGATFgpif+LLRf4="),
        (with_port("http", ":1234"), "Zmvh+3yNM1Phv2jhDCwEM3q5ebU="),
    ],
)
def test_the_published_signatures_hold_with_and_without_port(url: str, signature: str) -> None:
    assert twilio().verify(hook(CALL, url=url, signature=signature))
    assert not twilio(auth_token="12346").verify(hook(CALL, url=url, signature=signature))
    assert not twilio().verify(hook(CALL | {"Digits": "1235"}, url=url, signature=signature))
    assert not twilio().verify(hook(CALL, url=url + "&baz=3", signature=signature))


def test_repeated_parameters_count_once_and_in_order() -> None:
    fields = [("Sid", "CA123"), ("SidAccount", "AC123"), ("Digits", "5678"), ("Digits", "1234"), ("Digits", "1234")]
    assert twilio().verify(hook(fields, url=URL, signature="IK+Dwps556ElfBT0I3Rgjkr1wJU="))


def test_a_json_body_is_proved_by_the_hash_in_the_address() -> None:
    body = b'{"property": "value", "boolean": true}'
    digest = "0a1ff7634d9ab3b95db5c9a2dfe9416e41502b283a80c7cf19632632f96e6620"
    url = f"{URL}&bodySHA256={digest}"
    headers = {"x-twilio-signature": "a9nBmqA0ju/hNViExpshrM61xv4="}
    assert twilio().verify(Hook("POST", url, headers, [], body))
    assert not twilio().verify(Hook("POST", url, headers, [], body + b" "))
    assert not twilio().verify(Hook("POST", url.replace("0a1f", "0a1e"), headers, [], body))


def test_a_get_is_signed_by_its_address_alone() -> None:
    url = f"{PUBLIC}?{urlencode(twilio_message('+995555000001', 'JOIN', sid='SM1'))}"
    given = hook({}, url=url, signature=twilio_signature("12345", url, {}), method="GET")
    assert twilio().verify(given)
    assert [event.text for event in twilio().parse(given) if isinstance(event, Received)] == ["JOIN"]
    assert not twilio().verify(hook({}, url=url + "x", signature=twilio_signature("12345", url, {}), method="GET"))


@pytest.mark.parametrize("signature", ["", "RSOYDt4T1cUTdK1PDd93/VVr8B9=", "ქართული", "a" * 10_000])
def test_a_foreign_signature_is_refused(signature: str) -> None:
    assert not twilio().verify(hook(CALL, url=URL, signature=signature))
    assert not twilio().verify(Hook("POST", URL, {}, [], b""))


def test_a_text_is_handed_over_as_a_form_with_basic_credentials() -> None:
    message = Message("m-1", "+995555000001", "ბიუჯეტი & სხვა", "UCS-2", 1, "2020", "https://x.ge/channels/main/status")
    request = twilio(base_url="http://127.0.0.1:9/").request(message)
    assert (request.method, request.url) == ("POST", "http://127.0.0.1:9/2010-04-01/Accounts/AC1/Messages.json")
    assert request.headers["authorization"] == "Basic QUMxOjEyMzQ1"
    assert dict(parse_qsl(request.body.decode())) == {
        "To": "+995555000001",
        "From": "2020",
        "Body": "ბიუჯეტი & სხვა",
        "StatusCallback": "https://x.ge/channels/main/status?message_id=m-1",
    }


def test_a_messaging_service_takes_the_place_of_the_sender() -> None:
    message = Message("m-1", "+995555000001", "x", "GSM-7", 1, "2020", "")
    fields = dict(parse_qsl(twilio(messaging_service_sid="MG1", sender="").request(message).body.decode()))
    assert fields == {"To": "+995555000001", "Body": "x", "MessagingServiceSid": "MG1"}


@pytest.mark.parametrize(
    "status, body, kind, code",
    [
        (400, b'{"code": 21211, "status": 400}', Refused, "21211"),
        (400, b'{"code": 21408, "status": 400}', Refused, "21408"),
        (400, b'{"code": 21610, "status": 400}', Refused, "21610"),
        (400, b'{"code": 21614, "status": 400}', Refused, "21614"),
        (400, b'{"code": 21617, "status": 400}', Refused, "21617"),
        (400, b'{"code": 99999, "status": 400}', Refused, "99999"),
        (404, b'{"code": 20404, "status": 404}', Refused, "20404"),
        (400, b"no json", Refused, "400"),
        (400, b'{"code": 21606, "status": 400}', Misconfigured, "21606"),
        (401, b'{"code": 20003, "status": 401}', Misconfigured, "20003"),
        (400, b'{"code": 20003, "status": 400}', Misconfigured, "20003"),
        (401, b"", Misconfigured, "401"),
        (403, b"", Misconfigured, "403"),
        (429, b'{"code": 20429, "status": 429}', Throttled, "20429"),
        (429, b"", Throttled, "429"),
        (400, b'{"code": 63018, "status": 400}', Throttled, "63018"),
        (500, b"", Unavailable, "500"),
        (503, b'{"code": 20503, "status": 503}', Unavailable, "20503"),
        (201, b"{}", Refused, ""),
        (201, b"<html>", Refused, ""),
    ],
)
def test_what_each_refusal_means(status: int, body: bytes, kind: type[GatewayError], code: str) -> None:
    error = twilio().result(Response(status, {}, body))
    assert type(error) is kind
    assert error.code == code
    assert isinstance(error, Refused) is False or error.opted_out is (code == "21610")


def test_an_accepted_message_has_the_gateways_id() -> None:
    assert twilio().result(Response(201, {}, b'{"sid": "SM1", "status": "queued"}')) == Accepted("SM1")


def test_a_throttled_answer_says_how_long() -> None:
    error = twilio().result(Response(429, {"retry-after": "3"}, b'{"code": 20429}'))
    assert isinstance(error, Throttled)
    assert error.retry_after_s == 3.0


def test_a_number_that_no_mobile_has_is_told_apart() -> None:
    error = twilio().result(Response(400, {}, b'{"code": 21614}'))
    assert isinstance(error, Refused)
    assert error.unreachable


def test_a_text_arrives() -> None:
    fields = twilio_message("+995555000001", "ბიუჯეტი", sid="SM1", to="2020")
    assert twilio().parse(hook(fields)) == [Received("+995555000001", "ბიუჯეტი", "SM1", "2020")]


def test_a_picture_without_text_is_a_message() -> None:
    fields = twilio_message("+995555000001", "", sid="SM1") | {"NumMedia": "1", "MediaUrl0": "https://x"}
    del fields["Body"]
    assert [event.text for event in twilio().parse(hook(fields)) if isinstance(event, Received)] == [""]
    bare = {"MessageSid": "SM1", "From": "+995555000001"}
    assert twilio().parse(hook(bare)) == [Received("+995555000001", "", "SM1")]


@pytest.mark.parametrize("word, optout", [("STOP", "stop"), ("START", "start"), ("HELP", "help"), ("", None)])
def test_an_opt_out_that_twilio_has_answered_is_told(word: str, optout: str | None) -> None:
    fields = twilio_message("+995555000001", "STOP", sid="SM1") | {"OptOutType": word}
    assert [event.optout for event in twilio().parse(hook(fields)) if isinstance(event, Received)] == [optout]


@pytest.mark.parametrize("missing", ["From", "sid"])
def test_a_message_without_sender_or_id_is_malformed(missing: str) -> None:
    fields = twilio_message("+995555000001", "JOIN", sid="SM1")
    for name in ["From"] if missing == "From" else ["MessageSid", "SmsSid", "SmsMessageSid"]:
        del fields[name]
    with pytest.raises(HookMalformed, match="From" if missing == "From" else "MessageSid"):
        twilio().parse(hook(fields))


@pytest.mark.parametrize(
    "said, status",
    [
        ("accepted", Status.SENDING),
        ("queued", Status.SENDING),
        ("sending", Status.SENDING),
        ("sent", Status.SENT),
        ("delivered", Status.DELIVERED),
        ("read", Status.DELIVERED),
        ("undelivered", Status.FAILED),
        ("failed", Status.FAILED),
        ("canceled", Status.FAILED),
        ("teleported", None),
        ("", None),
    ],
)
def test_every_status_is_understood_and_an_unknown_one_is_harmless(said: str, status: Status | None) -> None:
    given = hook(twilio_report("SM1", said), url=f"{PUBLIC}?message_id=m-1")
    assert twilio().parse(given) == [StatusChange(status, external_id="SM1", message_id="m-1", raw=said)]


def test_a_report_of_the_older_api_is_a_report() -> None:
    fields = {"SmsSid": "SM1", "SmsStatus": "delivered", "From": "2020", "To": "+995555000001"}
    assert twilio().parse(hook(fields)) == [StatusChange(Status.DELIVERED, external_id="SM1", raw="delivered")]


@pytest.mark.parametrize(
    "code, opted_out, unreachable",
    [
        ("21610", True, False),
        ("30003", False, False),
        ("30004", False, False),
        ("30005", False, True),
        ("30006", False, True),
        ("77", False, False),
    ],
)
def test_a_failed_report_tells_why(code: str, opted_out: bool, unreachable: bool) -> None:
    (event,) = twilio().parse(hook(twilio_report("SM1", "undelivered", error=code)))
    assert isinstance(event, StatusChange)
    assert (event.error, event.opted_out, event.unreachable) == (code, opted_out, unreachable)
    assert event.blocked is (code == "30004")


def test_invalid_octets_and_nul_do_no_harm() -> None:
    given = Hook("POST", PUBLIC, {}, [], b"MessageSid=SM1&From=%2B995555000001&Body=a%00b%FF\xfe")
    assert twilio().parse(given) == [Received("+995555000001", "ab\ufffd\ufffd", "SM1")]


def test_the_acknowledgement_is_an_empty_twiml_document() -> None:
    assert twilio().ack(hook({})) == Ack(200, "text/xml", b"<Response/>")


def test_the_balance_and_the_account_are_asked_with_the_credentials() -> None:
    gateway = twilio()
    assert isinstance(gateway, Balanced)
    assert isinstance(gateway, Probed)
    for asked, path in ((gateway.balance_request(), "/Balance.json"), (gateway.probe(), ".json")):
        assert (asked.method, asked.url) == ("GET", f"https://api.twilio.com/2010-04-01/Accounts/AC1{path}")
        assert asked.headers["authorization"] == "Basic QUMxOjEyMzQ1"
        assert asked.body == b""
    told = b'{"balance": "-1.27", "currency": "USD", "account_sid": "AC1"}'
    assert gateway.balance(Response(200, {}, told)) == Balance(-1.27, "USD")
    assert gateway.probed(Response(200, {}, b'{"sid": "AC1"}')) is None
    for error in (gateway.balance(Response(401, {}, b"")), gateway.probed(Response(401, {}, b'{"code": 20003}'))):
        assert isinstance(error, Misconfigured)


def test_a_number_that_an_operator_keeps_messages_from_is_told_apart() -> None:
    error = twilio().result(Response(400, {}, b'{"code": 30004}'))
    assert isinstance(error, Refused)
    assert (error.blocked, error.opted_out, error.unreachable) == (True, False, False)
