"""What the database knows of the numbers of a sheet: how they stand, and what they said before."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from sqlalchemy import Connection

CHANGED = (
    "state", "language", "place_id", "former", "since_ms", "stopped_ms", "stopped_sent_ms", "stop_replied_ms",
)  # fmt: skip
KNOWN = (*CHANGED, "script", "dormant_ms", "noticed_ms")
TOLD = ("at_ms", "action", "scope", "source", "rule", "wording", "evidence")
SOURCE = "paper"


@dataclass(frozen=True, slots=True)
class Person:
    """A number as it stands before its form is taken."""

    id: int | None
    state: str
    language: str | None
    place_id: int | None
    former: str
    since_ms: int | None
    stopped_ms: int | None
    stopped_sent_ms: int | None
    stop_replied_ms: int | None
    script: str = ""
    dormant_ms: int | None = None
    noticed_ms: int | None = None

    @property
    def owes_notice(self) -> bool:
        """Is it dormant, and must a neutral text come before anything else (civic rule 20)?"""
        return self.dormant_ms is not None and (self.noticed_ms is None or self.noticed_ms < self.dormant_ms)


@dataclass(slots=True)
class Past:
    """What the ledger says of a number: forms taken, and what the person gave up later."""

    forms: dict[tuple[str, str, str | None], set[str]] = field(default_factory=dict)  # rule, wording, evidence → scopes
    left_ms: dict[str, int] = field(default_factory=dict)  # scope → when
    stopped_ms: int = -1
    erased_ms: int = -1


STRANGER = Person(None, "new", None, None, "[]", None, None, None, None)


def _among(connection: Connection, values: Iterable[str]) -> tuple[str, tuple[object, ...]]:
    """A condition for any number of values with one parameter, so that one statement serves them all."""
    if connection.dialect.name == "postgresql":
        return "= ANY(%s)", (list(values),)
    return "IN (SELECT value FROM json_each(?))", (json.dumps(list(values)),)


def people(connection: Connection, numbers: Sequence[str]) -> dict[str, Person]:
    condition, values = _among(connection, numbers)
    lock = " FOR UPDATE" if connection.dialect.name == "postgresql" else ""
    rows = connection.exec_driver_sql(
        f"SELECT number, id, {', '.join(KNOWN)} FROM contact WHERE number {condition} ORDER BY number{lock}",
        values,
    ).all()
    return {row[0]: Person(*row[1:]) for row in rows}


def ids(connection: Connection, numbers: Sequence[str]) -> dict[str, int]:
    condition, values = _among(connection, numbers)
    rows = connection.exec_driver_sql(f"SELECT number, id FROM contact WHERE number {condition}", values)
    return {row[0]: row[1] for row in rows.all()}


def suppressed(connection: Connection, subjects: Iterable[str]) -> dict[str, int]:
    condition, values = _among(connection, subjects)
    rows = connection.exec_driver_sql(
        f"SELECT subject, at_ms FROM suppression WHERE subject {condition}",
        values,
    ).all()
    return {row[0]: row[1] for row in rows}


def past(connection: Connection, subjects: Iterable[str]) -> dict[str, Past]:
    condition, values = _among(connection, subjects)
    rows = connection.exec_driver_sql(
        f"SELECT subject, {', '.join(TOLD)} FROM ledger WHERE subject {condition} ORDER BY id",
        values,
    ).all()
    found: dict[str, Past] = {}
    for subject, at_ms, action, scope, source, rule, wording, evidence in rows:
        before = found.setdefault(subject, Past())
        if source == SOURCE:
            before.forms.setdefault((rule, wording, evidence), set()).add(scope)
        if action == "stop":
            before.stopped_ms = at_ms
        elif action == "leave":
            before.left_ms[scope] = at_ms
        elif action == "subscribe":
            before.left_ms.pop(scope, None)
        elif action == "erase":
            before.erased_ms = at_ms
    return found
