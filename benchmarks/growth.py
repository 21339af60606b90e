"""What a turn costs when the service knows a million people, against ten thousand."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from math import gcd

from benchmarks.load import drive, twilio_request
from benchmarks.people import number, peopled
from benchmarks.product import Process, product
from benchmarks.suite import SQLITE, Bench, Goal, Row, count, expect, median, ratios

MANY, FEW = 1_000_000, 10_000
CONNECTIONS = 64
TEXTS = ("STATUS", "HELP", "1 3")
STRIDE = 6_180_339  # by which one walks through the people, so that neighbours in time are none in the database


def run(bench: Bench) -> Iterator[Row]:
    few, many = bench.size(FEW, 100), bench.size(MANY, 2_000)
    turns = few // (bench.runs + 1)  # each person writes once, also in the round that warms up
    urls = {people: peopled(bench, SQLITE, people) for people in (few, many)}
    micros: dict[int, list[float]] = {few: [], many: []}
    with product(bench.place(), database=urls[few]) as small, product(bench.place(), database=urls[many]) as large:
        for position in range(bench.runs + 1):
            for people, bot in ((few, small), (many, large)):
                took = turn_us(bot, people, position * turns, turns)
                if position:
                    micros[people].append(took)
    for url in urls.values():
        expect("texts kept", count(url, "inbound"), turns * (bench.runs + 1))
        expect("strangers", count(url, "inbound WHERE contact_id IS NULL"), 0)
        bench.drop(url)
    shares = ratios(micros[many], micros[few])
    yield Row(
        f"Time of a turn among {many:,} subscribers against {few:,}, SQLite", median(shares), "", Goal(1.3),
        {"ratio": shares, "many_us": micros[many], "few_us": micros[few]},
        f"{median(micros[many]):.0f} against {median(micros[few]):.0f} µs",
    )  # fmt: skip


def turn_us(bot: Process, people: int, first: int, turns: int) -> float:
    """Microseconds a turn, of people who write for the first time in this run."""
    assert gcd(STRIDE, people) == 1, "the walk would meet somebody twice"
    requests = [
        twilio_request(bot.port, number(1 + position * STRIDE % people), TEXTS[position % len(TEXTS)])
        for position in range(first, first + turns)
    ]
    outcome = asyncio.run(drive(bot.port, requests, connections=CONNECTIONS))
    expect("statuses", outcome.statuses, {200: turns})
    return 1_000_000 / outcome.rate
