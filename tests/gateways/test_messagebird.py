"""The cases of the signature follow MessageBird's list of what must hold and what must not; tokens are made here."""

from __future__ import annotations

import json

import pytest

from smsbot.errors import GatewayError, HookMalformed, Misconfigured, Refused, SettingsError, Throttled, Unavailable
from smsbot.gateways import registry
from smsbot.gateways.base import Accepted, Ack, Balance, Hook, Received, StatusChange
from smsbot.status import Status
from smsbot.testing.providers import jwt, messagebird_claims
from tests.gateways.cases import AT_MS, AT_S, GEORGIAN, NUMBER, STATUS_URL, URL, answer, build, form, get, message

SECRET = "signing-key"
QUERY = {"id": "b-1", "reference": "out-7", "recipient": "995555000001", "status": "delivered",
         "statusDatetime": "2023-11-14T22:13:20+00:00", "statusReason": "successfully delivered",
         "mccmnc": "28201", "messagePartCount": "1"}  # fmt: skip
LONG = {"id": "b-1", "recipient": "995322000000", "originator": "995555000001", "body": GEORGIAN,
        "createdDatetime": "2023-11-14T22:13:20+00:00"}  # fmt: skip
SHORT = {"mid": "b-2", "shortcode": "2200", "originator": "995555000001", "message": GEORGIAN,
         "receive_datetime": "20231114221320"}  # fmt: skip


def messagebird(**keys):
    return build("messagebird", **({"access_key": "k", "signing_key": SECRET} | keys))


def signed(hook: Hook, *, secret: str = SECRET, algorithm: str = "HS256", at_s: int = AT_S, url: str = "",
           body: bytes | None = None, without: str = "", **claims: object) -> bool:  # fmt: skip
    """Is *hook* believed with a token that was made so?"""
    whole = messagebird_claims(url or hook.url, hook.body if body is None else body, at_s) | claims
    whole = {name: value for name, value in whole.items() if name != without and value is not None}
    headers = dict(hook.headers) | {"messagebird-signature-jwt": jwt(whole, secret, algorithm)}
    return messagebird().verify(Hook(hook.method, hook.url, headers, hook.query, hook.body, hook.at_ms))


HOOKS = {
    "a bare get": get({}, url=URL),
    "a get with a query": get(QUERY),
    "a get with strange letters": get({"obj[field1]": "val 1", "p": "a+b c%", "x": "ქ"}),
    "a get with a port": get(QUERY, url="https://sms.example.ge:8443/channels/main/status"),
    "a form": form(LONG),
    "a form and a query": form(LONG, url=f"{URL}?token=t&a=1"),
    "a form of strange letters": form({"body": "& < > \\u0026 ქართული", "id": "1", "originator": NUMBER}),
}


@pytest.mark.parametrize("name", list(HOOKS))
@pytest.mark.parametrize("algorithm", ["HS256", "HS384", "HS512"])
def test_a_token_over_the_address_and_the_body_holds(name: str, algorithm: str) -> None:
    assert signed(HOOKS[name], algorithm=algorithm)


@pytest.mark.parametrize("name", list(HOOKS))
def test_a_token_over_something_else_does_not(name: str) -> None:
    hook = HOOKS[name]
    assert not signed(hook, secret="another key")
    assert not signed(hook, algorithm="none")
    assert not signed(hook, url=hook.url + "&more=1")
    assert not signed(hook, url=hook.url.replace("https://", "http://"))
    assert not signed(hook, url=hook.url.replace("sms.example.ge", "sms.example.com"))
    assert not signed(hook, body=b"something else")  # added on the way, where the request has none
    assert not signed(hook, iss="Somebody")
    assert not signed(hook, url_hash="")
    for claim in ("iss", "nbf", "exp", "url_hash"):
        assert not signed(hook, without=claim)
    if hook.body:
        assert not signed(hook, without="payload_hash")
        assert not signed(hook, body=hook.body[:-1])


def test_the_order_of_the_query_counts() -> None:
    turned = get(dict(reversed(QUERY.items())))
    assert signed(turned)
    assert not signed(turned, url=get(QUERY).url)


@pytest.mark.parametrize(
    "age_s, holds",
    [(0, True), (59, True), (69, True), (71, False), (3_600, False), (-9, True), (-11, False), (-3_600, False)],
)
def test_a_token_lives_for_a_minute_and_the_clocks_may_differ_a_little(age_s: int, holds: bool) -> None:
    assert signed(get(QUERY), at_s=AT_S - age_s) is holds


@pytest.mark.parametrize("claims", [{"exp": "soon"}, {"nbf": [1]}, {"exp": float("nan")}, {"exp": None}, {"nbf": {}}])
def test_a_time_that_is_none_does_not_hold(claims: dict[str, object]) -> None:
    assert not signed(get(QUERY), **claims)


@pytest.mark.parametrize("token", ["", "x", "a.b", "a.b.c", "..", "ქ.ქ.ქ", "e30.e30.", "A" * 10_000])
def test_what_is_no_token_is_refused(token: str) -> None:
    assert not messagebird().verify(get(QUERY, headers={"messagebird-signature-jwt": token}))
    assert not messagebird().verify(get(QUERY))


