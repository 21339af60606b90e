"""Who of an import gets what: a welcome each; before it, where the number is dormant, a text that tells nothing.

Both are broadcasts, so that quiet hours, rate, pause and cancel hold for them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

from sqlalchemy import Connection

from smsbot.dialogue.latin import tag_of
from smsbot.dialogue.notice import Notice
from smsbot.store import reach
from smsbot.store.greeting_queue import GreetingQueue
from smsbot.store.greeting_texts import Neutral, Welcome
from smsbot.store.paper import Form
from smsbot.store.standing import Person

WELCOME, NOTICE = "welcome", "notice"
"""The kinds of the two broadcasts."""


class Greeted(NamedTuple):
    """*person* as it stood before; *signed_ms*: when the day of the newest form began."""

    contact_id: int
    language: str | None
    form: Form
    person: Person
    signed_ms: int


class Greetings:
    """*notice* makes the neutral text, and is called when the first dormant number comes; None: those stay dormant."""

    def __init__(self, welcome: Welcome, notice: Callable[[], Notice] | None, now_ms: int) -> None:
        self._welcome = welcome
        self._notice = notice
        self._now_ms = now_ms
        self._welcomes = GreetingQueue(welcome, now_ms, kind=WELCOME)
        self._before: GreetingQueue | None = None

    @property
    def welcomed(self) -> int:
        return self._welcomes.count

    @property
    def noticed(self) -> int:
        return 0 if self._before is None else self._before.count

    def put(self, connection: Connection, people: Sequence[Greeted]) -> None:
        """GreetingQueue what they get. Call `committed` afterwards."""
        owed = [one for one in people if one.person.owes_notice] if self._notice is not None else []
        if owed:
            self._introduce(connection, owed)
        elif self._before is not None:
            self._before.put(connection, [])  # what an attempt that did not hold has made is not taken for made
        later = frozenset(one.contact_id for one in owed)
        self._welcomes.put(connection, [one[:3] for one in people], later)

    def committed(self) -> None:
        """The transaction of the last `put` holds: what it made exists."""
        self._welcomes.committed()
        if self._before is not None:
            self._before.committed()

    def _introduce(self, connection: Connection, owed: Sequence[Greeted]) -> None:
        """A form that was signed after a number fell silent shows that it is in use; an older one shows nothing, and
        the number wakes when something arrives."""
        if self._before is None:
            assert self._notice is not None, "the caller has looked"
            neutral = Neutral(self._notice(), self._welcome.channel, self._welcome.hint)
            self._before = GreetingQueue(neutral, self._now_ms, kind=NOTICE)
        texts = [
            (one.contact_id, one.language and tag_of(one.language, one.person.script), one.form) for one in owed
        ]  # fmt: skip
        self._before.put(connection, texts)
        reach.noticed(connection, [one.contact_id for one in owed], self._now_ms)
        awake = [one.contact_id for one in owed if one.signed_ms > (one.person.dormant_ms or 0)]
        if awake:
            reach.wake(connection, awake)
