"""Vectors of `sig`: the field notes' (secret `signature_secret`); of the token: Vonage's Python library's tests."""

from __future__ import annotations

import hashlib
from urllib.parse import parse_qsl

import pytest

from smsbot.errors import GatewayError, HookMalformed, Misconfigured, Refused, SettingsError, Throttled, Unavailable
from smsbot.gateways import registry
from smsbot.gateways.base import Accepted, Ack, Balance, Hook, Part, Received, StatusChange
from smsbot.status import Status
from smsbot.testing.providers import jwt, vonage_sig
from tests.gateways.cases import AT_MS, GEORGIAN, NUMBER, URL, answer, build, form, get, message, posted

SECRET = "signature_secret"
VECTOR = {"param1": "value1", "param2": "value2", "timestamp": "1234567890"}
TEXT = {
    "msisdn": "995555000001", "to": "2200", "messageId": "0B0000012", "text": "JOIN", "type": "text", "keyword": "JOIN",
    "message-timestamp": "2023-11-14 22:13:20", "timestamp": "1700000000", "nonce": "n-1",
}  # fmt: skip
REPORT = {
    "msisdn": "995555000001", "to": "2200", "network-code": "28201", "messageId": "0C1", "price": "0.03",
    "status": "delivered", "scts": "2311142213", "err-code": "0", "message-timestamp": "2023-11-14 22:13:20",
}  # fmt: skip


def vonage(**keys):
    return build("vonage", **({"api_key": "key", "api_secret": "s", "signature_secret": SECRET} | keys))


def signed(fields: dict[str, str], method: str = "sha256", secret: str = SECRET) -> dict[str, str]:
    return fields | {"sig": vonage_sig(fields, secret, method)}


def part(message_id: str = "", status: str = "0", **more: str) -> dict[str, str]:
    return {"to": "995555000001", "status": status} | ({"message-id": message_id} if message_id else {}) | more


def taken(*parts: dict[str, str]):
    return answer({"message-count": str(len(parts)), "messages": list(parts)})


def test_a_text_is_handed_over_as_a_form() -> None:
    request = vonage(base_url="http://127.0.0.1:9").request(message())
    assert (request.method, request.url) == ("POST", "http://127.0.0.1:9/sms/json")
    assert dict(parse_qsl(request.body.decode())) == {
        "api_key": "key", "api_secret": "s", "from": "995322000000", "to": "995555000001", "text": GEORGIAN,
        "type": "unicode", "client-ref": "out-7", "status-report-req": "1",
        "callback": "https://sms.example.ge/channels/main/status",
    }  # fmt: skip
    long = dict(parse_qsl(vonage().request(message("x" * 200, parts=2, status_url="")).body.decode()))
    assert long["type"] == "text"
    assert not {"client-ref", "callback", "status-report-req"} & set(long)


def test_each_part_of_a_longer_text_has_its_own_id() -> None:
    assert vonage().result(taken(part("0C1"))) == Accepted("0C1")
    assert vonage().result(taken(part("0C1"), part("0C2"), part("0C3"))) == Accepted("0C1", further_ids=("0C2", "0C3"))


@pytest.mark.parametrize(
    "code, kind, flag",
    [
        ("1", Throttled, ""), ("2", Refused, ""), ("3", Refused, ""), ("4", Misconfigured, ""), ("5", Unavailable, ""),
        ("6", Refused, "unreachable"), ("7", Refused, "blocked"), ("8", Misconfigured, ""), ("9", Misconfigured, ""),
        ("10", Throttled, ""), ("11", Misconfigured, ""), ("12", Refused, ""), ("13", Unavailable, ""),
        ("14", Misconfigured, ""), ("15", Misconfigured, ""), ("22", Refused, ""), ("23", Misconfigured, ""),
        ("29", Misconfigured, ""), ("32", Misconfigured, ""), ("33", Refused, "unreachable"), ("77", Refused, ""),
    ],
)  # fmt: skip
def test_what_each_status_of_an_answer_means(code: str, kind: type[GatewayError], flag: str) -> None:
    error = vonage().result(taken(part(status=code)))
    assert type(error) is kind
    assert error.code == code
    assert {name for name in ("opted_out", "unreachable", "blocked") if getattr(error, name, False)} == {flag} - {""}


def test_too_fast_says_how_long_to_wait() -> None:
    said = {"error-text": "Throughput Rate Exceeded - please wait [ 250 ] and retry"}
    error = vonage().result(taken(part(status="1", **said)))
    assert isinstance(error, Throttled)
    assert error.retry_after_s == 0.25


def test_a_text_of_which_only_some_parts_were_taken_is_not_sent_again() -> None:
    error = vonage().result(taken(part("0C1"), part(status="1")))
    assert isinstance(error, Refused)
    assert error.sentence == "Vonage took only some parts of the message."


@pytest.mark.parametrize("body", [b"{}", b'{"messages": []}', b'{"messages": [{"status": "0"}]}', b"<html>", b""])
def test_an_answer_without_an_id_is_a_refusal(body: bytes) -> None:
    assert isinstance(vonage().result(answer(body)), Refused)


