from __future__ import annotations

import json
from dataclasses import replace
from urllib.parse import parse_qsl, urlencode
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from smsbot.errors import GatewayError, HookMalformed, Misconfigured, Refused, Throttled, Unavailable
from smsbot.gateways import templates
from smsbot.gateways.base import Accepted, Ack, Hook, Message, Received, Response, StatusChange
from smsbot.gateways.http import Http
from smsbot.gateways.http_config import HttpConfig
from smsbot.status import Status

MESSAGE = Message(
    "m-1", "+995555000001", 'ბიუჯეტი "5%" & <b>\n+', "UCS-2", 1, "2020", "https://x.ge/channels/main/status"
)


def http(**keys: object) -> Http:
    values = {"gateway": "http", "base_url": "http://127.0.0.1:9", "webhook_token": "t"} | keys
    return Http(HttpConfig.model_validate(values))


def posted(body: object, query: str = "") -> Hook:
    headers = {"content-type": "application/json"}
    return Hook("POST", f"https://x.ge/?{query}", headers, parse_qsl(query), json.dumps(body).encode())


def test_without_further_keys_it_is_a_plain_json_gateway() -> None:
    request = http().request(MESSAGE)
    assert (request.method, request.url) == ("POST", "http://127.0.0.1:9")
    assert request.headers["content-type"] == "application/json"
    assert json.loads(request.body) == {
        "to": "+995555000001",
        "from": "2020",
        "text": MESSAGE.text,
        "id": "m-1",
        "status_url": "https://x.ge/channels/main/status?message_id=m-1&token=t",
    }


def test_a_get_carries_its_fields_in_the_query() -> None:
    fields = {"destination": "{to_national9}", "content": "{text}", "key": "{api_key}", "coding": "{encoding}"}
    gateway = http(method="GET", path="/send.php?v=1", fields=fields, api_key="s&1", encodings={"UCS-2": "2"})
    url, _, query = gateway.request(MESSAGE).url.partition("?")
    assert url == "http://127.0.0.1:9/send.php"
    assert dict(parse_qsl(query)) == {
        "v": "1", "destination": "555000001", "content": MESSAGE.text, "key": "s&1", "coding": "2",
    }  # fmt: skip


def test_a_foreign_number_is_never_cut_to_nine_digits() -> None:
    gateway = http(fields={"to": "{to_national9}", "dlr": "{dlr_url}"})
    told = json.loads(gateway.request(replace(MESSAGE, to="+447700900123")).body)
    assert told == {"to": "447700900123", "dlr": "https://x.ge/channels/main/status?message_id=m-1&token=t"}


def test_a_form_a_header_and_basic_credentials() -> None:
    gateway = http(
        content_type="form", fields={"num": "{to_no_plus}", "hex": "{text_hex}"}, headers={"X-Key": "App {api_key}"},
        api_key="k", username="u", password="p",
    )  # fmt: skip
    request = gateway.request(MESSAGE)
    assert request.headers["x-key"] == "App k"
    assert request.headers["authorization"] == "Basic dTpw"
    fields = dict(parse_qsl(request.body.decode()))
    assert bytes.fromhex(fields["hex"]).decode("utf-16-be") == MESSAGE.text
    assert fields["num"] == "995555000001"


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_any_text_survives_every_template(text: str) -> None:
    message = Message("m-1", "+995555000001", text, "UCS-2", 1, "2020", "")
    body = http(body='{"numbers":[{to_no_plus}],"text":"{text}","x":{}}').request(message).body
    assert json.loads(body) == {"numbers": [995555000001], "text": text, "x": {}}
    body = http(content_type="form", body="a={text}&b=1").request(message).body
    assert dict(parse_qsl(body.decode(), keep_blank_values=True)) == {"a": text, "b": "1"}
    body = http(content_type="xml", body="<m t='{text}'>{text}</m>").request(message).body
    root = ElementTree.fromstring(body)
    kept = templates.NOT_XML.sub("", text).replace("\r\n", "\n").replace("\r", "\n")
    assert (root.text or "") == kept
    url = http(path="/s/{text}?t={text}", method="GET", fields={}).request(message).url
    assert url.isascii()
    assert dict(parse_qsl(url.partition("?")[2], keep_blank_values=True)) == {"t": text}


@pytest.mark.parametrize(
    "keys, named",
    [
        ({"fields": {"to": "{tu}"}}, "{tu}"),
        ({"path": "/{Text}{txt}"}, "{txt}"),
        ({"headers": {"X-A": "{text}"}}, "{text}"),
        ({"headers": {"X A": "1"}}, "header"),
        ({"headers": {"X-A": "1\r\nX-B: 2"}}, "header"),
        ({"id_pattern": "("}, "regular expression"),
        ({"id_pattern": "id"}, "group"),
        ({"content_type": "xml"}, "body"),
        ({"success_path": "a"}, "success_values"),
        ({"statuses": {"gone": "vanished"}}, "queued"),
        ({"statuses": {"gone": "suppressed"}}, "delivered"),
        ({"base_url": "ftp://x"}, "https://"),
        ({"method": "DELETE"}, "POST"),
    ],
)
def test_a_mistake_in_the_configuration_is_named(keys: dict[str, object], named: str) -> None:
    with pytest.raises(ValidationError) as caught:
        http(**keys)
    assert named in str(caught.value)


