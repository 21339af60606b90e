"""Webhooks pass by ASGI: an ordinary one comes whole, and is answered whole.

uvicorn makes an event, two messages and two writes to the socket of each request; a webhook with its whole body at hand
needs a task and one write, which takes a sixth of a turn's time less (docs/performance.md). Whatever is not ordinary
(chunked or large bodies, `Expect`, an upgrade, HTTP/1.0, pipelining, any other path) goes the usual way.

This leans on the inside of uvicorn's `HttpToolsProtocol`: `smsbot.web.trial` tries at each start whether it still fits,
and `tests/web/test_lane.py` holds both ways against each other.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from uvicorn._types import ASGI3Application
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol

from smsbot.gateways.base import Ack

if TYPE_CHECKING:
    from smsbot.inbound.hooks import Hooks

PREFIX = b"/channels/"
ORDINARY = 64 * 1024  # octets of a body; the usual way slows its reading above that


class Lane(HttpToolsProtocol):
    """One connection. *hooks* answers the webhooks on it."""

    def __init__(self, *arguments: Any, hooks: Hooks, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self._hooks = hooks

    def on_headers_complete(self) -> None:
        path, _, query = self.url.partition(b"?")
        if not (path.startswith(PREFIX) and self._ordinary(path, query)):
            super().on_headers_complete()
            return
        self.scope["method"] = self.parser.get_method().decode("ascii")
        self.scope["path"] = path.decode("ascii")
        self.scope["raw_path"] = path
        self.scope["query_string"] = query
        self.cycle = _Exchange(self, self._hooks)  # type: ignore[assignment]  # it has what this class asks of a cycle

    def _ordinary(self, path: bytes, query: bytes) -> bool:
        if self.cycle is not None and not self.cycle.response_complete:
            return False
        if self.expect_100_continue or self.parser.should_upgrade() or self.parser.get_http_version() != "1.1":
            return False
        if b"%" in path or b"#" in query or not (path.isascii() and self.limit_concurrency is None):
            return False
        length = b"0"
        for name, value in self.headers:
            if name == b"content-length":
                length = value
            elif name == b"transfer-encoding":
                return False
        return len(length) < 9 and length.isdigit() and int(length) <= ORDINARY and not self.root_path

    def on_message_complete(self) -> None:
        super().on_message_complete()
        cycle: object = self.cycle
        if isinstance(cycle, _Exchange) and not cycle.begun:
            cycle.begun = True
            self._start_asgi_task(self.cycle, self.app)

    def connection_lost(self, exc: Exception | None) -> None:
        cycle: object = self.cycle
        if isinstance(cycle, _Exchange) and not cycle.begun:
            self._hooks.cut(cycle.scope)
        super().connection_lost(exc)


class _Exchange:
    """A webhook and its answer, as `HttpToolsProtocol` knows a cycle."""

    __slots__ = (
        "_hooks", "_protocol", "begun", "body", "disconnected", "keep_alive", "more_body", "response_complete", "scope",
    )  # fmt: skip

    def __init__(self, protocol: Lane, hooks: Hooks) -> None:
        self._protocol = protocol
        self._hooks = hooks
        self.scope: Any = protocol.scope
        self.keep_alive = protocol.parser.should_keep_alive()
        self.body = b""
        self.more_body = True
        self.begun = False
        self.disconnected = False
        self.response_complete = False

    @property
    def message_event(self) -> _Exchange:
        """Nobody waits for more of the body, so there is no event to set."""
        return self

    def set(self) -> None:
        """As an event."""

    async def run_asgi(self, _app: ASGI3Application) -> None:
        try:
            answer = await self._hooks.respond(self.scope, self.body)
        except BaseException:
            self._protocol.transport.close()  # without an answer, so that the gateway tries again
            raise
        self._answer(answer)

    def _answer(self, answer: Ack) -> None:
        protocol = self._protocol
        self.response_complete = True
        if self.disconnected or protocol.transport.is_closing():
            return
        head = [STATUS_LINE[answer.status]]
        for name, value in protocol.server_state.default_headers:
            head += (name, b": ", value, b"\r\n")
        head.append(
            b"content-type: %b\r\ncontent-length: %d\r\n%b\r\n"
            % (answer.content_type.encode(), len(answer.body), b"" if self.keep_alive else b"connection: close\r\n")
        )
        head.append(b"" if self.scope["method"] == "HEAD" else answer.body)
        protocol.transport.write(b"".join(head))
        if not self.keep_alive:
            protocol.transport.close()
        protocol.on_response_complete()
