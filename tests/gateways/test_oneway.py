"""MagtiCom's OneWay and msg.ge: one interface, two providers."""

from __future__ import annotations

import pytest

from smsbot.errors import GatewayError, HookMalformed, Misconfigured, Refused, SettingsError, Throttled, Unavailable
from smsbot.gateways.base import Accepted, Polled, StatusChange
from smsbot.gateways.registry import channel
from smsbot.status import Status
from tests.gateways.georgian import GEORGIAN, LATIN, SENT, TEXT, answer, built, pushed, query

KEYS: dict[str, object] = {"username": "u", "password": "p&", "client_id": "12", "service_id": "3"}
CREDENTIALS = {"username": "u", "password": "p&", "client_id": "12", "service_id": "3"}
BOTH = pytest.mark.parametrize("name", ["magti", "msg_ge"])


def test_magti_is_told_the_alphabet() -> None:
    request = built("magti", **KEYS).request(GEORGIAN)
    assert (request.method, request.url.partition("?")[0]) == ("GET", "http://81.95.160.47/mt/oneway")
    assert query(request) == CREDENTIALS | {"to": "995555000001", "text": TEXT, "coding": "2"}
    assert query(built("magti", **KEYS).request(LATIN))["coding"] == "0"


def test_magtis_pages_are_those_of_the_contract() -> None:
    gateway = built("magti", base_url="http://10.0.0.5:8080", send_path="/mt/sendsms", track_path="/t", **KEYS)
    assert gateway.request(LATIN).url.startswith("http://10.0.0.5:8080/mt/sendsms?")
    assert gateway.poll([SENT]).url.startswith("http://10.0.0.5:8080/t?")
    with pytest.raises(SettingsError, match="send_path"):
        built("magti", send_path="mt", **KEYS)


def test_msg_ge_is_told_that_a_text_is_georgian() -> None:
    request = built("msg_ge", **KEYS).request(GEORGIAN)
    assert (request.method, request.url.partition("?")[0]) == ("GET", "https://bi.msg.ge/sendsms.php")
    assert query(request) == CREDENTIALS | {"to": "995555000001", "text": TEXT, "utf": "1"}
    assert "utf" not in query(built("msg_ge", **KEYS).request(LATIN))
    assert "msg_header" not in request.headers


def test_msg_ge_knows_a_server_without_a_fixed_address_by_another_password() -> None:
    gateway = built("msg_ge", alternate_password="other", **KEYS)
    assert gateway.request(GEORGIAN).headers["msg_header"] == "other"
    assert gateway.poll([SENT]).headers["msg_header"] == "other"


@BOTH
def test_ids_may_be_written_as_numbers(name: str) -> None:
    request = built(name, **KEYS | {"client_id": 12, "service_id": 3}).request(LATIN)
    assert query(request).items() >= {"client_id": "12", "service_id": "3"}.items()


@BOTH
@pytest.mark.parametrize("missing", list(KEYS))
def test_every_credential_is_needed(name: str, missing: str) -> None:
    with pytest.raises(SettingsError, match=missing):
        built(name, **{key: value for key, value in KEYS.items() if key != missing})


@BOTH
@pytest.mark.parametrize("body", [b"0000-000017", b"0000 - 000017", b"0000 -000017\n", b"  0000- 000017 \r\n"])
def test_the_id_is_read_in_every_spacing(name: str, body: bytes) -> None:
    assert built(name, **KEYS).result(answer(body)) == Accepted("000017")


@BOTH
def test_an_answer_may_lack_the_id(name: str) -> None:
    assert built(name, **KEYS).result(answer(b"0000")) == Accepted(None)


@pytest.mark.parametrize(
    "name, body, kind, said",
    [
        ("magti", b"0001", Unavailable, "error of its own"),
        ("magti", b"0002", Refused, "charge"),
        ("magti", b"0003", Misconfigured, "service_id"),
        ("magti", b"0004", Misconfigured, "base_url"),
        ("magti", b"0005", Refused, "text"),
        ("magti", b"0006", Refused, "prefix"),
        ("magti", b"0007", Refused, "not valid"),
        ("magti", b"0099", Refused, "does not name"),
        ("msg_ge", b"0001", Misconfigured, "address"),
        ("msg_ge", b"0003", Misconfigured, "client_id"),
        ("msg_ge", b"0005", Refused, "text"),
        ("msg_ge", b"0007", Refused, "not valid"),
        ("msg_ge", b"0008", Misconfigured, "top up"),
        ("msg_ge", b"0009", Misconfigured, "service_id"),
        ("msg_ge", b"0010-5", Refused, "word"),
        ("msg_ge", b"<html>login</html>", Refused, "does not name"),
        ("msg_ge", b"", Refused, "does not name"),
    ],
)
def test_what_each_refusal_means(name: str, body: bytes, kind: type[GatewayError], said: str) -> None:
    outcome = built(name, **KEYS).result(answer(body))
    assert type(outcome) is kind
    assert said in str(outcome)
    if isinstance(outcome, Refused):
        assert outcome.unreachable is (body == b"0007")


@BOTH
@pytest.mark.parametrize("status, kind", [(401, Misconfigured), (429, Throttled), (500, Unavailable), (404, Refused)])
def test_what_each_http_status_means(name: str, status: int, kind: type[GatewayError]) -> None:
    assert type(built(name, **KEYS).result(answer(b"", status))) is kind


@BOTH
@pytest.mark.parametrize(
    "said, status, error",
    [
        ("1", Status.DELIVERED, ""),
        ("2", Status.FAILED, "2"),
        ("16", Status.FAILED, "16"),
        ("0", Status.SENT, ""),
        ("4", Status.SENT, ""),
        ("8\r\n", Status.SENT, ""),
        ("", Status.SENT, ""),
        ("77", None, "77"),
    ],
)
def test_what_became_of_a_message_is_asked(name: str, said: str, status: Status | None, error: str) -> None:
    gateway = built(name, **KEYS)
    assert isinstance(gateway, Polled)
    request = gateway.poll([SENT])
    assert request.url.partition("?")[0].endswith({"magti": "/bi/track", "msg_ge": "/track.php"}[name])
    assert query(request) == CREDENTIALS | {"message_id": "4711"}
    found = gateway.polled([SENT], answer(said.encode()))
    still_on_its_way = status is Status.SENT
    assert found == ([] if still_on_its_way else [StatusChange(status, external_id="4711", error=error, raw=said)])
    assert isinstance(gateway.polled([SENT], answer(b"0003")), Misconfigured)
    assert isinstance(gateway.polled([SENT], answer(b"", 503)), Unavailable)


@BOTH
def test_no_webhook_is_documented(name: str) -> None:
    with pytest.raises(HookMalformed):
        built(name, **KEYS).parse(pushed(text="JOIN"))


def test_a_short_number_of_the_operator_can_be_answered_and_a_name_cannot() -> None:
    assert channel("main", {"gateway": "magti", **KEYS}).gateway.capabilities.answerable
    assert not channel("main", {"gateway": "msg_ge", **KEYS}).gateway.capabilities.answerable
