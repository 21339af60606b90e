"""A fast SMSC in a process of its own: `python -m benchmarks.smsc PORT [receipts]`.

Speaks only what a sender needs, by slices of octets instead of the codec's objects, so that it is the product's speed
that is measured. On the same port `GET /count` asks for its figures, as at `benchmarks.sink`.
"""

from __future__ import annotations

import asyncio
import json
import signal
import sys
import time
import urllib.request
from collections import deque
from dataclasses import dataclass
from struct import Struct
from typing import cast

import uvloop

HEAD = Struct(">IIII")
BINDS = (0x01, 0x02, 0x09)
SUBMIT, DELIVER, UNBIND, ENQUIRE = 0x04, 0x05, 0x06, 0x15
RESPONSE = 0x8000_0000
WINDOW = 500  # receipts that may be unacknowledged
ASK = b"GET "  # as a length it would be 1,195,725,856: no PDU begins so


@dataclass(frozen=True, slots=True)
class Taken:
    """*first_s*, *last_s*: when the first and the last message came, by the monotonic clock all processes share."""

    count: int
    first_s: float
    last_s: float


class Smsc(asyncio.Protocol):
    count = 0
    first_s = last_s = 0.0
    receipts = False

    def __init__(self) -> None:
        self._kept = b""
        self._receipts: deque[bytes] = deque()
        self._unanswered = 0
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        assert self._transport is not None
        data = self._kept + data
        if data[:4] == ASK:
            told = json.dumps({"count": Smsc.count, "first_s": Smsc.first_s, "last_s": Smsc.last_s})
            self._transport.write(f"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n{told}".encode())
            self._transport.close()
            return
        out: list[bytes] = []
        at, end = 0, len(data)
        while end - at >= HEAD.size:
            length, command, _, sequence = HEAD.unpack_from(data, at)
            if end - at < length:
                break
            if command == SUBMIT:
                self._submitted(data[at : at + length], sequence, out)
            elif command == DELIVER | RESPONSE:
                self._unanswered -= 1
            elif command in BINDS:
                out.append(HEAD.pack(HEAD.size + 2, command | RESPONSE, 0, sequence) + b"s\0")
            elif command in (ENQUIRE, UNBIND):
                out.append(HEAD.pack(HEAD.size, command | RESPONSE, 0, sequence))
            at += length
        self._kept = data[at:]
        while self._receipts and self._unanswered < WINDOW:
            out.append(self._receipts.popleft())
            self._unanswered += 1
        if out:
            self._transport.write(b"".join(out))

    def _submitted(self, pdu: bytes, sequence: int, out: list[bytes]) -> None:
        Smsc.last_s = time.monotonic()
        if not Smsc.count:
            Smsc.first_s = Smsc.last_s
        Smsc.count += 1
        message_id = b"%x" % (Smsc.count + int(Smsc.first_s * 1_000) * 1_000_000)
        out.append(HEAD.pack(HEAD.size + len(message_id) + 1, SUBMIT | RESPONSE, 0, sequence) + message_id + b"\0")
        if self.receipts:
            _, rest = pdu[HEAD.size + 3 :].split(b"\0", 1)  # behind the sender: the recipient
            number = rest[2 : rest.index(b"\0", 2)]
            text = b"id:%s sub:001 dlvrd:001 done date:2611252201 stat:DELIVRD err:000" % message_id
            body = b"\0\1\1%s\0\3\0002200\0\4\0\0\0\0\0\0\0\0%c%s" % (number, len(text), text)
            self._receipts.append(HEAD.pack(HEAD.size + len(body), DELIVER, 0, sequence) + body)


def taken(port: int) -> Taken:
    """Its figures."""
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/count", timeout=10) as answer:
        return Taken(**json.load(answer))


async def _serve(port: int) -> None:
    loop = asyncio.get_running_loop()
    ending = asyncio.Event()
    loop.add_signal_handler(signal.SIGTERM, ending.set)
    async with await loop.create_server(Smsc, "127.0.0.1", port):
        await ending.wait()


if __name__ == "__main__":
    Smsc.receipts = sys.argv[2:] == ["receipts"]
    uvloop.run(_serve(int(sys.argv[1])))
