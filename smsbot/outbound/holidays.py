"""Which days are working days: the week, a country's public holidays, and what an office adds or takes away."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache
from types import MappingProxyType

SATURDAY = 5  # of `date.weekday`

GEORGIAN_DAYS = (
    (1, 1), (1, 2), (1, 7), (1, 19), (3, 3), (3, 8), (4, 9), (5, 9), (5, 12), (5, 17), (5, 26), (8, 28), (10, 14),
    (11, 23),
)  # fmt: skip
"""Month and day. Source: Labour Code of Georgia, article 30, with 17 May (the family) as added in 2024. The government
adds days of its own each year: those are `extra_holidays`."""
EASTER_DAYS = range(-2, 2)  # from Good Friday to Easter Monday, counted from Easter Sunday


@lru_cache(maxsize=64)
def orthodox_easter(year: int) -> date:
    """Easter Sunday of the Orthodox churches, as a date of the civil calendar.

    Source: J. Meeus, Astronomical Algorithms, chapter 8, for the Julian calendar; that one falls behind by a day in
    three centuries of four, which is counted here for any year from 1583 on.
    """
    golden, epact, week = year % 19, year % 4, year % 7
    full_moon = (19 * golden + 15) % 30
    sunday = (2 * epact + 4 * week - full_moon + 34) % 7
    month, day = divmod(full_moon + sunday + 114, 31)
    behind = year // 100 - year // 400 - 2
    return date(year, month, day + 1) + timedelta(days=behind)


@lru_cache(maxsize=64)
def georgian(year: int) -> frozenset[date]:
    easter = orthodox_easter(year)
    fixed = {date(year, month, day) for month, day in GEORGIAN_DAYS}
    return frozenset(fixed | {easter + timedelta(days=days) for days in EASTER_DAYS})


BUILT_IN: Mapping[str, Callable[[int], frozenset[date]]] = MappingProxyType({"GE": georgian})
"""By the country's code (ISO 3166-1)."""


@dataclass(frozen=True, slots=True)
class Calendar:
    """*extra* are holidays wherever they fall; *working* win over everything, weekends included."""

    countries: tuple[str, ...] = ()
    extra: frozenset[date] = frozenset()
    working: frozenset[date] = frozenset()

    def rests(self, day: date) -> bool:
        """Is *day* of a weekend, or a holiday?"""
        if day in self.working:
            return False
        if day.weekday() >= SATURDAY or day in self.extra:
            return True
        return any(day in BUILT_IN[country](day.year) for country in self.countries)
