"""HTTP/1.1 over kept connections, and no more of it than the handing over of a message needs.

A general client costs four times as much (docs/performance.md): it thinks of redirects, cookies, proxies, compression
and second tries, none of which a message may have. Parsing is llhttp's, by httptools, which reads the webhooks too.
"""

from __future__ import annotations

import asyncio
import re
import socket
import ssl
from base64 import b64encode
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, TypeVar, cast
from urllib.parse import unquote, urlsplit

import httptools

BODY_CAP = 64 * 1024
"""No provider's answer to one message is longer; what comes after it is not read."""

KEEP_IDLE_S = 4.0
"""Idle connections are closed before the other side does it (uvicorn and Node: 5 s). A request that meets a
connection just closed cannot tell whether it arrived, and its message would be `unknown` for no reason."""

ADDRESS_S = 1.0
"""How long one address of a name may take to answer while there is another: a host without IPv6 hangs there."""

HEADS = {"accept-encoding": "identity", "user-agent": "smsbot"}
BODILESS = {"GET", "HEAD", "DELETE", "OPTIONS"}

_URL = re.compile(r"(https?://[^/?#]*)([^#]*)", re.IGNORECASE).match
_BREAKS = re.compile(r"[\x00-\x1f\x7f]").search
_UNFIT = re.compile(r"[\x00-\x20\x7f]").search

T = TypeVar("T")
Answer = tuple[int, dict[str, str], bytes]
"""Status, headers (lower-case names), and at most `BODY_CAP` octets of the body."""


class NoAddress(Exception):
    """It cannot be sent to; nothing was sent."""


class NotReached(Exception):
    """No connection, so nothing was sent."""


class Unwanted(Exception):
    """Nobody wants it sent any more; nothing was sent."""


class Unwritable(Exception):
    """A header or a path that would break the request apart; nothing was sent."""


