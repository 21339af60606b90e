"""Texts that arrive in parts: kept until the last has come, then one text (civic rule 19).

A part belongs to the newest set of its channel, sender, recipient, reference and total. References are one octet or two
and come round again, so an hour after its first part a set's reference begins a new one. On PostgreSQL whoever
touches a sender's sets holds a lock of that sender to the end of the transaction, taken before any person is locked.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from sqlalchemy import Connection

from smsbot.clock import DAY_MS, HOUR_MS, MINUTE_MS
from smsbot.store import bulk, sql
from smsbot.store.tables import InboundPart, InboundSet, table
from smsbot.text import halves

SET = table(InboundSet)
PART = table(InboundPart)

WAIT_MS = 10 * MINUTE_MS
"""From the first part. A phone sends all within seconds and repeats a failed one within minutes; somebody who asked
something is better served by an answer to most of it now than by one to all of it tomorrow."""
REUSED_MS = HOUR_MS
"""From the first part; after that a reference is a new text's. 256 long texts within an hour are no person's."""
KEEP_MS = 3 * DAY_MS
"""How long a repeat of a part is recognised: the most patient gateway repeats for about two days (SMSGate)."""
OPEN_MOST = 8
"""Unfinished texts of one sender; the next one closes the oldest, so that nobody fills the table."""
TOTAL_MOST = 255  # 3GPP TS 23.040 §9.2.3.24.1: one octet
PART_LIMIT = 1_000
"""Characters of a part that are kept. A part holds 160; gateways that join some themselves are not cut short."""
GAP = " […] "
"""Where parts are missing."""

STOP = "stop"  # of a gateway's reading of a text
OPTOUTS = (STOP, "start", "help")

_MADE = ("channel", "sender", "recipient", "reference", "total", "began_ms", "closed_ms", "due_ms")
_KEPT = ("set_id", "number", "channel", "external_id", "digest", "text", "sent_ms", "at_ms", "optout")


@dataclass(frozen=True, slots=True)
class Piece:
    """One part as it came. *number* counts from 1 to *total*."""

    channel: str
    sender: str
    recipient: str
    reference: int
    total: int
    number: int
    external_id: str | None
    text: str
    sent_ms: int | None
    at_ms: int
    optout: str | None = None


@dataclass(frozen=True, slots=True)
class Whole:
    """A text put together, or what there is of it. *rest*: it is only kept for staff: it came too late for its text,
    or what it belongs to has been obeyed already. The same parts always give the same *external_id*."""

    channel: str
    sender: str
    recipient: str
    external_id: str
    text: str
    sent_ms: int | None
    optout: str | None = None
    rest: bool = False


@dataclass(frozen=True, slots=True)
class Placed:
    """What a part did. *before*: texts given up to make room for it, and so on; *own*: the text it completed."""

    repeat: bool = False
    before: tuple[Whole, ...] = ()
    own: Whole | None = None


@dataclass(slots=True)
class _Held:
    digest: int
    external_id: str | None
    text: str = ""
    sent_ms: int | None = None
    at_ms: int = 0
    optout: str = ""
    fresh: bool = False  # not in the database yet


@dataclass(slots=True)
class _Set:
    channel: str
    sender: str
    recipient: str
    reference: int
    total: int
    began_ms: int
    closed_ms: int | None = None
    id: int | None = None
    parts: dict[int, _Held] = field(default_factory=dict)  # by number
    changed: bool = False

    @property
    def key(self) -> tuple[str, str, str, int, int]:
        return self.channel, self.sender, self.recipient, self.reference, self.total


class Shelf:
    """The sets that one transaction touches. Make it with `opened`, place parts and give sets up in order of arrival,
    then `write`."""

    def __init__(self, connection: Connection, now_ms: int, sets: list[_Set], known: set[tuple[str, str, int]]) -> None:
        self._connection = connection
        self._now_ms = now_ms
        self._sets = sets  # oldest first
        self._known = known  # channel, external id and number of parts taken before

    @classmethod
    def opened(
        cls, connection: Connection, pieces: Sequence[Piece], *, now_ms: int, expired: Collection[int] = ()
    ) -> Shelf:
        """Lock and load what *pieces* may belong to, and the sets with the ids *expired*."""
        senders = {(piece.channel, piece.sender) for piece in pieces}
        senders |= _senders(connection, expired)
        _lock(connection, senders)
        references = {piece.reference for piece in pieces}
        sets = _load(connection, {sender for _, sender in senders}, references, now_ms)
        return cls(connection, now_ms, sets, _known(connection, pieces))

    def place(self, piece: Piece, stops: Callable[[str], bool]) -> Placed:
        """*stops*: is a text exactly a stop word? The first part that is one acts at once, and so does a part by which
        the gateway says that the person has stopped."""
        if piece.external_id is not None:
            name = (piece.channel, piece.external_id, piece.number)
            if name in self._known:
                return Placed(repeat=True)
            self._known.add(name)
        digest = _digest(piece.text)
        at_once = piece.optout == STOP or (piece.number == 1 and stops(piece.text))
        held = _Held(
            digest, piece.external_id, piece.text, piece.sent_ms, piece.at_ms, piece.optout or "", fresh=True
        )  # fmt: skip
        before: list[Whole] = []
        found = self._newest(piece)
        if found is not None and found.began_ms + REUSED_MS <= piece.at_ms:
            before.extend(self._retired(found))
            found = None
        if found is not None and (same := found.parts.get(piece.number)) is not None:
            if same.digest == digest:
                return Placed(repeat=True)
            before.extend(self._retired(found))
            found = None
        if found is not None and found.closed_ms is not None:
            found.parts[piece.number] = held
            return Placed(own=_whole(found, {piece.number: held}, rest=not at_once))
        if found is None:
            before.extend(self._make_room(piece))
            found = _begun(piece)
            self._sets.append(found)
        found.parts[piece.number] = held
        if at_once:
            own = _whole(found, {piece.number: held})
            rest = {number: part for number, part in self._filled(found).items() if number != piece.number}
            self._close(found)
            return Placed(before=(*before, *([_whole(found, rest, rest=True)] if rest else ())), own=own)
        if len(found.parts) < found.total:
            return Placed(before=tuple(before))
        return Placed(before=tuple(before), own=self._give_up(found))

    def give_up(self, set_id: int) -> Whole | None:
        """What there is of a set whose time is over; None if it was completed meanwhile."""
        for found in self._sets:
            if found.id == set_id and found.closed_ms is None and found.began_ms + WAIT_MS <= self._now_ms:
                return self._give_up(found)
        return None

    def write(self) -> None:
        """Write down what has changed; the texts of closed sets go, they stand in `inbound`."""
        connection, sets = self._connection, self._sets
        closed = [found.id for found in sets if found.changed and found.id is not None]
        new = [found for found in sets if found.id is None]
        made = bulk.insert(connection, SET, _MADE, [_set_row(found) for found in new], returning=("id",))
        for found, (key,) in zip(new, made, strict=True):
            found.id = key
        if closed:
            where, listed = sql.among(connection, "id", closed)
            sql.run(
                connection,
                f"UPDATE inbound_set SET closed_ms = ?, due_ms = ? WHERE {where}",
                (self._now_ms, self._now_ms + KEEP_MS, listed),
            )
            where, listed = sql.among(connection, "set_id", closed)
            sql.run(connection, f"UPDATE inbound_part SET text = '' WHERE {where}", (listed,))
        bulk.insert(connection, PART, _KEPT, [row for found in sets for row in _part_rows(found)])

    def _newest(self, piece: Piece) -> _Set | None:
        key = (piece.channel, piece.sender, piece.recipient, piece.reference, piece.total)
        return next((found for found in reversed(self._sets) if found.key == key), None)

    def _retired(self, found: _Set) -> Iterable[Whole]:
        """Its reference is used again: what there is of it, if nobody has had that yet."""
        return [self._give_up(found)] if found.closed_ms is None else []

    def _make_room(self, piece: Piece) -> Iterable[Whole]:
        mine = (piece.channel, piece.sender)
        unfinished = [f for f in self._sets if (f.channel, f.sender) == mine and f.closed_ms is None]
        return [self._give_up(found) for found in unfinished[: max(0, len(unfinished) + 1 - OPEN_MOST)]]

    def _give_up(self, found: _Set) -> Whole:
        whole = _whole(found, self._filled(found), marks=True)
        self._close(found)
        return whole

    def _close(self, found: _Set) -> None:
        found.closed_ms = self._now_ms
        found.changed = True

    def _filled(self, found: _Set) -> dict[int, _Held]:
        """The parts of an open set with their texts, which were not loaded before they were wanted."""
        rows = () if found.id is None else sql.run(
            self._connection,
            "SELECT number, digest, external_id, text, sent_ms, at_ms, optout FROM inbound_part WHERE set_id = ?",
            (found.id,),
        )  # fmt: skip
        for row in rows:
            found.parts[row.number] = _Held(
                row.digest, row.external_id, row.text, row.sent_ms, row.at_ms, row.optout
            )  # fmt: skip
        return found.parts


def joined(texts: Mapping[int, str], first: int, last: int) -> str:
    """The texts with the numbers from *first* to *last*, in order, with one mark for each gap."""
    runs = [""] if first not in texts else []  # texts that follow each other; an empty one makes a mark at an end
    before = first - 1
    for number in sorted(texts):
        if runs and number == before + 1:
            runs[-1] += texts[number]
        else:
            runs.append(texts[number])
        before = number
    runs.extend([""] if before != last else [])
    return GAP.join(halves.mended(run).strip(" ") for run in runs).strip(" ")


def _whole(found: _Set, parts: dict[int, _Held], *, marks: bool = False, rest: bool = False) -> Whole:
    """The person pressed the key when the earliest part was sent. Of the gateway's readings STOP is the strongest.
    *marks*: also before the first part and after the last, if others belong there."""
    first, last = (1, found.total) if marks else (min(parts), max(parts))
    sent = [part.sent_ms for part in parts.values() if part.sent_ms is not None]
    told = {part.optout for part in parts.values()}
    return Whole(
        found.channel, found.sender, found.recipient, _name(found, parts),
        joined({number: part.text for number, part in parts.items()}, first, last),
        min(sent, default=None), next((word for word in OPTOUTS if word in told), None), rest,
    )  # fmt: skip


def _name(found: _Set, parts: dict[int, _Held]) -> str:
    """An id that follows from the parts: by the gateway's ids where it gives them, else by the time and the texts."""
    named = [f"{number}:{part.external_id or part.digest}" for number, part in sorted(parts.items())]
    if any(part.external_id is None for part in parts.values()):
        named.append(str(found.began_ms))
    said = "\x1f".join([found.sender, found.recipient, str(found.reference), str(found.total), *named])
    return f"+{hashlib.blake2b(said.encode('utf-8', 'replace'), digest_size=16).hexdigest()}"