@pytest.mark.parametrize(
    "keys, status, body, outcome",
    [
        ({}, 200, b'{"id": "a"}', Accepted("a")),
        ({}, 202, b'{"message_id": 7}', Accepted("7")),
        ({}, 200, b"", Accepted(None)),
        ({"id_path": "data.0.ref"}, 200, b'{"data": [{"ref": "z"}]}', Accepted("z")),
        ({"id_pattern": "([0-9a-f]{4,})$"}, 200, b"0000 - 12ab", Accepted("12ab")),
        ({"success_pattern": "^0000"}, 200, b"0000 - 12ab", Accepted(None)),
        ({"success_pattern": "^0000"}, 200, b"0005", Refused),
        ({"success_path": "ok", "success_values": ["true"]}, 200, b'{"ok": true, "id": "1"}', Accepted("1")),
        ({"success_path": "ok", "success_values": ["true"]}, 200, b'{"ok": false}', Refused),
        ({"success_path": "ok", "success_values": ["true"]}, 200, b"<html>", Refused),
        ({"success_status": [201]}, 200, b"", Refused),
        ({"opted_out_codes": ["75"], "error_path": "ErrorCode"}, 200, b'{"ErrorCode": 75}', Refused),
        ({"throttled_codes": ["109"]}, 200, b'{"code": 109}', Throttled),
        ({"misconfigured_codes": ["100"]}, 200, b'{"code": 100}', Misconfigured),
        ({"temporary_codes": ["-100"]}, 200, b'{"code": -100}', Unavailable),
        ({"unreachable_codes": ["10"]}, 400, b'{"code": 10}', Refused),
        ({}, 400, b"{}", Refused),
        ({}, 401, b"{}", Misconfigured),
        ({}, 429, b"{}", Throttled),
        ({}, 502, b"<html>", Unavailable),
    ],
)
def test_what_each_answer_means(
    keys: dict[str, object], status: int, body: bytes, outcome: Accepted | type[GatewayError]
) -> None:
    result = http(**keys).result(Response(status, {}, body))
    if isinstance(outcome, Accepted):
        assert result == outcome
    else:
        assert type(result) is outcome
    if isinstance(result, Refused):
        assert (result.opted_out, result.unreachable) == ("opted_out_codes" in keys, "unreachable_codes" in keys)


def test_a_text_arrives_as_json_form_or_query() -> None:
    fields = {"id": "a", "from": "+995555000001", "to": "2020", "text": "ბიუჯეტი", "time": "1700000000"}
    expected = [Received("+995555000001", "ბიუჯეტი", "a", "2020", 1_700_000_000_000)]
    encoded = urlencode(fields)
    assert http().parse(posted(fields)) == expected
    assert http().parse(Hook("POST", "https://x.ge/", {}, [], encoded.encode())) == expected
    assert http().parse(Hook("GET", f"https://x.ge/?{encoded}", {}, list(fields.items()), b"")) == expected


def test_several_texts_arrive_at_once() -> None:
    items = [{"id": str(number), "from": "+995555000001", "text": "x"} for number in range(3)]
    for document, keys in ((items, {}), ({"results": items}, {"inbound_list": "results"})):
        events = http(**keys).parse(posted(document))
        assert [event.external_id for event in events] == ["0", "1", "2"]


def test_one_unreadable_text_does_not_keep_the_others_out() -> None:
    good = {"id": "1", "from": "+995555000001", "text": "x"}
    for document, keys in (([good, {"id": "2"}, 5], {}), ({"all": [good, {"id": "2"}]}, {"inbound_list": "all"})):
        first, *others = http(**keys).parse(posted(document))
        assert first == Received("+995555000001", "x", "1")
        assert others
        assert all(isinstance(event, StatusChange) and event.status is None for event in others)
    with pytest.raises(HookMalformed):
        http().parse(posted([{"id": "2"}, 5]))


def test_field_names_are_the_providers() -> None:
    gateway = http(inbound_number="payload.msisdn", inbound_text="payload.body", inbound_id="")
    document = {"payload": {"msisdn": 995555000001, "body": "JOIN"}}
    assert gateway.parse(posted(document)) == [Received("995555000001", "JOIN", None)]


@pytest.mark.parametrize("missing", ["id", "from"])
def test_a_message_without_sender_or_id_is_malformed(missing: str) -> None:
    fields = {"id": "a", "from": "+995555000001", "text": "JOIN"}
    del fields[missing]
    with pytest.raises(HookMalformed, match=missing):
        http().parse(posted(fields))


def test_a_report_names_the_gateways_id_and_ours() -> None:
    event = http().parse(posted({"id": "a", "status": "DELIVERED"}, "message_id=m-1&token=t"))
    assert event == [StatusChange(Status.DELIVERED, external_id="a", message_id="m-1", raw="DELIVERED")]
    (failed,) = http(opted_out_codes=["75"]).parse(posted({"id": "a", "status": "failed", "code": 75}))
    assert failed == StatusChange(Status.FAILED, external_id="a", error="75", opted_out=True, raw="failed")


def test_a_reports_words_are_configurable() -> None:
    gateway = http(statuses={"1": "delivered", "2": "failed"}, status_field="statusID", status_id="smsID")
    (event,) = gateway.parse(posted({"smsID": 9, "statusID": 1}))
    assert event == StatusChange(Status.DELIVERED, external_id="9", raw="1")
    (event,) = gateway.parse(posted({"smsID": 9, "statusID": 5}))
    assert event == StatusChange(None, external_id="9", raw="5")


def test_a_report_without_any_id_is_malformed() -> None:
    with pytest.raises(HookMalformed, match="id"):
        http().parse(posted({"status": "delivered"}))


def test_a_message_that_says_it_was_received_is_a_message() -> None:
    (event,) = http().parse(posted({"id": "a", "from": "+995555000001", "status": "received", "text": "JOIN"}))
    assert isinstance(event, Received)


def test_the_acknowledgement_is_configurable() -> None:
    assert http().ack(posted({})) == Ack()
    gateway = http(ack_body="ACK/Jasmin", ack_type="text/plain", ack_status=202)
    assert gateway.ack(posted({})) == Ack(202, "text/plain", b"ACK/Jasmin")
