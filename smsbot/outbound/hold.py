"""The messages in a dispatcher's hands: replies before broadcasts, and one at a time to a number, in order."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable

from smsbot.store.outbox import Claimed


class Hold:
    def __init__(self) -> None:
        self._replies: deque[Claimed] = deque()
        self._bulk: deque[Claimed] = deque()
        self._behind: dict[str, deque[Claimed]] = {}  # number in flight → what waits for it
        self._waiting = 0

    def __len__(self) -> int:
        """All that is held and not in flight."""
        return len(self._replies) + len(self._bulk) + self._waiting

    @property
    def ready(self) -> bool:
        """Is there something whose number is not known to be in flight?"""
        return bool(self._replies or self._bulk)

    def add(self, messages: Iterable[Claimed]) -> None:
        for message in messages:
            (self._replies if message.is_reply else self._bulk).append(message)

    def take(self) -> Claimed | None:
        """The next message whose number is not in flight; it is from now on, until `done`."""
        for lane in (self._replies, self._bulk):
            while lane:
                message = lane.popleft()
                behind = self._behind.get(message.number)
                if behind is None:
                    self._behind[message.number] = deque()
                    return message
                behind.append(message)
                self._waiting += 1
        return None

    def untake(self, message: Claimed) -> None:
        """It did not leave after all: it is the next again."""
        (self._replies if message.is_reply else self._bulk).appendleft(message)
        self.done(message.number)

    def done(self, number: str) -> None:
        """Nothing to *number* is in flight any more; what waited for that is next."""
        for message in reversed(self._behind.pop(number, ())):
            self._waiting -= 1
            (self._replies if message.is_reply else self._bulk).appendleft(message)

    def first(self, most: int) -> list[Claimed]:
        """Take out up to *most* that would be next, replies first, none of them in flight."""
        found: list[Claimed] = []
        for lane in (self._replies, self._bulk):
            while lane and len(found) < most:
                found.append(lane.popleft())
        return found

    def restore(self, messages: Iterable[Claimed]) -> None:
        """They are the next again, in this order."""
        for message in reversed(list(messages)):
            (self._replies if message.is_reply else self._bulk).appendleft(message)

    def drain(self) -> list[Claimed]:
        """Everything held, replies first; nothing is left."""
        behind = [message for waiting in self._behind.values() for message in waiting]
        for waiting in self._behind.values():
            waiting.clear()
        self._waiting = 0
        everything = [*behind, *self._replies, *self._bulk]
        self._replies.clear()
        self._bulk.clear()
        return sorted(everything, key=lambda message: not message.is_reply)
