"""Time is a parameter: everything that needs it takes a `Clock`.

Inside, instants are `int` milliseconds since 1970-01-01T00:00Z (names end in `_ms`); at the edges they are
ISO 8601 with offset.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime, tzinfo

Clock = Callable[[], int]
"""Returns the present instant in milliseconds."""

SECOND_MS = 1_000
MINUTE_MS = 60 * SECOND_MS
HOUR_MS = 60 * MINUTE_MS
DAY_MS = 24 * HOUR_MS


def now_ms() -> int:
    """The system's clock."""
    return time.time_ns() // 1_000_000


def steady_ms() -> int:
    """A clock that nobody sets, for how long something has lasted; its numbers mean nothing in another process."""
    return time.monotonic_ns() // 1_000_000


def to_datetime(instant_ms: int, zone: tzinfo = UTC) -> datetime:
    return datetime.fromtimestamp(instant_ms / 1_000, zone)


def to_ms(moment: datetime) -> int:
    """*moment* must carry an offset; a naive one raises ValueError."""
    if moment.tzinfo is None:
        raise ValueError("a time without offset")
    return round(moment.timestamp() * 1_000)


def to_iso(instant_ms: int, zone: tzinfo = UTC) -> str:
    """`2026-12-01T10:00:00.123+04:00`; whole seconds are written without the fraction."""
    moment = to_datetime(instant_ms, zone)
    return moment.isoformat(timespec="milliseconds" if instant_ms % 1_000 else "seconds")
