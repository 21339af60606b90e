"""A broadcast handed to a fast gateway and settled, one process."""

from __future__ import annotations

from collections.abc import Iterator

from benchmarks import sink, staff
from benchmarks.people import peopled
from benchmarks.product import Process, product, provider
from benchmarks.suite import POSTGRESQL, SQLITE, Bench, Goal, Row, count, expect, median

PEOPLE = 30_000


def run(bench: Bench) -> Iterator[Row]:
    people = bench.size(PEOPLE, 200)
    for engine in (SQLITE, POSTGRESQL):
        rates: list[float] = []
        with provider(bench.place()) as gateway:
            for _ in range(bench.runs):
                sink.forget(gateway.url)
                rates.append(_sent(bench, engine, gateway, people))
        goal = Goal(3_000, at_least=True)
        name = f"Delivery of a broadcast to {people:,} over HTTP, settled, {engine}"
        yield Row(name, median(rates), "a second", goal, {"per_s": rates})


def _sent(bench: Bench, engine: str, gateway: Process, people: int) -> float:
    """Messages a second, from the first to the last request at the provider."""
    url = peopled(bench, engine, people)
    with product(bench.place(), gateway_url=gateway.url, database=url) as bot:
        view = staff.wait(bot, staff.announce(bot), staff.done, every_s=0.25)
    expect("counted as sent", view["counts"]["sent"], people)
    expect("sent in the outbox", count(url, "outbox WHERE status = 'sent'"), people)
    expect("ids of the provider", count(url, "(SELECT DISTINCT external_id FROM outbox) AS known"), people)
    taken = sink.taken(gateway.url)
    expect("requests at the provider", taken.count, people)
    bench.drop(url)
    return (people - 1) / (taken.last_s - taken.first_s)