def test_a_token_whose_head_was_changed_to_none_is_refused() -> None:
    head, body, proof = jwt(messagebird_claims(URL, b"", AT_S), SECRET).split(".")
    none = jwt({}, "", "none").split(".")[0]
    for token in (f"{none}.{body}.{proof}", f"{none}.{body}.", f"{head}.{body}."):
        assert not messagebird().verify(get({}, headers={"messagebird-signature-jwt": token}))


def test_a_text_is_handed_over_with_our_reference() -> None:
    request = messagebird(base_url="http://127.0.0.1:9").request(message())
    assert (request.method, request.url) == ("POST", "http://127.0.0.1:9/messages")
    assert request.headers["authorization"] == "AccessKey k"
    assert json.loads(request.body) == {
        "originator": "995322000000", "recipients": ["995555000001"], "body": GEORGIAN, "reference": "out-7",
        "datacoding": "unicode", "reportUrl": STATUS_URL,
    }  # fmt: skip
    bare = json.loads(messagebird().request(message("hello", status_url="")).body)
    assert bare["datacoding"] == "plain"
    assert "reportUrl" not in bare


def errors(code: int, status: int, parameter: str | None = None):
    return answer({"errors": [{"code": code, "description": "…", "parameter": parameter}]}, status)


@pytest.mark.parametrize(
    "response, kind, code, flag",
    [
        (errors(2, 401, "access_key"), Misconfigured, "2", ""),
        (errors(25, 422), Misconfigured, "25", ""),
        (errors(10, 422, "originator"), Misconfigured, "originator", ""),
        (errors(9, 422, "recipients"), Refused, "recipients", "unreachable"),
        (errors(10, 422, "recipient"), Refused, "recipient", "unreachable"),
        (errors(9, 422, "body"), Refused, "9", ""),
        (errors(10, 422, "body"), Refused, "10", ""),
        (errors(20, 404), Refused, "20", ""),
        (errors(21, 422), Refused, "21", ""),
        (errors(98, 404), Refused, "98", ""),
        (errors(99, 422), Unavailable, "99", ""),
        (errors(99, 500), Unavailable, "99", ""),
        (answer(b"", 429), Throttled, "429", ""),
        (answer(b"{}", 201), Refused, "", ""),
    ],
)
def test_what_each_refusal_means(response, kind: type[GatewayError], code: str, flag: str) -> None:
    error = messagebird().result(response)
    assert type(error) is kind
    assert error.code == code
    assert {name for name in ("opted_out", "unreachable", "blocked") if getattr(error, name, False)} == {flag} - {""}


def test_an_accepted_message_has_the_gateways_id() -> None:
    assert messagebird().result(answer({"id": "b-1", "reference": "out-7"}, 201)) == Accepted("b-1")


def test_texts_to_long_and_to_short_numbers_arrive() -> None:
    assert messagebird().parse(form(LONG)) == [Received("995555000001", GEORGIAN, "b-1", "995322000000", sent_ms=AT_MS)]
    assert messagebird().parse(form(SHORT)) == [Received("995555000001", GEORGIAN, "b-2", "2200", sent_ms=AT_MS)]
    odd = form(SHORT | {"receive_datetime": "yesterday"})
    assert [event.sent_ms for event in messagebird().parse(odd)] == [None]
    assert messagebird().ack(odd) == Ack(200, body=b"OK")


@pytest.mark.parametrize("fields", [LONG, SHORT])
def test_a_text_without_sender_or_id_is_malformed(fields: dict[str, str]) -> None:
    for missing in ("originator", "id" if "id" in fields else "mid"):
        with pytest.raises(HookMalformed):
            messagebird().parse(form({name: value for name, value in fields.items() if name != missing}))
    with pytest.raises(HookMalformed):
        messagebird().parse(get({"status": "delivered"}))


@pytest.mark.parametrize(
    "said, status",
    [
        ("scheduled", Status.SENDING), ("sent", Status.SENT), ("buffered", Status.SENT),
        ("delivered", Status.DELIVERED), ("expired", Status.EXPIRED), ("delivery_failed", Status.FAILED),
        ("teleported", None),
    ],
)  # fmt: skip
def test_every_status_is_understood(said: str, status: Status | None) -> None:
    for hook in (get(QUERY | {"status": said}), form(QUERY | {"status": said})):
        assert messagebird().parse(hook) == [StatusChange(status, "b-1", "out-7", raw=said)]


@pytest.mark.parametrize("code, flag", [("103", "opted_out"), ("1", "unreachable"), ("5", "unreachable"), ("27", "")])
def test_a_failed_report_tells_why(code: str, flag: str) -> None:
    (event,) = messagebird().parse(get(QUERY | {"status": "delivery_failed", "statusErrorCode": code}))
    assert event.error == code
    assert {name for name in ("opted_out", "unreachable", "blocked") if getattr(event, name)} == {flag} - {""}


def test_without_the_signing_key_a_token_is_needed() -> None:
    values = {"gateway": "messagebird", "access_key": "k", "sender": NUMBER}
    with pytest.raises(SettingsError, match="webhook_token"):
        registry.channel("main", values)
    assert registry.channel("main", values | {"webhook_token": "t"}).needs_token


def test_the_balance_is_told() -> None:
    assert messagebird().balance_request().url == "https://rest.messagebird.com/balance"
    told = {"payment": "prepaid", "type": "credits", "amount": 9.2}
    assert messagebird().balance(answer(told)) == Balance(9.2, "credits")
    assert isinstance(messagebird().balance(answer(b"", 401)), Misconfigured)
