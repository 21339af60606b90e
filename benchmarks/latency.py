"""From the webhook to the reply at the gateway, on an idle system: one stranger at a time, with pauses."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator

from benchmarks.load import Line, content_length, twilio_request
from benchmarks.product import Process, product
from benchmarks.suite import SQLITE, Bench, Broken, Goal, Row, count, expect, percentile

PAUSE_S = 0.05
WITHIN_S = 30.0
ANSWER = b'{"sid": "SM%032x", "status": "queued", "num_segments": "1"}'


class _Provider:
    """In this process, so that one clock sees both ends."""

    def __init__(self) -> None:
        self.arrivals: asyncio.Queue[float] = asyncio.Queue()
        self.count = 0

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).lower()
                await reader.readexactly(content_length(head))
                self.arrivals.put_nowait(time.perf_counter())
                self.count += 1
                body = ANSWER % self.count
                writer.write(b"HTTP/1.1 201 Created\r\nContent-Length: %d\r\n\r\n" % len(body) + body)
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()


def run(bench: Bench) -> Iterator[Row]:
    messages = bench.size(200, 10)
    replied_ms, answered_ms = asyncio.run(_measure(bench, messages))
    values = {"reply_ms": replied_ms, "webhook_ms": answered_ms}
    name = "Webhook to reply at the gateway, idle, SQLite"
    yield Row(f"{name}, p50", percentile(replied_ms, 0.5), "ms", None, {})
    yield Row(f"{name}, p99 of {messages}", percentile(replied_ms, 0.99), "ms", Goal(20), values)


async def _measure(bench: Bench, messages: int) -> tuple[list[float], list[float]]:
    provider = _Provider()
    server = await asyncio.start_server(provider.answer, "127.0.0.1", 0)
    gateway_url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    url = bench.empty(SQLITE)
    running = product(bench.place(), gateway_url=gateway_url, database=url)
    bot = await asyncio.to_thread(running.__enter__)
    try:
        measured = await _converse(bot, provider, messages)
    finally:
        await asyncio.to_thread(running.__exit__, None, None, None)
        server.close()
    expect("texts kept", count(url, "inbound"), messages)
    expect("replies settled", count(url, "outbox WHERE status = 'sent'"), messages)
    return measured


async def _converse(bot: Process, provider: _Provider, messages: int) -> tuple[list[float], list[float]]:
    replied_ms, answered_ms = [], []
    line = await Line.open(bot.port)
    for position in range(messages):
        request = twilio_request(bot.port, f"+9955{position:08d}", "JOIN")
        began_s = time.perf_counter()
        status, seconds = await line.call(request)
        expect("status", status, 200)
        try:
            arrived_s = await asyncio.wait_for(provider.arrivals.get(), WITHIN_S)
        except TimeoutError:
            raise Broken("a reply never reached the gateway") from None
        replied_ms.append((arrived_s - began_s) * 1_000)
        answered_ms.append(seconds * 1_000)
        await asyncio.sleep(PAUSE_S)
    await line.close()
    return replied_ms, answered_ms
