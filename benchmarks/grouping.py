"""The same pipeline with all that waits in one transaction, and with a transaction for each text."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator

from benchmarks.load import conversation
from benchmarks.suite import POSTGRESQL, SQLITE, Bench, Goal, Row, count, expect, median, ratios
from smsbot.clock import now_ms
from smsbot.compose import blueprint, seed_topics
from smsbot.gateways.base import Received
from smsbot.inbound.bot import Bot
from smsbot.inbound.routes import Routes
from smsbot.inbound.turns import GROUP, Turns
from smsbot.settings import Settings
from smsbot.store import directory
from smsbot.store.database import Store

WAITING = 64  # texts at a time
GOAL = Goal(4, at_least=True)


def run(bench: Bench) -> Iterator[Row]:
    turns = bench.size(2_000, 200)
    settings = Settings.model_validate({"sending": {"replies_per_hour": 1_000_000}})
    engine_of = blueprint(settings).engine
    for engine in (SQLITE, POSTGRESQL):
        rates: dict[int, list[float]] = {GROUP: [], 1: []}
        for _ in range(bench.runs):
            for group, found in rates.items():
                found.append(_rate(bench, engine, Bot(engine_of), turns, group))
        shares = ratios(rates[GROUP], rates[1])
        yield Row(
            f"Group commit against a transaction a text, {engine}, in one process", median(shares), "", GOAL,
            {"ratio": shares, "grouped_per_s": rates[GROUP], "single_per_s": rates[1]},
            f"{median(rates[GROUP]):,.0f} against {median(rates[1]):,.0f} turns a second",
        )  # fmt: skip


def _rate(bench: Bench, engine: str, bot: Bot, turns: int, group: int) -> float:
    url = bench.empty(engine)
    store = Store(url)
    try:
        if engine == SQLITE:
            store.upgrade()
        store.write(lambda c: directory.seed(c, seed_topics(Settings()), ()))
        store.start()
        pipeline = Turns(store, bot, region="GE", clock=now_ms, routes=Routes({"main": "main"}), group=group)
        rate = asyncio.run(_submit(pipeline, turns))
    finally:
        store.close()
    expect("texts kept", count(url, "inbound"), turns + WAITING)
    bench.drop(url)
    return rate


async def _submit(pipeline: Turns, turns: int) -> float:
    await _write(pipeline, WAITING, "before")  # the words' tables are made, which is done once
    return await _write(pipeline, turns, "id")


async def _write(pipeline: Turns, turns: int, name: str) -> float:
    """Turns a second."""
    people = max(turns // 4, 1)
    texts = iter(range(turns))

    async def write() -> None:
        for position in texts:
            number = f"+9955{position % people:08d}"
            await pipeline.submit("main", Received(number, conversation(position // people), f"{name}-{position}"))

    began_s = time.perf_counter()
    await asyncio.gather(*(write() for _ in range(WAITING)))
    return turns / (time.perf_counter() - began_s)
