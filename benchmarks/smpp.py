"""Messages handed over by SMPP: by the gateway alone, and by the whole product with receipts."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Iterator, Sequence

import uvloop

from benchmarks import smsc, staff
from benchmarks.people import peopled
from benchmarks.product import free_port, running, served
from benchmarks.suite import POSTGRESQL, SQLITE, Bench, Goal, Row, count, expect, median
from smsbot.errors import GatewayError
from smsbot.gateways import registry
from smsbot.gateways.base import Event, Message
from smsbot.gateways.smpp import Smpp

WINDOW = 50
MESSAGES = 50_000
PEOPLE = 30_000
TEXT = "Tomorrow at ten: public hearing on the budget."


def run(bench: Bench) -> Iterator[Row]:
    rates = [alone(bench) for _ in range(bench.runs)]
    yield Row(
        f"submit_sm by the gateway alone, window {WINDOW}", median(rates), "a second", Goal(5_000, at_least=True),
        {"per_s": rates},
    )  # fmt: skip
    people = bench.size(PEOPLE, 200)
    for engine in (SQLITE, POSTGRESQL):
        rates = [delivered(bench, engine, people) for _ in range(bench.runs)]
        goal = Goal(2_000, at_least=True) if engine == SQLITE else None
        name = f"Delivery of a broadcast to {people:,} over SMPP with receipts, window {WINDOW}, {engine}"
        yield Row(name, median(rates), "a second", goal, {"per_s": rates})


@contextlib.contextmanager
def server(bench: Bench, *options: str) -> Iterator[int]:
    """A fast SMSC; its port."""
    port = free_port()
    with running(["-m", "benchmarks.smsc", str(port), *options], port=port, folder=bench.place(), path="/count"):
        yield port


class _Ignoring:
    """An inbox for a sender that expects nothing."""

    def __init__(self) -> None:
        self.bound = asyncio.Event()

    async def take(self, _events: Sequence[Event]) -> None:
        """Nothing is kept."""

    def trouble(self, error: GatewayError | None) -> None:
        if error is None:
            self.bound.set()


def alone(bench: Bench) -> float:
    """Messages a second, from the first to the last at the SMSC."""
    number = bench.size(MESSAGES, 500)
    with server(bench) as port:
        uvloop.run(_submit(port, number))
        taken = smsc.taken(port)
    expect("messages at the SMSC", taken.count, number)
    return (number - 1) / (taken.last_s - taken.first_s)


async def _submit(port: int, number: int) -> None:
    gateway = registry.channel("main", keys(port)).gateway
    assert isinstance(gateway, Smpp)
    inbox = _Ignoring()
    link = asyncio.create_task(gateway.run(inbox))
    await inbox.bound.wait()
    left = iter(range(number))

    async def hand_over() -> None:
        for each in left:
            await gateway.send(Message(f"out-{each}", f"+99555{each:07}", TEXT, "GSM-7", 1, "2200", ""))

    await asyncio.gather(*(hand_over() for _ in range(WINDOW)))
    link.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await link


def keys(port: int) -> dict[str, object]:
    """Of a channel to the SMSC at *port*."""
    return {
        "gateway": "smpp", "sender": "2200", "rate_per_s": 100_000, "host": "127.0.0.1", "port": port,
        "system_id": "smsbot", "password": "secret", "window": WINDOW,
    }  # fmt: skip


def delivered(bench: Bench, engine: str, people: int) -> float:
    """Messages a second from the first at the SMSC until every receipt is in the database."""
    url = peopled(bench, engine, people)
    with server(bench, "receipts") as port, served(bench.place(), keys(port), url) as bot:
        key = staff.announce(bot)
        view = staff.wait(bot, key, lambda view: view["counts"]["delivered"] == view["recipients"] > 0, every_s=0.1)
        end_s = time.monotonic()
        taken = smsc.taken(port)
    expect("counted as delivered", view["counts"]["delivered"], people)
    expect("delivered in the outbox", count(url, "outbox WHERE status = 'delivered'"), people)
    expect("messages at the SMSC", taken.count, people)
    bench.drop(url)
    return people / (end_s - taken.first_s)
