"""Vectors of the signatures: the field notes', computed with the functions of Plivo's Python library."""

from __future__ import annotations

import json

import pytest

from smsbot.errors import GatewayError, HookMalformed, Misconfigured, Refused, Throttled, Unavailable
from smsbot.gateways.base import Accepted, Ack, Balance, Hook, Received, StatusChange
from smsbot.status import Status
from smsbot.testing.providers import plivo_headers
from tests.gateways.cases import GEORGIAN, NUMBER, STATUS_URL, URL, answer, build, form, get, message

TOKEN = "my_auth_token"
FIELDS = {"From": "995555123456", "MessageUUID": "m-1", "Text": "JOIN", "To": "2020"}
AT = "https://example.com/plivo/in"
V3, V3_QUERY = "NEcNuTH1I/ud12meRwVYXlXUmIYc11UH0hERepRy7f4=", "Adr9gZ8fm4d4yh0nEA98Q0Cnq+oaC9i5BCdy3C67ays="
V2 = "ehV3IKhLysWBxC1sy8INm0qGoQYdYsHwuoKjsX7FsXc="


def plivo(**keys):
    return build("plivo", **({"auth_id": "MA1", "auth_token": TOKEN} | keys))


def heads(signature: str, nonce: str = "12345", version: str = "v3", account: str = "") -> dict[str, str]:
    return {f"x-plivo-signature-{account}{version}": signature, f"x-plivo-signature-{version}-nonce": nonce}


def test_a_text_is_handed_over() -> None:
    request = plivo(base_url="http://127.0.0.1:9").request(message())
    assert (request.method, request.url) == ("POST", "http://127.0.0.1:9/v1/Account/MA1/Message/")
    assert request.headers["authorization"] == "Basic TUExOm15X2F1dGhfdG9rZW4="
    assert json.loads(request.body) == {
        "src": "+995322000000", "dst": NUMBER, "text": GEORGIAN, "url": f"{STATUS_URL}?message_id=out-7",
        "method": "POST",
    }  # fmt: skip
    assert json.loads(plivo().request(message("x" * 200, parts=2)).body)["url"] == STATUS_URL
    assert "url" not in json.loads(plivo().request(message(status_url="")).body)


@pytest.mark.parametrize(
    "response, kind, code",
    [
        (answer({"api_id": "a", "error": "src is not valid"}, 400), Refused, "400"),
        (answer({"error": "authentication failed"}, 401), Misconfigured, "401"),
        (answer({"error": "no credit"}, 402), Misconfigured, "402"),
        (answer(b"", 404), Refused, "404"),
        (answer(b"", 429), Throttled, "429"),
        (answer(b"", 500), Unavailable, "500"),
        (answer({"message_uuid": []}, 202), Refused, ""),
        (answer(b"<html>", 202), Refused, ""),
    ],
)
def test_what_each_refusal_means(response, kind: type[GatewayError], code: str) -> None:
    error = plivo().result(response)
    assert type(error) is kind
    assert error.code == code


def test_every_id_of_a_message_is_kept() -> None:
    assert plivo().result(answer({"message_uuid": ["m-1"]}, 202)) == Accepted("m-1")
    assert plivo().result(answer({"message_uuid": "m-1"}, 202)) == Accepted("m-1")
    assert plivo().result(answer({"message_uuid": ["m-1", "m-2", "m-3"]}, 202)) == Accepted(
        "m-1", further_ids=("m-2", "m-3")
    )


@pytest.mark.parametrize(
    "url, headers",
    [
        (AT, heads(V3)),
        (f"{AT}?a=1", heads(V3_QUERY)),
        (AT, heads(f"AAAA,{V3}, BBBB")),
        (AT, heads(V3, account="ma-")),
        (AT, heads("AAAA") | heads(V3, account="ma-")),
    ],
)
def test_the_known_signatures_hold(url: str, headers: dict[str, str]) -> None:
    assert plivo().verify(form(FIELDS, url=url, headers=headers))
    assert not plivo().verify(form(FIELDS | {"Text": "STOP"}, url=url, headers=headers))
    assert not plivo().verify(form(FIELDS | {"More": "x"}, url=url, headers=headers))
    assert not plivo().verify(form(FIELDS, url=url.replace("/in", "/inn"), headers=headers))
    assert not plivo(auth_token="other").verify(form(FIELDS, url=url, headers=headers))


def test_the_older_signature_holds_where_no_newer_one_came() -> None:
    url = "https://answer.url"
    assert plivo().verify(form(FIELDS, url=url, headers=heads(V2, version="v2")))
    assert plivo().verify(form(FIELDS, url=f"{url}?a=1", headers=heads(V2, version="v2")))
    assert not plivo().verify(form(FIELDS, url=url + "/x", headers=heads(V2, version="v2")))
    assert not plivo().verify(form(FIELDS, url=url, headers=heads(V2, version="v2") | heads("AAAA")))


