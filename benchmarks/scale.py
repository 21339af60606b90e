"""What the hot path costs with 5,000,000 subscribers and 50,000,000 messages; on demand: half an hour, 45 GB."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sqlalchemy import Connection

from benchmarks.growth import turn_us
from benchmarks.people import CHANNEL, number
from benchmarks.product import product
from benchmarks.suite import POSTGRESQL, Bench, Goal, Row, expect, median, ratios
from benchmarks.town import build
from smsbot.clock import DAY_MS, now_ms
from smsbot.settings import Retention
from smsbot.status import Status
from smsbot.store import bulk, bygone, inbox, months, outbox, people, reports, settling, sql, turns
from smsbot.store.audience import Audience
from smsbot.store.database import Store
from smsbot.store.fanout import write_piece
from smsbot.store.outbox import Claimed, Report, Result
from smsbot.testing.bulletins import announce

PEOPLE, MESSAGES = 5_000_000, 50_000_000
FEW_PEOPLE, FEW_MESSAGES = 10_000, 100_000
BATCH = 200
PIECE = 5_000
MEMORY = "4GB"
ROUNDS = 40  # of each statement on each side; the first quarter warms up


@dataclass
class Side:
    """One of the two databases. *costs*: what → milliseconds of processor time, ours and the server's."""

    store: Store
    people: int
    costs: dict[str, list[float]] = field(default_factory=dict)
    walls: dict[str, list[float]] = field(default_factory=dict)
    held: list[Claimed] = field(default_factory=list)
    broadcast: int = 0

    def measure(self, what: str, job: Callable[[Connection], Any], *, keep: bool) -> Any:
        with self.store.writes.begin() as connection:
            pid = connection.connection.dbapi_connection.info.backend_pid  # type: ignore[union-attr]  # psycopg's own
            began_s, began = time.monotonic(), time.process_time() * 1000 + _server_ms(pid)
            found = job(connection)
            spent = time.process_time() * 1000 + _server_ms(pid) - began
        if keep:
            self.costs.setdefault(what, []).append(spent)
            self.walls.setdefault(what, []).append((time.monotonic() - began_s) * 1000)
        return found


def _server_ms(pid: int) -> float:
    """Processor time of a server's process on this machine (proc(5), schedstat: nanoseconds)."""
    return int(Path(f"/proc/{pid}/schedstat").read_text().split()[0]) / 1e6


