"""Welcomes of an import, queued as rows of one broadcast, so that quiet hours, rate, pause and cancel hold for them."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence

from sqlalchemy import Connection, insert, select, update

from smsbot.clock import HOUR_MS
from smsbot.status import Status
from smsbot.store import bulk
from smsbot.store.paper import Form
from smsbot.store.tables import Broadcast, BroadcastCount, Outbox, table
from smsbot.store.welcome import Welcome
from smsbot.text.gsm7 import Measure, measure

BROADCAST = table(Broadcast)
COUNT = table(BroadcastCount)
OUTBOX = table(Outbox)

KIND = "welcome"
EXPIRES_MS = 72 * HOUR_MS
ROW = (
    "channel", "broadcast_id", "contact_id", "text", "parts", "status", "error", "created_ms", "due_ms", "expires_ms",
    "attempts", "forget",
)  # fmt: skip


class Queue:
    """The welcomes of one import. The broadcast is made with the first of them."""

    def __init__(self, welcome: Welcome, now_ms: int) -> None:
        self._welcome = welcome
        self._now_ms = now_ms
        self._broadcast_id: int | None = None
        self._fresh: tuple[int, list[int]] | None = None  # broadcast and people of a transaction not yet committed
        self._welcomed: set[int] = set()

    @property
    def count(self) -> int:
        return len(self._welcomed)

    def put(self, connection: Connection, people: Sequence[tuple[int, str | None, Form]]) -> None:
        """Queue a welcome for each (contact id, language, form) not yet welcomed. Call `committed` afterwards."""
        self._fresh = None
        written = [self._written(*person) for person in people if person[0] not in self._welcomed]
        if not written:
            return
        key = self._broadcast_id if self._broadcast_id is not None else self._begin(connection)
        locked = select(BROADCAST.c.state, BROADCAST.c.by_language).where(BROADCAST.c.id == key).with_for_update()
        state, by_language = connection.execute(locked).one()
        if state == "cancelled":  # staff want no more of them
            return
        due_ms = None if state == "paused" else self._now_ms
        now_ms, channel = self._now_ms, self._welcome.channel
        rows = [
            (channel, key, contact_id, text, measured.parts, Status.QUEUED.value, "", now_ms, due_ms,
             now_ms + EXPIRES_MS, 0, False)
            for contact_id, _, text, measured in written
        ]  # fmt: skip
        bulk.insert(connection, OUTBOX, ROW, rows)
        connection.execute(
            update(BROADCAST)
            .where(BROADCAST.c.id == key)
            .values(
                state="sending" if state == "done" else state,  # the first ones had left before the others were read
                done_ms=None,
                recipients=BROADCAST.c.recipients + len(rows),
                written=BROADCAST.c.written + len(rows),
                parts_total=BROADCAST.c.parts_total + sum(measured.parts for *_, measured in written),
                by_language=_merged(by_language, written),
            )
        )
        connection.execute(
            update(COUNT)
            .where(COUNT.c.broadcast_id == key, COUNT.c.status == Status.QUEUED.value)
            .values(n=COUNT.c.n + len(rows))
        )
        self._fresh = key, [row[2] for row in rows]

    def committed(self) -> None:
        """The transaction of the last `put` holds: the broadcast it made exists."""
        if self._fresh is not None:
            self._broadcast_id, people = self._fresh
            self._welcomed.update(people)
            self._fresh = None

    def _written(self, contact_id: int, language: str | None, form: Form) -> tuple[int, str, str, Measure]:
        spoken, text = self._welcome.text(language, form.place, form.consented_on)
        return contact_id, spoken, text, measure(text)

    def _begin(self, connection: Connection) -> int:
        now_ms = self._now_ms
        made = connection.execute(
            insert(BROADCAST)
            .values(
                state="sending",
                kind=KIND,
                audience=json.dumps({"topics": [], "places": [], "everyone": False, "languages": None}),
                channel=self._welcome.channel,
                urgent=False,
                reason="",
                recipients=0,
                by_language="{}",
                parts_total=0,
                send_at_ms=now_ms,
                expires_ms=now_ms + EXPIRES_MS,
                cursor=0,
                written=0,
                expanded=True,
                created_ms=now_ms,
                created_by="import",
                approved_by="",
                idempotency_digest="",
            )
            .returning(BROADCAST.c.id)
        ).scalar_one()
        connection.execute(insert(COUNT).values(broadcast_id=made, status=Status.QUEUED.value, n=0))
        return int(made)


def _merged(before: str, written: Sequence[tuple[int, str, str, Measure]]) -> str:
    """`by_language` with these added; the texts differ by place and date, so encoding, units and parts are those of
    the longest."""
    found = json.loads(before)
    counts = Counter(language for _, language, _, _ in written)
    for _, language, _, measured in written:
        entry = found.setdefault(language, {"recipients": 0, "encoding": "", "units": 0, "parts": 0})
        if (measured.parts, measured.units) > (entry["parts"], entry["units"]):
            entry.update(encoding=str(measured.encoding), units=measured.units, parts=measured.parts)
    for language, count in counts.items():
        found[language]["recipients"] += count
    return json.dumps(found)
