"""The outbox: who may send what now, and what became of it.

`due_ms` is the whole scheduling. Claiming sets it to the end of the lease, so what a dead dispatcher held comes due
again by itself; a retry sets it later; settling clears it. A claimed message's `error` is empty, one that waits for
a retry says why: so a message whose dispatcher died, which may have left, is told from one that surely has not.
"""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection

from smsbot.clock import HOUR_MS
from smsbot.status import Status
from smsbot.store import counts, months, sql
from smsbot.store import ration as rations
from smsbot.store.audience import from_json, topic_ids
from smsbot.store.ration import Ration
from smsbot.store.reports import Merged, OptOut, Report, merge_reports
from smsbot.store.settling import Result, forget, settle
from smsbot.store.withdrawals import queue_personal, suppress, suppress_left
from smsbot.values import value

__all__ = [
    "LEASE_MS", "REPLY_LIFE_MS", "Claimed", "Lane", "Merged", "OptOut", "Report", "Result", "claim", "lanes",
    "merge_reports", "next_due", "queue_personal", "rebase", "recheck", "release", "sending", "settle", "suppress",
    "suppress_left",
]  # fmt: skip

LEASE_MS = 30_000  # contract §10, "More on sending"
REPLY_LIFE_MS = HOUR_MS  # contract §10, "Sending": replies are retried for one hour
MAY_HAVE_LEFT = "the process that held it ended before it said what came of it"


@value(frozen=True, slots=True)
class Claimed:
    """A message in a dispatcher's hands. *checked_ms*: when consent was last looked up, by the dispatcher's steady
    clock."""

    id: int
    channel: str
    number: str
    text: str
    parts: int
    attempts: int  # that failed so far
    created_ms: int
    expires_ms: int | None
    broadcast_id: int = 0
    contact_id: int | None = None
    checked_ms: int = 0
    encoding: str | None = None  # None: to be measured
    forget: bool = False  # the person was erased: number and text go once it has left

    @property
    def is_reply(self) -> bool:
        return self.broadcast_id == 0


@dataclass(frozen=True, slots=True)
class Lane:
    """What can be claimed together: the replies (0), or a broadcast that is being sent."""

    broadcast_id: int
    urgent: bool = True
    expires_ms: int | None = None
    promotion: bool = False
    topics: tuple[int, ...] | None = None  # who has left all of these gets nothing any more; None: not asked
    state: str = "sending"
    rationed: bool = False  # it counts among a person's broadcasts of a day


REPLIES = Lane(0)


def lanes(connection: Connection, broadcast_ids: Collection[int] | None = None) -> list[Lane]:
    """The broadcasts that are being sent, oldest first; with *broadcast_ids* those, whatever their state."""
    parameters: list[Any]
    if broadcast_ids is None:
        where, parameters = "state = 'sending'", []
    else:
        where, listed = sql.among(connection, "id", broadcast_ids)
        parameters = [listed]
    rows = sql.run(
        connection,
        f"SELECT id, urgent, expires_ms, kind, audience, state FROM broadcast WHERE {where} ORDER BY id",
        parameters,
    ).all()
    return [_lane(connection, row) for row in rows]


def sending(connection: Connection) -> list[int]:
    """The broadcasts of `lanes`, of which nothing is read."""
    return [int(key) for (key,) in sql.run(connection, "SELECT id FROM broadcast WHERE state = 'sending' ORDER BY id")]


def _lane(connection: Connection, row: Any) -> Lane:
    audience = from_json(row.audience, row.kind)
    asked = audience.topics and not audience.everyone and audience.broadcast is None
    return Lane(
        broadcast_id=int(row.id),
        urgent=bool(row.urgent),
        expires_ms=row.expires_ms,
        promotion=audience.promotion,
        topics=tuple(topic_ids(connection, audience.topics)) if asked else None,
        state=row.state,
        rationed=not row.urgent and audience.broadcast is None,
    )


def claim(
    connection: Connection, channel: str, lane: Lane, now_ms: int, limit: int, *, lease_ms: int = LEASE_MS,
    ration: Ration | None = None, without: Collection[int] = (),
) -> list[Claimed]:  # fmt: skip
    """Take up to *limit* due messages of *lane*, none of those *without*. Who must not get theirs any more, or not
    today, is settled on the way."""
    rows: list[Any] = []
    order = _except("o.id", without) + " ORDER BY o.due_ms, o.id LIMIT ?"
    for span in months.spans(connection, "outbox", "o."):
        where = f"o.channel = ? AND o.broadcast_id = ? AND o.due_ms <= ?{span}{order}"
        statement, parameters = _due(lane, where, (channel, lane.broadcast_id, now_ms, limit - len(rows)))
        rows += sql.run(connection, statement + sql.locked(connection, "FOR UPDATE OF o SKIP LOCKED"), parameters)
        if len(rows) >= limit:
            break
    if ration is not None and lane.rationed and rows:
        free = [row for row in rows if _fate(lane, row, now_ms) is None and not _in_doubt(row)]
        over = rations.set_aside(connection, lane.broadcast_id, free, ration, now_ms)
        rows = [row for row in rows if row.id not in over]
    return _take(connection, channel, lane, rows, now_ms=now_ms, lease_ms=lease_ms)