def _digest(text: str) -> int:
    return int.from_bytes(hashlib.blake2b(text.encode("utf-8", "replace"), digest_size=8).digest(), signed=True)


def _begun(piece: Piece) -> _Set:
    return _Set(piece.channel, piece.sender, piece.recipient, piece.reference, piece.total, piece.at_ms)


def _set_row(found: _Set) -> bulk.Row:
    due_ms = found.began_ms + WAIT_MS if found.closed_ms is None else found.closed_ms + KEEP_MS
    return (*found.key, found.began_ms, found.closed_ms, due_ms)


def _part_rows(found: _Set) -> Iterable[bulk.Row]:
    for number, part in found.parts.items():
        if part.fresh:
            text = part.text if found.closed_ms is None else ""
            yield (
                found.id, number, found.channel, part.external_id, part.digest, text, part.sent_ms, part.at_ms,
                part.optout,
            )  # fmt: skip


def _lock(connection: Connection, senders: Iterable[tuple[str, str]]) -> None:
    """Keep other transactions off the sets of *senders*; in order of the locks, so that nobody waits in a circle."""
    if sql.is_postgresql(connection):
        locks = sorted(_digest(f"part\x1f{channel}\x1f{sender}") for channel, sender in senders)
        sql.run(connection, "SELECT pg_advisory_xact_lock(k) FROM unnest(CAST(? AS bigint[])) AS k", (locks,))


