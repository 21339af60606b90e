"""A large town's year in PostgreSQL: subscribers, and messages over twelve months, each in its part."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

from sqlalchemy import Connection

from benchmarks.people import CHANNEL
from benchmarks.suite import POSTGRESQL, Bench
from smsbot.clock import DAY_MS, now_ms, to_datetime, to_ms
from smsbot.compose import seed_topics
from smsbot.settings import Retention, Settings
from smsbot.store import directory, months, sql
from smsbot.store.database import Store
from smsbot.store.retention import Piece
from smsbot.testing.population import populate

YEAR = 12
SPREAD_MS = 24 * DAY_MS  # of a month in which messages are sent
KEPT = Retention()

OUTBOX = (
    "INSERT INTO {part} (id, channel, broadcast_id, contact_id, number, text, text_id, parts, status, error,"
    " in_reply_to, created_ms, due_ms, expires_ms, attempts, external_id, handed_ms, final_ms, forget)"
    " SELECT {first} + n, '{channel}', CASE WHEN n % 4 = 0 THEN 0 ELSE {broadcast} + n / {people} END,"
    " 1 + n % {people}, CASE WHEN n % 4 = 0 THEN '+995' || (555000001 + n % {people}) END,"
    " CASE WHEN n % 4 = 0 THEN 'You get the news about: Budget, Culture. To stop, send STOP.' END,"
    " CASE WHEN n % 4 > 0 THEN 1 END, 1, 'delivered', '', CASE WHEN n % 4 = 0 THEN {first} + 1 + n / 4 END,"
    " {at} + n * {spread} / {rows}, NULL, NULL, 0, 'SM' || md5('o' || {first} + n), {at} + n * {spread} / {rows} + 900,"
    " {at} + n * {spread} / {rows} + 4000, false FROM generate_series(1::bigint, {rows}) AS made(n)"
)
INBOUND = (
    "INSERT INTO {part} (id, channel, external_id, number, contact_id, recipient, text, sent_ms, at_ms, intent, rule,"
    " inbox, tag) SELECT {first} + n, '{channel}', 'SM' || md5('i' || {first} + n),"
    " '+995' || (555000001 + n * 7 % {people}), 1 + n * 7 % {people}, '+995322000000', 'temebi', NULL,"
    " {at} + n * {spread} / {rows}, 'topics', 'exact', CASE WHEN n % 1000 = 0 THEN 'open' ELSE '' END,"
    " CASE WHEN n % 1000 = 0 THEN 'unknown' ELSE '' END FROM generate_series(1::bigint, {rows}) AS made(n)"
)
"""One message in five came; three in four of those that left were a broadcast's."""


def build(bench: Bench, people: int, messages: int, tell: Callable[[str], None]) -> str:
    """The URL of a database with so many *people* and *messages*, four in five of them outgoing."""
    url = bench.empty(POSTGRESQL)
    store = Store(url)
    try:
        store.start()
        store.write(lambda c: _people(c, people))
        for at_ms in _beginnings():
            tell(f"  {to_datetime(at_ms):%B %Y}")
            for _ in range(2):  # a part is made, then begun
                store.write(lambda c, at_ms=at_ms: months.do(c, Piece(0, 0), at_ms))  # type: ignore[misc]  # mypy cannot infer a default's type
            store.write(lambda c, at_ms=at_ms: _month(c, at_ms, people, messages // YEAR))  # type: ignore[misc]  # the same
        store.write(lambda c: months.do(c, Piece(0, 0), _beginnings()[-1] + 6 * DAY_MS))
    finally:
        store.close()
    bench.postgres.vacuum(url)  # as the server itself has done to every table that is a day old
    return url


def _beginnings() -> list[int]:
    """Of the last twelve months, this one included, in UTC."""
    today = to_datetime(now_ms())
    last = today.year * 12 + today.month - 1
    return [to_ms(datetime(at // 12, at % 12 + 1, 1, tzinfo=UTC)) for at in range(last - YEAR + 1, last + 1)]


def _people(connection: Connection, people: int) -> None:
    directory.seed(connection, seed_topics(Settings()), ())
    populate(connection, people, channel=CHANNEL)


def _month(connection: Connection, at_ms: int, people: int, messages: int) -> None:
    """Fill the newest part of each table: its indexes are put aside for it and made afterwards."""
    sql.run(connection, "SET LOCAL maintenance_work_mem = '1GB'")
    left = messages * 4 // 5
    for table, statement, rows in (("outbox", OUTBOX, left), ("inbound", INBOUND, messages - left)):
        part = months.parts(connection, table)[-1]
        low, high = part.low, part.high
        indexes = _put_aside(connection, table, part.name)
        broadcast = months.month(at_ms) * 1000  # its id: none that anybody asks for
        sql.run(
            connection,
            statement.format(
                part=part.name, first=low, channel=CHANNEL, broadcast=broadcast, people=people, at=at_ms,
                spread=SPREAD_MS, rows=rows,
            ).replace("%", "%%"),
        )  # fmt: skip
        for definition in indexes:
            sql.run(connection, definition)
        sql.run(connection, f"ALTER TABLE {part.name} ADD CHECK (id >= {low} AND id < {high})")
        sql.run(connection, f"ALTER TABLE {table} ATTACH PARTITION {part.name} FOR VALUES FROM ({low}) TO ({high})")
        sql.run(connection, "SELECT setval(CAST(? AS regclass), ?)", (f"{table}_id_seq", low + rows))


def _put_aside(connection: Connection, table: str, part: str) -> list[str]:
    """Detach *part* and drop its indexes; give the statements that make them again."""
    sql.run(connection, f"ALTER TABLE {table} DETACH PARTITION {part}")
    rows = sql.run(
        connection,
        "SELECT indexrelid::regclass::text, pg_get_indexdef(indexrelid), indisprimary FROM pg_index"
        " WHERE indrelid = CAST(? AS regclass)",
        (part,),
    ).all()
    made = []
    for index, definition, primary in rows:
        if primary:
            sql.run(connection, f"ALTER TABLE {part} DROP CONSTRAINT {index}")
            made.append(f"ALTER TABLE {part} ADD CONSTRAINT {index} PRIMARY KEY (id)")
        else:
            sql.run(connection, f"DROP INDEX {index}")
            made.append(str(definition))
    return made
