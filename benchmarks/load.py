"""A load generator of its own: prepared requests over a few kept connections, as fast as one core goes."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import itertools
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import cast
from urllib.parse import quote_plus

HEADER_END = b"\r\n\r\n"


def content_length(head: bytes) -> int:
    """Of a head in lower case; 0 where it says nothing."""
    at = head.find(b"content-length:")
    return int(head[at + 15 :].split(b"\r\n", 1)[0]) if at >= 0 else 0


@dataclass(frozen=True, slots=True)
class Outcome:
    """Of one run: answers a second, and the latencies in milliseconds, sorted."""

    rate: float
    latencies_ms: Sequence[float]
    statuses: dict[int, int]


class _Connection(asyncio.Protocol):
    """Sends the next request when the answer to the last is complete; one in flight.

    Connects anew where the server ends the connection with its answer.
    """

    def __init__(self, run: _Run) -> None:
        self._run = run
        self._buffer = b""
        self._sent = 0.0
        self._waiting: bytes | None = None
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        if self._waiting is None:
            self._next()
        else:
            self._transport.write(self._waiting)
            self._waiting = None

    def _next(self, *, anew: bool = False) -> None:
        assert self._transport is not None
        request = next(self._run.requests, None)
        if request is None:
            self._transport.close()
            self._run.ended()
            return
        self._sent = time.perf_counter()
        if anew:
            self._transport.close()
            self._waiting = request
            self._run.connect(self)
        else:
            self._transport.write(request)

    def data_received(self, data: bytes) -> None:
        self._buffer = self._buffer + data if self._buffer else data
        end = self._buffer.find(HEADER_END)
        if end < 0:
            return
        head = self._buffer[:end].lower()
        length = content_length(head)
        if len(self._buffer) < end + 4 + length:
            return
        status = int(head[9:12])
        self._buffer = self._buffer[end + 4 + length :]
        self._run.answered(status, time.perf_counter() - self._sent)
        self._next(anew=b"connection: close" in head)

    def connection_lost(self, error: Exception | None) -> None:
        if error is not None and self._waiting is None:
            self._run.broken(error)


class _Run:
    def __init__(self, port: int, requests: Iterator[bytes], connections: int, done: asyncio.Future[None]) -> None:
        self._port = port
        self._connecting: set[asyncio.Task[None]] = set()
        self.requests = requests
        self.latencies: list[float] = []
        self.statuses: dict[int, int] = {}
        self._open = connections
        self._done = done

    def connect(self, connection: _Connection) -> None:
        task = asyncio.create_task(self._connect(connection))
        self._connecting.add(task)
        task.add_done_callback(self._connecting.discard)

    async def _connect(self, connection: _Connection) -> None:
        try:
            await asyncio.get_running_loop().create_connection(lambda: connection, "127.0.0.1", self._port)
        except OSError as error:
            self.broken(error)

    def answered(self, status: int, seconds: float) -> None:
        self.latencies.append(seconds)
        self.statuses[status] = self.statuses.get(status, 0) + 1

    def ended(self) -> None:
        self._open -= 1
        if not self._open and not self._done.done():
            self._done.set_result(None)

    def broken(self, error: Exception) -> None:
        if not self._done.done():
            self._done.set_exception(error)


async def drive(port: int, requests: Sequence[bytes], *, connections: int = 64) -> Outcome:
    """Send all *requests* to 127.0.0.1:*port* over *connections* kept connections."""
    loop = asyncio.get_running_loop()
    done: asyncio.Future[None] = loop.create_future()
    run = _Run(port, iter(requests), connections, done)
    started = time.perf_counter()
    for _ in range(connections):
        await loop.create_connection(lambda: _Connection(run), "127.0.0.1", port)
    await done
    seconds = time.perf_counter() - started
    return Outcome(len(run.latencies) / seconds, sorted(one * 1_000 for one in run.latencies), run.statuses)


class Line:
    """One kept connection, one request at a time."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer

    @classmethod
    async def open(cls, port: int) -> Line:
        return cls(*await asyncio.open_connection("127.0.0.1", port))

    async def call(self, request: bytes) -> tuple[int, float]:
        """Status, and seconds until the whole answer was there."""
        sent = time.perf_counter()
        self._writer.write(request)
        head = (await self._reader.readuntil(HEADER_END)).lower()
        if b"transfer-encoding: chunked" in head:
            while size := int(await self._reader.readline(), 16):
                await self._reader.readexactly(size + 2)
            await self._reader.readline()
        else:
            await self._reader.readexactly(content_length(head))
        return int(head[9:12]), time.perf_counter() - sent

    async def close(self) -> None:
        self._writer.close()
        await self._writer.wait_closed()


TOKEN = "benchmark-token"
ACCOUNT = "AC00000000000000000000000000000000"
PUBLIC_URL = "http://127.0.0.1"
PATH = "/channels/main/inbound"

_serials = itertools.count(1)


def conversation(position: int) -> str:
    """A mix like that of a first week: joining, choosing, asking, a few leaving."""
    return ("JOIN", "1 3", "STATUS", "JOIN", "BUDGET", "1 3", "HELP", "თემები", "JOIN", "STOP")[position % 10]


ANSWERED = ("JOIN", "1 3", "STATUS", "TOPICS")
"""What one person writes, in this order: each is answered with one message of one part."""

REPLY = "Your topics: Budget, Planning. Area: none. Language: English. More: TOPICS. Stop all: STOP"
"""What other software answers to each: about as long as what the product says."""


def texted(texts: int, first: int) -> Iterator[tuple[str, str]]:
    """Number and text, of people who write for the first time if *first* is beyond all former ones.

    All say the first thing, then all the second, so that texts next to each other are of different people.
    """
    people = max(texts // len(ANSWERED), 1)
    for position in range(texts):
        yield f"9955{(first + position % people):08d}", ANSWERED[position // people % len(ANSWERED)]


def twilio_requests(count: int, port: int, *, people: int) -> list[bytes]:
    """Signed inbound forms, each a message of its own, from *people* numbers in turn."""
    prepared = []
    for _ in range(count):
        serial = next(_serials)
        prepared.append(_form(serial, port, f"+9955{serial % people:08d}", conversation(serial // people)))
    return prepared


def twilio_request(port: int, number: str, text: str) -> bytes:
    return _form(next(_serials), port, number, text)


def _form(serial: int, port: int, number: str, text: str) -> bytes:
    """Fourteen fields, as Twilio sends them, signed."""
    fields = {
        "ToCountry": "GE", "ToState": "", "SmsMessageSid": f"SM{serial:032x}", "NumMedia": "0", "ToCity": "",
        "FromZip": "", "SmsSid": f"SM{serial:032x}", "FromState": "", "SmsStatus": "received",
        "Body": text, "MessageSid": f"SM{serial:032x}", "AccountSid": ACCOUNT,
        "From": number, "To": "+995322000000",
    }  # fmt: skip
    signed = PUBLIC_URL + PATH + "".join(key + fields[key] for key in sorted(fields))
    signature = base64.b64encode(hmac.digest(TOKEN.encode(), signed.encode(), hashlib.sha1)).decode()
    body = "&".join(f"{key}={quote_plus(value)}" for key, value in fields.items()).encode()
    head = (
        f"POST {PATH} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nContent-Type: application/x-www-form-urlencoded\r\n"
        f"X-Twilio-Signature: {signature}\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body
