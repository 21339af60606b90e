"""Webhooks that pass by ASGI: over a real socket, byte for byte the answers of the usual way."""

from __future__ import annotations

import asyncio
import contextlib
import re
import socket
from collections.abc import AsyncIterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
import uvicorn
from structlog.testing import capture_logs

from smsbot.inbound.hooks import BODY_LIMIT
from smsbot.service import Service
from smsbot.settings import Settings
from smsbot.store.tables import Inbound, table
from smsbot.testing.webhooks import twilio_message, twilio_signature
from smsbot.web.app import create_app
from smsbot.web.lane import ORDINARY, Lane

PUBLIC = "http://127.0.0.1"
PATH = "/channels/main/inbound"
PATIENCE_S = 60.0
CHANNELS: dict[str, Any] = {
    "main": {"gateway": "twilio", "sender": "+995322000000", "account_sid": "AC1", "auth_token": "12345",
             "base_url": "http://127.0.0.1:9"},
    "box": {"gateway": "kannel", "sender": "2200", "base_url": "http://127.0.0.1:9", "username": "u", "password": "p",
            "webhook_token": "secret"},
}  # fmt: skip


def text(sid: str, **fields: str) -> tuple[bytes, str]:
    """The body of a Twilio form and its signature."""
    form = twilio_message("+995577123456", "JOIN", sid=sid) | fields
    return urlencode(form).encode(), twilio_signature("12345", PUBLIC + PATH, form)


def post(sid: str, *headers: str, version: str = "1.1", **fields: str) -> bytes:
    body, signature = text(sid, **fields)
    lines = (f"POST {PATH} HTTP/{version}", "Host: x", f"X-Twilio-Signature: {signature}", *headers,
             f"Content-Length: {len(body)}")  # fmt: skip
    return "\r\n".join((*lines, "", "")).encode() + body


def chunked(sid: str) -> bytes:
    body, signature = text(sid)
    head = f"POST {PATH} HTTP/1.1\r\nHost: x\r\nX-Twilio-Signature: {signature}\r\nTransfer-Encoding: chunked\r\n\r\n"
    return head.encode() + b"%x\r\n%b\r\n0\r\n\r\n" % (len(body), body)


def plain(request: str, body: bytes = b"") -> bytes:
    length = f"Content-Length: {len(body)}\r\n" if body else ""
    return f"{request} HTTP/1.1\r\nHost: x\r\n{length}\r\n".encode() + body


BOX = "/channels/box/inbound?token=secret&from=%2B995577123456&to=2200&text=JOIN"

CASES: dict[str, tuple[list[bytes], int]] = {
    "a text": ([post("SM1")], 1),
    "a text and its repeat": ([post("SM1"), post("SM1")], 2),
    "two texts at once": ([post("SM1") + post("SM2")], 2),
    "three texts at once, one of them chunked": ([post("SM1") + chunked("SM2") + post("SM3")], 3),
    "a text, a page and a text at once": ([post("SM1") + plain("GET /healthz") + post("SM2")], 3),
    "a text in pieces": ([post("SM1")[:40], post("SM1")[40:400], post("SM1")[400:]], 1),
    "a chunked text": ([chunked("SM1")], 1),
    "a text that waits to be asked for": ([post("SM1", "Expect: 100-continue")], 2),
    "a text and no more": ([post("SM1", "Connection: close")], 1),
    "a text by HTTP/1.0": ([post("SM1", version="1.0")], 1),
    "an upgrade that is not made": ([post("SM1", "Connection: upgrade", "Upgrade: h2c")], 1),
    "a body at the limit": ([post("SM1", Pad="x" * (ORDINARY - 400))], 1),
    "a large body": ([post("SM1", Pad="x" * (ORDINARY + 1))], 1),
    "a body that is too large": ([post("SM1", Pad="x" * (BODY_LIMIT + 1))], 1),
    "a large body behind zeros": ([post("SM1", Pad="x" * 3 * ORDINARY).replace(b"Length: ", b"Length: 000000000")], 1),
    "a query": ([plain(f"GET {BOX}&id=1")], 1),
    "a query in an escaped path": ([plain(f"GET {BOX.replace('box', 'b%6Fx')}&id=1")], 1),
    "an absolute address": ([plain(f"GET http://x{BOX}&id=1")], 1),
    "a fragment": ([plain(f"GET {BOX}&id=1#part")], 1),
    "a wrong signature": ([post("SM1", Body="STOP").replace(b"Body=STOP", b"Body=JOIN")], 1),
    "no length": ([plain(f"POST {PATH}")], 1),
    "an unknown channel": ([plain("POST /channels/nobody/inbound", b"x=1")], 1),
    "no channel": ([plain("GET /channels/")], 1),
    "another method": ([plain(f"DELETE {PATH}"), plain(f"PUT {PATH}", b"x=1")], 2),
    "a head": ([plain(f"HEAD {PATH}", b"")], 1),
    "no HTTP": ([b"GET\r\n\r\n"], 1),
    "a wrong length": ([plain(f"POST {PATH}").replace(b"Host: x", b"Content-Length: -1")], 1),
}


