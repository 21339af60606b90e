"""Data out, for spreadsheets (CSV) and programs (JSON). Read in pages, so that memory stays the same however much
there is."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import tzinfo
from enum import StrEnum
from typing import TextIO

from sqlalchemy import Connection, select

from smsbot.clock import to_iso
from smsbot.store import audit, broadcasts, directory, inbox, people
from smsbot.store.tables import Contact, Ledger, Place, Subscription, Topic, table
from smsbot.text.gsm7 import measure

CONTACT = table(Contact)
LEDGER = table(Ledger)
PLACE = table(Place)
SUBSCRIPTION = table(Subscription)
TOPIC = table(Topic)

PAGE = 1_000
FORMULA = ("=", "+", "-", "@", "\t", "\r")  # what a spreadsheet takes for a formula at the start of a cell

Cell = str | int | bool | None | Sequence[str] | Mapping[str, object]
Row = tuple[Cell, ...]


class Kind(StrEnum):
    SUBSCRIBERS = "subscribers"
    CONSENTS = "consents"
    MESSAGES = "messages"
    BROADCASTS = "broadcasts"
    TOPICS = "topics"
    PLACES = "places"
    INBOX = "inbox"


class Format(StrEnum):
    CSV = "csv"
    JSON = "json"


COLUMNS: Mapping[Kind, tuple[str, ...]] = {
    Kind.SUBSCRIBERS: (
        "number", "state", "language", "script", "topics", "place", "promotion", "since", "paused_until", "stopped_at",
        "subject",
    ),
    Kind.CONSENTS: ("id", "at", "subject", *audit.FIELDS[2:], "evidence", "digest", "prev", "hash"),
    Kind.MESSAGES: (
        "id", "direction", "number", "channel", "text", "encoding", "parts", "status", "error", "broadcast",
        "in_reply_to", "at", "erased",
    ),
    Kind.BROADCASTS: (
        "id", "state", "kind", "texts", "topics", "places", "everyone", "languages", "channel", "urgent", "reason",
        "recipients", "parts_total", "counts", "send_at", "expires_at", "created_at", "created_by", "approved_by",
        "approved_at", "done_at", "corrects",
    ),
    Kind.TOPICS: ("code", "number", "names", "words", "active"),
    Kind.PLACES: ("code", "parent", "names", "words", "active"),
    Kind.INBOX: ("id", "number", "channel", "text", "tag", "state", "at"),
}  # fmt: skip
"""`subject` joins subscribers and consents: it is the keyed hash under which the ledger knows a number."""


class Export:
    """One kind of rows, ready to be written. *zone* is that of the times; *key* that of the keyed hash."""

    def __init__(self, kind: Kind, *, zone: tzinfo, key: bytes, now_ms: int) -> None:
        self.kind = kind
        self.columns = COLUMNS[kind]
        self._zone = zone
        self._key = key
        self._now_ms = now_ms

    def write(
        self, connection: Connection, stream: TextIO, form: Format, progress: Callable[[int], None] | None = None
    ) -> int:
        """Write all rows to *stream* (opened with `newline=""`); returns how many. *progress* is told now and then."""
        writer = _csv if form is Format.CSV else _json
        return writer(stream, self.columns, _told(self.rows(connection), progress))

    def rows(self, connection: Connection) -> Iterator[Row]:
        pages: Mapping[Kind, Callable[[Connection], Iterator[Row]]] = {
            Kind.SUBSCRIBERS: self._subscribers,
            Kind.CONSENTS: self._consents,
            Kind.MESSAGES: self._messages,
            Kind.BROADCASTS: self._broadcasts,
            Kind.TOPICS: self._topics,
            Kind.PLACES: self._places,
            Kind.INBOX: self._inbox,
        }
        return pages[self.kind](connection)

    def _time(self, instant_ms: int | None) -> str | None:
        return None if instant_ms is None else to_iso(instant_ms, self._zone)

    def _subscribers(self, connection: Connection) -> Iterator[Row]:
        places = {row.id: row.code for row in connection.execute(select(PLACE.c.id, PLACE.c.code)).all()}
        last = 0
        query = select(CONTACT).order_by(CONTACT.c.id).limit(PAGE)
        while page := connection.execute(query.where(CONTACT.c.id > last)).all():
            topics = _topics_between(connection, last, page[-1].id)
            last = page[-1].id
            for row in page:
                state = row.state
                if state == "paused" and row.paused_until_ms is not None and row.paused_until_ms <= self._now_ms:
                    state = "active"
                yield (
                    row.number, state, row.language, row.script, topics.get(row.id, []), places.get(row.place_id),
                    bool(row.promotion), self._time(row.since_ms),
                    self._time(row.paused_until_ms) if state == "paused" else None, self._time(row.stopped_ms),
                    audit.subject(self._key, row.number),
                )  # fmt: skip

    def _consents(self, connection: Connection) -> Iterator[Row]:
        names = ("id", *audit.FIELDS, "evidence", "digest", "prev", "hash")
        query = select(*(LEDGER.c[name] for name in names)).order_by(LEDGER.c.id).limit(PAGE)
        last = 0
        while page := connection.execute(query.where(LEDGER.c.id > last)).all():
            last = page[-1][0]
            for row in page:
                yield (row[0], self._time(row[1]), *row[2:])

    def _messages(self, connection: Connection) -> Iterator[Row]:
        position: people.Position | None = people.Position()
        while position is not None:
            page, position = people.messages(connection, after=position, limit=PAGE)
            for message in page:
                measured = measure(message.text)
                yield (
                    f"{'out' if message.outgoing else 'in'}-{message.id}", "out" if message.outgoing else "in",
                    message.number, message.channel, message.text, measured.encoding,
                    measured.parts if message.parts is None else message.parts, message.status, message.error,
                    None if message.broadcast_id is None else str(message.broadcast_id),
                    None if message.in_reply_to is None else f"in-{message.in_reply_to}", self._time(message.at_ms),
                    message.erased,
                )  # fmt: skip

    def _broadcasts(self, connection: Connection) -> Iterator[Row]:
        cursor: str | None = None
        while True:
            page, cursor = broadcasts.recent(connection, cursor, PAGE)
            for view in page:
                audience = view.audience
                yield (
                    str(view.id), str(view.state), view.kind, dict(view.texts), audience.topics, audience.places,
                    audience.everyone, audience.languages, view.channel, view.urgent, view.reason, view.recipients,
                    view.parts_total, dict(view.counts), self._time(view.send_at_ms), self._time(view.expires_ms),
                    self._time(view.created_ms), view.created_by, view.approved_by, self._time(view.approved_ms),
                    self._time(view.done_ms), None if view.corrects is None else str(view.corrects),
                )  # fmt: skip
            if cursor is None:
                return

    def _topics(self, connection: Connection) -> Iterator[Row]:
        for topic in directory.topics(connection):
            yield topic.code, topic.number, dict(topic.names), topic.words, topic.active

    def _places(self, connection: Connection) -> Iterator[Row]:
        for place in directory.places(connection):
            yield place.code, place.parent, dict(place.names), place.words, place.active

    def _inbox(self, connection: Connection) -> Iterator[Row]:
        position: inbox.Position | None = None
        while True:
            page, position = inbox.entries(connection, after=position, limit=PAGE)
            for entry in page:
                at = self._time(entry.at_ms)
                yield f"in-{entry.id}", entry.number, entry.channel, entry.text, entry.tag, entry.state, at
            if position is None:
                return


def _topics_between(connection: Connection, after: int, until: int) -> dict[int, list[str]]:
    """Contact id → codes, for the contacts with ids in (after, until]."""
    query = (
        select(SUBSCRIPTION.c.contact_id, TOPIC.c.code)
        .join(TOPIC, TOPIC.c.id == SUBSCRIPTION.c.topic_id)
        .where(SUBSCRIPTION.c.contact_id > after, SUBSCRIPTION.c.contact_id <= until)
        .order_by(SUBSCRIPTION.c.contact_id, TOPIC.c.number)
    )
    found: dict[int, list[str]] = {}
    for contact_id, code in connection.execute(query).all():
        found.setdefault(contact_id, []).append(code)
    return found


def _told(rows: Iterator[Row], progress: Callable[[int], None] | None) -> Iterator[Row]:
    done = 0
    for done, row in enumerate(rows, 1):
        yield row
        if progress is not None and done % PAGE == 0:
            progress(done)
    if progress is not None:
        progress(done)


def _csv(stream: TextIO, columns: Sequence[str], rows: Iterator[Row]) -> int:
    writer = csv.writer(stream, lineterminator="\r\n")
    writer.writerow(columns)
    count = 0
    for row in rows:
        writer.writerow([cell(column, value) for column, value in zip(columns, row, strict=True)])
        count += 1
    return count


def cell(column: str, value: Cell) -> str:
    """*value* as a cell of CSV: lists are joined by `;`, tables are JSON.

    Citizens write these texts, so one that a spreadsheet would run as a formula gets an apostrophe in front. Only a
    phone number keeps its plus: `+` and digits is no formula that could do anything.
    """
    match value:
        case None:
            return ""
        case bool():
            return "true" if value else "false"
        case int():
            return str(value)
        case str():
            text = value
        case Mapping():
            text = json.dumps(value, ensure_ascii=False)
        case _:
            text = ";".join(value)
    if not text.startswith(FORMULA):
        return text
    is_number = column == "number" and text[:1] == "+" and text[1:].isascii() and text[1:].isdecimal()
    return text if is_number else f"'{text}"


def _json(stream: TextIO, columns: Sequence[str], rows: Iterator[Row]) -> int:
    stream.write("[")
    count = 0
    for count, row in enumerate(rows, 1):
        stream.write(",\n" if count > 1 else "\n")
        stream.write(json.dumps(dict(zip(columns, row, strict=True)), ensure_ascii=False))
    stream.write("\n]\n")
    return count