def run(bench: Bench) -> Iterator[Row]:
    for setting in ("max_wal_size = '8GB'", "checkpoint_timeout = '30min'"):
        bench.postgres.configure(setting)
    many, messages = bench.size(PEOPLE, 2 * PIECE), bench.size(MESSAGES, 20_000)
    few, some = bench.size(FEW_PEOPLE, PIECE), bench.size(FEW_MESSAGES, 2_000)
    began_s = time.monotonic()
    small_url = build(bench, few, some, lambda _: None)
    large_url = build(bench, many, messages, lambda line: print(line, file=sys.stderr))
    yield Row("Building the large database", time.monotonic() - began_s, "s", None, {})
    sizes = f"{many:,} people and {messages:,} messages against {few:,} and {some:,}"
    urls = (small_url, large_url)
    shipped = f"as PostgreSQL is shipped, people who are in nobody's memory: {sizes}"
    yield _turns(bench, urls, (few, many), 0, shipped, goal=None)
    bench.postgres.configure(f"shared_buffers = '{MEMORY}'")
    if bench.postgres.restart():
        for url in urls:
            _warm(url)
        held = f"people in shared_buffers of {MEMORY}: {sizes}"
        yield _turns(bench, urls, (few, many), few // 2, held, goal=Goal(1.5))
    small, large = Side(Store(small_url), few), Side(Store(large_url), many)
    try:
        for side in (small, large):
            side.broadcast = side.store.write(lambda c: announce(c, Audience(everyone=True), now_ms()))
        for position in range(ROUNDS):
            for side in (small, large):
                _round(side, position, keep=position >= ROUNDS // 4)
        for what in small.costs:
            shares = ratios(large.costs[what], small.costs[what])
            there, here = median(large.costs[what]), median(small.costs[what])
            wall = f"wall clock {median(large.walls[what]):.2f} against {median(small.walls[what]):.2f} ms"
            yield Row(
                f"{what}: {sizes}", median(shares), "", Goal(1.5),
                {"ratio": shares, "large_ms": large.costs[what], "small_ms": small.costs[what]},
                f"{there:.2f} against {here:.2f} ms of processor time; {wall}",
            )  # fmt: skip
        yield from _sizes(large.store, many)
        yield from _drop(large.store)
    finally:
        for side in (small, large):
            side.store.close()
    bench.drop(small_url)
    bench.drop(large_url)


def _warm(url: str) -> None:
    """Read everything about people once: tables, then indexes."""

    def read(connection: Connection) -> None:
        for table in ("contact", "subscription", "conversation"):
            _scalar(connection, f"SELECT count(*) FROM {table} AS each WHERE each IS NOT NULL")
        sql.run(connection, "SET LOCAL enable_seqscan = off")
        sql.run(connection, "SET LOCAL enable_bitmapscan = off")
        for column, table in (("number", "contact"), ("id", "contact"), ("contact_id", "subscription")):
            _scalar(connection, f"SELECT count({column}) FROM {table} WHERE CAST({column} AS text) <> ''")

    store = Store(url)
    try:
        store.read(read)
    finally:
        store.close()


def _turns(
    bench: Bench, urls: tuple[str, str], sizes: tuple[int, int], first: int, what: str, *, goal: Goal | None
) -> Row:
    """Through the whole product, by HTTP. *first*: position of the first who writes; so many are enough for each call
    that nobody writes twice."""
    few, many = sizes
    texts = few // 2 // (bench.runs + 1)
    took: dict[int, list[float]] = {few: [], many: []}
    spent: dict[int, list[float]] = {few: [], many: []}
    server = _postmaster(bench)
    with (
        product(bench.place(), database=urls[0]) as small,
        product(bench.place(), database=urls[1]) as large,
    ):
        for position in range(bench.runs + 1):
            for people_, bot in ((few, small), (many, large)):
                before_s = bot.cpu_s() + _children_s(server)
                each = turn_us(bot, people_, first + position * texts, texts)
                if position:
                    took[people_].append(each)
                    spent[people_].append((bot.cpu_s() + _children_s(server) - before_s) * 1e6 / texts)
    shares = ratios(spent[many], spent[few])
    wall = f"wall clock {median(took[many]):.0f} against {median(took[few]):.0f} µs"
    return Row(
        f"A turn by HTTP, {what}", median(shares), "", goal,
        {"ratio": shares, "large_us": spent[many], "small_us": spent[few], "large_wall_us": took[many],
         "small_wall_us": took[few]},
        f"{median(spent[many]):.0f} against {median(spent[few]):.0f} µs of processor time; {wall}",
    )  # fmt: skip


def _postmaster(bench: Bench) -> int:
    store = Store(bench.empty(POSTGRESQL))
    try:
        backend = store.read(lambda c: _scalar(c, "SELECT pg_backend_pid()"))
        return _stat(backend)[0]
    finally:
        store.close()


def _children_s(parent: int) -> float:
    """Processor time of the living processes of *parent*."""
    found = [_stat(int(each.name)) for each in Path("/proc").iterdir() if each.name.isdigit()]
    return sum(seconds for of, seconds in found if of == parent)


def _stat(pid: int) -> tuple[int, float]:
    """Whose child *pid* is, and its processor time (proc(5)); 0 if it has just ended."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0, 0.0
    return int(fields[1]), (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _round(side: Side, position: int, *, keep: bool) -> None:
    now = now_ms()
    keys = [(CHANNEL, f"new-{position}-{n}") for n in range(50)]
    seen = side.measure("Looking for repeats of 50 texts", lambda c: turns.seen(c, keys), keep=keep)
    found, _ = seen
    expect("repeats", {channel for channel, _ in found} & {CHANNEL}, set())
    who = 1 + position * 6_180_339 % side.people
    replies = [
        (CHANNEL, 0, who, number(who), "You get the news.", 1, "queued", "", now, now, now + DAY_MS, 0, False)
        for _ in range(BATCH)
    ]
    side.measure(
        f"Queueing {BATCH} replies", lambda c: bulk.insert(c, turns.OUTBOX, turns.LEAVES, replies), keep=keep
    )  # fmt: skip
    held: list[Claimed] = side.measure(
        f"Claiming {BATCH} messages", lambda c: outbox.claim(c, CHANNEL, outbox.REPLIES, now + 1, BATCH), keep=keep
    )
    expect("claimed", len(held), BATCH)
    results = [Result(each.id, 0, Status.SENT, external_id=f"E{each.id}", handed_ms=now) for each in held]
    side.measure(f"Settling {BATCH}", lambda c: settling.settle(c, CHANNEL, results, now), keep=keep)
    told = [Report(CHANNEL, Status.DELIVERED, external_id=f"E{each.id}") for each in held]
    merged = side.measure(
        f"{BATCH} delivery reports by the gateway's id", lambda c: reports.merge_reports(c, told, now), keep=keep
    )
    expect("merged", merged.merged, BATCH)
    side.measure("A page of the inbox", lambda c: inbox.entries(c, limit=10), keep=keep)
    side.measure(
        "The messages of one number", lambda c: people.messages(c, number=number(who), limit=100), keep=keep
    )  # fmt: skip
    span = min(PIECE, side.people)
    piece = side.measure(
        f"A piece of {PIECE:,} of a broadcast",
        lambda c: write_piece(c, side.broadcast, (CHANNEL,), now, span),
        keep=keep,
    )
    expect("contacts looked at", piece.contacts, span)
    if piece.complete:
        side.broadcast = side.store.write(lambda c: announce(c, Audience(everyone=True), now))


def _sizes(store: Store, people_: int) -> Iterator[Row]:
    def look(connection: Connection) -> list[tuple[str, int, int]]:
        found = []
        for table in (*months.TABLES, "contact", "subscription"):
            parts = [part.name for part in months.parts(connection, table)] or [table]
            size = sum(_scalar(connection, f"SELECT pg_total_relation_size('{part}')") for part in parts)
            found.append((table, size, _scalar(connection, f"SELECT count(*) FROM {table}")))
        return found

    for table, size, rows in store.read(look):
        yield Row(f"Bytes of a row of {table}, with its indexes", size / rows, "B", None, {}, f"{rows:,} rows")
    whole = store.read(lambda c: _scalar(c, "SELECT pg_database_size(current_database())"))
    yield Row(f"The database with {people_:,} people", whole / 1e9, "GB", None, {})


def _drop(store: Store) -> Iterator[Row]:
    """The oldest month goes, as a custodian does it who keeps less than a year."""
    kept = Retention(texts_days=90, inbox_days=0, dormant_days=0, rows_days=300)
    store.write(lambda c: sql.run(c, "UPDATE inbound SET inbox = '' WHERE inbox <> ''"))
    for table in months.TABLES:  # all words have gone
        newest = store.read(lambda c, table=table: months.parts(c, table)[-1].low)  # type: ignore[misc]  # mypy cannot infer a default's type
        store.write(
            lambda c, table=table, newest=newest: sql.run(  # type: ignore[misc]  # the same
                c, "INSERT INTO walk (name, position, at_ms) VALUES (?, ?, 0)", (table, newest)
            )
        )
    for table, step in zip(months.TABLES, bygone.STEPS, strict=True):
        for _ in range(2):  # the first part, of before months, is empty
            began_s = time.monotonic()
            piece = store.read(lambda c, step=step: step.find(c, kept, now_ms()))  # type: ignore[misc]  # the same
            if piece is None:
                break
            rows = store.write(lambda c, step=step, piece=piece: step.do(c, piece, now_ms()))  # type: ignore[misc]  # the same
            if rows:
                what = f"Counting and dropping a month of {table}"
                yield Row(what, time.monotonic() - began_s, "s", None, {}, f"{rows:,} rows")
                break


def _scalar(connection: Connection, statement: str) -> int:
    return int(sql.run(connection, statement).scalar_one())