@dataclass
class Front:
    """The product behind a socket."""

    service: Service
    server: uvicorn.Server
    port: int

    async def call(self, sent: list[bytes], answers: int) -> bytes:
        """All that comes back for what is *sent*: up to and with the last of that many *answers*."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        got = b""
        for piece in sent:
            writer.write(piece)
            await writer.drain()
            if len(sent) == answers:  # one after the other
                got += await _answer(reader, head=piece.startswith(b"HEAD"))
        while got.count(b"HTTP/1.1 ") < answers:
            got += await _answer(reader)
        writer.write_eof()
        got += await asyncio.wait_for(reader.read(), PATIENCE_S)
        writer.close()
        return re.sub(rb"date: [^\r]*", b"date: now", got)

    def texts(self) -> list[tuple[str, str]]:
        inbound = table(Inbound)
        return [
            (str(row.external_id), str(row.text))
            for row in self.service.store.read(lambda c: c.execute(inbound.select().order_by(inbound.c.id)).all())
        ]


async def _answer(reader: asyncio.StreamReader, *, head: bool = False) -> bytes:
    got = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), PATIENCE_S)
    length = re.search(rb"content-length: (\d+)", got)
    if length is not None and not head:
        got += await asyncio.wait_for(reader.readexactly(int(length[1])), PATIENCE_S)
    return got


@contextlib.asynccontextmanager
async def front(folder: Path, *, lane: bool) -> AsyncIterator[Front]:
    settings = Settings.model_validate(
        {"service": {"public_url": PUBLIC}, "database": {"url": f"sqlite:///{folder}/{lane}.db"}, "channels": CHANNELS}
    )
    service = Service(settings, public_url=PUBLIC, works=False)
    service.prepare()
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        http: Any = partial(Lane, hooks=service.hooks) if lane else "httptools"
        app = create_app(service, lifespan=service.lifespan)
        server = uvicorn.Server(uvicorn.Config(app, http=http, ws="none", log_config=None, server_header=False))
        running = asyncio.create_task(server.serve(sockets=[listening]))
        await _until(lambda: server.started)
        yield Front(service, server, listening.getsockname()[1])
        server.should_exit = True
        await running


async def _until(true: Any) -> None:
    async with asyncio.timeout(PATIENCE_S):
        while not true():  # noqa: ASYNC110  # no event tells it
            await asyncio.sleep(0)


@pytest.fixture
async def ways(tmp_path: Path) -> AsyncIterator[tuple[Front, Front]]:
    async with front(tmp_path, lane=True) as lane, front(tmp_path, lane=False) as usual:
        yield lane, usual


async def test_every_request_has_the_answers_of_the_usual_way(ways: tuple[Front, Front]) -> None:
    for name, (sent, answers) in CASES.items():
        lane, usual = [await way.call(sent, answers) for way in ways]
        assert lane == usual, name
        assert lane.startswith(b"HTTP/1.1 "), name
    assert ways[0].texts() == ways[1].texts()
    assert ("SM1", "JOIN") in ways[0].texts()


async def test_an_ordinary_webhook_does_pass_by_asgi(
    ways: tuple[Front, Front], monkeypatch: pytest.MonkeyPatch
) -> None:
    async def refuse(*_anything: object) -> None:
        raise AssertionError("by ASGI")

    lane = ways[0]
    monkeypatch.setattr(type(lane.service.hooks), "__call__", refuse)
    assert b" 200 OK" in await lane.call([post("SM7")], 1)
    assert b" 500 " in await lane.call([chunked("SM8")], 1)


async def test_a_caller_that_goes_away_in_the_middle_is_told_of_and_nothing_is_taken(
    ways: tuple[Front, Front],
) -> None:
    for way in ways:
        with capture_logs() as said:
            _, writer = await asyncio.open_connection("127.0.0.1", way.port)
            writer.write(post("SM1")[:-5])
            await writer.drain()
            writer.close()
            await _until(lambda said=said: said)
        assert [(line["event"], line["channel"]) for line in said] == [("webhook cut before its end", "main")]
        assert way.texts() == []


async def test_a_server_that_ends_answers_what_it_has_begun(ways: tuple[Front, Front]) -> None:
    for way in ways:
        begun_reader, begun = await asyncio.open_connection("127.0.0.1", way.port)
        request = post("SM1")
        begun.write(request[:-5])
        await begun.drain()
        idle_reader, idle = await asyncio.open_connection("127.0.0.1", way.port)
        idle.write(post("SM2"))
        await _answer(idle_reader)
        way.server.should_exit = True
        assert await asyncio.wait_for(idle_reader.read(), PATIENCE_S) == b""  # it is closed: the server is ending
        begun.write(request[-5:])
        answer = await asyncio.wait_for(begun_reader.read(), PATIENCE_S)
        assert answer.startswith(b"HTTP/1.1 200 OK")
        assert b"connection: close" in answer
        idle.close()
        begun.close()
