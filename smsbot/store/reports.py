"""Delivery reports, merged so that a status only moves forward."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection

from smsbot.clock import MINUTE_MS
from smsbot.status import Status, supersedes
from smsbot.store import bulk, counts, months, segments, sql, wire
from smsbot.store.reach import Reach
from smsbot.store.segments import LOST, Segments
from smsbot.store.tables import Outbox, ParkedReport, table

PARKED_LIFE_MS = 10 * MINUTE_MS
PREFIX = "out-"  # of our message ids outside
ERROR_CAP = 200  # characters of a reason that are kept
_OUTBOX = table(Outbox)
_PARKED = table(ParkedReport)
_PARKED_COLUMNS = ("channel", "external_id", "status", "error", "opted_out", "unreachable", "blocked", "at_ms")


@dataclass(frozen=True, slots=True)
class Report:
    """What a gateway says became of a message: named by the gateway's id, by ours (`out-…`), or by both."""

    channel: str
    status: Status
    external_id: str | None = None
    message_id: str | None = None
    error: str = ""
    opted_out: bool = False
    unreachable: bool = False
    blocked: bool = False  # by a stop-list that is not ours
    at_ms: int | None = None  # None: now


@dataclass(frozen=True, slots=True)
class OptOut:
    """A number that its gateway says something about, and in which words."""

    number: str
    channel: str
    error: str = ""
    contact_id: int | None = None


@dataclass(frozen=True, slots=True)
class Merged:
    """*merged* reports found their message, *parked* wait for it, *dropped* never will. Those who opted out at the
    gateway are for the caller to record."""

    merged: int = 0
    parked: int = 0
    dropped: int = 0
    opted_out: tuple[OptOut, ...] = ()


@dataclass(slots=True)
class _Row:
    id: int
    broadcast_id: int
    contact_id: int | None
    number: str | None
    status: Status
    before: Status
    error: str = ""
    final_ms: int | None = None
    handed_ms: int | None = None
    parts: Segments | None = None  # of a message whose parts have ids of their own
    reports: list[Report] = field(default_factory=list)

    def take(self, report: Report, at_ms: int) -> bool:
        """Carry one report in; True if it moved the message."""
        status, error = report.status, report.error
        if self.parts is not None and report.external_id in self.parts.statuses:
            if not self.parts.move(report.external_id, status):
                return False
            status = self.parts.whole
            if report.status in LOST:
                error = f"{self.parts.place(report.external_id)}: {error or report.status}"[:ERROR_CAP]
        if not supersedes(status, self.status):
            return False
        self.status, self.error = status, error
        self.handed_ms = at_ms if self.handed_ms is None else self.handed_ms
        self.final_ms = None if status is Status.SENT else at_ms
        return True


def message_key(message_id: str | None) -> int | None:
    """The row behind one of our ids outside, or None."""
    if message_id is None or not message_id.startswith(PREFIX):
        return None
    digits = message_id.removeprefix(PREFIX)
    return int(digits) if digits.isascii() and digits.isdigit() and len(digits) <= 18 else None


def merge_reports(
    connection: Connection, reports: Sequence[Report], now_ms: int, *, moves: counts.Moves | None = None
) -> Merged:
    """Carry *reports* into the outbox, in one UPDATE for the batch. One that outran our own record of the
    gateway's id is parked. With *moves* the caller settles the counts, else they are settled here."""
    if not reports:
        return Merged()
    own: counts.Moves = Counter() if moves is None else moves
    rows, strangers = _matched(connection, reports)
    changed: list[tuple[Any, ...]] = []
    opted_out: list[tuple[_Row, Report]] = []
    reach = Reach()
    for row in rows:
        for report in row.reports:
            moved = row.take(report, now_ms if report.at_ms is None else report.at_ms)
            if report.opted_out:
                opted_out.append((row, report))
            if moved:
                _note(reach, row, report)
        if row.status is not row.before:
            own[row.broadcast_id, str(row.before), str(row.status)] += 1
            changed.append((str(row.status), row.error, None, row.handed_ms, row.final_ms, row.id))
    columns = ("status", "error", "due_ms", "handed_ms", "final_ms")
    bulk.update(connection, _OUTBOX, "id", columns, changed, where=months.recent(connection, "outbox", "t."))
    segments.save(connection, [row.parts for row in rows if row.parts is not None and row.parts.moved])
    _forget(connection, [row.id for row in rows if row.broadcast_id == 0 and row.status is not row.before])
    reach.write(connection, now_ms)
    parked = [report for report in strangers if report.external_id is not None]
    rows_of_parked = [
        (
            r.channel, r.external_id, str(r.status), r.error, r.opted_out, r.unreachable, r.blocked,
            now_ms if r.at_ms is None else r.at_ms,
        )
        for r in parked
    ]  # fmt: skip
    bulk.insert(connection, _PARKED, _PARKED_COLUMNS, rows_of_parked)
    if moves is None:
        counts.tally(connection, own, now_ms)
    return Merged(
        merged=len(reports) - len(strangers),
        parked=len(parked),
        dropped=len(strangers) - len(parked),
        opted_out=_people(connection, opted_out),
    )


def _note(reach: Reach, row: _Row, report: Report) -> None:
    """What a report that moved a message says of the person."""
    if row.status is Status.DELIVERED:
        reach.delivered(row.contact_id, report.channel)
    if report.unreachable:
        reach.unreachable(row.contact_id)
    if report.blocked:
        reach.blocked(row.contact_id, report.channel, report.error)


