"""Whether webhooks can pass by ASGI with the uvicorn that is installed: tried once, before anybody calls.

`smsbot.web.lane` leans on the inside of a library, which may be another one tomorrow. A page and two webhooks on a
connection to nowhere show whether it still fits; where it does not, webhooks go the usual way, and cost a sixth
more of the processor.
"""

from __future__ import annotations

import asyncio
import logging
from functools import partial
from importlib import import_module
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

import structlog
import uvicorn
from starlette.types import Receive, Scope, Send
from uvicorn.server import ServerState

from smsbot.gateways.base import Ack

if TYPE_CHECKING:
    from smsbot.inbound.hooks import Hooks

log = structlog.get_logger()

USUAL = "httptools"
PATIENCE_S = 5.0
SILENT = logging.CRITICAL + 1
SENT = (
    b"GET /page HTTP/1.1\r\nHost: x\r\n\r\n",
    b"POST /channels/trial/inbound?id=1 HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n\r\nte",
    b"xt",
    b"GET /channels/trial/status HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
)
SEEN = [
    ("GET", "/page", b"", b"by ASGI"),
    ("POST", "/channels/trial/inbound", b"id=1", b"text"),
    ("GET", "/channels/trial/status", b"", b""),
]


def protocol(hooks: Hooks) -> Any:
    """What uvicorn's `http` is to be. Call it before there is a loop."""
    try:
        lane = import_module("smsbot.web.lane").Lane
        with asyncio.Runner() as runner:
            reason = runner.run(_tried(lane))
    except Exception as error:  # whatever another inside comes to: it costs speed, never the service
        reason = f"{type(error).__name__}: {error}"
    if not reason:
        return partial(lane, hooks=hooks)
    log.warning("webhooks take the usual, slower way through uvicorn", uvicorn=version("uvicorn"), reason=reason)
    return USUAL


async def _tried(lane: Any) -> str:
    """Why *lane* does not fit, or ""."""
    world, transport = _World(), _Transport()
    config = uvicorn.Config(
        world.app,
        http=USUAL,
        loop="asyncio",
        ws="none",
        interface="asgi3",
        lifespan="off",
        log_config=None,
        access_log=False,
    )
    one = lane(config, ServerState(), {}, hooks=world)
    one.logger = logging.Logger(__name__, SILENT)  # what goes wrong is told in one line
    one.connection_made(transport)
    for piece in SENT:
        one.data_received(piece)
        begun = asyncio.all_tasks() - {asyncio.current_task()}
        for task in (await asyncio.wait(begun, timeout=PATIENCE_S))[0] if begun else ():
            task.result()  # its failure is the reason
    one.connection_lost(None)
    if world.seen != SEEN:
        return "what came was not what was sent"
    answers = [answer for answer in transport.written.split(b"HTTP/1.1 200 OK\r\n") if answer]
    if [answer.rpartition(b"\r\n\r\n")[2] for answer in answers] != [b"1", b"2", b"3"]:
        return "the answers were not what was written"
    return "" if transport.closed else "the connection was not closed"


class _World:
    """Notes what comes, by ASGI and past it, and answers with how much that was."""

    def __init__(self) -> None:
        self.seen: list[tuple[str, str, bytes, bytes]] = []

    async def respond(self, scope: Scope, body: bytes) -> Ack:
        self.seen.append((scope["method"], scope["path"], scope["query_string"], bytes(body)))
        return Ack(body=b"%d" % len(self.seen))

    async def app(self, scope: Scope, _receive: Receive, send: Send) -> None:
        answer = await self.respond(scope, b"by ASGI")
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"1")]})
        await send({"type": "http.response.body", "body": answer.body})

    def cut(self, _scope: Scope) -> None:
        """Nobody to tell."""


class _Transport(asyncio.Transport):
    """A connection to nowhere."""

    def __init__(self) -> None:
        super().__init__()
        self.written = b""
        self.closed = False

    def write(self, data: bytes | bytearray | memoryview[Any]) -> None:
        self.written += data

    def close(self) -> None:
        self.closed = True

    def is_closing(self) -> bool:
        return self.closed

    def pause_reading(self) -> None:
        """There is nothing to read."""

    def resume_reading(self) -> None:
        """There is nothing to read."""
