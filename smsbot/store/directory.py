"""Topics and places: rows that staff edit, loaded whole into every process."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Table, func, select

from smsbot.dialogue.model import Place, Topic
from smsbot.store import sql, wire
from smsbot.store.tables import Meta, table
from smsbot.store.tables import Place as PlaceRow
from smsbot.store.tables import Topic as TopicRow

TOPIC = table(TopicRow)
PLACE = table(PlaceRow)
META = table(Meta)

VERSION = "directory"


def version(connection: Connection) -> int:
    """Grows with every edit, in whichever process it happened."""
    found = wire.fetch(connection, "SELECT value FROM meta WHERE key = ?", (VERSION,))
    return int(found[0][0]) if found else 0


def bump(connection: Connection) -> None:
    """To be called in the transaction of every edit."""
    changed = version(connection) + 1
    if changed == 1:
        connection.execute(META.insert().values(key=VERSION, value="1"))
    else:
        connection.execute(META.update().where(META.c.key == VERSION).values(value=str(changed)))


def topics(connection: Connection) -> tuple[Topic, ...]:
    rows = connection.execute(select(TOPIC).order_by(TOPIC.c.number))
    return tuple(Topic(number=row.number, **_named(row)) for row in rows)


def places(connection: Connection) -> tuple[Place, ...]:
    rows = connection.execute(select(PLACE).order_by(PLACE.c.id))
    return tuple(Place(parent=row.parent, **_named(row)) for row in rows)


def seed(connection: Connection, new_topics: Sequence[Topic], new_places: Sequence[Place]) -> None:
    """Fill empty tables; one that holds rows belongs to staff and stays as it is. Ids given are not used.

    Processes that start at the same time do it one after the other."""
    sql.alone(connection, sql.FIRST_START)
    if new_topics and _empty(connection, TOPIC):
        connection.execute(TOPIC.insert(), [{"number": topic.number, **_row(topic)} for topic in new_topics])
        bump(connection)
    if new_places and _empty(connection, PLACE):
        connection.execute(PLACE.insert(), [{"parent": place.parent, **_row(place)} for place in new_places])
        bump(connection)


def _empty(connection: Connection, rows: Table) -> bool:
    return not connection.execute(select(func.count()).select_from(rows)).scalar()


def _named(row: Any) -> dict[str, Any]:
    """What a topic and a place have in common, as the dialogue holds it."""
    return {
        "id": row.id,
        "code": row.code,
        "names": json.loads(row.names),
        "words": tuple(json.loads(row.words)),
        "active": row.active,
    }


def _row(named: Topic | Place) -> dict[str, Any]:
    """The same as the tables hold it."""
    return {
        "code": named.code,
        "names": json.dumps(dict(named.names), ensure_ascii=False),
        "words": json.dumps(list(named.words), ensure_ascii=False),
        "active": True,
    }