@pytest.mark.parametrize(
    "method, sig",
    [
        ("md5", "724c2bf6ca423c36e20631b11d1c5753"),
        ("sha256", "280c4320703dbc98bfa22db676655ed2acfbfe8792b062ff7622e67f1183c287"),
        ("md5hash", hashlib.md5(b"&param1=value1&param2=value2&timestamp=1234567890signature_secret").hexdigest()),
    ],
)
def test_the_known_signatures_hold_however_the_fields_come(method: str, sig: str) -> None:
    gateway = vonage(signature_method=method)
    for hook in (get(VECTOR | {"sig": sig}), form(VECTOR | {"sig": sig}), posted(VECTOR | {"sig": sig.upper()})):
        assert gateway.verify(hook)
    for wrong in (VECTOR | {"param1": "value2"}, VECTOR | {"more": "x"}, {"param1": "value1", "param2": "value2"}):
        assert not gateway.verify(get(wrong | {"sig": sig}))
        assert not gateway.verify(posted(wrong | {"sig": sig}))
    assert not gateway.verify(get(VECTOR | {"sig": sig[:-1]}))
    assert not gateway.verify(get(VECTOR))
    assert not vonage(signature_method=method, signature_secret="other").verify(get(VECTOR | {"sig": sig}))


def test_ampersands_and_equals_signs_become_underscores() -> None:
    fields = {"param1": "value&1", "param2": "value=2", "timestamp": "1234567890"}
    assert vonage(signature_method="md5").verify(form(fields | {"sig": "2bbf0abafb2c55e5af6231513896a2ac"}))


@pytest.mark.parametrize("method", ["md5hash", "md5", "sha1", "sha256", "sha512"])
def test_every_method_is_taken_and_only_the_one_that_was_chosen(method: str) -> None:
    for chosen in ("md5hash", "md5", "sha1", "sha256", "sha512"):
        assert vonage(signature_method=chosen).verify(form(signed(TEXT, method))) is (chosen == method)


def test_the_token_in_an_address_of_ours_may_be_signed_or_not() -> None:
    inside = signed(TEXT | {"token": "t"})
    assert vonage().verify(get(inside))
    assert vonage().verify(get(signed(TEXT) | {"token": "t"}))
    assert vonage().verify(form(signed(TEXT), url=f"{URL}?token=t"))


@pytest.mark.parametrize("way", [form, posted])
def test_fields_added_to_the_address_of_a_signed_body_count_for_nothing(way) -> None:
    added = f"{URL}?status=delivered&text=STOP&concat=true&concat-ref=1&concat-total=2&concat-part=1"
    assert vonage().parse(way(signed(TEXT), url=added)) == vonage().parse(way(signed(TEXT)))


@pytest.mark.parametrize("algorithm", ["HS256", "HS384", "HS512"])
def test_a_webhook_of_the_messages_api_is_proved_by_its_token(algorithm: str) -> None:
    body = b'{"message_uuid": "u-1", "from": "995555000001", "to": "2200", "text": "JOIN"}'
    claims = {"iss": "Vonage", "iat": 1_700_000_000, "payload_hash": hashlib.sha256(body).hexdigest()}
    bearer = {"authorization": f"Bearer {jwt(claims, SECRET, algorithm)}"}
    assert vonage().verify(posted(body, headers=bearer))
    assert not vonage().verify(posted(body + b" ", headers=bearer))
    assert not vonage(signature_secret="other").verify(posted(body, headers=bearer))
    for wrong in (jwt(claims, SECRET, "none"), jwt({"iss": "Vonage"}, SECRET), "x", "", "a.b.c"):
        assert not vonage().verify(posted(body, headers={"authorization": f"Bearer {wrong}"}))
    assert not vonage().verify(get({"message_uuid": "u-1"}, headers=bearer))


def test_the_librarys_own_token_is_read() -> None:
    from smsbot.gateways import signing

    token = (
        "eyJ0eXAiOiJKV1QiLCJhbGciOiJIUzI1NiJ9.eyJpc3MiOiJPbmxpbmUgSldUIEJ1aWxkZXIiLCJpYXQiOjE2OTc2MzQ2ODAsImV4cCI6"
        "MzMyNTQ1NDA4MjgsImF1ZCI6IiIsInN1YiI6IiJ9.88vJc3I2HhuqEDixHXVhc9R30tA6U_HQHZTC29y6CGM"
    )
    assert signing.jwt_claims(token, b"qwertyuiopasdfghjklzxcvbnm123456", at_ms=AT_MS)["iss"] == "Online JWT Builder"
    assert signing.jwt_claims(token, b"asdf", at_ms=AT_MS) == {}


def test_an_empty_probe_is_answered() -> None:
    for hook in (get({}), get({"token": "t"})):
        assert vonage().verify(hook)
        assert vonage().parse(hook) == []
    assert vonage().ack(get({})) == Ack(200)
    assert not vonage().verify(Hook("POST", URL, {}, [], b""))


