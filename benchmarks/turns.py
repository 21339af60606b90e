"""Durable turns over HTTP, signature and all, against a bare route that only verifies and parses the same form."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator

from benchmarks import sink
from benchmarks.load import drive, twilio_requests
from benchmarks.product import Process, product, provider, yardstick
from benchmarks.suite import POSTGRESQL, SQLITE, Bench, Broken, Goal, Row, count, expect, median, percentile, ratios

CONNECTIONS = 64
ARRIVE_S = 120.0  # within which the last reply must have reached the provider
GOALS = {False: Goal(0.45, at_least=True), True: Goal(0.25, at_least=True)}
"""By whether the replies are delivered too; the same on both databases."""


def run(bench: Bench) -> Iterator[Row]:
    for engine in (SQLITE, POSTGRESQL):
        for delivered in (False, True):
            yield compare(bench, engine, delivered=delivered)


def compare(bench: Bench, engine: str, *, delivered: bool) -> Row:
    """*delivered*: the clock ends when the last reply has reached the provider; else when the last text is answered."""
    turns = bench.size(10_000, 200)
    rates: list[float] = []
    bare: list[float] = []
    p99_ms: list[float] = []
    cpu_us: list[float] = []
    bare_cpu_us: list[float] = []
    url = bench.empty(engine)
    with provider(bench.place()) as gateway, yardstick(bench.place()) as route:
        with product(bench.place(), gateway_url=gateway.url if delivered else None, database=url) as bot:
            for _ in range(bench.runs):
                before_s = route.cpu_s()
                bare.append(_bare(route, turns))
                bare_cpu_us.append((route.cpu_s() - before_s) / turns * 1e6)
                before_s = bot.cpu_s()
                rate, latencies_ms = _turns(bot, gateway, url, turns, delivered=delivered)
                cpu_us.append((bot.cpu_s() - before_s) / turns * 1e6)
                rates.append(rate)
                p99_ms.append(percentile(latencies_ms, 0.99))
        expect("texts kept", count(url, "inbound"), turns * bench.runs)
        if delivered:
            replies = count(url, "outbox")
            expect("replies settled", count(url, "outbox WHERE status = 'sent'"), replies)
            expect("replies at the provider", sink.taken(gateway.url).count, replies)
    bench.drop(url)
    shares = ratios(rates, bare)
    ending = "every reply delivered" if delivered else "replies queued"
    return Row(
        f"Durable turns over HTTP, {engine}, {ending}; share of the bare route's rate",
        median(shares),
        "",
        GOALS[delivered],
        {
            "ratio": shares,
            "turns_per_s": rates,
            "bare_per_s": bare,
            "p99_ms": p99_ms,
            "cpu_us": cpu_us,
            "bare_cpu_us": bare_cpu_us,
        },
        f"{median(rates):,.0f} of {median(bare):,.0f} a second, p99 {median(p99_ms):.0f} ms; of the processor"
        f" {median(cpu_us):.0f} µs against {median(bare_cpu_us):.0f}",
    )


def _bare(route: Process, turns: int) -> float:
    outcome = asyncio.run(drive(route.port, _forms(route, turns), connections=CONNECTIONS))
    expect("statuses of the bare route", outcome.statuses, {200: turns})
    return outcome.rate


def _turns(bot: Process, gateway: Process, url: str, turns: int, *, delivered: bool) -> tuple[float, list[float]]:
    """Turns a second and the latencies of the webhooks."""
    forms = _forms(bot, turns)
    began_s = time.monotonic()
    outcome = asyncio.run(drive(bot.port, forms, connections=CONNECTIONS))
    expect("statuses", outcome.statuses, {200: turns})
    if not delivered:
        return outcome.rate, list(outcome.latencies_ms)
    ended_s = _arrived(gateway, count(url, "outbox"))
    return turns / (ended_s - began_s), list(outcome.latencies_ms)


def _forms(process: Process, turns: int) -> list[bytes]:
    return twilio_requests(turns, process.port, people=max(turns // 4, 1))


def _arrived(gateway: Process, replies: int) -> float:
    """When the last of all *replies* so far reached the provider."""
    end_s = time.monotonic() + ARRIVE_S
    while time.monotonic() < end_s:
        taken = sink.taken(gateway.url)
        if taken.count >= replies:
            expect("replies at the provider", taken.count, replies)
            return taken.last_s
        time.sleep(0.02)
    raise Broken(f"{taken.count} of {replies} replies came within {ARRIVE_S:.0f} s")
