"""Writing a broadcast's messages: `INSERT … SELECT` over ranges of contacts, the cursor moved in the same
transaction. A crash between two pieces loses and doubles nothing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import Connection

from smsbot.status import Status
from smsbot.store import audience as audiences
from smsbot.store import counts, sql
from smsbot.store.audience import Audience
from smsbot.store.broadcasts import TextShare, shares_from_json, shares_to_json


@dataclass(frozen=True, slots=True)
class Piece:
    """*rows* were written for *contacts* looked at; *complete*: nothing is left to write."""

    rows: int
    contacts: int
    complete: bool


@dataclass(frozen=True, slots=True)
class _Text:
    id: int
    language: str
    encoding: str
    units: int
    parts: int


def unwritten(connection: Connection) -> list[int]:
    """The broadcasts that are being sent and not all written out, oldest first."""
    rows = sql.run(connection, "SELECT id FROM broadcast WHERE state = 'sending' AND NOT expanded ORDER BY id")
    return [int(key) for (key,) in rows]


def write_piece(connection: Connection, broadcast_id: int, channels: Sequence[str], now_ms: int, span: int) -> Piece:
    """Write the messages for the next *span* contact ids. *channels*: those that can send, in their order.

    A person's messages leave through the channel they last wrote to if it can send, else through the first that can.
    """
    row = sql.run(
        connection,
        "SELECT kind, audience, channel, recipients, by_language, expires_ms, cursor, written"
        " FROM broadcast WHERE id = ? AND state = 'sending' AND NOT expanded" + sql.locked(connection),
        (broadcast_id,),
    ).first()
    if row is None:
        return Piece(0, 0, complete=True)
    texts = _texts(connection, broadcast_id)
    last = int(sql.run(connection, "SELECT COALESCE(max(id), 0) FROM contact").scalar_one())
    low = int(row.cursor)
    high = min(low + span, last)
    shares = shares_from_json(row.by_language)
    chosen = audiences.from_json(row.audience, row.kind)
    added: Counter[str] = Counter()
    if high > low:
        added = _insert(
            connection,
            broadcast_id,
            row,
            chosen=chosen,
            texts=texts,
            channels=channels,
            span=(low, high),
            now_ms=now_ms,
        )
    for text in texts:
        if added[text.language]:
            share = shares.get(text.language, TextShare(0, text.encoding, text.units, text.parts))
            shares[text.language] = replace(share, written=share.written + added[text.language])
    complete = high >= last
    written = int(row.written) + added.total()
    _keep(
        connection,
        broadcast_id,
        recipients=int(row.recipients),
        written=written,
        shares=shares,
        cursor=high,
        complete=complete,
    )
    if complete:
        counts.finish(connection, [broadcast_id], now_ms)
    return Piece(added.total(), high - low, complete)


def _keep(
    connection: Connection, broadcast_id: int, *, recipients: int, written: int, shares: dict[str, TextShare],
    cursor: int, complete: bool,
) -> None:  # fmt: skip
    """Move the cursor. What was counted at the start gives way to what was written, at the end or as soon as that is
    more: people join and stop meanwhile."""
    truth = written if complete else max(recipients, written)
    if complete:
        shares = {
            language: replace(share, recipients=share.written) for language, share in shares.items() if share.written
        }
    parts_total = sum(share.recipients * share.parts for share in shares.values())
    sql.run(
        connection,
        "UPDATE broadcast SET cursor = ?, written = ?, expanded = ?, recipients = ?, by_language = ?, parts_total = ?"
        " WHERE id = ?",
        (cursor, written, complete, truth, shares_to_json(shares), parts_total, broadcast_id),
    )
    counts.add(connection, {(broadcast_id, str(Status.QUEUED)): truth - recipients})


def _texts(connection: Connection, broadcast_id: int) -> list[_Text]:
    rows = sql.run(
        connection,
        "SELECT id, language, encoding, units, parts FROM broadcast_text WHERE broadcast_id = ? ORDER BY id",
        (broadcast_id,),
    )
    return [_Text(int(row.id), row.language, row.encoding, int(row.units), int(row.parts)) for row in rows]


def _insert(
    connection: Connection, broadcast_id: int, row: Any, *, chosen: Audience, texts: Sequence[_Text],
    channels: Sequence[str], span: tuple[int, int], now_ms: int,
) -> Counter[str]:  # fmt: skip
    """Insert the messages of one range; give how many for each language."""
    languages = [text.language for text in texts]
    text_id, text_values = audiences.by_text(chosen, {text.language: text.id for text in texts}, languages)
    parts, part_values = audiences.by_text(chosen, {text.language: text.parts for text in texts}, languages)
    channel, channel_values = _channel(row.channel, channels)
    where, where_values = audiences.conditions(connection, chosen, languages, now_ms, span=span)
    insert = (
        "INSERT INTO outbox (channel, broadcast_id, contact_id, text_id, parts, status, error, created_ms, due_ms,"
        " expires_ms, attempts, forget)"
        f" SELECT {channel}, {int(broadcast_id)}, c.id, {text_id}, {parts}, 'queued', '', {int(now_ms)}, {int(now_ms)},"
        f" CAST(? AS bigint), 0, {'false' if sql.is_postgresql(connection) else '0'}"
        f" FROM contact c WHERE {where} ORDER BY c.id"
    )
    values = (*channel_values, *text_values, *part_values, row.expires_ms, *where_values)
    names = {text.id: text.language for text in texts}
    if len(texts) == 1:
        return Counter({languages[0]: sql.run(connection, insert, values).rowcount})
    if sql.is_postgresql(connection):
        statement = f"WITH made AS ({insert} RETURNING text_id) SELECT text_id, count(*) FROM made GROUP BY text_id"
        return Counter({names[int(key)]: int(n) for key, n in sql.run(connection, statement, values)})
    before = int(sql.run(connection, "SELECT COALESCE(max(id), 0) FROM outbox").scalar_one())
    rows = sql.run(connection, insert, values).rowcount
    if rows == 0:
        return Counter()
    sums = ", ".join(f"sum(text_id = {text.id})" for text in texts[1:])  # nobody else writes: all of these are ours
    found = [int(n) for n in sql.run(connection, f"SELECT {sums} FROM outbox WHERE id > ?", (before,)).one()]
    return Counter(dict(zip(languages, (rows - sum(found), *found), strict=True)))


def _channel(fixed: str | None, channels: Sequence[str]) -> tuple[str, list[Any]]:
    if fixed is not None:
        return "CAST(? AS text)", [fixed]
    if len(channels) == 1:
        return "CAST(? AS text)", [channels[0]]
    marks = ", ".join("?" * len(channels))
    return (
        f"CASE WHEN c.last_channel IN ({marks}) THEN c.last_channel ELSE CAST(? AS text) END",
        [*channels, channels[0]],
    )
