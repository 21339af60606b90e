"""A way that texts go in and replies come out, driven and counted at its far end: ours by SMPP and by HTTP."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from urllib.parse import urlencode

from benchmarks import sink, smsc
from benchmarks.load import drive, texted
from benchmarks.product import Process, processor_s, provider, served
from benchmarks.smpp import keys, server
from benchmarks.suite import Bench, Broken, count, expect

ARRIVE_S = 180.0  # within which the last reply must have arrived
SETTLE_S = 30.0  # within which its acceptance must be in the database
CONNECTIONS = 64
TOKEN = "benchmark-token"


def nothing(_: int) -> None:
    """Nobody but the far end counts here."""


@dataclass
class Loop:
    """*pids*: of what is measured, without the load, the far end and the application behind a gateway."""

    pids: Sequence[int]
    send: Callable[[int, int], float]  # texts, the first person's number → when it began
    arrived: Callable[[], tuple[int, float]]  # replies so far, and when the last came
    check: Callable[[int], None] = nothing  # what must hold after so many texts
    texts: int = 0  # so far

    def drive(self, texts: int) -> float:
        """Texts a second, from the first on its way in until the last reply is at the far end."""
        before, _ = self.arrived()
        began_s = self.send(texts, self.texts)
        self.texts += texts
        end_s = time.monotonic() + ARRIVE_S
        while time.monotonic() < end_s:
            replies, last_s = self.arrived()
            if replies >= before + texts:
                return texts / (last_s - began_s)
            time.sleep(0.02)
        raise Broken(f"{replies - before} of {texts} replies came within {ARRIVE_S:.0f} s")

    def surplus(self) -> int:
        """How many replies there are beyond one for each text, when everything has come."""
        self.check(self.texts)
        return self.arrived()[0] - self.texts

    def cpu_s(self) -> float:
        return processor_s(self.pids)


@contextlib.contextmanager
def by_smpp(bench: Bench, engine: str) -> Iterator[Loop]:
    """Ours, one connection both ways."""
    url = bench.empty(engine)
    with server(bench) as port, served(bench.place(), keys(port), url) as bot:
        loop = at_smsc(port, [bot.pid])
        loop.check = lambda texts: _kept(url, texts)
        yield loop
    bench.drop(url)


@contextlib.contextmanager
def by_http(bench: Bench, engine: str) -> Iterator[Loop]:
    """Ours as an application behind Kannel: its request for each text, its `sendsms` for each reply."""
    url = bench.empty(engine)
    with provider(bench.place()) as gateway:
        channel = {
            "gateway": "kannel", "sender": "2200", "rate_per_s": 100_000, "base_url": gateway.url, "username": "bench",
            "password": "secret", "webhook_token": TOKEN, "dlr_mask": 0,
        }  # fmt: skip
        with served(bench.place(), channel, url) as bot:

            def request(serial: int, number: str, text: str) -> str:
                fields = {"token": TOKEN, "id": f"mo-{serial}", "from": number, "to": "2200", "text": text}
                return f"/channels/main/inbound?{urlencode(fields)}"

            loop = at_provider(bot, gateway, request)
            loop.check = lambda texts: _kept(url, texts)
            yield loop
    bench.drop(url)


def at_smsc(port: int, pids: Sequence[int]) -> Loop:
    """Texts come from the SMSC at *port*, replies go back there. Waits until somebody is connected."""
    end_s = time.monotonic() + ARRIVE_S
    while not smsc.taken(port).bound:
        if time.monotonic() > end_s:
            raise Broken("nobody connected to the SMSC")
        time.sleep(0.05)

    def send(texts: int, first: int) -> float:
        return smsc.say(port, texts, first).began_s

    def arrived() -> tuple[int, float]:
        taken = smsc.taken(port)
        expect("texts refused at the SMSC", taken.refused, 0)
        return taken.count, taken.last_s

    return Loop(pids, send, arrived)


def at_provider(process: Process, gateway: Process, request: Callable[[int, str, str], str]) -> Loop:
    """Texts are requests to *process*, replies go to *gateway*. *request*: a text's serial, number and words → path."""
    serials = itertools.count(1)

    def send(texts: int, first: int) -> float:
        ending = f" HTTP/1.1\r\nHost: 127.0.0.1:{process.port}\r\n\r\n"
        prepared = [
            f"GET {request(next(serials), f'+{number}', text)}{ending}".encode()
            for number, text in texted(texts, first)
        ]
        began_s = time.monotonic()
        outcome = asyncio.run(drive(process.port, prepared, connections=CONNECTIONS))
        if set(outcome.statuses) - {200, 202}:
            raise Broken(f"statuses: {outcome.statuses}")
        return began_s

    def arrived() -> tuple[int, float]:
        taken = sink.taken(gateway.url)
        return taken.count, taken.last_s

    return Loop([process.pid], send, arrived)


def _kept(url: str, texts: int) -> None:
    """Every text has its row, and every reply is known to have left."""
    expect("texts kept", count(url, "inbound"), texts)
    end_s = time.monotonic() + SETTLE_S
    while (sent := count(url, "outbox WHERE status = 'sent'")) < texts and time.monotonic() < end_s:
        time.sleep(0.05)
    expect("replies settled", sent, texts)
