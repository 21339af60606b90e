from __future__ import annotations

from dataclasses import replace
from urllib.parse import parse_qsl

import pytest

from smsbot.errors import GatewayError, HookMalformed, Misconfigured, Refused, Throttled, Unavailable
from smsbot.gateways.base import Accepted, Ack, Received, StatusChange
from smsbot.status import Status
from tests.gateways.cases import NUMBER, STATUS_URL, answer, build, form, get, message

UUID = "07033084-5cfd-4812-90a4-e4d24ffb6e3d"
TEXT = {"id": UUID, "from": NUMBER, "to": "2200", "origin-connector": "magti", "coding": "0", "content": "JOIN"}


def jasmin(**keys):
    return build("jasmin", username="u", password="p&w", webhook_token="t", **keys)


def test_a_text_is_handed_over_in_letters_or_in_octets() -> None:
    request = jasmin(base_url="http://127.0.0.1:9").request(message("Hello €5"))
    assert (request.method, request.url) == ("POST", "http://127.0.0.1:9/send")
    shared = {
        "username": "u", "password": "p&w", "to": "995555000001", "from": "+995322000000", "dlr": "yes",
        "dlr-url": f"{STATUS_URL}?message_id=out-7", "dlr-level": "3", "dlr-method": "POST",
    }  # fmt: skip
    assert dict(parse_qsl(jasmin().request(message("Hello")).body.decode())) == shared | {
        "coding": "0", "content": "Hello",
    }  # fmt: skip
    assert dict(parse_qsl(jasmin().request(message("ხმა")).body.decode())) == shared | {
        "coding": "8", "hex-content": "10ee10db10d0",
    }  # fmt: skip
    assert "dlr" not in dict(parse_qsl(jasmin().request(message(status_url="")).body.decode()))


def test_an_accepted_message_has_the_gateways_id() -> None:
    assert jasmin().result(answer(f'Success "{UUID}"'.encode())) == Accepted(UUID)


@pytest.mark.parametrize(
    "status, body, kind",
    [
        (400, b'Error "Mandatory argument [to] is not found."', Refused),
        (400, b'Error "Argument [to] has an invalid value: [x]."', Refused),
        (403, b'Error "Authentication failure for username:u"', Misconfigured),
        (403, b'Error "Authorization failed for username:u"', Misconfigured),
        (403, b'Error "Cannot charge submit_sm, check RouterPB log file for details"', Misconfigured),
        (403, b'Error "User throughput exceeded"', Throttled),
        (429, b'Error "User throughput exceeded"', Throttled),
        (412, b'Error "No route found"', Refused),
        (412, b'Error "Failover route has no bound connectors"', Unavailable),
        (500, b'Error "Cannot send submit_sm, check SMPPClientManagerPB log file for details"', Unavailable),
        (503, b'Error "InterceptorPB not connected !"', Unavailable),
        (200, b'Error "?"', Refused),
        (200, b"", Refused),
    ],
)
def test_what_each_refusal_means(status: int, body: bytes, kind: type[GatewayError]) -> None:
    assert type(jasmin().result(answer(body, status))) is kind


def test_an_account_without_credit_is_told_apart_from_a_wrong_password() -> None:
    broke = jasmin().result(answer(b'Error "Cannot charge submit_sm, check RouterPB log file for details"', 403))
    assert broke.sentence == "The Jasmin account has no credit left."


@pytest.mark.parametrize(
    "coding, binary, content, expected",
    [
        ("0", "4a4f494e", "JOIN", "JOIN"),
        ("0", "001b65021b00", "?", "@€$@"),  # @, an escaped €, $, and an escape before a letter without extension
        ("0", "1b3c611b3e1b28291b29", "?", "[a]{)}"),
        ("0", "5b5c5d5e5f", "?", "ÄÖÑÜ§"),
        ("8", "10ee10db10d0", "áƒ®áƒ›áƒ", "ხმა"),
        ("8", "d83dde00", "?", "😀"),
        ("8", "10ee10", "?", "ხ\ufffd"),
        ("3", "c4e9", "?", "Äé"),
        ("1", "4a4f", "?", "JO"),
        ("4", "ffff", "as it is", "as it is"),
        ("x", "4a4f", "as it is", "as it is"),
        ("0", "no hex", "as it is", "as it is"),
        ("", "", "as it is", "as it is"),
        ("0", "", "", ""),
    ],
)
@pytest.mark.parametrize("way", [get, form])
def test_a_text_is_read_from_its_octets(way, coding: str, binary: str, content: str, expected: str) -> None:
    hook = way(TEXT | {"coding": coding, "binary": binary, "content": content})
    assert jasmin().parse(hook) == [Received(NUMBER, expected, UUID, "2200")]


def test_the_acknowledgement_is_exactly_what_jasmin_waits_for() -> None:
    assert jasmin().ack(form(TEXT)) == Ack(200, "text/plain; charset=utf-8", b"ACK/Jasmin")


@pytest.mark.parametrize("missing", ["from", "id"])
def test_a_text_without_sender_or_id_is_malformed(missing: str) -> None:
    with pytest.raises(HookMalformed, match=missing):
        jasmin().parse(get({name: value for name, value in TEXT.items() if name != missing}))


@pytest.mark.parametrize(
    "said, err, status, error",
    [
        ("ESME_ROK", "", Status.SENT, ""),
        ("ESME_RINVDSTADR", "", Status.FAILED, "ESME_RINVDSTADR"),
        ("ESME_RTHROTTLED", "", Status.FAILED, "ESME_RTHROTTLED"),
        ("ESME_RNEW", "", Status.FAILED, "ESME_RNEW"),
        ("DELIVRD", "000", Status.DELIVERED, ""),
        ("ACCEPTD", "000", Status.SENT, ""),
        ("ENROUTE", "000", Status.SENT, ""),
        ("UNDELIV", "045", Status.FAILED, "045"),
        ("UNDELIV", "000", Status.FAILED, "UNDELIV"),
        ("UNDELIV", "ND", Status.FAILED, "UNDELIV"),
        ("REJECTD", "", Status.FAILED, "REJECTD"),
        ("DELETED", "", Status.FAILED, "DELETED"),
        ("EXPIRED", "", Status.EXPIRED, "EXPIRED"),
        ("UNKNOWN", "", Status.UNKNOWN, ""),
        ("TELEPORTED", "", None, "TELEPORTED"),
    ],
)
def test_every_status_of_both_levels_is_understood(said: str, err: str, status: Status | None, error: str) -> None:
    level = "1" if said.startswith("ESME_") else "2"
    fields = {"id": UUID, "id_smsc": "2567", "message_status": said, "level": level, "connector": "magti",
              "subdate": "2311142213", "donedate": "2311142213", "sub": "001", "dlvrd": "001", "err": err,
              "text": "JOIN"}  # fmt: skip
    expected = StatusChange(status, UUID, error=error, unreachable=said == "ESME_RINVDSTADR", raw=said)
    assert jasmin().parse(get(fields)) == jasmin().parse(form(fields)) == [expected]
    ours = form(fields, url=f"{STATUS_URL}?message_id=out-7&token=t")
    assert jasmin().parse(ours) == [replace(expected, message_id="out-7")]


def test_the_credentials_can_be_tried() -> None:
    assert jasmin().probe().url == "http://127.0.0.1:1401/balance?username=u&password=p%26w"
    assert jasmin().probed(answer({"balance": "ND", "sms_count": "ND"})) is None
    assert isinstance(jasmin().probed(answer(b'"Authentication failure for username:u"', 403)), Misconfigured)