def _people(connection: Connection, told: Sequence[tuple[_Row, Report]]) -> tuple[OptOut, ...]:
    """Each number once. A broadcast's message knows only its contact."""
    wanted = {row.contact_id for row, _ in told if row.number is None and row.contact_id is not None}
    numbers: dict[int, str] = {}
    if wanted:
        where, listed = sql.among(connection, "id", sorted(wanted))
        found = sql.run(connection, f"SELECT id, number FROM contact WHERE {where}", (listed,))
        numbers = {int(key): str(number) for key, number in found}
    people: dict[str, OptOut] = {}
    for row, report in told:
        number = row.number or numbers.get(row.contact_id or 0)
        if number:
            people.setdefault(number, OptOut(number, report.channel, report.error, row.contact_id))
    return tuple(people.values())


def take_parked(connection: Connection, channel: str, external_ids: Sequence[str]) -> list[Report]:
    """Remove and give what was parked under these ids, oldest first."""
    if not external_ids:
        return []
    where, listed = sql.among(connection, "external_id", external_ids)
    return _unparked(connection, f"channel = ? AND {where}", (channel, listed))


def match_parked(connection: Connection, now_ms: int) -> Merged:
    """Merge what was parked while its message's id was being written by another process; drop what is too old."""
    found = _unparked(
        connection,
        "EXISTS (SELECT 1 FROM outbox o WHERE o.channel = parked_report.channel"
        " AND o.external_id = parked_report.external_id AND o.external_id IS NOT NULL"
        f"{months.recent(connection, 'outbox', 'o.')})"
        " OR EXISTS (SELECT 1 FROM outbox_part p JOIN outbox o ON o.id = p.outbox_id"
        " WHERE p.channel = parked_report.channel AND p.external_id = parked_report.external_id"
        f"{months.recent(connection, 'outbox', 'o.')})",
        (),
    )
    merged = merge_reports(connection, found, now_ms)
    return Merged(merged=merged.merged, dropped=forget_parked(connection, now_ms), opted_out=merged.opted_out)


def forget_parked(connection: Connection, now_ms: int) -> int:
    """Drop what was parked too long ago; how many there were."""
    found = sql.run(connection, "DELETE FROM parked_report WHERE at_ms <= ?", (now_ms - PARKED_LIFE_MS,))
    return int(found.rowcount)


def _unparked(connection: Connection, where: str, parameters: Sequence[Any]) -> list[Report]:
    rows = wire.fetch(
        connection,
        f"DELETE FROM parked_report WHERE {where}"
        " RETURNING id, channel, external_id, status, error, opted_out, unreachable, blocked, at_ms",
        parameters,
    )
    return [
        Report(
            channel=channel,
            status=Status(status),
            at_ms=at_ms,
            external_id=external_id,
            error=error,
            opted_out=bool(opted_out),
            unreachable=bool(unreachable),
            blocked=bool(blocked),
        )
        for _, channel, external_id, status, error, opted_out, unreachable, blocked, at_ms in sorted(rows)
    ]


def _matched(connection: Connection, reports: Sequence[Report]) -> tuple[list[_Row], list[Report]]:
    """The messages the reports are about, locked in order of id, and the reports about none.

    Our own id counts only on the channel the message left through: a webhook speaks for its own channel.
    """
    by_key: dict[tuple[str, int], _Row] = {}
    by_external: dict[tuple[str, str], _Row] = {}
    for channel in sorted({report.channel for report in reports}):
        here = [report for report in reports if report.channel == channel]
        keys = {key for report in here if (key := message_key(report.message_id)) is not None}
        externals = {report.external_id for report in here if report.external_id is not None}
        parts = segments.find(connection, channel, externals)
        keys.update(parts.values())
        mine: dict[int, _Row] = {}
        for row in _found(connection, channel, keys, externals):
            mine[int(row.id)] = message = _Row(
                int(row.id), int(row.broadcast_id), row.contact_id, row.number or None, Status(row.status),
                Status(row.status), row.error, row.final_ms, row.handed_ms,
            )  # fmt: skip
            if row.external_id is not None:
                by_external[channel, row.external_id] = message
        for key, found in segments.of(connection, mine.keys() & set(parts.values())).items():
            mine[key].parts = found
            by_external.update({(channel, external_id): mine[key] for external_id in found.statuses})
        by_key.update({(channel, key): message for key, message in mine.items()})
    strangers: list[Report] = []
    for report in reports:
        named = message_key(report.message_id)
        about = by_key.get((report.channel, named)) if named is not None else None
        if about is None and report.external_id is not None:
            about = by_external.get((report.channel, report.external_id))
        if about is None or about.before is Status.QUEUED:
            strangers.append(report)
        else:
            about.reports.append(report)
    return [row for row in by_key.values() if row.reports], strangers


def _found(connection: Connection, channel: str, keys: Iterable[int], externals: Iterable[str]) -> list[Any]:
    columns = "id, broadcast_id, contact_id, number, status, error, external_id, final_ms, handed_ms"
    rows: dict[int, Any] = {}
    for column, values in (("id", sorted(keys)), ("external_id", sorted(externals))):
        if not values:
            continue
        where, listed = sql.among(connection, column, values)
        statement = (
            f"SELECT {columns} FROM outbox WHERE channel = ? AND {where} AND {column} IS NOT NULL"
            f"{months.recent(connection, 'outbox')} ORDER BY id{sql.locked(connection)}"
        )
        for row in sql.run(connection, statement, (channel, listed)):
            rows[int(row.id)] = row
    return [rows[key] for key in sorted(rows)]


def _forget(connection: Connection, ids: Sequence[int]) -> None:
    if ids:
        where, listed = sql.among(connection, "id", ids)
        sql.run(
            connection,
            f"UPDATE outbox SET number = '', text = '' WHERE {where} AND forget AND due_ms IS NULL"
            f"{months.recent(connection, 'outbox')}",
            (listed,),
        )
