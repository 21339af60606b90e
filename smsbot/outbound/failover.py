"""While a channel is down, what waits on it leaves through its fallback; once it works, new messages take it again."""

from __future__ import annotations

from collections.abc import Sequence

import structlog
from sqlalchemy import Connection

from smsbot.clock import MINUTE_MS, Clock
from smsbot.outbound.attendant import IDLE_S, Attendant, Lead
from smsbot.outbound.schedule import QuietHours
from smsbot.outbound.wake import Wake
from smsbot.store import channel_vitals, notices, outbox
from smsbot.store import failover as store
from smsbot.store.database import Store
from smsbot.store.failover import Target

log = structlog.get_logger()

GRACE_MS = MINUTE_MS
"""A gateway that is restarted is back within a minute, and a person who asked waits that long; the other channel may
cost more, and what has moved does not come back."""
REPLIES_MOST = 500  # moved in one transaction
AHEAD_S = 10.0
"""Of a broadcast no more is moved than the fallback sends within this time, so that the rest takes the channel it was
meant for when that works again."""
BULK_LEAST, BULK_MOST = 50, 1_000
AGAIN_S = 0.2  # after something was moved: a fast fallback waits for more


class Failover(Attendant):
    """Looks once a second. Two processes at once move no message twice: each is moved by one UPDATE of a locked row."""

    def __init__(
        self, channel: str, targets: Sequence[Target], *, lead: Lead, store: Store, clock: Clock, quiet: QuietHours,
        wake: Wake,
    ) -> None:  # fmt: skip
        """*targets*: nearest first; the first that works is taken."""
        super().__init__(channel, lead)
        self._targets = targets
        self._store = store
        self._clock = clock
        self._quiet = quiet
        self._wake = wake
        self._via: str | None = None  # as it is written down; None: not known yet

    async def step(self) -> float:
        since_ms = self.lead.watch.troubled_since_ms
        if since_ms is None or self._clock() - since_ms < GRACE_MS:
            if self._via != "":
                await self._store.run(lambda c: channel_vitals.tell_via(c, self.channel, ""), urgent=False)
                self._via = ""
            return IDLE_S
        via, moved, more = await self._store.run(self._move)
        if via != self._via:
            log.warning("what waits on a channel leaves through another", channel=self.channel, via=via or "none")
            self._via = via
        if moved:
            self._wake.wake(via)
        if more:
            return 0.0
        return AGAIN_S if moved else IDLE_S

    def _move(self, connection: Connection) -> tuple[str, int, bool]:
        """The channel that takes over ('': none works), how many messages moved, and whether more may at once."""
        now_ms = self._clock()
        target = store.usable(connection, self._targets, now_ms)
        via = "" if target is None else target.name
        if via != self._via:
            channel_vitals.tell_via(connection, self.channel, via)
        if target is None:
            return "", 0, False
        reason = f"moved here from {self.channel}, which is {self.lead.watch.state}"
        moved = store.move(
            connection, self.channel, target, 0, now_ms=now_ms, limit=REPLIES_MOST, reason=reason
        )  # fmt: skip
        more = moved >= REPLIES_MOST
        ahead = round(min(max(target.rate_per_s * AHEAD_S, BULK_LEAST), BULK_MOST))
        for lane in () if more else outbox.lanes(connection):
            if lane.urgent or not self._quiet.quiet(now_ms):
                room = ahead - store.waiting(connection, target.name, lane.broadcast_id, ahead)
                if room > 0:
                    moved += store.move(
                        connection, self.channel, target, lane.broadcast_id, now_ms=now_ms, limit=room, reason=reason
                    )
        if moved:
            notices.tell(connection, waiting=[target.name])
        return target.name, moved, more