@pytest.mark.parametrize("way", [get, form, posted])
def test_a_text_arrives_in_every_documented_form(way) -> None:
    assert vonage().parse(way(TEXT)) == [
        Received("995555000001", "JOIN", "0B0000012", "2200", sent_ms=1_700_000_000_000)
    ]


def test_a_text_of_the_messages_api_arrives() -> None:
    hook = posted({"message_uuid": "u-1", "from": "995555000001", "to": "2200", "channel": "sms", "text": "ბიუჯეტი",
                   "message_type": "text", "timestamp": "2023-11-14T22:13:20Z"})  # fmt: skip
    assert vonage().parse(hook) == [Received("995555000001", "ბიუჯეტი", "u-1", "2200", sent_ms=1_700_000_000_000)]


@pytest.mark.parametrize(
    "concat, expected",
    [
        ({"concat": "true", "concat-ref": "54", "concat-total": "3", "concat-part": "2"}, Part(54, 3, 2)),
        ({"concat": "true", "concat-ref": "65535", "concat-total": "255", "concat-part": "255"}, Part(65535, 255, 255)),
        ({"concat": "false", "concat-ref": "54", "concat-total": "3", "concat-part": "2"}, None),
        ({"concat": "true", "concat-ref": "", "concat-total": "3", "concat-part": "2"}, None),
        ({"concat": "true", "concat-ref": "x", "concat-total": "3", "concat-part": "2"}, None),
        ({"concat": "true", "concat-ref": "1", "concat-total": "9" * 5000, "concat-part": "2"}, None),
        ({}, None),
    ],
)
@pytest.mark.parametrize("way", [get, posted])
def test_a_part_of_a_longer_text_says_which(way, concat: dict[str, str], expected: Part | None) -> None:
    (event,) = vonage().parse(way(TEXT | concat))
    assert event.part == expected


@pytest.mark.parametrize("missing", ["msisdn", "messageId"])
def test_a_text_without_sender_or_id_is_malformed(missing: str) -> None:
    with pytest.raises(HookMalformed):
        vonage().parse(form({name: value for name, value in TEXT.items() if name != missing}))
    with pytest.raises(HookMalformed):
        vonage().parse(form({"status": "delivered"}))


@pytest.mark.parametrize(
    "said, status",
    [
        ("accepted", Status.SENT), ("buffered", Status.SENT), ("delivered", Status.DELIVERED),
        ("expired", Status.EXPIRED), ("failed", Status.FAILED), ("rejected", Status.FAILED),
        ("unknown", Status.UNKNOWN), ("submitted", Status.SENT), ("undeliverable", Status.FAILED), ("teleported", None),
    ],
)  # fmt: skip
@pytest.mark.parametrize("way", [get, form, posted])
def test_every_status_is_understood(way, said: str, status: Status | None) -> None:
    (event,) = vonage().parse(way(REPORT | {"status": said, "client-ref": "out-7", "err-code": ""}))
    assert event == StatusChange(status, "0C1", "out-7", raw=said)


@pytest.mark.parametrize(
    "code, flag",
    [
        ("1", ""), ("2", ""), ("3", "unreachable"), ("4", "blocked"), ("5", ""), ("6", ""), ("9", "opted_out"),
        ("11", ""), ("12", "unreachable"), ("14", "blocked"), ("15", ""), ("99", ""),
    ],
)  # fmt: skip
def test_a_failed_report_tells_why(code: str, flag: str) -> None:
    (event,) = vonage().parse(get(REPORT | {"status": "failed", "err-code": code}))
    assert (event.error, event.message_id) == (code, None)
    assert {name for name in ("opted_out", "unreachable", "blocked") if getattr(event, name)} == {flag} - {""}


def test_a_report_of_the_messages_api_tells_the_error_too() -> None:
    hook = posted({"message_uuid": "u-1", "status": "rejected", "client_ref": "out-7", "error": {"title": "1430"}})
    assert vonage().parse(hook) == [StatusChange(Status.FAILED, "u-1", "out-7", "1430", opted_out=True, raw="rejected")]


def test_without_the_secret_a_token_is_needed() -> None:
    values = {"gateway": "vonage", "api_key": "key", "api_secret": "s", "sender": NUMBER}
    with pytest.raises(SettingsError, match="webhook_token"):
        registry.channel("main", values)
    assert registry.channel("main", values | {"webhook_token": "t"}).needs_token
    assert not registry.channel("main", values | {"signature_secret": "s"}).needs_token
    with pytest.raises(SettingsError, match="signature_method"):
        registry.channel("main", values | {"signature_secret": "s", "signature_method": "rot13"})


def test_the_balance_is_in_euros() -> None:
    assert vonage().balance_request().url == "https://rest.nexmo.com/account/get-balance"
    assert vonage().balance_request().headers["authorization"] == "Basic a2V5OnM="
    assert vonage().balance(answer({"value": 3.14159, "autoReload": False})) == Balance(3.14159, "EUR")
    assert isinstance(vonage().balance(answer(b"", 401)), Misconfigured)
