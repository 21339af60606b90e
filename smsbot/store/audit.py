"""The consent ledger: who allowed or withdrew what, when and how; append-only, and each entry seals those before it.

An entry's `hash` is SHA-256 over the JSON array [prev, at_ms, subject, action, scope, source, channel, actor, keyword,
rule, wording, digest] without spaces and with all but ASCII escaped; `prev` is the hash of the entry before it, the
first one's is `GENESIS`. A person's own words (`evidence`) enter only as `digest`, SHA-256 over salt and words: they
can be erased together with the salt, and the chain still holds. `meta.ledger_head` keeps the number of entries and the
last hash, so that missing last entries are noticed too.

Whoever can write to the database could rewrite all of it, chain and head: note the head that `smsbot audit verify`
prints somewhere else now and then, and verify against it.
"""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from hashlib import sha256
from json.encoder import encode_basestring_ascii as quoted
from typing import NamedTuple

from sqlalchemy import Connection, select, update

from smsbot.store import bulk, sql, wire
from smsbot.store.tables import Ledger, Meta, table

LEDGER = table(Ledger)
META = table(Meta)

GENESIS = sha256(b"smsbot consent ledger").hexdigest()
HEAD = "ledger_head"
Facts = tuple[int, str, str, str, str, str, str, str, str, str]
"""The values of `FIELDS`."""

SALT_BYTES = 16
PAGE = 5_000  # entries that `verify` holds at once

FIELDS = ("at_ms", "subject", "action", "scope", "source", "channel", "actor", "keyword", "rule", "wording")
COLUMNS = (*FIELDS, "digest", "prev", "hash", "evidence", "salt")


class Entry(NamedTuple):
    """One fact about consent. *subject* is the keyed hash of the number; *evidence* the words, or the scan's
    reference; None when there are none or they have been erased.

    A tuple, `FIELDS` and then the evidence: an import makes hundreds of thousands, and a frozen dataclass takes four
    times as long.
    """

    at_ms: int
    subject: str
    action: str
    scope: str = "all"
    source: str = "sms"
    channel: str = ""
    actor: str = ""
    keyword: str = ""
    rule: str = ""
    wording: str = ""
    evidence: str | None = None


@dataclass(frozen=True, slots=True)
class Head:
    """The end of the chain: how many entries it has and the hash of the last."""

    count: int
    hash: str


@dataclass(frozen=True, slots=True)
class Fault:
    """The first place where the ledger does not hold. *id* is None when entries are missing at the end."""

    id: int | None
    position: int  # 1 is the oldest entry
    reason: str


def subject(key: bytes, number: str) -> str:
    """The keyed hash under which *number* stands in the ledger and in the suppressions. A plain hash would not do:
    there are so few mobile numbers that all of them can be tried."""
    keyed = _keyed(key).copy()
    keyed.update(number.encode())
    return keyed.hexdigest()


@lru_cache(maxsize=4)
def _keyed(key: bytes) -> hmac.HMAC:
    """To be copied: OpenSSL looks the algorithm up anew for each it makes, which takes most of the time."""
    return hmac.new(key, digestmod="sha256")


def append(connection: Connection, entries: Sequence[Entry]) -> None:
    """Chain *entries* to the ledger, in their order.

    On PostgreSQL this locks the head until the transaction ends: it must be the last lock that a transaction takes,
    directly before its commit. On SQLite there is one writer anyway.
    """
    several = bulk.Several(connection)
    append_with(connection, several, entries)
    several.run()


def append_with(connection: Connection, several: bulk.Several, entries: Sequence[Entry]) -> None:
    """As `append`, but for the changes themselves: *several* must be run next."""
    if not entries:
        return
    last = _locked(connection)
    salts = secrets.token_hex(SALT_BYTES * len(entries))
    width = 2 * SALT_BYTES
    before = last.hash
    rows: list[bulk.Row] = []
    for position, entry in enumerate(entries):
        facts, evidence, salt, digest = entry[:-1], entry.evidence, None, ""
        if evidence is not None:
            salt = salts[position * width : (position + 1) * width]
            digest = _digest(salt, evidence)
        sealed = _seal(before, facts, digest)
        rows.append((*facts, digest, before, sealed, evidence, salt))
        before = sealed
    several.insert(LEDGER, COLUMNS, rows)
    several.update(META, "key", ("value",), [(_head_value(Head(last.count + len(entries), before)), HEAD)])


def erase_evidence(connection: Connection, subject: str) -> int:
    """Forget the words of one person; the entries stay and the chain holds. Returns how many entries lost theirs."""
    statement = (
        update(LEDGER)
        .where(LEDGER.c.subject == subject, LEDGER.c.evidence.is_not(None))
        .values(evidence=None, salt=None)
    )
    return connection.execute(statement).rowcount


