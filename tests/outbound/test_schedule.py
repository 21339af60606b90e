from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from smsbot.clock import to_datetime, to_ms
from smsbot.errors import SettingsError
from smsbot.outbound.holidays import Calendar, georgian, orthodox_easter
from smsbot.outbound.schedule import QuietHours, starts_ms
from smsbot.settings import Settings, load

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


def hours(**sending: Any) -> QuietHours:
    return QuietHours.of(Settings.model_validate({"sending": sending}))


WEEKEND = hours(
    weekend_quiet_from="19:00", weekend_quiet_until="10:00", extra_holidays=["2026-12-31"], working_days=["2026-12-26"]
)  # fmt: skip
WHOLE = hours(weekend_quiet_from="00:00", weekend_quiet_until="24:00")
FREE = hours(weekend_quiet_from="00:00", weekend_quiet_until="00:00")
PLAIN = hours(extra_holidays=["2026-12-31"])
NO_COUNTRY = hours(weekend_quiet_from="19:00", weekend_quiet_until="10:00", holidays=[])


@pytest.mark.parametrize(
    ("hours", "asked", "allowed"),
    [
        (WEEKEND, "2026-12-04T19:30:00", "2026-12-04T19:30:00"),  # a Friday
        (WEEKEND, "2026-12-04T20:00:00", "2026-12-05T10:00:00"),
        (WEEKEND, "2026-12-05T09:30:00", "2026-12-05T10:00:00"),
        (WEEKEND, "2026-12-05T18:59:59", "2026-12-05T18:59:59"),
        (WEEKEND, "2026-12-05T19:00:00", "2026-12-06T10:00:00"),
        (WEEKEND, "2026-12-06T19:00:00", "2026-12-07T09:00:00"),  # Monday's own hours hold from midnight on
        (WEEKEND, "2026-12-07T09:30:00", "2026-12-07T09:30:00"),
        (WEEKEND, "2026-10-14T09:30:00", "2026-10-14T10:00:00"),  # a Wednesday, Svetitskhovloba
        (WEEKEND, "2026-10-13T20:30:00", "2026-10-14T10:00:00"),
        (WEEKEND, "2026-12-31T09:30:00", "2026-12-31T10:00:00"),  # given by the office
        (WEEKEND, "2026-12-26T09:30:00", "2026-12-26T09:30:00"),  # a Saturday on which it works
        (WEEKEND, "2026-12-26T19:30:00", "2026-12-26T19:30:00"),
        (NO_COUNTRY, "2026-10-14T09:30:00", "2026-10-14T09:30:00"),
        (WHOLE, "2026-12-04T20:00:00", "2026-12-07T09:00:00"),
        (WHOLE, "2026-12-05T00:00:00", "2026-12-07T09:00:00"),
        (WHOLE, "2026-12-06T23:59:59.999", "2026-12-07T09:00:00"),
        (WHOLE, "2026-04-09T12:00:00", "2026-04-14T09:00:00"),  # 9 April and Easter, without a gap
        (FREE, "2026-12-04T20:00:00", "2026-12-05T00:00:00"),
        (FREE, "2026-12-06T23:00:00", "2026-12-06T23:00:00"),
        (FREE, "2026-12-07T00:00:00", "2026-12-07T09:00:00"),
        (PLAIN, "2026-12-05T09:30:00", "2026-12-05T09:30:00"),  # who sets no weekend's hours has the same every day
        (PLAIN, "2026-12-31T19:30:00", "2026-12-31T19:30:00"),
    ],
)
def test_weekends_and_holidays_have_hours_of_their_own(hours: QuietHours, asked: str, allowed: str) -> None:
    found = hours.next_allowed(at(asked))
    assert to_datetime(found, TBILISI).replace(tzinfo=None).isoformat() == allowed
    assert hours.quiet(at(asked)) == (asked != allowed)
    assert not hours.quiet(found)


@pytest.mark.parametrize("quiet", [NIGHT, LUNCH, NONE, WEEKEND, WHOLE, FREE], ids=range(6))
def test_the_next_allowed_time_is_the_first_that_is_not_quiet(quiet: QuietHours) -> None:
    step_ms = 1_800_000
    instants = range(at("2026-04-07T00:00:00"), at("2026-04-20T00:00:00"), step_ms)
    for instant in instants:
        found = quiet.next_allowed(instant)
        assert not quiet.quiet(found)
        assert all(quiet.quiet(earlier) for earlier in range(instant, found, step_ms))


def test_the_end_is_right_where_the_clocks_are_set_back() -> None:
    berlin = ZoneInfo("Europe/Berlin")
    quiet = QuietHours(time(20), time(2, 30), berlin)  # 2:30 comes twice on 25 October 2026
    again = to_ms(datetime(2026, 10, 25, 2, 10, fold=1, tzinfo=berlin))
    assert quiet.next_allowed(again) - again == 20 * 60_000


@pytest.mark.parametrize(
    ("year", "month", "day"),
    [
        (1918, 5, 5), (1983, 5, 8), (2000, 4, 30), (2010, 4, 4), (2013, 5, 5), (2024, 5, 5), (2025, 4, 20),
        (2026, 4, 12), (2027, 5, 2), (2028, 4, 16), (2038, 4, 25), (2099, 4, 12), (2100, 5, 2),
    ],
)  # fmt: skip
def test_orthodox_easter_falls_on_the_published_day(year: int, month: int, day: int) -> None:
    assert orthodox_easter(year) == date(year, month, day)
    assert orthodox_easter(year).weekday() == 6


def test_georgia_has_its_fixed_days_and_four_of_easter() -> None:
    fixed = "01-01 01-02 01-07 01-19 03-03 03-08 04-09 05-09 05-12 05-17 05-26 08-28 10-14 11-23"
    for year, easter in ((2026, "04-10 04-11 04-12 04-13"), (2027, "04-30 05-01 05-02 05-03")):
        found = {f"{each:%m-%d}" for each in georgian(year)}
        assert found == {*fixed.split(), *easter.split()}


def test_a_calendar_without_holidays_rests_on_weekends_only() -> None:
    monday = date(2026, 10, 12)
    assert [Calendar().rests(monday + timedelta(days=n)) for n in range(7)] == [False] * 5 + [True] * 2


def test_a_day_begins_at_midnight_and_the_next_has_its_own_hours() -> None:
    began, morrow = WEEKEND.today(at("2026-12-04T19:00:00"))
    assert (began, morrow) == (at("2026-12-04T00:00:00"), at("2026-12-05T10:00:00"))
    assert NONE.today(at("2026-12-04T23:59:59"))[1] == at("2026-12-05T00:00:00")


@pytest.mark.parametrize(
    ("variables", "named"),
    [
        ({"WEEKEND_QUIET_FROM": "19:00"}, "weekend_quiet_until"),
        ({"WEEKEND_QUIET_FROM": "19:00", "WEEKEND_QUIET_UNTIL": "25:00"}, "weekend_quiet_until"),
        ({"HOLIDAYS": '["XX"]'}, "holidays"),
        ({"EXTRA_HOLIDAYS": '["2026-02-30"]'}, "extra_holidays"),
        ({"EXTRA_HOLIDAYS": '["2026-12-31"]', "WORKING_DAYS": '["2026-12-31"]'}, "2026-12-31"),
        ({"PER_DAY": "-1"}, "per_day"),
    ],
)
def test_settings_that_cannot_hold_are_refused_by_name(variables: dict[str, str], named: str) -> None:
    with pytest.raises(SettingsError, match=named):
        load(environ={f"SMSBOT_SENDING__{key}": value for key, value in variables.items()})