class Cut(Exception):
    """The connection ended, or stopped speaking HTTP, before the whole answer."""


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a URL leads. *host_header* is what the `Host` header says; *authorization* is of a name before an `@`."""

    tls: bool
    host: str
    port: int
    host_header: str
    authorization: str | None


@lru_cache(maxsize=256)
def origin(base: str) -> Origin:
    """Of *base*, which is a URL up to its path. Raises `NoAddress`."""
    try:
        parts = urlsplit(base)
        host, port = parts.hostname, parts.port
    except ValueError:
        raise NoAddress from None
    if not host or port == 0 or _UNFIT(base):
        raise NoAddress
    tls = parts.scheme == "https"
    default = 443 if tls else 80
    shown = f"[{host}]" if ":" in host else host
    try:
        shown.encode("idna" if not shown.isascii() else "ascii")
    except UnicodeError:
        raise NoAddress from None
    if not shown.isascii():
        host = shown = shown.encode("idna").decode("ascii")
    authorization = None
    if parts.username is not None:
        known = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
        authorization = "Basic " + b64encode(known.encode()).decode("ascii")
    return Origin(tls, host, port or default, shown if port in (None, default) else f"{shown}:{port}", authorization)


def written(method: str, target: str, to: Origin, headers: Mapping[str, str], body: bytes) -> bytes:
    """The request as it goes over the wire. Raises `Unwritable`."""
    target = target if target.startswith("/") else "/" + target
    if _UNFIT(target):
        raise Unwritable
    length = f"content-length: {len(body)}\r\n" if body or method not in BODILESS else ""
    head = _head(to, tuple(headers.items()))
    return f"{method} {target} HTTP/1.1\r\n{head}{length}\r\n".encode() + body


@lru_cache(maxsize=64)  # most gateways send the same with every message
def _head(to: Origin, headers: tuple[tuple[str, str], ...]) -> str:
    """Our headers and *headers*, which go before them. Raises `Unwritable`."""
    heads = HEADS | {name.lower(): value for name, value in headers if name.lower() != "content-length"}
    heads.setdefault("host", to.host_header)
    if to.authorization is not None:
        heads.setdefault("authorization", to.authorization)
    lines = [f"{name}: {value}" for name, value in heads.items()]
    if any(_BREAKS(line) for line in lines):
        raise Unwritable
    return "".join([f"{line}\r\n" for line in lines])


class Line(asyncio.Protocol):
    """One connection, one exchange at a time."""

    def __init__(self) -> None:
        self.idle_since_s = 0.0
        self.reusable = False
        self._transport: asyncio.Transport | None = None
        self._waiting: asyncio.Future[Answer] | None = None
        self._begin()

    def _begin(self) -> None:
        self._parser: Any = httptools.HttpResponseParser(self)
        self._headers: dict[str, str] = {}
        self._body = bytearray()
        self._headed = False
        self._whole = False
        self._stays = False  # the connection, after this answer

    @property
    def open(self) -> bool:
        return self._transport is not None and not self._transport.is_closing()

    def close(self) -> None:
        """At once: nothing more is expected of it."""
        if self._transport is not None:
            self._transport.abort()

    async def ask(self, request: bytes, until_s: float) -> Answer:
        """Raises `Cut`, or `TimeoutError` at *until_s* on the loop's clock. Whatever is raised, it has left."""
        assert self._transport is not None
        loop = asyncio.get_running_loop()
        self.reusable = False
        waiting: asyncio.Future[Answer] = loop.create_future()
        self._waiting = waiting
        alarm = loop.call_at(until_s, self._late)  # asyncio.timeout() costs four times as much
        self._transport.write(request)
        try:
            return await waiting
        finally:
            alarm.cancel()
            self._waiting = None
            if not self.reusable:
                self.close()

    def _late(self) -> None:
        if self._waiting is not None and not self._waiting.done():
            self._waiting.set_exception(TimeoutError())

    def _fail(self) -> None:
        if self._waiting is not None and not self._waiting.done():
            self._waiting.set_exception(Cut())

    def _answered(self, *, reusable: bool) -> None:
        if self._waiting is not None and not self._waiting.done():
            self.reusable = reusable
            status = int(self._parser.get_status_code())
            self._waiting.set_result((status, self._headers, bytes(self._body[:BODY_CAP])))
            self._begin()

    # asyncio.Protocol

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        if self._waiting is None or self._waiting.done():  # nobody asked
            self.close()
            return
        try:
            self._parser.feed_data(data)
        except (httptools.HttpParserError, httptools.HttpParserUpgrade):
            self._fail()
            self.close()
            return
        if self._whole:
            self._answered(reusable=self._stays)
        elif len(self._body) > BODY_CAP:
            self._answered(reusable=False)  # the rest is not wanted

    def connection_lost(self, exc: Exception | None) -> None:
        ends_with_it = self._headed and not {"content-length", "transfer-encoding"} & self._headers.keys()
        if exc is None and ends_with_it:  # RFC 9112 §6.3, rule 8
            self._answered(reusable=False)
        else:
            self._fail()
        self._transport = None

    # httptools

    def on_header(self, name: bytes, value: bytes) -> None:
        self._headers[name.decode("latin-1").lower()] = value.decode("utf-8", "surrogateescape")

    def on_headers_complete(self) -> None:
        self._headed = self._parser.get_status_code() >= 200
        self._stays = self._parser.should_keep_alive()  # the parser knows it no more when the body is complete

    def on_body(self, body: bytes) -> None:
        if len(self._body) <= BODY_CAP:
            self._body += body

    def on_message_complete(self) -> None:
        if self._headed:
            self._whole = True
        else:  # 1xx: the answer is still to come (RFC 9110 §15.2)
            self._headers.clear()


