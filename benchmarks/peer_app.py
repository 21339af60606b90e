"""The smallest application behind a peer gateway, a process: `python -m benchmarks.peer_app PORT [SEND_PORT]`.

Without SEND_PORT it answers each text with the reply, which is what Kannel's `get-url` wants. With it, it acknowledges
the text as Jasmin wants and then sends the reply by Jasmin's HTTP API at that port. `GET /count`: how many texts came.
"""

from __future__ import annotations

import asyncio
import json
import signal
import sys
import urllib.request
from typing import cast
from urllib.parse import parse_qsl, urlencode, urlsplit

import uvloop

from benchmarks.load import REPLY, Line

USERNAME, PASSWORD = "bench", "secret"
SENDERS = 16  # connections to Jasmin's API

ANSWER = "HTTP/1.1 200 OK\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: %d\r\n\r\n%s"
END = b"\r\n\r\n"


class App(asyncio.Protocol):
    texts = 0
    answer = (ANSWER % (len(REPLY), REPLY)).encode()
    replies: asyncio.Queue[str] | None = None

    def __init__(self) -> None:
        self._kept = b""
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        assert self._transport is not None
        self._kept += data
        while (end := self._kept.find(END)) >= 0:
            target = self._kept.split(b" ", 2)[1].decode("ascii")
            self._kept = self._kept[end + len(END) :]
            if target == "/count":
                told = json.dumps({"texts": App.texts})
                self._transport.write((ANSWER % (len(told), told)).encode())
                continue
            App.texts += 1
            self._transport.write(App.answer)
            if App.replies is not None:
                App.replies.put_nowait(dict(parse_qsl(urlsplit(target).query))["from"])


async def _reply(port: int, numbers: asyncio.Queue[str]) -> None:
    line = await Line.open(port)
    while True:
        fields = {
            "username": USERNAME, "password": PASSWORD, "to": await numbers.get(), "from": "2200", "coding": "0",
            "content": REPLY,
        }  # fmt: skip
        head = f"GET /send?{urlencode(fields)} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n\r\n"
        status, _ = await line.call(head.encode())
        if status != 200:
            sys.exit(f"the reply was answered with {status}")


async def _serve(port: int, send_port: int | None) -> None:
    loop = asyncio.get_running_loop()
    ending = asyncio.Event()
    loop.add_signal_handler(signal.SIGTERM, ending.set)
    senders = []
    if send_port is not None:
        App.answer = (ANSWER % (len("ACK/Jasmin"), "ACK/Jasmin")).encode()
        App.replies = asyncio.Queue()
        senders = [asyncio.create_task(_reply(send_port, App.replies)) for _ in range(SENDERS)]
    async with await loop.create_server(App, "127.0.0.1", port):
        ended, _ = await asyncio.wait(
            [asyncio.create_task(ending.wait()), *senders], return_when=asyncio.FIRST_COMPLETED
        )
        for task in ended:
            task.result()


def texts(port: int) -> int:
    """How many came."""
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/count", timeout=10) as answer:
        return int(json.load(answer)["texts"])


if __name__ == "__main__":
    uvloop.run(_serve(int(sys.argv[1]), int(sys.argv[2]) if sys.argv[2:] else None))
