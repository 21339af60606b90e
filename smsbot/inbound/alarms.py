"""Numbers that are answered with silence: one line in the log and one count for each episode (civic rule 16)."""

from __future__ import annotations

from collections import Counter

import structlog

from smsbot.clock import DAY_MS
from smsbot.text import phone

log = structlog.get_logger()

OWN_NUMBER = "own_number"
NO_NUMBER = "no_number"
AGAIN_MS = DAY_MS
"""A sender that is no citizen is told of once in this time."""
REMEMBERED = 1_000  # senders; more of them in a day are an attack, and told of again


class Alarms:
    """Those of one process; *counts* by reason: `loop`, `machine`, `own_number`, `no_number`."""

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()
        self._told_ms: dict[tuple[str, str], int] = {}

    def is_news(self, reason: str, number: str, now_ms: int) -> bool:
        """Has this sender without a dialogue not been told of within a day?"""
        told_ms = self._told_ms.get((reason, number))
        return told_ms is None or now_ms - told_ms >= AGAIN_MS

    def silenced(self, reason: str, number: str, *, channel: str, now_ms: int) -> None:
        """A person's episode is told by the dialogue, once; a sender that has no dialogue is remembered here."""
        if reason in (OWN_NUMBER, NO_NUMBER):
            if not self.is_news(reason, number, now_ms):
                return
            if len(self._told_ms) >= REMEMBERED:
                self._told_ms.clear()
            self._told_ms[reason, number] = now_ms
        self.counts[reason] += 1
        log.warning("a sender is answered with silence", reason=reason, sender=phone.mask(number), channel=channel)
