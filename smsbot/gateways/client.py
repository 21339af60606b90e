"""The network side of every HTTP gateway: one client, httpx's API over aiohttp's connections.

httpx's own pool slows down as more requests wait in it (encode/httpx#3215): 350 requests/s at 50 in flight where
this one does thousands. This is the only module that imports either library.
"""

from __future__ import annotations

from collections.abc import Callable
from contextvars import ContextVar
from email.utils import formatdate
from types import TracebackType
from typing import Any, Self, cast

import aiohttp
import httpx
from yarl import URL

from smsbot.clock import Clock, now_ms
from smsbot.errors import GatewayError, Misconfigured, Unavailable, Uncertain, Unsendable, Withdrawn
from smsbot.gateways.base import Accepted, HttpGateway, Message, Request, Response, Transport

BODY_CAP = 64 * 1024
"""No provider's answer to one message is longer; what comes after it is not read."""

KEEP_IDLE_S = 4.0
"""Idle connections are closed before the other side does it (uvicorn and Node: 5 s). A request that meets a
connection just closed cannot tell whether it arrived, and its message would be `unknown` for no reason."""

BEFORE_IT_LEFT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)


_WANTED: ContextVar[Callable[[], bool] | None] = ContextVar("wanted", default=None)
"""Whether what is being sent may still leave. A variable of the context, for aiohttp's connector sees no more."""


class _Connector(aiohttp.TCPConnector):
    """Asks once more when the connection is there: it may have taken a while, and somebody may have stopped."""

    async def connect(
        self,
        req: aiohttp.ClientRequest,
        traces: list[Any],
        timeout: aiohttp.ClientTimeout,  # noqa: ASYNC109  # theirs
    ) -> aiohttp.connector.Connection:
        connection = await super().connect(req, traces, timeout)
        wanted = _WANTED.get()
        if wanted is not None and not wanted():
            connection.release()
            raise Withdrawn
        return connection


class PooledTransport(httpx.AsyncBaseTransport):
    """Carries httpx requests over one aiohttp session. Must be made inside a running event loop.

    The request is sent exactly as it stands and once: no redirects, no cookies, no decompression, no proxy from the
    environment, and no silent second try of a GET on a connection that was cut (Kannel's GET sends a text).
    """

    def __init__(self, *, timeout_s: float, connect_s: float, limit: int) -> None:
        self._session = aiohttp.ClientSession(
            connector=_Connector(limit=limit, keepalive_timeout=KEEP_IDLE_S),
            cookie_jar=aiohttp.DummyCookieJar(),
            auto_decompress=False,
            timeout=aiohttp.ClientTimeout(total=timeout_s, connect=connect_s),
            skip_auto_headers=("accept", "accept-encoding", "user-agent", "content-type"),
            headers={"accept-encoding": "identity", "user-agent": "smsbot"},
        )
        self._session._retry_connection = False  # aiohttp has no public switch; a test watches that it works

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Raises httpx's errors: `BEFORE_IT_LEFT` if nothing was sent, any other if something may have been."""
        status, headers, body = await self.exchange(
            request.method, str(request.url), dict(request.headers), await request.aread()
        )
        return httpx.Response(status, headers=headers, content=body, request=request)

    async def exchange(
        self, method: str, url: str, headers: dict[str, str], body: bytes
    ) -> tuple[int, dict[str, str], bytes]:
        """Status, headers (lower-case names) and at most `BODY_CAP` octets of the body."""
        try:
            address = URL(url, encoded=True)
            _ = address.port  # read now, so that a port out of range is found before anything is sent
        except ValueError:
            raise httpx.UnsupportedProtocol("not an address to send to") from None
        try:
            async with self._session.request(
                method, address, headers=headers, data=body or None, allow_redirects=False
            ) as answer:
                received = await _capped(answer)
                return answer.status, {name.lower(): value for name, value in answer.headers.items()}, received
        except aiohttp.ConnectionTimeoutError as error:
            raise httpx.ConnectTimeout("no connection in time") from error
        except aiohttp.ClientConnectorError as error:  # refused, no such host, no TLS
            raise httpx.ConnectError(type(error).__name__) from error
        except (aiohttp.InvalidURL, aiohttp.NonHttpUrlClientError):
            raise httpx.UnsupportedProtocol("not an address to send to") from None  # the cause shows the address
        except TimeoutError as error:  # connecting has a shorter limit of its own, so the request had left
            raise httpx.ReadTimeout("no answer in time") from error
        except (aiohttp.ClientError, OSError) as error:
            raise httpx.ReadError(type(error).__name__) from error
        except ValueError:  # what it could not write or read; which of the two is not told
            raise httpx.LocalProtocolError("not HTTP") from None

    async def aclose(self) -> None:
        await self._session.close()


