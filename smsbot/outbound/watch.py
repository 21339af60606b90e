"""How a channel is: `up`, `degraded`, `down` or `misconfigured`, from what its gateway answers."""

from __future__ import annotations

from enum import StrEnum

from smsbot.clock import MINUTE_MS, SECOND_MS
from smsbot.errors import GatewayError, Misconfigured

DOWN_AFTER = 5  # failures in a row
DOWN_AFTER_MS = 3 * SECOND_MS  # or failures for so long: a lone message's first retry comes after about five seconds
PROBE_MS = SECOND_MS  # while it is down, one message a second asks whether it is back
PAUSE_FIRST_MS = 30 * SECOND_MS  # misconfigured: somebody has to act, so ask rarely
PAUSE_MOST_MS = 10 * MINUTE_MS
DEGRADED_MS = 30 * SECOND_MS  # after the last trouble of a channel that works
BEING_MADE = "The connection is being made."
SUCCESS_MS = 10 * SECOND_MS  # how old the last success may be that others read of

Told = tuple["ChannelState", str, int | None]
"""State, reason and last success, as written down for every process."""


class ChannelState(StrEnum):
    UP = "up"
    DEGRADED = "degraded"
    DOWN = "down"
    MISCONFIGURED = "misconfigured"


class Watch:
    """Also says when the next message may try the channel (`closed_until_ms`), whether only one may (`probing`), and
    whether none may, since the gateway's own connection does not stand (`absent`): that one is tried by the gateway."""

    def __init__(self) -> None:
        self.state = ChannelState.UP
        self.reason = ""
        self.success_ms: int | None = None
        self.error = ""  # the last trouble, also when it is over
        self.error_ms: int | None = None
        self.troubled_since_ms: int | None = None  # down or misconfigured without a success since then
        self.balance_doubtful = False  # something was said that a look at the balance may explain
        self.closed_until_ms = 0
        self.told: Told | None = None  # what was last written down
        self.absent = False
        self._failures = 0
        self._failing_since_ms = 0
        self._trouble_ms = 0
        self._pause_ms = PAUSE_FIRST_MS

    @property
    def probing(self) -> bool:
        return self.state in (ChannelState.DOWN, ChannelState.MISCONFIGURED)

    @property
    def changed(self) -> bool:
        """Is the state another one than was last written down? Then it cannot wait for company; nor can a new reason
        why there is no connection, since then there is no company."""
        if self.told is None or self.told[0] is not self.state:
            return True
        return self.absent and self.told[1] != self.reason

    def news(self) -> Told | None:
        """What to write down with the next transaction, if anything is new enough."""
        now = (self.state, self.reason, self.success_ms)
        if self.told is None or self.told[:2] != now[:2]:
            return now
        before_ms = self.told[2]
        if self.success_ms is not None and (before_ms is None or self.success_ms - before_ms >= SUCCESS_MS):
            return now
        return None

    def restore(self, state: str, reason: str, since_ms: int) -> None:
        """Go on where another process has ended: what waits is tried with one message, and at once. A gateway with a
        connection of its own begins afresh, since that is made anew."""
        if state in (ChannelState.DOWN, ChannelState.MISCONFIGURED) and not self.probing:
            self.state, self.reason, self.troubled_since_ms = ChannelState(state), reason, since_ms
            self.told = (self.state, reason, self.success_ms)
            self._failures, self._failing_since_ms = DOWN_AFTER, since_ms

    def success(self, now_ms: int) -> None:
        self.success_ms = now_ms
        if self.absent:
            return
        self._failures = 0
        self.troubled_since_ms = None
        self._pause_ms = PAUSE_FIRST_MS
        self.closed_until_ms = 0
        if self.probing:
            self.state, self.reason = ChannelState.UP, ""
        self.rest(now_ms)

    def rest(self, now_ms: int) -> None:
        """Time has passed. A channel that worked after its last trouble is up again, whether or not anybody writes."""
        worked = self.success_ms is not None and self.success_ms >= self._trouble_ms
        if worked and self.state is ChannelState.DEGRADED and now_ms - self._trouble_ms >= DEGRADED_MS:
            self.state, self.reason = ChannelState.UP, ""

    def throttled(self, reason: str, now_ms: int) -> None:
        """The gateway answers, but wants less."""
        self._trouble(reason, now_ms)

    def stumbled(self, now_ms: int) -> None:
        """Something failed on our side that nobody foresaw; the others leave."""
        self._trouble("Some messages could not be dealt with; the log says which and why.", now_ms)

    def failed(self, reason: str, now_ms: int) -> None:
        """No answer, or one that says the gateway is out of order."""
        if self.absent:
            return
        if not self._failures:
            self._failing_since_ms = now_ms
        self._failures += 1
        if self._failures >= DOWN_AFTER or now_ms - self._failing_since_ms >= DOWN_AFTER_MS:
            self.state, self.reason = ChannelState.DOWN, reason
            self._remember(reason, now_ms)
            self.closed_until_ms = now_ms + PROBE_MS
        else:
            self._trouble(reason, now_ms)

    def connection(self, error: GatewayError | None, now_ms: int) -> None:
        """How the gateway's own connection is; None: it stands."""
        if error is None:
            self.joined()
        else:
            self.parted(str(error), now_ms, misconfigured=isinstance(error, Misconfigured))

    def parted(self, reason: str, now_ms: int, *, misconfigured: bool = False) -> None:
        """The gateway's own connection does not stand: nothing leaves before `joined`."""
        self.absent = True
        self.state = ChannelState.MISCONFIGURED if misconfigured else ChannelState.DOWN
        self.reason = reason
        if reason == BEING_MADE:
            self.troubled_since_ms = now_ms if self.troubled_since_ms is None else self.troubled_since_ms
        else:
            self._remember(reason, now_ms)
        self.closed_until_ms = now_ms + PROBE_MS

    def joined(self) -> None:
        """It stands."""
        self.absent = False
        self.troubled_since_ms = None
        self._failures = 0
        self._pause_ms = PAUSE_FIRST_MS
        self.closed_until_ms = 0
        if self.probing:
            self.state, self.reason = ChannelState.UP, ""

    def misconfigured(self, reason: str, now_ms: int) -> None:
        if self.absent:
            return
        if self.state is not ChannelState.MISCONFIGURED or now_ms >= self.closed_until_ms:
            self.closed_until_ms = now_ms + self._pause_ms
            self._pause_ms = min(self._pause_ms * 2, PAUSE_MOST_MS)
        self.state, self.reason = ChannelState.MISCONFIGURED, reason
        self._remember(reason, now_ms)

    def _trouble(self, reason: str, now_ms: int) -> None:
        self._trouble_ms = now_ms
        self._remember(reason, now_ms)
        if not self.probing:
            self.state, self.reason = ChannelState.DEGRADED, reason

    def _remember(self, reason: str, now_ms: int) -> None:
        self.error, self.error_ms = reason, now_ms
        if self.probing and self.troubled_since_ms is None:
            self.troubled_since_ms = now_ms
