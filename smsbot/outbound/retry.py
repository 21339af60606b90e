"""When a message that was not accepted is tried again (contract §10, "Sending")."""

from __future__ import annotations

from collections.abc import Callable

from smsbot.clock import HOUR_MS, MINUTE_MS, SECOND_MS

Random = Callable[[], float]
"""A number from 0 up to 1."""

LADDER_MS = (5 * SECOND_MS, 30 * SECOND_MS, 2 * MINUTE_MS, 10 * MINUTE_MS, HOUR_MS)
LIFE_MS = 72 * HOUR_MS
THROTTLE_FIRST_S = 1.0
THROTTLE_MOST_S = 60.0


def delay_ms(failed: int, random: Random) -> int:
    """After the *failed*-th attempt: the ladder, then hourly, up to a tenth longer so that retries spread."""
    step = LADDER_MS[min(failed, len(LADDER_MS)) - 1]
    return step + int(step * 0.1 * random())


def throttle_s(times: int, retry_after_s: float | None) -> float:
    """The pause after being throttled *times* in a row: what the gateway wishes, else 1 s doubling to 60 s."""
    if retry_after_s is not None:
        return max(0.0, retry_after_s)
    return min(THROTTLE_FIRST_S * 2.0 ** min(times - 1, 10), THROTTLE_MOST_S)