class Lines:
    """Connections to wherever requests go, at most *limit* in use. Idle ones are kept for `KEEP_IDLE_S`."""

    def __init__(self, *, timeout_s: float, connect_s: float, limit: int) -> None:
        self._timeout_s = timeout_s
        self._connect_s = connect_s
        self._free = asyncio.Semaphore(limit)
        self._idle: dict[Origin, list[Line]] = {}  # the one used last at the end
        self._sweep: asyncio.TimerHandle | None = None
        self._context: ssl.SSLContext | None = None

    async def exchange(
        self, method: str, url: str, headers: Mapping[str, str], body: bytes, *,
        wanted: Callable[[], bool] | None = None,
    ) -> Answer:  # fmt: skip
        """Raises `NoAddress`, `Unwritable`, `NotReached` or, where *wanted* said no once the connection was there,
        `Unwanted` if nothing was sent; `Cut` or `TimeoutError` if it was."""
        loop = asyncio.get_running_loop()
        began_s = loop.time()
        found = _URL(url)
        if found is None:
            raise NoAddress
        to = origin(found[1])
        request = written(method, found[2], to, headers, body)
        if self._free.locked():
            await self._in_time(self._free.acquire(), began_s)
        else:
            await self._free.acquire()
        try:
            line = self._kept(to)
            if line is None:
                line = await self._in_time(self._connected(to), began_s)
            if wanted is not None and not wanted():
                self._keep(to, line)
                raise Unwanted
            answer = await line.ask(request, began_s + self._timeout_s)
            if line.reusable and line.open:
                self._keep(to, line)
            else:
                line.close()
            return answer
        finally:
            self._free.release()

    async def aclose(self) -> None:
        if self._sweep is not None:
            self._sweep.cancel()
        for lines in self._idle.values():
            for line in lines:
                line.close()
        self._idle.clear()
        await asyncio.sleep(0)  # the loop's next round, in which the sockets are closed

    async def _in_time(self, awaited: Awaitable[T], began_s: float) -> T:
        try:
            async with asyncio.timeout_at(began_s + self._connect_s):
                return await awaited
        except TimeoutError:
            raise NotReached("no connection in time") from None

    def _kept(self, to: Origin) -> Line | None:
        lines = self._idle.get(to)
        oldest_s = asyncio.get_running_loop().time() - KEEP_IDLE_S
        while lines:
            line = lines.pop()
            if line.open and line.idle_since_s > oldest_s:
                return line
            line.close()
        return None

    def _keep(self, to: Origin, line: Line) -> None:
        loop = asyncio.get_running_loop()
        line.idle_since_s = loop.time()
        self._idle.setdefault(to, []).append(line)
        if self._sweep is None:
            self._sweep = loop.call_later(KEEP_IDLE_S, self._close_old, loop)

    def _close_old(self, loop: asyncio.AbstractEventLoop) -> None:
        """Close what has been idle for long; come again while any are left."""
        oldest_s = loop.time() - KEEP_IDLE_S
        for to, lines in list(self._idle.items()):
            for line in lines:
                if line.idle_since_s <= oldest_s:
                    line.close()
            self._idle[to] = [line for line in lines if line.open]
            if not self._idle[to]:
                del self._idle[to]
        self._sweep = loop.call_later(KEEP_IDLE_S / 2, self._close_old, loop) if self._idle else None

    async def _connected(self, to: Origin) -> Line:
        """Raises `NotReached`."""
        loop = asyncio.get_running_loop()
        if to.tls and self._context is None:
            self._context = await asyncio.to_thread(ssl.create_default_context)  # reads hundreds of certificates
        tls: dict[str, Any] = {"ssl": self._context, "server_hostname": to.host} if to.tls else {}
        try:
            addresses = await loop.getaddrinfo(to.host, to.port, type=socket.SOCK_STREAM)
            for position, address in enumerate(addresses):
                last = position == len(addresses) - 1
                try:
                    async with asyncio.timeout(None if last else ADDRESS_S):
                        reached = await _reached(loop, address)
                        _, line = await loop.create_connection(Line, sock=reached, **tls)
                        return line
                except (OSError, TimeoutError):
                    if last:
                        raise
        except (OSError, UnicodeError) as error:  # no such name, refused, no TLS
            raise NotReached(type(error).__name__) from error
        raise NotReached("the name has no address")


async def _reached(loop: asyncio.AbstractEventLoop, address: tuple[Any, ...]) -> socket.socket:
    family, kind, protocol, _, where = address
    made = socket.socket(family, kind, protocol)
    try:
        made.setblocking(False)
        await loop.sock_connect(made, where)
    except BaseException:
        made.close()
        raise
    return made