def of(connection: Connection, subject: str) -> list[Entry]:
    """What the ledger holds about one person, oldest first."""
    columns = [LEDGER.c[name] for name in (*FIELDS, "evidence")]
    rows = connection.execute(select(*columns).where(LEDGER.c.subject == subject).order_by(LEDGER.c.id))
    return [Entry(*row) for row in rows]


def head(connection: Connection) -> Head:
    found = connection.execute(select(META.c.value).where(META.c.key == HEAD)).scalar()
    return _head(found) or Head(0, GENESIS)


def verify(
    connection: Connection, progress: Callable[[int], None] | None = None, *, noted: str | None = None
) -> Fault | None:
    """Recompute the whole chain in the order of its entries; the first fault, or None if it holds.

    *progress* is told the number of entries checked so far. *noted* is a head written down earlier: it must still
    be one of the hashes. Memory is constant. Entries appended meanwhile are checked too.
    """
    before, position, last_id = GENESIS, 0, -(2**63)
    met = noted is None or noted == GENESIS
    while True:
        grown = False
        for row in _pages(connection, last_id):
            grown = True
            position += 1
            last_id = row[0]
            reason = _wrong(row, before)
            if reason:
                return Fault(last_id, position, reason)
            before = row[13]
            met = met or before == noted
            if progress is not None and position % PAGE == 0:
                progress(position)
        end = head(connection)  # read after the entries: it may only be ahead of them
        if end == Head(position, before):
            break
        if end.count <= position or not grown:
            return _end_fault(end, position)
    if progress is not None:
        progress(position)
    return None if met else Fault(None, position, "the head noted earlier is not in the chain: it was rewritten")


def _end_fault(end: Head, position: int) -> Fault:
    if end.count > position:
        return Fault(None, position + 1, f"the last {end.count - position} entries are missing")
    if end.count < position:
        return Fault(None, end.count + 1, "there are entries after the head: they were not written by smsbot")
    return Fault(None, position, "the last entry is not the one that the head names")


def _pages(connection: Connection, after: int) -> Iterator[bulk.Row]:
    columns = [LEDGER.c[name] for name in ("id", *COLUMNS)]
    statement = select(*columns).order_by(LEDGER.c.id).limit(PAGE)
    while True:
        page = connection.execute(statement.where(LEDGER.c.id > after)).all()
        yield from (tuple(row) for row in page)
        if len(page) < PAGE:
            return
        after = page[-1][0]


def _wrong(row: bulk.Row, before: str) -> str:
    """Why *row* does not fit the entry *before* it, or ''."""
    digest, prev, sealed, evidence, salt = row[11:16]
    if prev != before:
        return "it does not follow the entry before it: entries are missing, added or out of order"
    if _seal(prev, row[1:11], digest) != sealed:
        return "it was changed after it was written"
    if (evidence is None) != (salt is None):
        return "its evidence was removed by other means than an erasure"
    if evidence is not None and _digest(salt, evidence) != digest:
        return "its evidence was changed after it was written"
    return ""


def _seal(before: str, facts: Facts, digest: str) -> str:
    """The JSON array is written by hand: it takes half the time of an encoder, five hundred times a batch."""
    at_ms, subject, action, scope, source, channel, actor, keyword, rule, wording = facts
    array = (
        f'["{before}",{at_ms},{quoted(subject)},{quoted(action)},{quoted(scope)},{quoted(source)},{quoted(channel)},'
        f"{quoted(actor)},{quoted(keyword)},{quoted(rule)},{quoted(wording)},{quoted(digest)}]"
    )
    return sha256(array.encode()).hexdigest()


def _digest(salt: str, evidence: str) -> str:
    """The salt has a fixed length, so salt and words cannot be told apart in two ways."""
    return sha256((salt + evidence).encode("utf-8", "surrogatepass")).hexdigest()


def _locked(connection: Connection) -> Head:
    """The head, ours until the transaction ends. The first entry of all makes the row."""
    statement = "SELECT value FROM meta WHERE key = ?" + sql.locked(connection)
    found = _first(wire.fetch(connection, statement, (HEAD,)))
    if found is None:
        first = (HEAD, _head_value(Head(0, GENESIS)))
        bulk.insert(connection, META, ("key", "value"), [first], conflict="DO NOTHING")
        found = _first(wire.fetch(connection, statement, (HEAD,)))
    return found or Head(0, GENESIS)


def _first(rows: Sequence[bulk.Row]) -> Head | None:
    return _head(rows[0][0] if rows else None)


def _head(value: str | None) -> Head | None:
    """A head that cannot be read counts as none: a STOP must be written all the same, and `verify` reports it."""
    if value is None:
        return None
    count, _, last = value.partition(" ")
    return Head(int(count), last) if count.isdecimal() else None


def _head_value(head: Head) -> str:
    return f"{head.count} {head.hash}"
