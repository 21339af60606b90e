"""Who has a channel: the process with its lease, whether a dispatcher keeps it or, on a channel that only receives, the
tenure of a gateway's own connection."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection

from smsbot.clock import SECOND_MS
from smsbot.outbound.bucket import Monotonic
from smsbot.store import leases
from smsbot.store.leases import Sighting

TERM_MS = 10 * SECOND_MS
RENEW_S = 3.0
RETAKE_S = 1.0  # how often one who waits for the lease asks


@dataclass(frozen=True, slots=True)
class Kept:
    """What a transaction found: the lease's *fence*, None if it is not ours, and whether its term began anew."""

    fence: int | None
    renewed: bool = True


class Holding:
    """One channel's lease as one process has it. A transaction says `keep`; what it found counts from `note` on, when
    it is committed."""

    def __init__(self, channel: str, owner: str, *, term_ms: int, monotonic: Monotonic) -> None:
        self.fence: int | None = None
        self.due_s = 0.0  # monotonic: when the lease wants the next transaction
        self._lease = f"channel:{channel}"
        self._owner = owner
        self._term_ms = term_ms
        self._monotonic = monotonic
        self._sighting = Sighting()

    @property
    def ours(self) -> bool:
        """Is the lease ours, as far as we know?"""
        return self.fence is not None

    def keep(self, connection: Connection, now_ms: int) -> Kept:
        """Ask for the lease, or keep it: it is written anew when `RENEW_S` of its term are over."""
        fence = self.fence
        if fence is None:
            return Kept(
                leases.succeed(
                    connection, self._lease, self._owner, now_ms=now_ms, now_s=self._monotonic(),
                    term_ms=self._term_ms, sighting=self._sighting,
                )
            )  # fmt: skip
        left_ms = leases.left_ms(connection, self._lease, self._owner, fence, now_ms=now_ms)
        if left_ms is None:
            return Kept(None, renewed=False)
        if self._term_ms - RENEW_S * 1_000 < left_ms <= self._term_ms:  # more: the clock was set back meanwhile
            return Kept(fence, renewed=False)
        kept = leases.renew(connection, self._lease, self._owner, fence, now_ms=now_ms, term_ms=self._term_ms)
        return Kept(fence if kept else None)

    def still(self, connection: Connection, now_ms: int) -> bool:
        """Is it still ours by the database's word, run out or not?"""
        fence = self.fence
        if fence is None:
            return False
        return leases.left_ms(connection, self._lease, self._owner, fence, now_ms=now_ms) is not None

    def note(self, kept: Kept, now_s: float) -> None:
        """Remember what was found, on the event loop; *now_s*: when the transaction was asked for."""
        self.fence = kept.fence
        if kept.fence is None:
            self.due_s = now_s + RETAKE_S
        elif kept.renewed:
            self.due_s = now_s + RENEW_S

    def give_back(self, connection: Connection, fence: int) -> None:
        leases.release(connection, self._lease, self._owner, fence)
