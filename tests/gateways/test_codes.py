from __future__ import annotations

import pytest

from smsbot.errors import GatewayError, Misconfigured, Refused, Throttled, Unavailable
from smsbot.gateways import (
    africastalking_codes,
    gosms,
    infobip_codes,
    jasmin,
    magti,
    messagebird_codes,
    msg_ge,
    plivo_codes,
    sender_ge,
    sinch_codes,
    smsoffice,
    telnyx_codes,
    twilio_codes,
    ubill,
    vonage_codes,
)
from smsbot.gateways.base import Response, StatusChange
from smsbot.gateways.codes import Codes
from smsbot.status import Status

CODES = Codes(
    statuses={"gone": Status.DELIVERED, "lost": Status.FAILED, "late": Status.EXPIRED},
    refused={"1": "No."},
    misconfigured={"2": "Pay."},
    throttled={"3": "Slower."},
    unavailable={"4": "Later."},
    opted_out=frozenset({"1"}),
    unreachable=frozenset({"5"}),
    blocked=frozenset({"6"}),
)
TABLES = {
    "africastalking": africastalking_codes.CODES,
    "gosms": gosms.CODES,
    "infobip": infobip_codes.CODES,
    "jasmin": jasmin.REPORTS,
    "magti": magti.Magti.codes,
    "messagebird answers": messagebird_codes.ANSWERS,
    "messagebird reports": messagebird_codes.REPORTS,
    "msg_ge": msg_ge.MsgGe.codes,
    "plivo": plivo_codes.CODES,
    "sender_ge": sender_ge.CODES,
    "sinch": sinch_codes.CODES,
    "smsoffice": smsoffice.CODES,
    "telnyx": telnyx_codes.CODES,
    "twilio": twilio_codes.CODES,
    "ubill": ubill.CODES,
    "vonage answers": vonage_codes.ANSWERS,
    "vonage reports": vonage_codes.REPORTS,
}


@pytest.mark.parametrize(
    "status, code, kind",
    [
        (400, "1", Refused), (400, "2", Misconfigured), (400, "3", Throttled), (400, "4", Unavailable),
        (200, "2", Misconfigured), (400, "9", Refused), (401, "9", Misconfigured), (402, "9", Misconfigured),
        (402, "1", Refused), (403, "1", Refused), (429, "1", Throttled), (500, "1", Unavailable),
        (503, "", Unavailable), (500, "2", Misconfigured), (500, "3", Throttled), (503, "4", Unavailable),
        (429, "2", Misconfigured), (429, "9", Throttled), (200, "9", Refused), (200, "", Refused),
    ],
)  # fmt: skip
def test_an_answer_goes_by_its_code_but_nothing_ends_for_good_that_the_http_status_says_to_try_again(
    status: int, code: str, kind: type[GatewayError]
) -> None:
    error = CODES.refuses(Response(status, {}, b""), code)
    assert type(error) is kind
    assert error.code == (code or str(status))
    assert getattr(error, "opted_out", False) is (kind is Refused and code == "1")


@pytest.mark.parametrize(
    "said, code, expected",
    [
        ("gone", "1", StatusChange(Status.DELIVERED, "x", raw="gone")),
        (" LOST ", "1", StatusChange(Status.FAILED, "x", error="1", opted_out=True, raw=" LOST ")),
        ("late", "5", StatusChange(Status.EXPIRED, "x", error="5", unreachable=True, raw="late")),
        ("lost", "6", StatusChange(Status.FAILED, "x", error="6", blocked=True, raw="lost")),
        ("odd", "7", StatusChange(None, "x", error="7", raw="odd")),
        ("", "", StatusChange(None, "x", raw="")),
    ],
)
def test_only_a_report_of_failure_has_a_reason(said: str, code: str, expected: StatusChange) -> None:
    assert CODES.change(said, code, external_id="x", message_id="") == expected


@pytest.mark.parametrize("name", list(TABLES))
def test_a_table_says_each_thing_once_and_in_a_sentence(name: str) -> None:
    table = TABLES[name]
    meanings = [table.refused, table.misconfigured, table.throttled, table.unavailable]
    known = [code for meaning in meanings for code in meaning]
    assert len(known) == len(set(known))
    flags = [table.opted_out, table.unreachable, table.blocked]
    assert sum(map(len, flags)) == len(frozenset().union(*flags))
    assert all(sentence.endswith(".") and "\n" not in sentence for meaning in meanings for sentence in meaning.values())
    assert all(said == said.lower() for said in table.statuses)