def _senders(connection: Connection, set_ids: Collection[int]) -> set[tuple[str, str]]:
    if not set_ids:
        return set()
    where, listed = sql.among(connection, "id", set_ids)
    rows = sql.run(
        connection, f"SELECT channel, sender FROM inbound_set WHERE {where} AND closed_ms IS NULL", (listed,)
    )
    return {(channel, sender) for channel, sender in rows}


def _known(connection: Connection, pieces: Sequence[Piece]) -> set[tuple[str, str, int]]:
    ids = {piece.external_id for piece in pieces if piece.external_id is not None}
    if not ids:
        return set()
    where, listed = sql.among(connection, "external_id", sorted(ids))
    channels, named = sql.among(connection, "channel", sorted({piece.channel for piece in pieces}))
    rows = sql.run(
        connection,
        f"SELECT channel, external_id, number FROM inbound_part WHERE {channels} AND {where}",
        (named, listed),
    )
    return {(channel, external_id, number) for channel, external_id, number in rows}


def _load(connection: Connection, senders: Collection[str], references: Collection[int], now_ms: int) -> list[_Set]:
    """The unfinished sets of *senders*, and those begun within the hour with one of *references*; without texts."""
    if not senders:
        return []
    where, listed = sql.among(connection, "sender", sorted(senders))
    used, numbers = sql.among(connection, "reference", sorted(references))
    rows = sql.run(
        connection,
        "SELECT id, channel, sender, recipient, reference, total, began_ms, closed_ms FROM inbound_set"
        f" WHERE {where} AND (closed_ms IS NULL OR (began_ms > ? AND {used})) ORDER BY id",
        (listed, now_ms - REUSED_MS, numbers),
    )
    sets = {
        row.id: _Set(
            row.channel, row.sender, row.recipient, row.reference, row.total, row.began_ms, row.closed_ms, row.id
        )
        for row in rows
    }
    wanted = [found.id for found in sets.values() if found.id is not None and found.reference in references]
    if wanted:
        where, listed = sql.among(connection, "set_id", wanted)
        for row in sql.run(
            connection, f"SELECT set_id, number, digest, external_id FROM inbound_part WHERE {where}", (listed,)
        ):
            sets[row.set_id].parts[row.number] = _Held(row.digest, row.external_id)
    return list(sets.values())
