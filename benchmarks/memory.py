"""Resident memory of the service: idle after the start, and at the most while a broadcast to a million is queued."""

from __future__ import annotations

import time
from collections.abc import Iterator

from benchmarks import staff
from benchmarks.people import peopled
from benchmarks.product import product
from benchmarks.suite import SQLITE, Bench, Goal, Row, count, expect

PEOPLE = 1_000_000
REST_S = 2.0  # after the start
AFTER_S = 3.0  # after the last row: sending has been begun, and waits for the rate


def run(bench: Bench) -> Iterator[Row]:
    people = bench.size(PEOPLE, 2_000)
    url = peopled(bench, SQLITE, people)
    samples: list[float] = []
    with product(bench.place(), database=url) as bot:
        time.sleep(REST_S / bench.divisor)
        idle = bot.memory_mb()
        staff.wait(bot, staff.announce(bot), staff.written_out, watch=lambda: samples.append(bot.memory_mb()))
        until_s = time.monotonic() + AFTER_S / bench.divisor
        while time.monotonic() < until_s:
            samples.append(bot.memory_mb())
            time.sleep(0.05)
    expect("messages written", count(url, "outbox WHERE broadcast_id > 0"), people)
    bench.drop(url)
    yield Row("Memory, idle after the start", idle, "MB", Goal(150), {"mb": [idle]})
    name = f"Memory, at the most while a broadcast to {people:,} is queued"
    yield Row(name, max(samples), "MB", Goal(300), {"mb": samples})