@pytest.mark.parametrize(
    "headers",
    [{}, heads(""), heads(V3, nonce=""), heads(V3, nonce="12346"), heads("ქართული"), heads(","),
     {"x-plivo-signature-v3": V3}],
)  # fmt: skip
def test_a_foreign_signature_is_refused(headers: dict[str, str]) -> None:
    assert not plivo().verify(form(FIELDS, url=AT, headers=headers))


@pytest.mark.parametrize("url", [URL, f"{URL}?token=t&message_id=out-7", f"{URL}?b=2&a=1&b=1"])
def test_a_form_is_signed_with_its_address_and_query(url: str) -> None:
    fields = FIELDS | {"Text": "ბიუჯეტი", "Empty": ""}
    assert plivo().verify(form(fields, url=url, headers=plivo_headers(url, fields, TOKEN)))


def test_a_get_is_signed_by_its_address_with_the_fields_in_order() -> None:
    from smsbot.gateways import signing

    signed = f"{URL}?" + "&".join(f"{name}={FIELDS[name]}" for name in sorted(FIELDS)) + ".12345"
    signature = signing.hmac_base64(TOKEN.encode(), signed.encode(), "sha256")
    hook = get(dict(reversed(FIELDS.items())), headers=heads(signature))
    assert plivo().verify(hook)
    assert plivo().parse(hook) == [Received("995555123456", "JOIN", "m-1", "2020")]
    assert not plivo().verify(Hook("GET", hook.url, hook.headers, [*hook.query, ("x", "1")], b""))


def test_a_text_arrives() -> None:
    hook = form(FIELDS | {"Type": "sms", "Units": "1", "TotalRate": "0"})
    assert plivo().parse(hook) == [Received("995555123456", "JOIN", "m-1", "2020")]
    assert plivo().ack(hook) == Ack(200)


@pytest.mark.parametrize("missing", ["From", "MessageUUID"])
def test_a_text_without_sender_or_id_is_malformed(missing: str) -> None:
    with pytest.raises(HookMalformed, match=missing):
        plivo().parse(form({name: value for name, value in FIELDS.items() if name != missing}))


def report(status: str, uuid: str = "m-1", part: str = "1 of 1", *, error: str = "", url: str = URL):
    fields = {"MessageUUID": uuid, "ParentMessageUUID": "m-1", "PartInfo": part, "Status": status, "ErrorCode": error,
              "From": "2020", "To": "995555000001", "MCC": "282", "MNC": "01"}  # fmt: skip
    return plivo().parse(form(fields, url=url))


@pytest.mark.parametrize(
    "said, status",
    [
        ("queued", Status.SENDING), ("sent", Status.SENT), ("delivered", Status.DELIVERED), ("read", Status.DELIVERED),
        ("undelivered", Status.FAILED), ("failed", Status.FAILED), ("rejected", Status.FAILED), ("teleported", None),
    ],
)  # fmt: skip
def test_every_status_is_understood(said: str, status: Status | None) -> None:
    assert report(said, url=f"{STATUS_URL}?message_id=out-7") == [StatusChange(status, "m-1", "out-7", raw=said)]
    bare = {"MessageUUID": "m-1", "Status": said}
    assert plivo().parse(form(bare)) == plivo().parse(get(bare)) == [StatusChange(status, "m-1", raw=said)]


@pytest.mark.parametrize(
    "code, flag",
    [("10", ""), ("30", ""), ("50", "unreachable"), ("70", "unreachable"), ("80", ""), ("200", "opted_out"),
     ("900", ""), ("1000", "")],
)  # fmt: skip
def test_a_failed_report_tells_why(code: str, flag: str) -> None:
    (event,) = report("undelivered", error=code)
    assert event.error == code
    assert {name for name in ("opted_out", "unreachable", "blocked") if getattr(event, name)} == {flag} - {""}


@pytest.mark.parametrize(
    "said, uuid, part, expected",
    [
        ("delivered", "m-1", "1 of 2", [("m-1", Status.SENT)]),
        ("delivered", "m-2", "2 of 2", [("m-1", Status.DELIVERED), ("m-2", Status.DELIVERED)]),
        ("delivered", "m-2", "2 of 3", [("m-1", Status.SENT), ("m-2", Status.DELIVERED)]),
        ("failed", "m-1", "1 of 2", [("m-1", Status.FAILED)]),
        ("failed", "m-2", "2 of 3", [("m-1", Status.FAILED), ("m-2", Status.FAILED)]),
        ("sent", "m-2", "2 of 2", [("m-1", Status.SENT), ("m-2", Status.SENT)]),
    ],
)
def test_a_longer_text_has_arrived_with_its_last_part_and_failed_with_any(
    said: str, uuid: str, part: str, expected: list[tuple[str, Status]]
) -> None:
    assert [(event.external_id, event.status) for event in report(said, uuid, part)] == expected


def test_the_balance_is_in_dollars() -> None:
    assert plivo().balance_request().url == "https://api.plivo.com/v1/Account/MA1/"
    assert plivo().balance(answer({"cash_credits": "92.97", "name": "x"})) == Balance(92.97, "USD")
    assert isinstance(plivo().balance(answer(b"", 401)), Misconfigured)
