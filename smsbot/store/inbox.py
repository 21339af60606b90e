"""What waits for a person to read: texts that the bot did not understand, or that people asked."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Connection, literal_column, select, update

from smsbot.errors import Conflict, Missing
from smsbot.store.tables import Inbound, table

INBOUND = table(Inbound)
OPEN = "open"
ANSWERED = "answered"
NO_INBOX: ColumnElement[str] = literal_column("''")  # as in the condition of the index, which a parameter never fits
REVIEW = ("maybe_stop", "stop_like", "stop_sentence", "keep")
"""Tags of texts that may have been a wish to stop: a person decides."""


@dataclass(frozen=True, slots=True)
class Entry:
    id: int
    number: str
    channel: str
    text: str
    tag: str
    state: str
    at_ms: int


@dataclass(frozen=True, slots=True)
class Position:
    """The entry that a page ended with."""

    state: str
    id: int


def entries(
    connection: Connection,
    *,
    state: str | None = None,
    tags: Collection[str] = (),
    after: Position | None = None,
    limit: int = 100,
) -> tuple[list[Entry], Position | None]:
    """Unanswered first, then answered, each newest first; and where the next page begins. Without *tags*: all."""
    states = [state] if state else [OPEN, ANSWERED]
    found: list[Entry] = []
    for each in states:
        if after is not None and each == OPEN and after.state == ANSWERED:
            continue
        below = after.id if after is not None and after.state == each else None
        found += _of_state(connection, each, tags, below, limit + 1 - len(found))
        if len(found) > limit:
            last = found[limit - 1]
            return found[:limit], Position(last.state, last.id)
    return found, None


def entry(connection: Connection, entry_id: int) -> Entry:
    """Raises `Missing` if no such text is or was in the inbox."""
    row = connection.execute(select(INBOUND).where(INBOUND.c.id == entry_id, INBOUND.c.inbox != NO_INBOX)).first()
    if row is None:
        raise Missing("There is no such entry in the inbox.")
    return _entry(row)


def mark(connection: Connection, entry_id: int, *, answered: bool) -> Entry:
    """Put it into that state, whatever it was. Raises `Missing` if no such text is or was in the inbox."""
    state = ANSWERED if answered else OPEN
    connection.execute(update(INBOUND).where(INBOUND.c.id == entry_id, INBOUND.c.inbox != NO_INBOX).values(inbox=state))
    return entry(connection, entry_id)


def move(connection: Connection, entry_id: int, before: str, after: str) -> Entry:
    """From one state to the other. Raises `Missing`, and `Conflict` if somebody else has been quicker."""
    done = connection.execute(
        update(INBOUND).where(INBOUND.c.id == entry_id, INBOUND.c.inbox == before).values(inbox=after)
    )
    found = entry(connection, entry_id)
    if not done.rowcount:
        raise Conflict("This entry is open already." if found.state == OPEN else "This entry is closed already.")
    return found


def _of_state(connection: Connection, state: str, tags: Collection[str], below: int | None, limit: int) -> list[Entry]:
    wanted = select(INBOUND).where(INBOUND.c.inbox == state, INBOUND.c.inbox != NO_INBOX)
    if tags:
        wanted = wanted.where(INBOUND.c.tag.in_(sorted(tags)))
    if below is not None:
        wanted = wanted.where(INBOUND.c.id < below)
    return [_entry(row) for row in connection.execute(wanted.order_by(INBOUND.c.id.desc()).limit(limit))]


def _entry(row: Any) -> Entry:
    return Entry(row.id, row.number, row.channel, row.text, row.tag, row.inbox, row.at_ms)