async def _capped(answer: aiohttp.ClientResponse) -> bytes:
    if answer.content_length is not None and answer.content_length <= BODY_CAP:
        return await answer.read()
    pieces = bytearray()
    async for piece in answer.content.iter_any():
        pieces += piece
        if len(pieces) > BODY_CAP:
            answer.close()  # the rest is not wanted, so the connection cannot be used again
            break
    return bytes(pieces[:BODY_CAP])


class Sender:
    """Hands messages to gateways. One in a process; `async with Sender() as sender`, inside the event loop."""

    def __init__(
        self, *, timeout_s: float = 20.0, connect_s: float = 5.0, limit: int = 512, clock: Clock = now_ms
    ) -> None:
        """*timeout_s* is the whole exchange, *connect_s* (shorter) the part of it before the request can leave."""
        self._timeout_s = timeout_s
        self._connect_s = min(connect_s, timeout_s / 2)
        self._limit = limit
        self._clock = clock
        self._transport: PooledTransport | None = None

    def _opened(self) -> PooledTransport:
        if self._transport is None:
            self._transport = PooledTransport(timeout_s=self._timeout_s, connect_s=self._connect_s, limit=self._limit)
        return self._transport

    def client(self) -> httpx.AsyncClient:
        """httpx's client over the same connections, for what is not the sending of a message: polls, balances, tokens.

        It costs twice the time of `exchange`. Closing it closes the connections of this sender too.
        """
        return httpx.AsyncClient(transport=self._opened(), trust_env=False)

    async def __aenter__(self) -> Self:
        self._opened()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        if self._transport is not None:
            await self._transport.aclose()
            self._transport = None

    async def deliver(self, gateway: HttpGateway | Transport, message: Message) -> Accepted:
        """Hand *message* over once. Raises a `GatewayError`.

        `Unavailable`: surely not accepted (no connection, 5xx). `Uncertain`: the request had left and no whole
        answer came. `Withdrawn`: nothing has left, see `Message.wanted`. `Unsendable`: nothing has left, since the
        gateway could not make a request of it.
        """
        if hasattr(gateway, "send"):  # asking the Protocol costs 30 µs, a tenth of all this
            return await cast(Transport, gateway).send(message)
        try:
            request = gateway.request(message)
        except GatewayError:
            raise
        except Exception as error:
            raise Unsendable from error
        before = _WANTED.set(message.wanted)
        try:
            outcome = gateway.result(await self.exchange(request))
        finally:
            _WANTED.reset(before)
        if isinstance(outcome, GatewayError):
            raise outcome
        return outcome

    async def exchange(self, request: Request) -> Response:
        """One request, one answer. Raises `Unavailable`, `Uncertain` or `Misconfigured`."""
        try:
            status, headers, body = await self._opened().exchange(
                request.method, request.url, dict(request.headers), request.body
            )
        except BEFORE_IT_LEFT as error:
            raise Unavailable("no_connection", "The gateway cannot be reached.") from error
        except httpx.UnsupportedProtocol:
            raise Misconfigured("address", "The channel's `base_url` is no address to send to.") from None
        except httpx.TimeoutException as error:
            raise Uncertain("timeout", "The gateway did not answer in time; it may have taken the message.") from error
        except httpx.TransportError as error:
            raise Uncertain(
                "cut", "The connection was cut before the answer; it may have taken the message."
            ) from error
        if "retry-after" in headers and "date" not in headers:
            headers["date"] = formatdate(self._clock() / 1_000, usegmt=True)
        return Response(status, headers, body)
