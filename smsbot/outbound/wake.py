"""What the rooms of one process tell each other at once, so that nobody has to wait for the next look."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from smsbot.clock import MINUTE_MS, Clock, steady_ms

FORGET_MS = 2 * MINUTE_MS  # far longer than a dispatcher holds a message without looking at the person again

Listener = Callable[[], None]


class Wake:
    """Belongs to the event loop: call it there, after the commit. *clock* is one that nobody sets."""

    def __init__(self, clock: Clock = steady_ms) -> None:
        self._clock = clock
        self._channels: dict[str, list[Listener]] = {}
        self._keepers: list[Listener] = []
        self._changed: dict[str | int, int] = {}  # number or broadcast id → when

    def listen(self, channel: str, listener: Listener) -> None:
        """Call *listener* whenever something may wait on that channel."""
        self._channels.setdefault(channel, []).append(listener)

    def listen_keeper(self, listener: Listener) -> None:
        """Call *listener* whenever a broadcast may have to begin, be written out or be called off."""
        self._keepers.append(listener)

    def wake(self, channel: str) -> None:
        for listener in self._channels.get(channel, ()):
            listener()

    def wake_all(self) -> None:
        for channel in self._channels:
            self.wake(channel)

    def wake_keeper(self) -> None:
        for listener in self._keepers:
            listener()

    def stopped(self, numbers: Iterable[str]) -> None:
        """These people stopped, left a topic or were erased: nothing held for them leaves without another look."""
        self._note(numbers)

    def steered(self, broadcast_id: int) -> None:
        """The broadcast was made, approved, paused, resumed or cancelled."""
        self._note((broadcast_id,))
        self.wake_keeper()
        self.wake_all()

    def changed_since(self, key: str | int, instant_ms: int) -> bool:
        """Did somebody tell of *key* (number or broadcast id) at or after *instant_ms*?"""
        return self._changed.get(key, -1) >= instant_ms

    def _note(self, keys: Iterable[str | int]) -> None:
        now_ms = self._clock()
        for key in keys:
            self._changed.pop(key, None)  # moves it to the end: the dict is in order of time
            self._changed[key] = now_ms
        while self._changed:
            oldest = next(iter(self._changed))
            if self._changed[oldest] > now_ms - FORGET_MS:
                break
            del self._changed[oldest]
