"""The network side of every HTTP gateway: `Lines` for messages, and httpx's API over the same connections for the rest.

httpx's own pool slows down as more requests wait in it (encode/httpx#3215): 350 requests/s at 50 in flight where
this one does thousands. This is the only module that imports it.
"""

from __future__ import annotations

from collections.abc import Callable
from email.utils import formatdate
from types import TracebackType
from typing import Self, cast

import httpx

from smsbot.clock import Clock, now_ms
from smsbot.errors import GatewayError, Misconfigured, Unavailable, Uncertain, Withdrawn
from smsbot.gateways.base import Accepted, HttpGateway, Message, Request, Response, Transport
from smsbot.gateways.lines import BODY_CAP, Cut, Lines, NoAddress, NotReached, Unwanted, Unwritable

__all__ = ["BODY_CAP", "PooledTransport", "Sender"]


class PooledTransport(httpx.AsyncBaseTransport):
    """Carries httpx requests over `Lines`.

    The request is sent exactly as it stands and once: no redirects, no cookies, no decompression, no proxy from the
    environment, and no silent second try of a GET on a connection that was cut (Kannel's GET sends a text).
    """

    def __init__(self, lines: Lines) -> None:
        self._lines = lines

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Raises httpx's errors: `ConnectError`, `UnsupportedProtocol` or `LocalProtocolError` if nothing was sent."""
        try:
            status, headers, body = await self._lines.exchange(
                request.method, str(request.url), dict(request.headers), await request.aread()
            )
        except NotReached as error:
            raise httpx.ConnectError(str(error)) from error
        except NoAddress:
            raise httpx.UnsupportedProtocol("not an address to send to") from None
        except Unwritable:
            raise httpx.LocalProtocolError("not HTTP") from None
        except TimeoutError as error:
            raise httpx.ReadTimeout("no answer in time") from error
        except Cut as error:
            raise httpx.ReadError("cut") from error
        return httpx.Response(status, headers=headers, content=body, request=request)

    async def aclose(self) -> None:
        await self._lines.aclose()


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
        self._lines: Lines | None = None

    def _opened(self) -> Lines:
        if self._lines is None:
            self._lines = Lines(timeout_s=self._timeout_s, connect_s=self._connect_s, limit=self._limit)
        return self._lines

    def client(self) -> httpx.AsyncClient:
        """httpx's client over the same connections, for what is not the sending of a message: polls, balances, tokens.

        It costs twice the time of `exchange`. Closing it closes the connections of this sender too.
        """
        return httpx.AsyncClient(transport=PooledTransport(self._opened()), trust_env=False)

    async def __aenter__(self) -> Self:
        self._opened()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        if self._lines is not None:
            await self._lines.aclose()
            self._lines = None

    async def deliver(self, gateway: HttpGateway | Transport, message: Message) -> Accepted:
        """Hand *message* over once. Raises a `GatewayError`.

        `Unavailable`: surely not accepted (no connection, 5xx). `Uncertain`: the request had left and no whole
        answer came. `Withdrawn`: nothing has left, see `Message.wanted`.
        """
        if hasattr(gateway, "send"):  # asking the Protocol costs 30 µs, a tenth of all this
            return await cast(Transport, gateway).send(message)
        outcome = gateway.result(await self.exchange(gateway.request(message), wanted=message.wanted))
        if isinstance(outcome, GatewayError):
            raise outcome
        return outcome

    async def exchange(self, request: Request, *, wanted: Callable[[], bool] | None = None) -> Response:
        """One request, one answer. Raises `Unavailable`, `Uncertain`, `Misconfigured` or `Withdrawn`.

        *wanted* is asked once the connection is there: that may have taken a while, and somebody may have stopped.
        """
        try:
            status, headers, body = await self._opened().exchange(
                request.method, request.url, request.headers, request.body, wanted=wanted
            )
        except Unwanted:
            raise Withdrawn from None
        except NotReached as error:
            raise Unavailable("no_connection", "The gateway cannot be reached.") from error
        except NoAddress:
            raise Misconfigured("address", "The channel's `base_url` is no address to send to.") from None
        except TimeoutError as error:
            raise Uncertain("timeout", "The gateway did not answer in time; it may have taken the message.") from error
        except (Cut, Unwritable) as error:
            raise Uncertain(
                "cut", "The connection was cut before the answer; it may have taken the message."
            ) from error
        if "retry-after" in headers and "date" not in headers:
            headers["date"] = formatdate(self._clock() / 1_000, usegmt=True)
        return Response(status, headers, body)