def recheck(
    connection: Connection, channel: str, held: Sequence[Claimed], now_ms: int, *, lease_ms: int = LEASE_MS
) -> list[Claimed]:
    """Which of *held* may still be sent, with a fresh lease and consent looked up now.

    Who stopped, left the broadcast's topics or is paused: `suppressed`. A broadcast paused meanwhile gets its messages
    back; a cancelled one's are `cancelled`; what somebody else has settled is left out.
    """
    kept: list[Claimed] = []
    by_lane: dict[int, list[int]] = {}
    for message in held:
        by_lane.setdefault(message.broadcast_id, []).append(message.id)
    wanted = [key for key in by_lane if key]
    for lane in ([REPLIES] if 0 in by_lane else []) + (lanes(connection, wanted) if wanted else []):
        where, listed = sql.among(connection, "o.id", sorted(by_lane[lane.broadcast_id]))
        recent = months.recent(connection, "outbox", "o.")
        where += f" AND o.status = 'sending' AND o.due_ms IS NOT NULL{recent} ORDER BY o.id"
        statement, parameters = _due(lane, where, (listed,))
        rows = sql.run(connection, statement + sql.locked(connection, "FOR UPDATE OF o"), parameters).all()
        kept.extend(_take(connection, channel, lane, rows, now_ms=now_ms, lease_ms=lease_ms, ours=True))
    order = {message.id: position for position, message in enumerate(held)}
    return sorted(kept, key=lambda message: order[message.id])


def release(connection: Connection, held: Collection[int], due_ms: int, error: str) -> None:
    """Give back what was claimed and surely has not been sent."""
    if held:
        where, listed = sql.among(connection, "id", held)
        sql.run(
            connection,
            f"UPDATE outbox SET due_ms = ?, error = ? WHERE {where} AND status = 'sending' AND due_ms IS NOT NULL"
            f"{months.recent(connection, 'outbox')}",
            (due_ms, error, listed),
        )


def rebase(connection: Connection, channel: str, now_ms: int) -> None:
    """The clock was set back: what was queued by the wrong one is due now; a claim lasts no longer than claims do."""
    sql.run(
        connection,
        "UPDATE outbox SET due_ms = ? WHERE channel = ? AND due_ms > ? AND status = 'queued' AND created_ms > ?",
        (now_ms, channel, now_ms, now_ms),
    )
    sql.run(
        connection,
        "UPDATE outbox SET due_ms = ? WHERE channel = ? AND due_ms > ? AND status = 'sending' AND error = ''",
        (now_ms + LEASE_MS, channel, now_ms + LEASE_MS),
    )


def next_due(
    connection: Connection, channel: str, broadcast_ids: Sequence[int], *, without: Collection[int] = ()
) -> int | None:
    """When the next message of the replies or of these broadcasts comes due, except those *without*."""
    instants = []
    spans, order = months.spans(connection, "outbox"), _except("id", without) + " ORDER BY due_ms, id LIMIT 1"
    for broadcast_id, span in itertools.product((0, *broadcast_ids), spans):
        row = sql.run(
            connection,
            f"SELECT due_ms FROM outbox WHERE channel = ? AND broadcast_id = ? AND due_ms IS NOT NULL{span}{order}",
            (channel, broadcast_id),
        ).first()
        if row is not None:
            instants.append(int(row[0]))
    return min(instants, default=None)


def _except(column: str, ids: Collection[int]) -> str:
    """Almost always "": it stands in the text, so that the plans of all other days stay as they are."""
    return f" AND {column} NOT IN ({', '.join(str(int(key)) for key in sorted(ids))})" if ids else ""


def _due(lane: Lane, where: str, parameters: Sequence[Any]) -> tuple[str, tuple[Any, ...]]:
    if lane.broadcast_id == 0:
        columns = (
            "o.id, o.contact_id, o.status, o.error, o.attempts, o.created_ms, o.expires_ms, o.parts, o.number, o.text"
        )
        return f"SELECT {columns} FROM outbox o WHERE {where}", tuple(parameters)
    wanted = "1"
    if lane.topics is not None:
        ids = ", ".join(str(key) for key in lane.topics) or "-1"
        wanted = f"(SELECT 1 FROM subscription s WHERE s.contact_id = o.contact_id AND s.topic_id IN ({ids}) LIMIT 1)"
    columns = (
        "o.id, o.contact_id, o.status, o.error, o.attempts, o.created_ms, o.expires_ms, o.text_id, c.number, c.state,"
        f" c.paused_until_ms, c.promotion, {wanted} AS wanted"
    )
    statement = f"SELECT {columns} FROM outbox o LEFT JOIN contact c ON c.id = o.contact_id WHERE {where}"
    return statement, tuple(parameters)


