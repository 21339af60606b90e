from __future__ import annotations

from urllib.parse import parse_qsl, urlencode, urlsplit

import pytest

from smsbot.errors import GatewayError, HookMalformed, Misconfigured, Refused, Throttled, Unavailable
from smsbot.gateways.base import Accepted, Hook, Message, Received, Response, StatusChange
from smsbot.gateways.kannel import Kannel, KannelConfig
from smsbot.status import Status

STATUS_URL = "https://sms.example.ge/channels/main/status"


def kannel(**keys: object) -> Kannel:
    values = {"gateway": "kannel", "username": "u", "password": "p", "sender": "2020", "webhook_token": "a+b%"} | keys
    return Kannel(KannelConfig.model_validate(values))


def hook(**fields: str) -> Hook:
    return Hook("GET", "https://x.ge/?" + urlencode(fields), {}, list(fields.items()), b"")


def asked(message: Message, **keys: object) -> dict[str, str]:
    return dict(parse_qsl(urlsplit(kannel(**keys).request(message).url).query, keep_blank_values=True))


def test_georgian_is_handed_over_as_ucs2_from_utf8() -> None:
    message = Message("m-1", "+995555000001", "ბიუჯეტი + 5%", "UCS-2", 1, "2020", STATUS_URL)
    assert asked(message, smsc="magti") == {
        "username": "u",
        "password": "p",
        "from": "2020",
        "to": "+995555000001",
        "text": "ბიუჯეტი + 5%",
        "coding": "2",
        "charset": "UTF-8",
        "smsc": "magti",
        "dlr-mask": "31",
        "dlr-url": f"{STATUS_URL}?id=m-1&token=a%%2Bb%%25&type=%d",
    }


def test_what_is_not_wanted_is_not_asked_for() -> None:
    message = Message("m-1", "+995555000001", "Hello", "GSM-7", 1, "", STATUS_URL)
    fields = asked(message, dlr_mask=0, sender="")
    assert fields["coding"] == "0"
    assert not {"smsc", "dlr-mask", "dlr-url", "from"} & fields.keys()


@pytest.mark.parametrize(
    "base_url, address",
    [
        ("http://127.0.0.1:13013", "http://127.0.0.1:13013/cgi-bin/sendsms"),
        ("http://127.0.0.1:13013/", "http://127.0.0.1:13013/cgi-bin/sendsms"),
        ("http://127.0.0.1:13013/sms/send", "http://127.0.0.1:13013/sms/send"),
    ],
)
def test_the_address_is_completed_only_where_it_has_no_path(base_url: str, address: str) -> None:
    message = Message("m-1", "+995555000001", "Hello", "GSM-7", 1, "", "")
    assert kannel(base_url=base_url).request(message).url.partition("?")[0] == address


@pytest.mark.parametrize("body", [b"0: Accepted for delivery", b"3: Queued for later delivery"])
def test_kannel_takes_a_message_without_giving_it_an_id(body: bytes) -> None:
    assert kannel().result(Response(202, {}, body)) == Accepted()


@pytest.mark.parametrize(
    "status, body, kind",
    [
        (403, b"Authorization failed for sendsms", Misconfigured),
        (403, b"Not routable. Do not try again.", Refused),
        (400, b"Missing receiver number, rejected", Refused),
        (404, b"Unknown request.", Refused),
        (429, b"", Throttled),
        (503, b"Temporal failure, try again later.", Unavailable),
        (500, b"", Unavailable),
    ],
)
def test_what_each_refusal_means(status: int, body: bytes, kind: type[GatewayError]) -> None:
    assert type(kannel().result(Response(status, {}, body))) is kind


def test_a_text_arrives() -> None:
    fields = {"id": "9f1", "from": "+995555000001", "to": "2020", "text": "ბიუჯეტი", "ts": "1700000000", "smsc": "f"}
    expected = [Received("+995555000001", "ბიუჯეტი", "9f1", "2020", sent_ms=1_700_000_000_000)]
    assert kannel().parse(hook(**fields)) == expected
    posted = Hook("POST", "https://x.ge/", {}, [], urlencode(fields).encode())
    assert kannel().parse(posted) == expected


def test_a_text_may_be_empty_and_its_time_unreadable() -> None:
    bare = {"id": "9f1", "from": "+995555000001", "ts": "%T"}
    assert kannel().parse(hook(**bare)) == [Received("+995555000001", "", "9f1")]


@pytest.mark.parametrize("missing", ["id", "from"])
def test_a_message_without_sender_or_id_is_malformed(missing: str) -> None:
    fields = {"id": "9f1", "from": "+995555000001", "text": "JOIN"}
    del fields[missing]
    with pytest.raises(HookMalformed, match=missing):
        kannel().parse(hook(**fields))


@pytest.mark.parametrize(
    "kind, status, error",
    [
        ("1", Status.DELIVERED, ""),
        ("2", Status.FAILED, "2"),
        ("4", Status.SENT, ""),
        ("8", Status.SENT, ""),
        ("16", Status.FAILED, "16"),
        ("64", None, ""),
        ("", None, ""),
        ("%d", None, ""),
    ],
)
def test_every_report_is_understood_and_an_unknown_one_is_harmless(
    kind: str, status: Status | None, error: str
) -> None:
    assert kannel().parse(hook(id="m-1", type=kind)) == [StatusChange(status, message_id="m-1", error=error, raw=kind)]


def test_a_report_without_our_id_is_malformed() -> None:
    with pytest.raises(HookMalformed, match="id"):
        kannel().parse(hook(type="1"))
