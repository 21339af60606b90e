"""Writing a broadcast's messages: `INSERT … SELECT` over ranges of contacts, the cursor moved in the same
transaction. A crash between two pieces loses and doubles nothing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import Connection

from smsbot.dialogue.stop_hint import NO_HINTS, StopHints
from smsbot.status import Status
from smsbot.store import audience as audiences
from smsbot.store import counts, sql, variants
from smsbot.store.audience import Audience, Through
from smsbot.store.shares import TextShare, shares_from_json, shares_to_json
from smsbot.store.variants import Variant


@dataclass(frozen=True, slots=True)
class Piece:
    """*rows* were written for *contacts* looked at; *complete*: nothing is left to write."""

    rows: int
    contacts: int
    complete: bool


def unwritten(connection: Connection) -> list[int]:
    """The broadcasts that are being sent and not all written out, oldest first."""
    rows = sql.run(connection, "SELECT id FROM broadcast WHERE state = 'sending' AND NOT expanded ORDER BY id")
    return [int(key) for (key,) in rows]


def write_piece(
    connection: Connection, broadcast_id: int, channels: Sequence[str], now_ms: int, span: int, *,
    hints: StopHints = NO_HINTS,
) -> Piece:  # fmt: skip
    """Write the messages for the next *span* contact ids. *channels*: those that can send, in their order.

    A person's messages leave through the channel they last wrote to if it can send, else through the first that can.
    *hints*: those whose texts say where STOP goes.
    """
    row = sql.run(
        connection,
        "SELECT kind, audience, channel, recipients, by_language, expires_ms, cursor, written"
        " FROM broadcast WHERE id = ? AND state = 'sending' AND NOT expanded" + sql.locked(connection),
        (broadcast_id,),
    ).first()
    if row is None:
        return Piece(0, 0, complete=True)
    last = int(sql.run(connection, "SELECT COALESCE(max(id), 0) FROM contact").scalar_one())
    low = int(row.cursor)
    high = min(low + span, last)
    shares = shares_from_json(row.by_language)
    chosen = audiences.from_json(row.audience, row.kind)
    added: Counter[str] = Counter()
    usable = (row.channel,) if row.channel is not None else tuple(channels)
    groups = hints.groups(usable) if high > low else []
    for hint, these in groups:
        texts = variants.of(connection, broadcast_id, hint)
        through = Through(usable, these) if len(groups) > 1 else None
        written = _insert(
            connection, broadcast_id, row, chosen=chosen, texts=texts, channels=usable, span=(low, high), now_ms=now_ms,
            through=through,
        )  # fmt: skip
        for text in texts:
            if n := written[text.language]:
                added[text.key] += n
                share = shares.get(text.key, TextShare(0, text.encoding, text.units, text.parts))
                shares[text.key] = replace(share, written=share.written + n)
    complete = high >= last
    total = int(row.written) + added.total()
    _keep(
        connection,
        broadcast_id,
        recipients=int(row.recipients),
        written=total,
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


def _insert(
    connection: Connection, broadcast_id: int, row: Any, *, chosen: Audience, texts: Sequence[Variant],
    channels: Sequence[str], span: tuple[int, int], now_ms: int, through: Through | None,
) -> Counter[str]:  # fmt: skip
    """Insert the messages of one range; give how many for each language."""
    languages = [text.language for text in texts]
    text_id, text_values = audiences.by_text(chosen, {text.language: text.id for text in texts}, languages)
    parts, part_values = audiences.by_text(chosen, {text.language: text.parts for text in texts}, languages)
    channel, channel_values = audiences.channel_of(row.channel, channels)
    where, where_values = audiences.conditions(connection, chosen, languages, now_ms, span=span, through=through)
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