def _take(
    connection: Connection, channel: str, lane: Lane, rows: Sequence[Any], *, now_ms: int, lease_ms: int,
    ours: bool = False,
) -> list[Claimed]:  # fmt: skip
    """Settle what must not leave, put the others under the lease. *ours*: they are in our hands, so none has left."""
    if not rows:
        return []
    texts = _texts(connection, lane) if lane.broadcast_id else {}
    kept: list[Claimed] = []
    moves: counts.Moves = Counter()
    dropped: list[tuple[Any, ...]] = []
    back: list[int] = []
    doubtful: list[int] = []
    for row in rows:
        fate = _fate(lane, row, now_ms)
        taken_over = _in_doubt(row) and not ours
        if fate is None and lane.state == "paused":
            back.append(int(row.id))
        elif fate is None:
            if taken_over:
                doubtful.append(int(row.id))
            moves[lane.broadcast_id, str(row.status), str(Status.SENDING)] += 1
            kept.append(_claimed(channel, lane, row, texts))
        else:
            fate = Status.UNKNOWN if taken_over else fate
            moves[lane.broadcast_id, str(row.status), str(fate)] += 1
            dropped.append((str(fate), MAY_HAVE_LEFT if taken_over else "", now_ms, int(row.id)))
    if kept:
        where, listed = sql.among(connection, "id", [message.id for message in kept])
        sql.run(
            connection,
            f"UPDATE outbox SET status = 'sending', due_ms = ?, error = '' WHERE {where}"
            f"{months.recent(connection, 'outbox')}",
            (now_ms + lease_ms, listed),
        )
    if doubtful:  # sent again by this channel and never by another: see `failover`
        where, listed = sql.among(connection, "id", doubtful)
        sql.run(connection, f"UPDATE outbox SET handed_ms = COALESCE(handed_ms, ?) WHERE {where}", (now_ms, listed))
    release(connection, back, now_ms, "the broadcast is paused")
    sql.run_many(
        connection, "UPDATE outbox SET status = ?, error = ?, final_ms = ?, due_ms = NULL WHERE id = ?", dropped
    )
    if dropped and lane.broadcast_id == 0:
        forget(connection, [int(values[-1]) for values in dropped])
    counts.tally(connection, moves, now_ms)
    return kept


def _in_doubt(row: Any) -> bool:
    """Was it claimed, and nobody has said what came of it?"""
    return bool(row.status == Status.SENDING and row.error == "")


def _fate(lane: Lane, row: Any, now_ms: int) -> Status | None:
    """Why a message must not leave, or None."""
    expires_ms = row.expires_ms
    if lane.broadcast_id == 0:
        if expires_ms is None:
            expires_ms = row.created_ms + REPLY_LIFE_MS
        return Status.EXPIRED if expires_ms <= now_ms else None
    if lane.state == "cancelled":
        return Status.CANCELLED
    active = row.state == "active" or (
        row.state == "paused" and row.paused_until_ms is not None and row.paused_until_ms <= now_ms
    )
    if not active or row.wanted is None or (lane.promotion and not row.promotion):
        return Status.SUPPRESSED
    return Status.EXPIRED if expires_ms is not None and expires_ms <= now_ms else None


def _claimed(channel: str, lane: Lane, row: Any, texts: dict[int, tuple[str, str, int]]) -> Claimed:
    if lane.broadcast_id:
        text, encoding, parts = texts[int(row.text_id)]
    else:
        text, encoding, parts = row.text or "", None, int(row.parts)
    return Claimed(
        id=int(row.id),
        channel=channel,
        broadcast_id=lane.broadcast_id,
        contact_id=row.contact_id,
        number=row.number or "",
        text=text,
        parts=parts,
        attempts=int(row.attempts),
        created_ms=int(row.created_ms),
        expires_ms=row.expires_ms,
        encoding=encoding,
    )


def _texts(connection: Connection, lane: Lane) -> dict[int, tuple[str, str, int]]:
    rows = sql.run(
        connection,
        "SELECT id, text, encoding, parts FROM broadcast_text WHERE broadcast_id = ?",
        (lane.broadcast_id,),
    )
    return {int(row.id): (row.text, row.encoding, int(row.parts)) for row in rows}
