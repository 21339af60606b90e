"""What came of messages that were claimed, written down."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Collection, Sequence
from functools import lru_cache

from sqlalchemy import Connection

from smsbot.status import Status
from smsbot.store import bulk, counts, months, polls, segments, sql, wire
from smsbot.store.reach import Reach
from smsbot.store.reports import Merged, merge_reports, take_parked
from smsbot.values import value


@value(frozen=True, slots=True)
class Result:
    """What came of a claimed message. `sending` with *due_ms* and *error*: it is to be tried again then.

    *handed_ms* is set where the gateway took it or may have taken it. *further_ids*: of its parts after the first.
    *ask*: its fate has to be asked for. *unreachable*, *blocked*: what the gateway said of the person.
    """

    id: int
    broadcast_id: int
    status: Status
    error: str = ""
    external_id: str | None = None
    due_ms: int | None = None
    attempts: int = 0
    expires_ms: int | None = None
    handed_ms: int | None = None
    final_ms: int | None = None
    contact_id: int | None = None
    further_ids: tuple[str, ...] = ()
    ask: bool = False
    unreachable: bool = False
    blocked: bool = False


def settle(connection: Connection, channel: str, results: Sequence[Result], now_ms: int) -> Merged:
    """Write down what came of claimed messages; reports that outran their gateway id are merged in.

    A message that a report has moved on already keeps its status and only learns the gateway's id.
    """
    if not results:
        return Merged()
    results = sorted(results, key=lambda result: result.id)
    moved = _write(connection, results)
    moves: counts.Moves = Counter()
    late: list[Result] = []
    for result in results:
        if result.id not in moved:
            late.append(result)
        elif result.status is not Status.SENDING:
            moves[result.broadcast_id, str(Status.SENDING), str(result.status)] += 1
    sql.run_many(
        connection,
        "UPDATE outbox SET external_id = COALESCE(external_id, ?), handed_ms = COALESCE(handed_ms, ?), due_ms = NULL"
        " WHERE id = ? AND status IN ('sent', 'delivered', 'failed', 'expired', 'unknown')",
        [(result.external_id, result.handed_ms, result.id) for result in late if result.handed_ms is not None],
    )
    forget(connection, [result.id for result in late if result.broadcast_id == 0])
    _note(connection, channel, results, moved, now_ms)
    known = [one for result in results for one in (result.external_id, *result.further_ids) if one is not None]
    parked = take_parked(connection, channel, known)
    merged = merge_reports(connection, parked, now_ms, moves=moves) if parked else Merged()
    counts.tally(connection, moves, now_ms)
    return merged


def _note(connection: Connection, channel: str, results: Sequence[Result], moved: Collection[int], now_ms: int) -> None:
    """What hand-overs tell beside the message's status; most tell nothing, and then nothing is asked or written."""
    parts = {r.id: (r.external_id, *r.further_ids) for r in results if r.further_ids and r.external_id is not None}
    if parts:
        segments.add(connection, channel, parts, Status.SENT)
    asked = [result.id for result in results if result.ask]
    if asked:
        polls.begin(connection, channel, asked, now_ms)
    reach = Reach()
    for result in results:
        if result.id not in moved:
            continue
        if result.status is Status.DELIVERED:
            reach.delivered(result.contact_id, channel)
        if result.unreachable:
            reach.unreachable(result.contact_id)
        if result.blocked:
            reach.blocked(result.contact_id, channel, result.error)
    reach.write(connection, now_ms)


def forget(connection: Connection, ids: Sequence[int]) -> None:
    """Blank the number and the text of an erased person's messages once nobody has to send them."""
    if ids:
        where, listed = sql.among(connection, "id", ids)
        wire.send(
            connection,
            f"UPDATE outbox SET number = '', text = '' WHERE {where} AND forget AND due_ms IS NULL"
            f"{months.recent(connection, 'outbox')}",
            (listed,),
        )


_SETTLED = ("status", "error", "external_id", "due_ms", "attempts", "expires_ms", "handed_ms", "final_ms", "id")


def _write(connection: Connection, results: Sequence[Result]) -> set[int]:
    """Move the messages that still are `sending`; give the ids of those."""
    values = [
        (
            str(result.status), result.error, result.external_id, result.due_ms, result.attempts, result.expires_ms,
            result.handed_ms, result.final_ms, result.id,
        )
        for result in results
    ]  # fmt: skip
    if sql.is_postgresql(connection):
        kinds = ("text", "text", "text", "bigint", "integer", "bigint", "bigint", "bigint", "bigint")
        arrays = ", ".join(f"CAST(? AS {kind}[])" for kind in kinds)
        statement = (
            f"UPDATE outbox t {_moving()} FROM unnest({arrays}) AS v({', '.join(_SETTLED)})"
            f" WHERE t.id = v.id AND t.status = 'sending'{months.recent(connection, 'outbox', 't.')} RETURNING t.id"
        )
        columns = [wire.array(column) for column in zip(*values, strict=True)]
        return {int(key) for (key,) in wire.fetch(connection, statement, columns)}
    where, listed = sql.among(connection, "id", [result.id for result in results])
    ids = f"SELECT json_group_array(id) FROM outbox WHERE {where} AND status = 'sending'"
    ((found,),) = wire.fetch(connection, ids, (listed,))
    moved = set(json.loads(found))
    for chunk in bulk.chunks([row for row in values if row[-1] in moved]):
        wire.send(connection, _lite_update(len(chunk)), [value for row in chunk for value in row])
    return moved


@lru_cache(maxsize=16)
def _lite_update(size: int) -> str:
    return f"{bulk.lite_rows(_SETTLED, size)} UPDATE outbox AS t {_moving()} FROM v WHERE t.id = v.id"


def _moving() -> str:
    """What a result `v` makes of its message `t`. An erased person's is blanked as by `forget`, without a statement of
    its own."""
    gone = "t.forget AND t.broadcast_id = 0 AND v.due_ms IS NULL"
    blanked = ", ".join(f"{name} = CASE WHEN {gone} THEN '' ELSE t.{name} END" for name in ("number", "text"))
    return (
        "SET status = v.status, error = v.error, due_ms = v.due_ms, attempts = v.attempts,"
        " external_id = COALESCE(v.external_id, t.external_id), expires_ms = COALESCE(v.expires_ms, t.expires_ms),"
        f" handed_ms = COALESCE(v.handed_ms, t.handed_ms), final_ms = v.final_ms, {blanked}"
    )
