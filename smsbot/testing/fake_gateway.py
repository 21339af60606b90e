"""A provider on loopback: a small HTTP server of its own that takes messages as Twilio, Kannel or a JSON provider does.

In a test: `with FakeGateway() as provider:` and point a channel's `base_url` at `provider.url`. For a benchmark:
`python -m smsbot.testing.fake_gateway --port 0`, which prints its port. The path decides whom it plays:
`…/Messages.json` Twilio, `/cgi-bin/sendsms` Kannel, anything else a JSON provider. That one is asked for fates at
`/status?ids=…` and for what is left to spend at `/balance`. Twilio's `…/Balance.json` is answered beside all this and
is no request of a test: it comes when it comes.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import socket
import sys
import threading
import time
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from http.client import HTTPException
from itertools import count
from queue import SimpleQueue
from typing import Self, cast
from urllib.parse import parse_qsl, urlsplit

from smsbot.testing.webhooks import Caller, twilio_report

REASONS = {200: "OK", 201: "Created", 202: "Accepted", 400: "Bad Request", 403: "Forbidden", 429: "Too Many Requests"}


class Asked:
    """A request as it came; taken apart only when somebody looks."""

    def __init__(self, head: bytes, body: bytes, number: int) -> None:
        self.head = head
        self.body = body
        self.number = number  # 1 for the first request the server got
        self.taken = False  # did the provider take the message, whatever it said of it?

    @property
    def method(self) -> str:
        return self.head[: self.head.index(b" ")].decode("ascii")

    @property
    def target(self) -> str:
        return self.head.split(b" ", 2)[1].decode("ascii")

    @cached_property
    def headers(self) -> dict[str, str]:
        lines = self.head.decode("latin-1").split("\r\n")[1:]
        return {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines) if name}

    @cached_property
    def fields(self) -> dict[str, str]:
        """The query and the body, form or JSON, as names and texts."""
        found = dict(parse_qsl(urlsplit(self.target).query, keep_blank_values=True))
        if self.body[:1] == b"{":
            return found | {name: str(value) for name, value in json.loads(self.body).items()}
        return found | dict(parse_qsl(self.body.decode(), keep_blank_values=True))

    def told(self, *names: str) -> str:
        return next((self.fields[name] for name in names if name in self.fields), "")

    @property
    def to(self) -> str:
        return self.told("To", "to")

    @property
    def text(self) -> str:
        return self.told("Body", "text")

    @property
    def status_url(self) -> str:
        return self.told("StatusCallback", "status_url", "dlr-url")

    @property
    def sid(self) -> str:
        """The id it was answered with."""
        return f"SM{self.number:032x}"


@dataclass(frozen=True, slots=True)
class Answer:
    """How to answer one request. *body* None: what the provider says when it takes a message."""

    status: int | None = None
    body: bytes | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    delay_s: float = 0.0
    cut_after: int | None = None  # octets of the answer that leave before the connection is cut; 0: none


ACCEPT = Answer()
TAKEN = {
    status: b"HTTP/1.1 %d %s\r\nContent-Type: application/json\r\nContent-Length: %%d\r\n\r\n%%s"
    % (status, REASONS[status].encode())
    for status in (200, 201, 202)
}
"""What is answered most, put together beforehand: this server must be faster than what it measures."""


def slow(delay_s: float) -> Answer:
    return Answer(delay_s=delay_s)


def refuse(code: int = 21211, status: int = 400) -> Answer:
    """As Twilio refuses, with its number of the error."""
    body = {"code": code, "message": "no", "more_info": "", "status": status}
    return Answer(status, json.dumps(body).encode())


def throttle(retry_after: str | None = None) -> Answer:
    return Answer(429, b'{"code": 20429, "status": 429}', {} if retry_after is None else {"Retry-After": retry_after})


FAULT = Answer(500, b"fault")
CUT = Answer(cut_after=0)
HALF = Answer(cut_after=70)


class FakeGateway:
    """The server, in a thread of its own with its own event loop.

    *reports*: statuses to call back for each message taken, in order, at the address that came with it, signed
    with *token* where it plays Twilio. *record* False: only count (benchmarks).
    """

    def __init__(
        self,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        token: str = "12345",  # noqa: S107  # the token of Twilio's published examples, not a secret
        reports: tuple[str, ...] = (),
        latency_s: float = 0.0,
        record: bool = True,
    ) -> None:
        self.token = token
        self.requests: list[Asked] = []
        self.always = Answer(delay_s=latency_s)
        self.fates: dict[str, str] = {}  # id → what `/status` tells of it; nothing of others
        self.balance = 10.0  # in GEL
        self.failed_reports = 0
        self.count = 0
        self._reports = reports
        self._record = record
        self._next: deque[Answer] = deque()
        self._numbers = count(1)
        self._connections: set[_Connection] = set()
        self._arrived = threading.Condition()
        self._to_report: SimpleQueue[Asked | None] = SimpleQueue()
        # Whoever gives the address of another interface wants loopback as well.
        self._socket = socket.create_server((host if host == "127.0.0.1" else "", port), backlog=1024)
        self.port: int = self._socket.getsockname()[1]
        self.url = f"http://{host}:{self.port}"
        self._loop = _new_loop()
        self._threads = [threading.Thread(target=self._serve, daemon=True, name="fake-gateway")]
        if reports:
            self._threads.append(threading.Thread(target=self._call_back, daemon=True, name="fake-gateway-reports"))

    def start(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def stop(self) -> None:
        self._to_report.put(None)
        self._loop.call_soon_threadsafe(self._loop.stop)
        for thread in self._threads:
            thread.join(timeout=10)

    __enter__ = start

    def __exit__(self, *_: object) -> None:
        self.stop()

    def then(self, *answers: Answer) -> None:
        """Answer the coming requests so, one each; then as `always` says."""
        self._next.extend(answers)

    def wait_for(self, number: int, timeout_s: float = 60.0) -> list[Asked]:
        """The requests, once *number* of them have come. Raises TimeoutError."""
        with self._arrived:
            if not self._arrived.wait_for(lambda: self.count >= number, timeout_s):
                raise TimeoutError(f"{self.count} of {number} requests came within {timeout_s} s")
            return list(self.requests)

    def report(self, asked: Asked, status: str, *, error: str = "") -> tuple[int, bytes]:
        """Call a status back now, from this thread; status and body of the answer."""
        with Caller() as caller:
            return self._report(caller, asked, status, error)

    def _report(self, caller: Caller, asked: Asked, status: str, error: str = "") -> tuple[int, bytes]:
        url = asked.status_url
        if "%d" in url:  # Kannel
            return caller.call("GET", url.replace("%d", status).replace("%%", "%"))
        if "/Messages.json" in asked.target:
            form = twilio_report(asked.sid, status, error=error, number=asked.to, sender=asked.told("From"))
            return caller.twilio(url, form, token=self.token)
        body = json.dumps({"id": asked.sid, "status": status} | ({"error": error} if error else {})).encode()
        return caller.call("POST", url, body, {"content-type": "application/json"})

    def answer(self, head: bytes, body: bytes, connection: _Connection) -> None:
        """One whole request has come (in the server's own loop)."""
        if head.startswith(b"GET ") and b"/Balance.json" in head:
            told = json.dumps({"balance": str(self.balance), "currency": "GEL"}).encode()
            connection.answer(Asked(head, body, 0), Answer(200, told))
            return
        asked = Asked(head, body, next(self._numbers))
        if self._record:
            self.requests.append(asked)
            with self._arrived:
                self.count += 1
                self._arrived.notify_all()
        else:
            self.count += 1
        how = self._next.popleft() if self._next else self._told(asked) or self.always
        asked.taken = how.status is None
        taken = asked.taken and how.cut_after is None
        if how.delay_s:
            self._loop.call_later(how.delay_s, connection.answer, asked, how)
        else:
            connection.answer(asked, how)
        if taken and self._reports:
            self._to_report.put(asked)

    def _told(self, asked: Asked) -> Answer | None:
        """The answer to a question that is no message."""
        head = asked.head
        if head.startswith(b"GET /status"):
            wanted = asked.told("ids").split(",")
            return Answer(200, json.dumps({one: self.fates[one] for one in wanted if one in self.fates}).encode())
        if head.startswith(b"GET /balance"):
            return Answer(200, json.dumps({"amount": self.balance, "unit": "GEL"}).encode())
        return None

    def asked_at(self, path: str) -> list[Asked]:
        """The requests whose address begins so."""
        return [asked for asked in list(self.requests) if asked.target.startswith(path)]

    def _serve(self) -> None:
        asyncio.set_event_loop(self._loop)
        server = self._loop.run_until_complete(
            self._loop.create_server(lambda: _Connection(self, self._connections), sock=self._socket)
        )
        try:
            self._loop.run_forever()
        finally:
            server.close()
            for connection in list(self._connections):
                connection.abort()
            self._loop.run_until_complete(server.wait_closed())
            self._loop.close()

    def _call_back(self) -> None:
        with Caller(timeout_s=10) as caller:  # providers do not wait for ever
            while (asked := self._to_report.get()) is not None:
                for status in self._reports:
                    try:
                        answered, _ = self._report(caller, asked, status)
                    except (OSError, HTTPException):
                        answered = 0
                    self.failed_reports += answered not in range(200, 300)


class _Connection(asyncio.Protocol):
    """Just enough HTTP/1.1: kept connections, bodies with a length, requests answered in order."""

    def __init__(self, server: FakeGateway, register: set[_Connection]) -> None:
        self._server = server
        self._register = register
        self._buffer = b""
        self._transport: asyncio.Transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)  # uvloop's is one without inheriting from it
        self._register.add(self)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002  # asyncio's signature
        self._register.discard(self)

    def abort(self) -> None:
        self._transport.abort()

    def data_received(self, data: bytes) -> None:
        self._buffer = buffer = self._buffer + data if self._buffer else data
        while (end := buffer.find(b"\r\n\r\n")) >= 0:
            head = buffer[:end]
            at = head.lower().find(b"\r\ncontent-length:")
            length = int(head[at + 17 :].split(b"\r\n", 1)[0]) if at >= 0 else 0
            if len(buffer) < end + 4 + length:
                break
            body = buffer[end + 4 : end + 4 + length]
            self._buffer = buffer = buffer[end + 4 + length :]
            self._server.answer(head, body, self)

    def answer(self, asked: Asked, how: Answer) -> None:
        if self._transport.is_closing():
            return
        status, body = how.status, how.body
        if body is None:
            taken, body = _taken(asked)
            if status is None and how.cut_after is None and not how.headers:
                self._transport.write(TAKEN[taken] % (len(body), body))
                return
            status = status or taken
        head = f"HTTP/1.1 {status or 200} {REASONS.get(status or 200, 'Answer')}\r\nContent-Length: {len(body)}\r\n"
        head += "".join([f"{name}: {value}\r\n" for name, value in how.headers.items()])
        whole = head.encode("ascii") + b"Content-Type: application/json\r\n\r\n" + body
        if how.cut_after is None:
            self._transport.write(whole)
        else:
            if how.cut_after:
                self._transport.write(whole[: how.cut_after])
            self._transport.close()


