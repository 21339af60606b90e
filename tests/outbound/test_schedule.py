from datetime import datetime, time
from zoneinfo import ZoneInfo

import pytest

from smsbot.clock import to_datetime, to_ms
from smsbot.outbound.schedule import QuietHours, starts_ms

TBILISI = ZoneInfo("Asia/Tbilisi")
NIGHT = QuietHours(time(20), time(9), TBILISI)
LUNCH = QuietHours(time(12), time(14), TBILISI)
NONE = QuietHours(time(9), time(9), TBILISI)


def at(text: str, zone: ZoneInfo = TBILISI) -> int:
    return to_ms(datetime.fromisoformat(text).replace(tzinfo=zone))


@pytest.mark.parametrize(
    ("hours", "asked", "allowed"),
    [
        (NIGHT, "2026-12-01T19:59:59", "2026-12-01T19:59:59"),
        (NIGHT, "2026-12-01T20:00:00", "2026-12-02T09:00:00"),
        (NIGHT, "2026-12-31T23:59:59", "2027-01-01T09:00:00"),
        (NIGHT, "2026-12-02T00:00:00", "2026-12-02T09:00:00"),
        (NIGHT, "2026-12-02T08:59:59", "2026-12-02T09:00:00"),
        (NIGHT, "2026-12-02T09:00:00", "2026-12-02T09:00:00"),
        (LUNCH, "2026-12-01T11:59:00", "2026-12-01T11:59:00"),
        (LUNCH, "2026-12-01T12:00:00", "2026-12-01T14:00:00"),
        (LUNCH, "2026-12-01T14:00:00", "2026-12-01T14:00:00"),
        (NONE, "2026-12-01T09:00:00", "2026-12-01T09:00:00"),
    ],
)
def test_broadcasts_wait_for_the_end_of_the_quiet_hours(hours: QuietHours, asked: str, allowed: str) -> None:
    found = hours.next_allowed(at(asked))
    assert to_datetime(found, TBILISI).replace(tzinfo=None).isoformat() == allowed
    assert hours.quiet(at(asked)) == (asked != allowed)
    assert not hours.quiet(found)


def test_the_end_is_right_where_the_clocks_change() -> None:
    berlin = ZoneInfo("Europe/Berlin")
    hours = QuietHours(time(20), time(2, 30), berlin)  # 2:30 does not exist on 29 March 2026
    allowed = hours.next_allowed(at("2026-03-28T23:00:00", berlin))
    assert not hours.quiet(allowed)
    assert 0 <= allowed - at("2026-03-29T01:59:59", berlin) <= 3_601_000


@pytest.mark.parametrize(
    ("fields", "start"),
    [
        ({}, "2026-12-01T12:00:00"),
        ({"send_at_ms": at("2026-12-01T15:00:00")}, "2026-12-01T15:00:00"),
        ({"send_at_ms": at("2026-12-01T21:00:00")}, "2026-12-02T09:00:00"),
        ({"send_at_ms": at("2026-12-01T21:00:00"), "urgent": True}, "2026-12-01T21:00:00"),
        ({"hold_s": 600}, "2026-12-01T12:10:00"),
        ({"hold_s": 600, "approved_ms": at("2026-12-01T11:55:00")}, "2026-12-01T12:05:00"),
        ({"hold_s": 600, "urgent": True}, "2026-12-01T12:10:00"),
    ],
)
def test_a_broadcast_starts_when_everything_allows_it(fields: dict[str, int], start: str) -> None:
    given = {"send_at_ms": None, "approved_ms": None, "hold_s": 0, "urgent": False} | fields
    found = starts_ms(NIGHT, now_ms=at("2026-12-01T12:00:00"), **given)  # type: ignore[arg-type]
    assert to_datetime(found, TBILISI).replace(tzinfo=None).isoformat() == start
