"""A fast SMSC in a process of its own: `python -m benchmarks.smsc PORT [receipts]`.

Speaks only what a sender needs, by slices of octets instead of the codec's objects, so that it is the product's speed
that is measured. On the same port `GET /count` asks for its figures, as at `benchmarks.sink`, and
`GET /say/TEXTS/FIRST` makes people write: so many texts, the first number ending in FIRST (`benchmarks.load.texted`).
"""

from __future__ import annotations

import asyncio
import json
import signal
import sys
import time
import urllib.request
from collections import deque
from dataclasses import asdict, dataclass
from struct import Struct
from typing import ClassVar, cast

import uvloop

from benchmarks.load import texted

HEAD = Struct(">IIII")
BIND_TRANSMITTER = 0x02
BINDS = (0x01, BIND_TRANSMITTER, 0x09)
RECEIPT = 0x04  # in esm_class
SUBMIT, DELIVER, UNBIND, ENQUIRE = 0x04, 0x05, 0x06, 0x15
RESPONSE = 0x8000_0000
WINDOW = 500  # receipts that may be unacknowledged
TEXTS_WINDOW = 64  # texts that may be unacknowledged: as many as the benchmarks over HTTP have connections
SHORT_NUMBER = b"2200"
ASK = b"GET "  # as a length it would be 1,195,725,856: no PDU begins so


@dataclass(frozen=True, slots=True)
class Taken:
    """*first_s*, *last_s*: when the first and the last message came, by the monotonic clock all processes share.

    *began_s*: when people began to write the last time. *bound*: connections to which their texts can go.
    *taken*, *refused*: texts and receipts answered with yes or no.
    """

    count: int
    first_s: float
    last_s: float
    began_s: float
    bound: int
    taken: int
    refused: int


class Smsc(asyncio.Protocol):
    count = taken = refused = 0
    first_s = last_s = began_s = 0.0
    receipts = False
    receivers: ClassVar[list[Smsc]] = []

    def __init__(self) -> None:
        self._kept = b""
        self._due: deque[bytes] = deque()  # texts and receipts
        self._window = WINDOW
        self._unanswered = 0
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        assert self._transport is not None
        data = self._kept + data
        if data[:4] == ASK:
            self._transport.write(f"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n{_asked(data)}".encode())
            self._transport.close()
            return
        out: list[bytes] = []
        at, end = 0, len(data)
        while end - at >= HEAD.size:
            length, command, status, sequence = HEAD.unpack_from(data, at)
            if end - at < length:
                break
            if command == SUBMIT:
                self._submitted(data[at : at + length], sequence, out)
            elif command == DELIVER | RESPONSE:
                self._unanswered -= 1
                if status:
                    Smsc.refused += 1
                else:
                    Smsc.taken += 1
            elif command in BINDS:
                if command != BIND_TRANSMITTER:
                    Smsc.receivers.append(self)
                out.append(HEAD.pack(HEAD.size + 2, command | RESPONSE, 0, sequence) + b"s\0")
            elif command in (ENQUIRE, UNBIND):
                out.append(HEAD.pack(HEAD.size, command | RESPONSE, 0, sequence))
            at += length
        self._kept = data[at:]
        self._hand_over(out)

    def _hand_over(self, out: list[bytes]) -> None:
        """Send *out* and as much of what is due as the window allows."""
        assert self._transport is not None
        while self._due and self._unanswered < self._window:
            out.append(self._due.popleft())
            self._unanswered += 1
        if out:
            self._transport.write(b"".join(out))

    def connection_lost(self, error: Exception | None) -> None:
        if self in Smsc.receivers:
            Smsc.receivers.remove(self)

    def say(self, texts: int, first: int) -> None:
        """People write; what is said a moment later waits until the window has room."""
        self._window = TEXTS_WINDOW
        for sequence, (number, text) in enumerate(texted(texts, first), start=1):
            self._due.append(_delivery(sequence, number.encode(), 0, text.encode()))
        Smsc.began_s = time.monotonic()
        self._hand_over([])

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
            self._due.append(_delivery(sequence, number, RECEIPT, text))


def _delivery(sequence: int, number: bytes, esm_class: int, text: bytes) -> bytes:
    """A deliver_sm to the short number; *text* in letters that are the same in ASCII and GSM-7."""
    body = b"\0\1\1%s\0\3\0%s\0%c\0\0\0\0\0\0\0\0%c%s" % (number, SHORT_NUMBER, esm_class, len(text), text)
    return HEAD.pack(HEAD.size + len(body), DELIVER, 0, sequence) + body


def _asked(request: bytes) -> str:
    """The figures, after doing what was asked."""
    path = request.split(b" ", 2)[1].decode("ascii")
    if path.startswith("/say/"):
        texts, first = map(int, path.split("/")[2:])
        Smsc.receivers[-1].say(texts, first)
    told = Taken(Smsc.count, Smsc.first_s, Smsc.last_s, Smsc.began_s, len(Smsc.receivers), Smsc.taken, Smsc.refused)
    return json.dumps(asdict(told))


def taken(port: int) -> Taken:
    """Its figures."""
    return _call(port, "count")


def say(port: int, texts: int, first: int) -> Taken:
    """People write *texts* texts; the figures when they have begun."""
    return _call(port, f"say/{texts}/{first}")


def _call(port: int, path: str) -> Taken:
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/{path}", timeout=60) as answer:
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
