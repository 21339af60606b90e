"""What came of hand-overs and is not written down yet."""

from __future__ import annotations

from dataclasses import dataclass, field

from smsbot.outbound.handover import Handed
from smsbot.store.outbox import OptOut, Result

SETTLE_ROWS = 128
SETTLE_S = 0.02  # results wait this long for company


@dataclass(slots=True)
class Tray:
    results: list[Result] = field(default_factory=list)
    optouts: list[OptOut] = field(default_factory=list)
    since_s: float = 0.0  # when the first of them came

    def add(self, handed: Handed, now_s: float) -> bool:
        """Is it the first, or the last that is waited for?"""
        if not self.results:
            self.since_s = now_s
        self.results.append(handed.result)
        if handed.optout is not None:
            self.optouts.append(handed.optout)
        return len(self.results) in (1, SETTLE_ROWS)

    def wait_s(self, now_s: float, *, alone: bool) -> float:
        """Seconds until what lies there is to be written down. *alone*: no others will come soon."""
        return 0.0 if alone or len(self.results) >= SETTLE_ROWS else self.since_s + SETTLE_S - now_s

    @property
    def come_again(self) -> bool:
        """Is one of them to be tried again?"""
        return any(result.due_ms is not None for result in self.results)

    def put_under(self, later: Tray) -> None:
        """It could not be written down: what came *later* lies on top of it."""
        self.results.extend(later.results)
        self.optouts.extend(later.optouts)

    def clear(self) -> None:
        self.results, self.optouts = [], []
