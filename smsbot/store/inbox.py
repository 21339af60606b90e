"""What waits for a person to read: texts that the bot did not understand, or that people asked."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection, select, update

from smsbot.errors import Missing
from smsbot.store.tables import Inbound, table

INBOUND = table(Inbound)
OPEN = "open"
ANSWERED = "answered"


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
    connection: Connection, *, state: str | None = None, after: Position | None = None, limit: int = 100
) -> tuple[list[Entry], Position | None]:
    """Unanswered first, then answered, each newest first; and where the next page begins."""
    states = [state] if state else [OPEN, ANSWERED]
    found: list[Entry] = []
    for each in states:
        if after is not None and each == OPEN and after.state == ANSWERED:
            continue
        below = after.id if after is not None and after.state == each else None
        found += _of_state(connection, each, below, limit + 1 - len(found))
        if len(found) > limit:
            last = found[limit - 1]
            return found[:limit], Position(last.state, last.id)
    return found, None


def mark(connection: Connection, entry_id: int, *, answered: bool) -> Entry:
    """Raises `Missing` if no such text is or was in the inbox."""
    state = ANSWERED if answered else OPEN
    done = connection.execute(
        update(INBOUND).where(INBOUND.c.id == entry_id, INBOUND.c.inbox != "").values(inbox=state)
    )
    if not done.rowcount:
        raise Missing("There is no such entry in the inbox.")
    row = connection.execute(select(INBOUND).where(INBOUND.c.id == entry_id)).one()
    return Entry(row.id, row.number, row.channel, row.text, row.tag, row.inbox, row.at_ms)


def _of_state(connection: Connection, state: str, below: int | None, limit: int) -> list[Entry]:
    wanted = select(INBOUND).where(INBOUND.c.inbox == state, INBOUND.c.inbox != "")
    if below is not None:
        wanted = wanted.where(INBOUND.c.id < below)
    return [
        Entry(row.id, row.number, row.channel, row.text, row.tag, row.inbox, row.at_ms)
        for row in connection.execute(wanted.order_by(INBOUND.c.id.desc()).limit(limit))
    ]
