"""Many people who write at once, through Twilio's webhook, and what each of them was answered."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from urllib.parse import urlencode

from smsbot.testing.webhooks import twilio_message, twilio_signature
from tests.e2e.product import AUTH_TOKEN

PATH = "/channels/main/inbound"


@dataclass(frozen=True)
class Text:
    number: str
    text: str
    sid: str

    def request(self, port: int) -> bytes:
        """As Twilio sends and signs it."""
        form = twilio_message(self.number, self.text, sid=self.sid)
        signature = twilio_signature(AUTH_TOKEN, f"http://127.0.0.1:{port}{PATH}", form)
        body = urlencode(form).encode()
        head = (
            f"POST {PATH} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nX-Twilio-Signature: {signature}\r\n"
            f"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {len(body)}\r\n\r\n"
        )
        return head.encode() + body


@dataclass
class Told:
    """*acknowledged*: answered with 200. *unanswered*: sent, and the connection was cut before the answer."""

    acknowledged: list[Text] = field(default_factory=list)
    unanswered: list[Text] = field(default_factory=list)
    refused: list[tuple[int, Text]] = field(default_factory=list)


def write_all(
    port: int, texts: Sequence[Text], *, connections: int = 64, watch: Callable[[Told], None] = lambda _told: None
) -> Told:
    """Send *texts* over *connections* kept connections, each with one request in flight, until all are answered or
    no connection is left. *watch* is told after each answer."""
    told = Told()
    asyncio.run(_all(port, texts, connections, told, watch))
    return told


async def _all(port: int, texts: Sequence[Text], connections: int, told: Told, watch: Callable[[Told], None]) -> None:
    waiting = iter(texts)
    await asyncio.gather(*(_one(port, waiting, told, watch) for _ in range(connections)))


async def _one(port: int, waiting: Iterator[Text], told: Told, watch: Callable[[Told], None]) -> None:
    try:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
    except OSError:
        return
    try:
        for text in waiting:
            try:
                writer.write(text.request(port))
                await writer.drain()
                status = await _answer(reader)
            except (OSError, asyncio.IncompleteReadError):
                told.unanswered.append(text)
                return
            if status == 200:
                told.acknowledged.append(text)
            else:
                told.refused.append((status, text))
            watch(told)
    finally:
        writer.close()


async def _answer(reader: asyncio.StreamReader) -> int:
    head = (await reader.readuntil(b"\r\n\r\n")).lower()
    length = int(head.split(b"content-length:", 1)[1].split(b"\r\n", 1)[0])
    await reader.readexactly(length)
    return int(head[9:12])
