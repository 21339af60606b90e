"""What anybody may have of the figures (contract §6): each set is a table, and no cell tells of fewer than ten people.

Months are told only when they are over: whoever asks every minute shall not see people come and go.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo
from enum import StrEnum

from sqlalchemy import Connection, func, select

from smsbot.clock import to_datetime, to_iso, to_ms
from smsbot.dialogue.model import Place, Topic
from smsbot.status import Status
from smsbot.store import broadcasts, directory, health, sql
from smsbot.store.broadcasts import BroadcastState, View
from smsbot.store.exports import Row
from smsbot.store.tables import Contact, table
from smsbot.store.tables import Place as PlaceRow

CONTACT = table(Contact)
PLACE = table(PlaceRow)

SMALLEST_CELL = 10  # people (contract §6)
MONTHS = 24  # the last ones that are over
BROADCASTS = 500  # the newest
PUBLIC = {"information", "promotion"}  # a welcome is a letter to one person


class Set(StrEnum):
    TOPICS = "topics"
    PLACES = "places"
    MONTHS = "months"
    BROADCASTS = "broadcasts"


@dataclass(frozen=True, slots=True)
class Rows:
    columns: tuple[str, ...]
    rows: tuple[Row, ...]


@dataclass(frozen=True, slots=True)
class Circumstances:
    languages: Sequence[str]
    zone: tzinfo
    now_ms: int


def publishable(count: int) -> int | None:
    """*count* if it may be shown, else None."""
    return count if count >= SMALLEST_CELL else None


def read(connection: Connection, which: Set, given: Circumstances) -> Rows:
    reads: Mapping[Set, Callable[[Connection, Circumstances], Rows]] = {
        Set.TOPICS: _topics,
        Set.PLACES: _places,
        Set.MONTHS: _months,
        Set.BROADCASTS: _broadcasts,
    }
    return reads[which](connection, given)


def _topics(connection: Connection, given: Circumstances) -> Rows:
    counted = health.subscribers(connection, given.now_ms)
    rows = [
        (topic.code, *_names(topic, given), publishable(counted.get(topic.code, 0)))
        for topic in sorted(directory.topics(connection), key=lambda topic: topic.number)
        if topic.active
    ]
    return Rows(("code", *_by_language("name", given), "subscribers"), tuple(rows))


def _places(connection: Connection, given: Circumstances) -> Rows:
    """Who named just this place: the places below it have rows of their own."""
    found = connection.execute(
        select(PLACE.c.code, func.count())
        .join(CONTACT, CONTACT.c.place_id == PLACE.c.id)
        .where(health.active(given.now_ms))
        .group_by(PLACE.c.code)
    )
    counted = {code: int(n) for code, n in found}
    rows = [
        (place.code, place.parent, *_names(place, given), publishable(counted.get(place.code, 0)))
        for place in directory.places(connection)
        if place.active
    ]
    return Rows(("code", "parent", *_by_language("name", given), "subscribers"), tuple(rows))


def _months(connection: Connection, given: Circumstances) -> Rows:
    """How many different people joined and stopped."""
    starts = _beginnings(given)
    floors = [to_ms(start) for start in starts]
    months = " ".join(f"WHEN at_ms < {until} THEN {position}" for position, until in enumerate(floors[1:]))
    found = sql.run(
        connection,
        f"SELECT CASE {months} END AS month, CASE WHEN action = 'stop' THEN 1 ELSE 0 END AS gone,"
        " count(DISTINCT subject) FROM ledger WHERE at_ms >= ? AND at_ms < ?"
        " AND (action IN ('join', 'start', 'stop')) GROUP BY month, gone",
        (floors[0], floors[-1]),
    ).all()
    counted = {(int(month), bool(gone)): int(n) for month, gone, n in found}
    first = min((month for month, _ in counted), default=MONTHS)
    rows = [
        (f"{start:%Y-%m}", *(publishable(counted.get((position, gone), 0)) for gone in (False, True)))
        for position, start in enumerate(starts[:-1])
        if position >= first
    ]
    return Rows(("month", "joined", "stopped"), tuple(rows))


def _beginnings(given: Circumstances) -> list[datetime]:
    """The first instants of the last `MONTHS` months that are over, and of this one."""
    this = to_datetime(given.now_ms, given.zone).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    months = [this.year * 12 + this.month - 1 - back for back in range(MONTHS, -1, -1)]
    return [this.replace(year=month // 12, month=month % 12 + 1) for month in months]


def _broadcasts(connection: Connection, given: Circumstances) -> Rows:
    """What has been sent, newest first, to ten people or more."""
    views, _ = broadcasts.recent(connection, None, BROADCASTS)
    columns = ("id", "sent_at", "kind", "topics", "places", "everyone", *_by_language("text", given),
               "recipients", "delivered", "corrects")  # fmt: skip
    return Rows(columns, tuple(_broadcast(view, given) for view in views if _is_public(view)))


def _is_public(view: View) -> bool:
    left = sum(n for status, n in view.counts.items() if status in (Status.SENT, Status.DELIVERED))
    over = view.state in (BroadcastState.DONE, BroadcastState.CANCELLED)
    return over and view.kind in PUBLIC and publishable(left) is not None and publishable(view.recipients) is not None


def _broadcast(view: View, given: Circumstances) -> Row:
    return (
        _key(view.id),
        to_iso(view.done_ms or view.created_ms, given.zone),
        view.kind,
        view.audience.topics,
        view.audience.places,
        view.audience.everyone,
        *(view.texts.get(language) for language in given.languages),
        view.recipients,
        publishable(view.counts.get(Status.DELIVERED, 0)),
        None if view.corrects is None else _key(view.corrects),
    )


def _key(broadcast_id: int) -> str:
    """With a letter in front, so that no program takes it for a figure."""
    return f"b{broadcast_id}"


def _by_language(what: str, given: Circumstances) -> list[str]:
    return [f"{what}_{language}" for language in given.languages]


def _names(named: Topic | Place, given: Circumstances) -> list[str | None]:
    return [named.names.get(language) for language in given.languages]