def _taken(asked: Asked) -> tuple[int, bytes]:
    """What the provider that is played says when it takes a message."""
    if b"/cgi-bin/sendsms" in asked.head:
        return 202, b"0: Accepted for delivery"
    if b"/Messages.json" in asked.head:
        return 201, b'{"sid": "%s", "status": "queued", "num_segments": "1"}' % asked.sid.encode("ascii")
    return 200, b'{"id": "%s", "status": "accepted"}' % asked.sid.encode("ascii")


def _new_loop() -> asyncio.AbstractEventLoop:
    try:
        import uvloop  # noqa: PLC0415  # absent on Windows, where asyncio's own loop will do
    except ImportError:
        return asyncio.new_event_loop()
    return uvloop.new_event_loop()


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m smsbot.testing.fake_gateway", description=__doc__)
    parser.add_argument("--port", type=int, default=0, help="0: any free one")
    parser.add_argument("--latency", type=float, default=0.0, help="seconds before each answer")
    parser.add_argument("--reports", default="", help="statuses to call back, for example sent,delivered")
    parser.add_argument("--token", default="12345", help="what Twilio's callbacks are signed with")
    chosen = parser.parse_args()
    provider = FakeGateway(
        port=chosen.port,
        token=chosen.token,
        reports=tuple(filter(None, chosen.reports.split(","))),
        latency_s=chosen.latency,
        record=False,
    )
    with provider:
        sys.stdout.write(f"{provider.port}\n")
        sys.stdout.flush()
        try:
            while True:
                time.sleep(3600)
        except KeyboardInterrupt:
            sys.stderr.write(f"{provider.count} requests\n")


if __name__ == "__main__":
    main()
