"""PostgreSQL keeps messages by months: `outbox` and `inbound` are partitioned by their key, and the key says the month.

The first id of a month is `YYYYMM` and ten zeros (2026110000000000; programs in JavaScript read it exactly). So a
look-up by id is one in one part, and a month goes by dropping its table. When a month has begun its part is made, and
the sequence jumps into it. Who comes late with that does no harm: messages go on in the part of the month before. What
was in a table before is its first part. SQLite has one table, and rows.

A unique key of one part knows nothing of the others. A broadcast's (person, broadcast) is written once in any case: its
cursor moves in the transaction that writes. A text's (channel, external id) is looked for in the parts that are still
`recent` before it is inserted; and the jump waits for every transaction that has looked at `inbound` or written there,
so that whoever looks after it sees what they wrote. So no text is taken twice at the turn of a month.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection
from sqlalchemy.exc import OperationalError

from smsbot.clock import DAY_MS, HOUR_MS, MINUTE_MS, steady_ms, to_datetime
from smsbot.settings import Retention
from smsbot.store import sql, walk, wire
from smsbot.store.retention import Piece, Step

SPACE = 10_000_000_000  # ids of a month
TABLES = ("outbox", "inbound")
BACK = 2  # parts before the newest in which repeats are looked for: more than a month
KNOWN_MS = MINUTE_MS  # for which a connection keeps what is recent
ALONE = "LOCK TABLE ONLY inbound IN ACCESS EXCLUSIVE MODE"
PATIENCE_MS = 300
"""How long we wait for those who read or write; texts wait behind us as long. It is tried again at the next pass."""
REPORTED_MS = 4 * DAY_MS  # longer than an operator takes to tell what became of a text
LATE = "late outbox"
"""Of `walk`: the oldest part before the newest in which anything was due, and when that was seen."""
LOCK_TIMEOUT = "55P03"  # PostgreSQL: lock_not_available
UNIQUE = {
    "outbox": ("uq_outbox_broadcast", "(contact_id, broadcast_id) WHERE broadcast_id > 0"),
    "inbound": ("uq_inbound_external", "(channel, external_id)"),
}
"""The keys that each part has for itself."""

_BOUNDS = re.compile(r"FROM \((MINVALUE|'?\d+'?)\) TO \('?(\d+)'?\)")
_RECENT = "smsbot.recent"


@dataclass(frozen=True, slots=True)
class Part:
    """The table *name* holds the ids from *low* up to, and without, *high*."""

    name: str
    low: int
    high: int


def month(instant_ms: int) -> int:
    """In UTC, as `YYYYMM`."""
    moment = to_datetime(instant_ms)
    return moment.year * 100 + moment.month


def following(month: int) -> int:
    return month + 1 if month % 100 < 12 else month + 89


def parts(connection: Connection, table: str) -> list[Part]:
    """The oldest first; none on SQLite."""
    if not sql.is_postgresql(connection):
        return []
    rows = sql.run(
        connection,
        "SELECT c.relname, pg_get_expr(c.relpartbound, c.oid) FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid"
        " WHERE i.inhparent = CAST(? AS regclass)",
        (table,),
    )
    found = []
    for name, bounds in rows:
        match = _BOUNDS.search(bounds)
        assert match is not None, bounds
        low = 0 if match[1] == "MINVALUE" else int(match[1].strip("'"))
        found.append(Part(str(name), low, int(match[2])))
    return sorted(found, key=lambda part: part.low)


def newest(connection: Connection, table: str, known: Sequence[Part]) -> int:
    """Which of the parts *known* the next message goes into."""
    last = _last(connection, table)
    return max((at for at, part in enumerate(known) if part.low <= last + 1), default=0)


def recent(connection: Connection, table: str, alias: str = "") -> str:
    """A condition to put after others: only the parts where anything still happens. Below these ids nothing is due,
    and no gateway repeats or reports what is there.

    The numbers stand in the text, so that a plan knows which parts it needs.
    """
    lows = _lows(connection, table)
    return f" AND {alias}id >= {lows[0]}" if lows and lows[0] else ""


def spans(connection: Connection, table: str, alias: str = "") -> list[str]:
    """As `recent`, a condition for each of the parts, the oldest first. For statements with ORDER BY and LIMIT: over
    several parts a plan may sort all that is due instead of reading the first of an index."""
    lows = _lows(connection, table)
    if not lows:
        return [""]
    found = []
    for low, high in zip(lows, (*lows[1:], None), strict=True):
        above = f" AND {alias}id >= {low}" if low else ""
        found.append(above + (f" AND {alias}id < {high}" if high is not None else ""))
    return found


def _lows(connection: Connection, table: str) -> Sequence[int]:
    """Where the recent parts begin. A connection keeps it for a while: it only grows, and the last part has no end, so
    what was read earlier looks at more than it needs."""
    if not sql.is_postgresql(connection):
        return ()
    kept = connection.info.get(_RECENT)
    if kept is None or steady_ms() - kept[0] > KNOWN_MS:
        floors = _floors(connection)
        known = {name: _begun(connection, name, floors.get(name, 0)) for name in TABLES}
        kept = connection.info[_RECENT] = (steady_ms(), known)
    lows: Sequence[int] = kept[1][table]
    return lows


def _begun(connection: Connection, table: str, floor: int) -> tuple[int, ...]:
    known = parts(connection, table)
    return (floor, *(part.low for part in known[: newest(connection, table, known) + 1] if part.low > floor))


def look_anew(connection: Connection) -> None:
    """Of what a connection keeps."""
    connection.info.pop(_RECENT, None)


def _floors(connection: Connection) -> dict[str, int]:
    rows = sql.run(connection, "SELECT name, position FROM walk WHERE name IN ('recent outbox', 'recent inbound')")
    return {str(name).removeprefix("recent "): int(position) for name, position in rows}


def find(connection: Connection, _kept: Retention, now_ms: int) -> Piece | None:
    """Is a month to begin, or are others recent than before?"""
    if not sql.is_postgresql(connection):
        return None
    present = _month(connection, now_ms)
    if _missing(connection, present):
        return Piece(0, 0, more=True)
    floors = _floors(connection)
    for table in TABLES:
        known = parts(connection, table)
        if _last(connection, table) < present * SPACE:
            return Piece(0, 0)
        if _floor(connection, table, known, now_ms) != floors.get(table, 0):
            return Piece(0, 0)
        if table == "outbox" and _seen_late(connection, known, now_ms) is not None:
            return Piece(0, 0)
    return None


def do(connection: Connection, _piece: Piece, now_ms: int) -> int:
    """A part is made in one transaction and begun in a later one: a sequence does not go back with a transaction, and
    must not stand where there is no part."""
    sql.alone(connection, sql.MONTHS)
    present = _month(connection, now_ms)
    missing = _missing(connection, present)
    for table, each in missing:
        _make(connection, table, each)
    if not missing:
        _jump(connection, "outbox", present)
        if _last(connection, "inbound") < present * SPACE and patiently(connection, ALONE):
            _jump(connection, "inbound", present)
    floors = _floors(connection)
    if ("outbox", present) in missing:
        walk.put(connection, LATE, floors.get("outbox", 0), now_ms)
    late = _seen_late(connection, parts(connection, "outbox"), now_ms)
    if late is not None:
        walk.put(connection, LATE, late, now_ms)
    for table in TABLES:
        floor = _floor(connection, table, parts(connection, table), now_ms)
        if floor != floors.get(table, 0):
            walk.put(connection, f"recent {table}", floor, now_ms)
    look_anew(connection)
    return 0


def secure(connection: Connection) -> None:
    """Make the part that a sequence stands in. A dump that was taken at the turn of a month may lack it: sequences are
    dumped as they are later."""
    if sql.is_postgresql(connection):
        sql.alone(connection, sql.MONTHS)
        for table, each in _missing(connection, 0):
            _make(connection, table, each)


def _missing(connection: Connection, present: int) -> list[tuple[str, int]]:
    """Parts, by table and month: of the present one if it has not begun, and of any in which a sequence stands."""
    found = []
    for table in TABLES:
        last = _last(connection, table)
        wanted = max(last // SPACE, present)
        if wanted and not any(part.low <= max(last, wanted * SPACE) < part.high for part in parts(connection, table)):
            found.append((table, wanted))
    return found


def _seen_late(connection: Connection, known: Sequence[Part], now_ms: int) -> int | None:
    """What is to be noted as `LATE`: it is not yet, or was an hour ago."""
    late = _late(connection, known[: newest(connection, "outbox", known)])
    told = walk.place(connection, LATE)
    if late is None or (told.position < late and now_ms - told.at_ms < REPORTED_MS):
        return None
    return None if late == told.position and now_ms - told.at_ms < HOUR_MS else late


def patiently(connection: Connection, statement: str) -> bool:
    """Run *statement*, for which others have to be out of the way; False if they take too long."""
    try:
        with connection.begin_nested():
            sql.run(connection, f"SET LOCAL lock_timeout = {PATIENCE_MS}")
            sql.run(connection, statement)
            sql.run(connection, "SET LOCAL lock_timeout = DEFAULT")
    except OperationalError as error:
        if getattr(error.orig, "sqlstate", None) != LOCK_TIMEOUT:
            raise
        sql.run(connection, "SELECT 1")  # with its next statement psycopg drops all that was prepared, ours as well
        wire.renew(connection)
        return False
    return True


MONTHS = Step("months", find, do)


def _month(connection: Connection, now_ms: int) -> int:
    """The present month by the slower of two clocks: one that is ahead by years would take all months until then."""
    theirs_ms = sql.run(connection, "SELECT CAST(extract(epoch FROM clock_timestamp()) * 1000 AS bigint)").scalar_one()
    return month(min(now_ms, int(theirs_ms)))


def _make(connection: Connection, table: str, each: int) -> None:
    """As a table of its own, and then attached: that waits for nobody and nobody waits for it."""
    name = f"{table}_{each // 100:04}_{each % 100:02}"
    unique, what = UNIQUE[table]
    sql.run(
        connection,
        f"DO $$ BEGIN CREATE TABLE {name} (LIKE {table} INCLUDING DEFAULTS);"
        f" CREATE UNIQUE INDEX {unique}_{each // 100:04}_{each % 100:02} ON {name} {what};"
        f" ALTER TABLE {table} ATTACH PARTITION {name} FOR VALUES FROM ({each * SPACE}) TO ({following(each) * SPACE});"
        " END $$",  # a block: after ALTER or DROP the driver forgets every statement that is prepared
    )


def _last(connection: Connection, table: str) -> int:
    """The last id that was given out."""
    return int(sql.run(connection, f"SELECT last_value FROM {table}_id_seq").scalar_one())


def _jump(connection: Connection, table: str, present: int) -> None:
    """No id is given twice: whoever jumps is alone, and ids only grow."""
    if _last(connection, table) < present * SPACE:
        sql.run(connection, "SELECT setval(CAST(? AS regclass), ?)", (f"{table}_id_seq", present * SPACE))


def _floor(connection: Connection, table: str, known: Sequence[Part], now_ms: int) -> int:
    """Where the recent parts begin. Texts that came: `BACK` before the newest, of those that hold anything. Messages
    that leave: the newest, but not later than what waits, or waited as long ago as reports take."""
    at = newest(connection, table, known)
    if table == "outbox":
        told = walk.place(connection, LATE)
        late = _late(connection, known[:at])
        low = known[at].low if late is None else late
        return min(low, told.position) if now_ms - told.at_ms < REPORTED_MS else low
    used = [
        part for part in known[:at] if sql.run(connection, f"SELECT 1 FROM {part.name} ORDER BY id LIMIT 1").first()
    ]
    return used[-BACK].low if len(used) >= BACK else 0


def _late(connection: Connection, old: Sequence[Part]) -> int | None:
    """The first id of the oldest part in which anything is due."""
    due = "SELECT 1 FROM {} WHERE due_ms IS NOT NULL LIMIT 1"
    return next((part.low for part in old if sql.run(connection, due.format(part.name)).first()), None)
