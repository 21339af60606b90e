"""Edits of topics and places by staff. Each one moves the directory's version, so that every process reloads."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, func, select, update
from sqlalchemy.exc import IntegrityError

from smsbot.dialogue import model
from smsbot.errors import Conflict, Invalid, Missing
from smsbot.store import directory
from smsbot.store.tables import Place, Topic, table

TOPIC = table(Topic)
PLACE = table(Place)
DEEPEST = 20  # levels of places; a village lies four deep


def topic(connection: Connection, code: str) -> model.Topic:
    """Raises `Missing`."""
    for found in directory.topics(connection):
        if found.code == code:
            return found
    raise Missing(f"There is no topic {_short(code)}.")


def place(connection: Connection, code: str) -> model.Place:
    """Raises `Missing`."""
    for found in directory.places(connection):
        if found.code == code:
            return found
    raise Missing(f"There is no place {_short(code)}.")


def add_topic(
    connection: Connection, *, code: str, number: int | None, names: Mapping[str, str], words: Sequence[str]
) -> model.Topic:
    """*number* None takes the next free one. Raises `Conflict` if the code or the number is taken."""
    if connection.execute(select(TOPIC.c.id).where(TOPIC.c.code == code)).first() is not None:
        raise Conflict(f"There is a topic {code} already; change it, or choose another code.", field="code")
    if number is None:
        number = (connection.execute(select(func.max(TOPIC.c.number))).scalar() or 0) + 1
    _free_number(connection, number, code)
    values = {"code": code, "number": number, "names": _json(names), "words": _json(words), "active": True}
    _insert(connection, TOPIC, values)
    return topic(connection, code)


def change_topic(connection: Connection, code: str, changes: Mapping[str, Any]) -> model.Topic:
    """*changes* holds what shall be different of `number`, `names`, `words` and `active`."""
    topic(connection, code)
    if "number" in changes:
        _free_number(connection, changes["number"], code)
    _update(connection, TOPIC, code, changes)
    return topic(connection, code)


def add_place(
    connection: Connection, *, code: str, parent: str | None, names: Mapping[str, str], words: Sequence[str]
) -> model.Place:
    if connection.execute(select(PLACE.c.id).where(PLACE.c.code == code)).first() is not None:
        raise Conflict(f"There is a place {code} already; change it, or choose another code.", field="code")
    _sound_parent(connection, code, parent)
    values = {"code": code, "parent": parent, "names": _json(names), "words": _json(words), "active": True}
    _insert(connection, PLACE, values)
    return place(connection, code)


def change_place(connection: Connection, code: str, changes: Mapping[str, Any]) -> model.Place:
    """*changes* holds what shall be different of `parent`, `names`, `words` and `active`."""
    place(connection, code)
    if "parent" in changes:
        _sound_parent(connection, code, changes["parent"])
    _update(connection, PLACE, code, changes)
    return place(connection, code)


def _free_number(connection: Connection, number: int, code: str) -> None:
    taken = connection.execute(select(TOPIC.c.code).where(TOPIC.c.number == number)).scalar()
    if taken is not None and taken != code:
        raise Conflict(f"The number {number} belongs to the topic {taken}; choose another.", field="number")


def _sound_parent(connection: Connection, code: str, parent: str | None) -> None:
    """The place above must exist, and must not lie below."""
    rows = connection.execute(select(PLACE.c.code, PLACE.c.parent))
    above: dict[str, str | None] = {row[0]: row[1] for row in rows}
    if parent is not None and parent not in above and parent != code:
        raise Invalid(f"There is no place {_short(parent)} to lie in.", field="parent")
    step, depth = parent, 0
    while step is not None and depth <= DEEPEST:
        if step == code:
            raise Invalid("A place cannot lie in itself or in a place below it.", field="parent")
        step, depth = above.get(step), depth + 1
    if depth > DEEPEST:
        raise Invalid(f"Places lie at most {DEEPEST} levels deep.", field="parent")


def _insert(connection: Connection, rows: Any, values: Mapping[str, Any]) -> None:
    try:
        connection.execute(rows.insert().values(**values))
    except IntegrityError as error:  # somebody was faster
        raise Conflict("The code or the number has just been taken; choose another.", field="code") from error
    directory.bump(connection)


def _update(connection: Connection, rows: Any, code: str, changes: Mapping[str, Any]) -> None:
    values = {key: _json(value) if key in ("names", "words") else value for key, value in changes.items()}
    if not values:
        return
    try:
        connection.execute(update(rows).where(rows.c.code == code).values(**values))
    except IntegrityError as error:
        raise Conflict("The number has just been taken; choose another.", field="number") from error
    directory.bump(connection)


def _json(value: Any) -> str:
    return json.dumps(value if isinstance(value, list) else dict(value), ensure_ascii=False)


def _short(code: str) -> str:
    return code if len(code) <= 64 and code.isprintable() else "of that code"
