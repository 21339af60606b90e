"""The messages in a dispatcher's hands: replies before broadcasts, which have a share all the same (`REPLIES_TO_BULK`),
and one at a time to a number, in order."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable

from smsbot.outbound.pace import REPLIES_TO_BULK
from smsbot.store.outbox import Claimed

OWED_PARTS = 6
"""What is owed to broadcasts while none is in hand adds up to no more than a long text's parts, so that none of them
ever holds the replies up."""


class Hold:
    def __init__(self) -> None:
        self._replies: deque[Claimed] = deque()
        self._bulk: deque[Claimed] = deque()
        self._behind: dict[str, deque[Claimed]] = {}  # number in flight → what waits for it
        self._waiting = 0
        self._owed = 0  # parts of replies that left since a broadcast had its share
        self._owed_before = 0  # the last `take`

    def __len__(self) -> int:
        """All that is held and not in flight."""
        return len(self._replies) + len(self._bulk) + self._waiting

    @property
    def bulk(self) -> int:
        """Messages of broadcasts that may be next."""
        return len(self._bulk)

    @property
    def replies(self) -> int:
        """Replies that may be next."""
        return len(self._replies)

    @property
    def ready(self) -> bool:
        """Is there something whose number is not known to be in flight?"""
        return bool(self._replies or self._bulk)

    def add(self, messages: Iterable[Claimed]) -> None:
        for message in messages:
            (self._replies if message.is_reply else self._bulk).append(message)

    def take(self) -> Claimed | None:
        """The next message whose number is not in flight; it is from now on, until `done`."""
        while (lane := self._next()) is not None:
            message = lane.popleft()
            behind = self._behind.get(message.number)
            if behind is None:
                self._behind[message.number] = deque()
                self._owed_before = self._owed
                self._count(message)
                return message
            behind.append(message)
            self._waiting += 1
        return None

    def untake(self, message: Claimed) -> None:
        """What `take` has just given did not leave after all: it is the next again."""
        (self._replies if message.is_reply else self._bulk).appendleft(message)
        self._owed = self._owed_before
        self.done(message.number)

    def done(self, number: str) -> None:
        """Nothing to *number* is in flight any more; what waited for that is next."""
        for message in reversed(self._behind.pop(number, ())):
            self._waiting -= 1
            (self._replies if message.is_reply else self._bulk).appendleft(message)

    def first(self, most: int) -> list[Claimed]:
        """Take out up to *most* that would be next, in that order, none of them in flight."""
        found: list[Claimed] = []
        owed = self._owed
        while len(found) < most and (lane := self._next()) is not None:
            found.append(lane.popleft())
            self._count(found[-1])
        self._owed = owed
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

    def _next(self) -> deque[Claimed] | None:
        """The lane whose turn it is."""
        if self._replies and self._bulk:
            return self._bulk if self._owed >= REPLIES_TO_BULK * self._bulk[0].parts else self._replies
        return self._replies or self._bulk or None

    def _count(self, message: Claimed) -> None:
        if message.is_reply:
            most = max(OWED_PARTS, self._bulk[0].parts if self._bulk else 0)
            self._owed = min(self._owed + message.parts, REPLIES_TO_BULK * most)
        else:
            self._owed = max(0, self._owed - REPLIES_TO_BULK * message.parts)
