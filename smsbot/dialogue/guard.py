"""Loops end in silence and one alarm (civic rule 16; contract §10). Replies are held back, never what a text does."""

from __future__ import annotations

from smsbot.clock import HOUR_MS, MINUTE_MS
from smsbot.dialogue.model import Repetition
from smsbot.dialogue.turn import Turn

REPLIES_PER_HOUR = 60
SAME_TEXT_MS = 10 * MINUTE_MS
SAME_TEXT_ANSWERED = 3
"""The same text is answered three times in ten minutes and then not (contract §10)."""
LOOP = "loop"
"""The alarm, and the tag of the one text of a loop that staff see."""


def guard(turn: Turn, seen: Repetition, digest: int, *, replies_per_hour: int) -> None:
    """Hold replies back from a loop, and raise the alarm where it begins. What the law orders is said all the same.

    The hour's count goes one above *replies_per_hour* when the limit has been told.
    """
    now_ms = turn.now_ms
    same = digest == seen.digest and now_ms - seen.since_ms < SAME_TEXT_MS
    times = seen.times + 1 if same else 1
    fresh_hour = now_ms - seen.hour_ms >= HOUR_MS
    replies = 0 if fresh_hour else seen.replies
    count = replies + len(turn.replies)
    if not turn.unlimited:
        too_many = count > replies_per_hour
        if times > SAME_TEXT_ANSWERED or too_many:
            turn.replies.clear()
            count = replies_per_hour + 1 if too_many else replies
        if times == SAME_TEXT_ANSWERED + 1 or (too_many and replies <= replies_per_hour):
            turn.alarm = LOOP
            turn.inbox = turn.inbox or LOOP
    repetition = Repetition(
        digest=digest,
        times=times,
        since_ms=seen.since_ms if same else now_ms,
        hour_ms=now_ms if fresh_hour else seen.hour_ms,
        replies=count,
    )
    turn.change(repetition=repetition)
