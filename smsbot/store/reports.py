"""Delivery reports, merged so that a status only moves forward."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection

from smsbot.clock import MINUTE_MS
from smsbot.status import Status, supersedes
from smsbot.store import bulk, counts, sql
from smsbot.store.tables import Outbox, ParkedReport, table

PARKED_LIFE_MS = 10 * MINUTE_MS
PREFIX = "out-"  # of our message ids outside
_OUTBOX = table(Outbox)
_PARKED = table(ParkedReport)


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
    """*merged* reports found their message, *parked* wait for it, *dropped* never will. The people are for the
    caller to record: those who opted out at the gateway, and those whom it says nobody can reach."""

    merged: int = 0
    parked: int = 0
    dropped: int = 0
    opted_out: tuple[OptOut, ...] = ()
    unreachable: tuple[OptOut, ...] = ()


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
    reports: list[Report] = field(default_factory=list)


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
    told: list[tuple[_Row, Report]] = []
    for row in rows:
        for report in row.reports:
            at_ms = now_ms if report.at_ms is None else report.at_ms
            if report.opted_out or report.unreachable:
                told.append((row, report))
            if supersedes(report.status, row.status):
                row.status, row.error = report.status, report.error
                row.handed_ms = at_ms if row.handed_ms is None else row.handed_ms
                row.final_ms = None if report.status is Status.SENT else at_ms
        if row.status is not row.before:
            own[row.broadcast_id, str(row.before), str(row.status)] += 1
            changed.append((str(row.status), row.error, None, row.handed_ms, row.final_ms, row.id))
    bulk.update(connection, _OUTBOX, "id", ("status", "error", "due_ms", "handed_ms", "final_ms"), changed)
    _forget(connection, [row.id for row in rows if row.broadcast_id == 0 and row.status is not row.before])
    parked = [report for report in strangers if report.external_id is not None]
    bulk.insert(
        connection,
        _PARKED,
        ("channel", "external_id", "status", "error", "opted_out", "unreachable", "at_ms"),
        [(r.channel, r.external_id, str(r.status), r.error, r.opted_out, r.unreachable, now_ms) for r in parked],
    )
    if moves is None:
        counts.tally(connection, own, now_ms)
    return Merged(
        merged=len(reports) - len(strangers),
        parked=len(parked),
        dropped=len(strangers) - len(parked),
        opted_out=_people(connection, [(row, report) for row, report in told if report.opted_out]),
        unreachable=_people(connection, [(row, report) for row, report in told if report.unreachable]),
    )


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
        " AND o.external_id = parked_report.external_id AND o.external_id IS NOT NULL)",
        (),
    )
    merged = merge_reports(connection, found, now_ms)
    old = sql.run(connection, "DELETE FROM parked_report WHERE at_ms <= ?", (now_ms - PARKED_LIFE_MS,)).rowcount
    return Merged(merged=merged.merged, dropped=int(old), opted_out=merged.opted_out, unreachable=merged.unreachable)


def _unparked(connection: Connection, where: str, parameters: Sequence[Any]) -> list[Report]:
    rows = sql.run(
        connection,
        f"DELETE FROM parked_report WHERE {where}"
        " RETURNING id, channel, external_id, status, error, opted_out, unreachable, at_ms",
        parameters,
    ).all()
    return [
        Report(
            channel=row.channel,
            status=Status(row.status),
            at_ms=row.at_ms,
            external_id=row.external_id,
            error=row.error,
            opted_out=bool(row.opted_out),
            unreachable=bool(row.unreachable),
        )
        for row in sorted(rows, key=lambda row: int(row.id))
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
        for row in _found(connection, channel, keys, externals):
            message = by_key.setdefault(
                (channel, int(row.id)),
                _Row(
                    int(row.id), int(row.broadcast_id), row.contact_id, row.number or None, Status(row.status),
                    Status(row.status), row.error, row.final_ms, row.handed_ms,
                ),
            )  # fmt: skip
            if row.external_id is not None:
                by_external[channel, row.external_id] = message
    strangers: list[Report] = []
    for report in reports:
        key = message_key(report.message_id)
        found = by_key.get((report.channel, key)) if key is not None else None
        if found is None and report.external_id is not None:
            found = by_external.get((report.channel, report.external_id))
        if found is None or found.before is Status.QUEUED:
            strangers.append(report)
        else:
            found.reports.append(report)
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
            f" ORDER BY id{sql.locked(connection)}"
        )
        for row in sql.run(connection, statement, (channel, listed)):
            rows[int(row.id)] = row
    return [rows[key] for key in sorted(rows)]


def _forget(connection: Connection, ids: Sequence[int]) -> None:
    if ids:
        where, listed = sql.among(connection, "id", ids)
        sql.run(
            connection,
            f"UPDATE outbox SET number = '', text = '' WHERE {where} AND forget AND due_ms IS NULL",
            (listed,),
        )
