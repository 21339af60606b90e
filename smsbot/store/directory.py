"""Topics and places: rows that staff edit, loaded whole into every process."""

from __future__ import annotations

import json
from collections.abc import Sequence

from sqlalchemy import Connection, func, select

from smsbot.dialogue.model import Place, Topic
from smsbot.store.tables import Meta, table
from smsbot.store.tables import Place as PlaceRow
from smsbot.store.tables import Topic as TopicRow

TOPIC = table(TopicRow)
PLACE = table(PlaceRow)
META = table(Meta)

VERSION = "directory"


def version(connection: Connection) -> int:
    """Grows with every edit, in whichever process it happened."""
    found = connection.execute(select(META.c.value).where(META.c.key == VERSION)).scalar()
    return int(found) if found is not None else 0


def bump(connection: Connection) -> None:
    """To be called in the transaction of every edit."""
    changed = version(connection) + 1
    if changed == 1:
        connection.execute(META.insert().values(key=VERSION, value="1"))
    else:
        connection.execute(META.update().where(META.c.key == VERSION).values(value=str(changed)))


def topics(connection: Connection) -> tuple[Topic, ...]:
    rows = connection.execute(select(TOPIC).order_by(TOPIC.c.number))
    return tuple(
        Topic(
            id=row.id,
            code=row.code,
            number=row.number,
            names=json.loads(row.names),
            words=tuple(json.loads(row.words)),
            active=row.active,
        )
        for row in rows
    )


def places(connection: Connection) -> tuple[Place, ...]:
    rows = connection.execute(select(PLACE).order_by(PLACE.c.id))
    return tuple(
        Place(
            id=row.id,
            code=row.code,
            names=json.loads(row.names),
            words=tuple(json.loads(row.words)),
            parent=row.parent,
            active=row.active,
        )
        for row in rows
    )


def seed(connection: Connection, new_topics: Sequence[Topic], new_places: Sequence[Place]) -> None:
    """Fill empty tables; one that holds rows belongs to staff and stays as it is. Ids given are not used."""
    if new_topics and not connection.execute(select(func.count()).select_from(TOPIC)).scalar():
        connection.execute(
            TOPIC.insert(),
            [
                {
                    "code": topic.code,
                    "number": topic.number,
                    "names": json.dumps(dict(topic.names), ensure_ascii=False),
                    "words": json.dumps(list(topic.words), ensure_ascii=False),
                    "active": True,
                }
                for topic in new_topics
            ],
        )
        bump(connection)
    if new_places and not connection.execute(select(func.count()).select_from(PLACE)).scalar():
        connection.execute(
            PLACE.insert(),
            [
                {
                    "code": place.code,
                    "parent": place.parent,
                    "names": json.dumps(dict(place.names), ensure_ascii=False),
                    "words": json.dumps(list(place.words), ensure_ascii=False),
                    "active": True,
                }
                for place in new_places
            ],
        )
        bump(connection)
