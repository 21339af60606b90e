"""Is the clock to be believed by whoever erases? One that leaps ahead by more than a day since it was last looked at is
wrong, or nobody was at work for so long: either way what would have gone goes a day later."""

from __future__ import annotations

from sqlalchemy import Connection

from smsbot.clock import DAY_MS, HOUR_MS
from smsbot.store import walk

NAME = "clock"
"""Of `walk`: until when nothing is erased, and when the clock was last looked at."""
LEAP_MS = DAY_MS
HOLD_MS = DAY_MS
LOOK_MS = HOUR_MS  # how often it is written down


def unknown(connection: Connection, now_ms: int) -> bool:
    """Is it to be noted again?"""
    return not 0 <= now_ms - walk.place(connection, NAME).at_ms < LOOK_MS


def note(connection: Connection, now_ms: int) -> bool:
    """Write down what the clock says; False if it has leapt."""
    told = walk.place(connection, NAME)
    leapt = bool(told.at_ms) and now_ms - told.at_ms > LEAP_MS
    until_ms = now_ms + HOLD_MS if leapt else told.position if now_ms >= told.at_ms else 0
    walk.put(connection, NAME, until_ms, now_ms)
    return not leapt


def believed(connection: Connection, now_ms: int) -> bool:
    return now_ms >= walk.place(connection, NAME).position
