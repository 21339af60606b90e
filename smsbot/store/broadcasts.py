"""Broadcasts as they are stored and shown. What moves them from state to state is in `steering`."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from functools import partial
from typing import Any, TypeVar

import structlog
from sqlalchemy import Connection

from smsbot.errors import Invalid, Missing
from smsbot.store import audience as audiences
from smsbot.store import counts, sql, variants
from smsbot.store.audience import Audience
from smsbot.store.shares import TextShare, shares_from_json, shares_to_json

T = TypeVar("T")

log = structlog.get_logger()


class BroadcastState(StrEnum):
    AWAITING_APPROVAL = "awaiting_approval"
    SCHEDULED = "scheduled"
    SENDING = "sending"
    PAUSED = "paused"
    DONE = "done"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True)
class Draft:
    """A broadcast ready to be stored: validated, measured and counted. Its texts go by their keys (`variants`)."""

    audience: Audience
    texts: Mapping[str, str]  # in the order given
    by_language: Mapping[str, TextShare]  # of the texts that people will get
    measures: Mapping[str, TextShare]  # of every text, people or not
    state: BroadcastState
    kind: str = "information"
    channel: str | None = None
    urgent: bool = False
    reason: str = ""
    send_at_ms: int | None = None
    expires_ms: int | None = None
    corrects: int | None = None
    created_by: str = ""
    approved_ms: int | None = None  # set at once where no approval is asked for
    idempotency_key: str | None = None
    idempotency_digest: str = ""

    @property
    def recipients(self) -> int:
        return sum(share.recipients for share in self.by_language.values())

    @property
    def parts_total(self) -> int:
        return sum(share.recipients * share.parts for share in self.by_language.values())


@dataclass(frozen=True, slots=True)
class View:
    """All there is to know of a broadcast. *counts* holds every status and sums up to *recipients*."""

    id: int
    state: BroadcastState
    kind: str
    audience: Audience
    recipients: int
    by_language: Mapping[str, TextShare]
    parts_total: int
    texts: Mapping[str, str]
    counts: Mapping[str, int] = field(default_factory=dict)
    written: int = 0
    channel: str | None = None
    urgent: bool = False
    reason: str = ""
    send_at_ms: int | None = None
    expires_ms: int | None = None
    starts_ms: int | None = None  # when the first message may leave; None once it may, or never will
    created_ms: int = 0
    created_by: str = ""
    approved_by: str = ""
    approved_ms: int | None = None
    done_ms: int | None = None
    corrects: int | None = None
    forcing: Mapping[str, Sequence[tuple[str, str | None]]] = field(default_factory=dict)
    """Dry run only: language → the characters that force UCS-2, each with what could stand for it."""
    dormant: int = 0  # dry run only: people of the audience who cannot be reached and are left out
    repeated: bool = False  # the answer to a repeat of an idempotent request
    paused_because: str = ""  # why smsbot itself has paused it; "" where staff did, or it is not paused


COLUMNS = (
    "id, state, kind, audience, channel, urgent, reason, recipients, by_language, parts_total, send_at_ms, expires_ms,"
    " written, corrects, created_ms, created_by, approved_by, approved_ms, done_ms, paused_because"
)


def create(connection: Connection, draft: Draft, now_ms: int) -> View:
    """Store *draft*. A repeat under the same key gives the first; the same key for another request is `Invalid`."""
    row = sql.run(
        connection,
        "INSERT INTO broadcast (state, kind, audience, channel, urgent, reason, recipients, by_language, parts_total,"
        " send_at_ms, expires_ms, cursor, written, expanded, corrects, created_ms, created_by, approved_by,"
        " approved_ms, idempotency_key, idempotency_digest)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 0, 0, ?, ?, ?, ?, '', ?, ?, ?)"
        " ON CONFLICT (created_by, idempotency_key) DO NOTHING RETURNING id",
        (
            draft.state, draft.kind, draft.audience.to_json(), draft.channel, draft.urgent, draft.reason,
            draft.recipients, shares_to_json(draft.by_language), draft.parts_total, draft.send_at_ms,
            draft.expires_ms, False, draft.corrects, now_ms, draft.created_by, draft.approved_ms,
            draft.idempotency_key, draft.idempotency_digest,
        ),
    ).first()  # fmt: skip
    if row is None:
        found = repeated(connection, draft.created_by, draft.idempotency_key or "", draft.idempotency_digest)
        assert found is not None, "the conflicting broadcast is there"
        return found
    broadcast_id = int(row[0])
    sql.run_many(
        connection,
        "INSERT INTO broadcast_text (broadcast_id, language, hint, text, encoding, units, parts)"
        " VALUES (?, ?, ?, ?, ?, ?, ?)",
        [
            (broadcast_id, *variants.split(key), text, share.encoding, share.units, share.parts)
            for key, text in draft.texts.items()
            for share in (draft.measures[key],)
        ],
    )
    counts.open_counts(connection, broadcast_id, draft.recipients)
    return get(connection, broadcast_id)


def repeated(connection: Connection, by: str, key: str, digest: str) -> View | None:
    """The broadcast that *by* made under *key*, if any; `Invalid` if that was another request."""
    row = sql.run(
        connection,
        "SELECT id, idempotency_digest FROM broadcast WHERE created_by = ? AND idempotency_key = ?",
        (by, key),
    ).first()
    if row is None:
        return None
    if row[1] != digest:
        raise Invalid(
            "This Idempotency-Key was used for a different broadcast; take a new key for a new one.",
            field="Idempotency-Key",
        )
    return get(connection, int(row[0]), repeated=True)


def get(connection: Connection, broadcast_id: int, *, repeated: bool = False) -> View:
    rows = sql.run(connection, f"SELECT {COLUMNS} FROM broadcast WHERE id = ?", (broadcast_id,)).all()
    if not rows:
        raise Missing(f"There is no broadcast {broadcast_id}.")
    return _views(connection, rows, repeated=repeated)[0]


def recent(connection: Connection, cursor: str | None, limit: int) -> tuple[list[View], str | None]:
    """The newest first, and the cursor of the next page. `Invalid` for a cursor that is none of ours."""
    before = 2**62
    if cursor is not None:
        if not cursor.isascii() or not cursor.isdigit() or len(cursor) > 18:
            raise Invalid("This cursor is not one that a list has given.", field="cursor")
        before = int(cursor)
    rows = sql.run(
        connection,
        f"SELECT {COLUMNS} FROM broadcast WHERE id < ? ORDER BY id DESC LIMIT ?",
        (before, limit + 1),
    ).all()
    views = _views(connection, rows[:limit])
    return views, str(views[-1].id) if len(rows) > limit else None


def _views(connection: Connection, rows: Sequence[Any], *, repeated: bool = False) -> list[View]:
    ids = [int(row.id) for row in rows]
    if not ids:
        return []
    texts = _texts(connection, ids)
    tallies = counts.read(connection, ids)
    return [
        View(
            id=int(row.id),
            state=BroadcastState(row.state),
            kind=row.kind,
            audience=_read(row, "audience", partial(audiences.from_json, kind=row.kind), Audience()),
            recipients=int(row.recipients),
            by_language=_read(row, "by_language", lambda it: variants.by_language(shares_from_json(it)), {}),
            parts_total=int(row.parts_total),
            texts=texts.get(int(row.id), {}),
            counts=tallies.get(int(row.id), {}),
            written=int(row.written),
            channel=row.channel,
            urgent=bool(row.urgent),
            reason=row.reason,
            send_at_ms=row.send_at_ms,
            expires_ms=row.expires_ms,
            created_ms=row.created_ms,
            created_by=row.created_by,
            approved_by=row.approved_by,
            approved_ms=row.approved_ms,
            done_ms=row.done_ms,
            corrects=row.corrects,
            repeated=repeated,
            paused_because=row.paused_because if row.state == BroadcastState.PAUSED else "",
        )
        for row in rows
    ]


def _read(row: Any, column: str, read: Callable[[str], T], nothing: T) -> T:
    """A column of JSON; *nothing* if somebody has spoilt it, so that one broadcast does not hide all others."""
    try:
        return read(getattr(row, column))
    except (ValueError, TypeError, AttributeError) as error:
        log.error("a column of a broadcast cannot be read", broadcast=row.id, column=column, error=type(error).__name__)
        return nothing


def _texts(connection: Connection, ids: Iterable[int]) -> dict[int, dict[str, str]]:
    where, listed = sql.among(connection, "broadcast_id", list(ids))
    found: dict[int, dict[str, str]] = {}
    statement = f"SELECT broadcast_id, language, hint, text FROM broadcast_text WHERE {where} ORDER BY id"
    for broadcast_id, language, hint, text in sql.run(connection, statement, (listed,)):
        found.setdefault(int(broadcast_id), {})[variants.key(language, hint)] = str(text)
    return {key: variants.as_shown(texts) for key, texts in found.items()}
