"""Greetings of an import, queued as rows of one broadcast."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import date

from sqlalchemy import Connection, insert, select, update

from smsbot.clock import HOUR_MS
from smsbot.status import Status
from smsbot.store import bulk, counts
from smsbot.store.audience import Audience
from smsbot.store.greeting_texts import Wording
from smsbot.store.paper import Form
from smsbot.store.shares import TextShare, shares_from_json, shares_to_json
from smsbot.store.tables import Broadcast, BroadcastText, Outbox, table
from smsbot.text.gsm7 import Measure, measure

BROADCAST = table(Broadcast)
OUTBOX = table(Outbox)
TEXT = table(BroadcastText)

EXPIRES_MS = 72 * HOUR_MS
LATER_MS = 24 * HOUR_MS
"""From the neutral text to a dormant number until its welcome: whoever has the number now can stop before it tells
anything. Civic rule 22 allows 48 hours."""
ROW = (
    "channel", "broadcast_id", "contact_id", "text_id", "parts", "status", "error", "created_ms", "due_ms",
    "expires_ms",
    "attempts", "forget",
)  # fmt: skip
TEXT_ROW = ("broadcast_id", "language", "text", "encoding", "units", "parts")

Written = tuple[int, str, str, Measure]
"""Contact id, language, text and its measure."""


class GreetingQueue:
    """The greetings of one *kind* in one import. The broadcast is made with the first of them; people with the same
    language, place and date share a text."""

    def __init__(self, wording: Wording, now_ms: int, *, kind: str) -> None:
        self._wording = wording
        self._kind = kind
        self._now_ms = now_ms
        self._broadcast_id: int | None = None
        self._composed: dict[tuple[str | None, str, date], tuple[str, str, Measure]] = {}
        self._texts: dict[tuple[str, str], int] = {}
        self._greeted: set[int] = set()
        self._uncommitted: tuple[int, dict[tuple[str, str], int], list[int]] | None = None

    @property
    def count(self) -> int:
        return len(self._greeted)

    def put(
        self, connection: Connection, people: Sequence[tuple[int, str | None, Form]], later: Collection[int] = ()
    ) -> None:
        """Queue a greeting for each (contact id, language, form) not yet greeted. Call `committed` afterwards.

        *later*: people who have another text before it, and `LATER_MS` to stop.
        """
        self._uncommitted = None
        written = [self._written(*person) for person in people if person[0] not in self._greeted]
        if not written:
            return
        key = self._broadcast_id if self._broadcast_id is not None else self._begin(connection)
        locked = select(BROADCAST.c.state, BROADCAST.c.by_language).where(BROADCAST.c.id == key).with_for_update()
        state, by_language = connection.execute(locked).one()
        if state == "cancelled":  # staff want no more of them
            return
        texts = self._save_texts(connection, key, written)
        now_ms, channel = self._now_ms, self._wording.channel
        rows = [
            (channel, key, contact_id, texts[language, text], measured.parts, Status.QUEUED.value, "", now_ms,
             None if state == "paused" else now_ms + LATER_MS * (contact_id in later), now_ms + EXPIRES_MS, 0, False)
            for contact_id, language, text, measured in written
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
        counts.add(connection, {(key, Status.QUEUED.value): len(rows)})
        self._uncommitted = key, texts, [row[2] for row in rows]

    def committed(self) -> None:
        """The transaction of the last `put` holds: what it made exists."""
        if self._uncommitted is not None:
            self._broadcast_id, self._texts, people = self._uncommitted
            self._greeted.update(people)
            self._uncommitted = None

    def _written(self, contact_id: int, language: str | None, form: Form) -> Written:
        circumstances = language, form.place, form.consented_on
        found = self._composed.get(circumstances)
        if found is None:
            spoken, text = self._wording.text(*circumstances)
            found = self._composed[circumstances] = spoken, text, measure(text)
        return contact_id, *found

    def _save_texts(self, connection: Connection, key: int, written: Sequence[Written]) -> dict[tuple[str, str], int]:
        texts = dict(self._texts)
        fresh = {(language, text): measured for _, language, text, measured in written if (language, text) not in texts}
        rows = [(key, *both, measured.encoding, measured.units, measured.parts) for both, measured in fresh.items()]
        saved = bulk.insert(connection, TEXT, TEXT_ROW, rows, returning=("language", "text", "id"))
        texts.update({(language, text): text_id for language, text, text_id in saved})
        return texts

    def _begin(self, connection: Connection) -> int:
        now_ms = self._now_ms
        made = connection.execute(
            insert(BROADCAST)
            .values(
                state="sending",
                kind=self._kind,
                audience=Audience(everyone=True).to_json(),
                channel=self._wording.channel,
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
        counts.open_counts(connection, int(made), 0)
        return int(made)


def _merged(before: str, written: Sequence[Written]) -> str:
    """`by_language` with these added; the texts differ by place and date, so encoding, units and parts are those of
    the longest."""
    found = shares_from_json(before)
    added = Counter(language for _, language, _, _ in written)
    for _, language, _, measured in written:
        share = found.get(language, TextShare(0, "", 0, 0))
        if (measured.parts, measured.units) > (share.parts, share.units):
            found[language] = replace(share, encoding=measured.encoding, units=measured.units, parts=measured.parts)
    for language, n in added.items():
        share = found[language]
        found[language] = replace(share, recipients=share.recipients + n, written=share.written + n)
    return shares_to_json(found)
