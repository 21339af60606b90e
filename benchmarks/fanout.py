"""Writing out a broadcast to a million, by the staff API, while strangers join."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from sqlalchemy import Connection

from benchmarks import staff
from benchmarks.load import Line, twilio_request
from benchmarks.people import CHANNEL, peopled
from benchmarks.product import Process, product
from benchmarks.suite import POSTGRESQL, SQLITE, Bench, Broken, Goal, Row, count, expect, median, percentile, ratios
from smsbot.clock import now_ms
from smsbot.store import sql
from smsbot.store.database import Store
from smsbot.testing.population import LANGUAGES

PEOPLE = 1_000_000
PAUSE_S = 0.02  # between two strangers
IDLE = 150  # strangers who join before, with nothing else to do: about as many as meanwhile
GOAL_S = {SQLITE: 3.0, POSTGRESQL: 12.0}


def run(bench: Bench) -> Iterator[Row]:
    for engine in (SQLITE, POSTGRESQL):
        yield from compare(bench, engine)


def compare(bench: Bench, engine: str) -> Iterator[Row]:
    """Its time, that time against the raw statement's, and how long who joined waited meanwhile, against before."""
    people = bench.size(PEOPLE, 2_000)
    counted_s: list[float] = []
    took_s: list[float] = []
    raw_s: list[float] = []
    longest_ms: list[float] = []
    idle_ms: list[float] = []  # of all runs: one alone has too few for a p99
    busy_ms: list[float] = []
    for _ in range(bench.runs):
        url = peopled(bench, engine, people)
        raw_s.append(_raw(url, people))
        bench.drop(url)
        url = peopled(bench, engine, people)
        seen = _fan_out(bench, url, people)
        counted_s.append(seen.accepted_s)
        took_s.append(seen.seconds)
        longest_ms.append(max(seen.busy_ms))
        idle_ms += seen.idle_ms
        busy_ms += seen.busy_ms
        bench.drop(url)
    what = f"Fan-out of {people:,} recipients, {engine}"
    values = {"seconds": took_s, "raw_s": raw_s}
    yield Row(what, median(took_s), "s", Goal(GOAL_S[engine]), values)
    yield Row(f"{what}; counted and accepted before", median(counted_s), "s", None, {"seconds": counted_s})
    shares = ratios(took_s, raw_s)
    yield Row(
        f"{what}; time against one raw INSERT … SELECT", median(shares), "", Goal(2), {"ratio": shares},
        f"raw {median(raw_s):.2f} s",
    )  # fmt: skip
    yield Row(
        f"{what}; longest wait of an inbound turn", max(longest_ms), "ms", Goal(1_000), {"longest_ms": longest_ms}
    )
    busy, idle = percentile(busy_ms, 0.99), percentile(idle_ms, 0.99)
    yield Row(
        f"{what}; p99 of a webhook meanwhile against before", busy / idle, "", Goal(5),
        {"busy_ms": busy_ms, "idle_ms": idle_ms}, f"{busy:.1f} against {idle:.1f} ms",
    )  # fmt: skip


def _raw(url: str, people: int) -> float:
    whens = " ".join(f"WHEN '{language}' THEN {n}" for n, language in enumerate(LANGUAGES, 1))

    def insert(connection: Connection) -> int:
        no = "false" if sql.is_postgresql(connection) else "0"
        return sql.run(
            connection,
            "INSERT INTO outbox (channel, broadcast_id, contact_id, text_id, parts, status, error, created_ms, due_ms,"
            f" attempts, forget) SELECT '{CHANNEL}', 1, id, CASE language {whens} END, 1, 'queued', '', {now_ms()},"
            f" {now_ms()}, 0, {no} FROM contact WHERE state = 'active' ORDER BY id",
        ).rowcount

    store = Store(url)
    try:
        began_s = time.monotonic()
        written = store.write(insert)
        seconds = time.monotonic() - began_s
    finally:
        store.close()
    expect("rows of the raw statement", written, people)
    return seconds


@dataclass(frozen=True, slots=True)
class _Seen:
    """Seconds to the answer (the audience is counted), and from there until all is written; how long each stranger
    waited before and meanwhile."""

    accepted_s: float
    seconds: float
    idle_ms: list[float]
    busy_ms: list[float]


def _fan_out(bench: Bench, url: str, people: int) -> _Seen:
    with product(bench.place(), database=url) as bot:
        seen = asyncio.run(_announced(bot, bench.size(IDLE, 10)))
    strangers = len(seen.idle_ms) + len(seen.busy_ms)
    expect("texts kept", count(url, "inbound"), strangers)
    messages = count(url, "outbox WHERE broadcast_id > 0")
    expect("broadcasts with that many messages", count(url, "broadcast WHERE written = ?", (messages,)), 1)
    if not people <= messages <= people + strangers:  # strangers who have joined get it too
        raise Broken(f"{messages} messages for {people} people and {strangers} strangers")
    return seen


async def _announced(bot: Process, idle: int) -> _Seen:
    idle_ms = await _strangers(bot, lambda waits: len(waits) >= idle, first=0)
    ended = threading.Event()
    strangers = asyncio.create_task(_strangers(bot, lambda waits: bool(waits) and ended.is_set(), first=idle))

    def announce() -> tuple[float, float]:
        asked_s = time.monotonic()
        broadcast_id = staff.announce(bot)
        began_s = time.monotonic()
        staff.wait(bot, broadcast_id, staff.written_out)
        return began_s - asked_s, time.monotonic() - began_s

    try:
        accepted_s, seconds = await asyncio.to_thread(announce)
    finally:
        ended.set()
        busy_ms = await strangers
    return _Seen(accepted_s, seconds, idle_ms, busy_ms)


async def _strangers(bot: Process, enough: Callable[[list[float]], bool], *, first: int) -> list[float]:
    """They join one after the other until there are *enough*; how long each waited, in ms."""
    waits_ms: list[float] = []
    line = await Line.open(bot.port)
    while not enough(waits_ms):
        status, seconds = await line.call(twilio_request(bot.port, f"+9955{first + len(waits_ms):08d}", "JOIN"))
        expect("status", status, 200)
        waits_ms.append(seconds * 1_000)
        await asyncio.sleep(PAUSE_S)
    await line.close()
    return waits_ms
