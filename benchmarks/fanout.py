"""Writing out a broadcast to a million, by the staff API, while strangers join."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Iterator

from sqlalchemy import Connection

from benchmarks import staff
from benchmarks.load import Line, twilio_request
from benchmarks.people import CHANNEL, peopled
from benchmarks.product import Process, product
from benchmarks.suite import POSTGRESQL, SQLITE, Bench, Broken, Goal, Row, count, expect, median, ratios
from smsbot.clock import now_ms
from smsbot.store import sql
from smsbot.store.database import Store
from smsbot.testing.population import LANGUAGES

PEOPLE = 1_000_000
PAUSE_S = 0.02  # between two strangers
GOAL_S = {SQLITE: 3.0, POSTGRESQL: 12.0}


def run(bench: Bench) -> Iterator[Row]:
    for engine in (SQLITE, POSTGRESQL):
        yield from compare(bench, engine)


def compare(bench: Bench, engine: str) -> Iterator[Row]:
    """Its time, that time against the raw statement's, and how long anybody waited meanwhile."""
    people = bench.size(PEOPLE, 2_000)
    counted_s: list[float] = []
    took_s: list[float] = []
    raw_s: list[float] = []
    waits_ms: list[float] = []
    for _ in range(bench.runs):
        url = peopled(bench, engine, people)
        raw_s.append(_raw(url, people))
        bench.drop(url)
        url = peopled(bench, engine, people)
        accepted_s, seconds, longest_ms = _fan_out(bench, url, people)
        counted_s.append(accepted_s)
        took_s.append(seconds)
        waits_ms.append(longest_ms)
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
    yield Row(f"{what}; longest wait of an inbound turn", max(waits_ms), "ms", Goal(1_000), {"longest_ms": waits_ms})


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


def _fan_out(bench: Bench, url: str, people: int) -> tuple[float, float, float]:
    """Seconds to the answer (the audience is counted), from there until all is written, and the longest a stranger
    waited meanwhile, in ms."""
    with product(bench.place(), database=url) as bot:
        accepted_s, seconds, waits_ms = asyncio.run(_announced(bot, people))
    expect("texts kept", count(url, "inbound"), len(waits_ms))
    messages = count(url, "outbox WHERE broadcast_id > 0")
    expect("broadcasts with that many messages", count(url, "broadcast WHERE written = ?", (messages,)), 1)
    if not people <= messages <= people + len(waits_ms):  # strangers who joined meanwhile get it too
        raise Broken(f"{messages} messages for {people} people and {len(waits_ms)} strangers")
    return accepted_s, seconds, max(waits_ms)


async def _announced(bot: Process, people: int) -> tuple[float, float, list[float]]:
    ended = threading.Event()
    strangers = asyncio.create_task(_strangers(bot, ended))

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
        waits_ms = await strangers
    return accepted_s, seconds, waits_ms


async def _strangers(bot: Process, ended: threading.Event) -> list[float]:
    """They join one after the other until *ended*; how long each waited, in ms."""
    waits_ms: list[float] = []
    line = await Line.open(bot.port)
    while not (waits_ms and ended.is_set()):
        status, seconds = await line.call(twilio_request(bot.port, f"+9955{len(waits_ms):08d}", "JOIN"))
        expect("status", status, 200)
        waits_ms.append(seconds * 1_000)
        await asyncio.sleep(PAUSE_S)
    await line.close()
    return waits_ms
