"""Webhooks: `/channels/{name}/inbound` and `/channels/{name}/status`, in the gateway's own manner (contract §3).

A bare ASGI application: this is the hot path, and it needs none of a framework's request object.
"""

from __future__ import annotations

import asyncio
import hmac
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from typing import Any
from urllib.parse import parse_qsl

import structlog

from smsbot.errors import HookMalformed, StoreUnavailable
from smsbot.gateways.base import Hook, HttpGateway, Received, StatusChange
from smsbot.gateways.registry import Channel
from smsbot.inbound.reports import Reports
from smsbot.inbound.turns import Turns

log = structlog.get_logger()

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

PREFIX = "/channels/"
BODY_LIMIT = 1024 * 1024  # octets; the largest documented webhook is a batch of reports far below it
TOKEN_HEADER = b"x-webhook-token"
ADDRESSES = ("inbound", "status")


class Hooks:
    """Answers webhooks; 2xx only after what they brought is committed."""

    def __init__(self, channels: Mapping[str, Channel], turns: Turns, reports: Reports, *, public_url: str) -> None:
        self._channels = {
            name: channel for name, channel in channels.items() if isinstance(channel.gateway, HttpGateway)
        }
        self._turns = turns
        self._reports = reports
        self._public_url = public_url

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        name, _, address = scope["path"].removeprefix(PREFIX).partition("/")
        channel = self._channels.get(name)
        if channel is None or address not in ADDRESSES:
            await _answer(send, 404, b"unknown channel")
            return
        if scope["method"] not in {"GET", "POST"}:
            await _answer(send, 405, b"GET or POST")
            return
        body = await _body(receive)
        if body is None:
            log.warning("webhook refused: too large", channel=name)
            await _answer(send, 413, b"too large")
            return
        try:
            await self._take(channel, scope, body, send)
        except HookMalformed as error:
            log.warning("webhook refused: unreadable", channel=name, reason=str(error), octets=len(body))
            await _answer(send, 400, b"unreadable")
        except StoreUnavailable as error:
            log.error("webhook not taken: the database does not answer", channel=name, reason=str(error))
            await _answer(send, 503, b"try again")
        except Exception as error:
            log.exception("webhook not taken", channel=name, error=type(error).__name__)
            await _answer(send, 503, b"try again")

    async def _take(self, channel: Channel, scope: Scope, body: bytes, send: Send) -> None:
        gateway = channel.gateway
        assert isinstance(gateway, HttpGateway)
        hook = _hook(scope, body, self._public_url)
        if not _genuine(channel, gateway, scope, hook):
            log.warning("webhook refused: signature or token", channel=channel.name)
            await _answer(send, 403, b"")
            return
        events = gateway.parse(hook)
        if len(events) == 1 and isinstance(events[0], Received):
            await self._turns.submit(channel.name, events[0])
        elif events:
            await self._take_all(channel.name, events)
        ack = gateway.ack(hook)
        await _answer(send, ack.status, ack.body, ack.content_type)

    async def _take_all(self, name: str, events: list[Received | StatusChange]) -> None:
        reports = [event for event in events if isinstance(event, StatusChange)]
        taken: list[Awaitable[object]] = [
            self._turns.submit(name, event) for event in events if isinstance(event, Received)
        ]
        if reports:
            taken.append(self._reports.submit(name, reports))
        await asyncio.gather(*taken)


def _genuine(channel: Channel, gateway: HttpGateway, scope: Scope, hook: Hook) -> bool:
    """The gateway's signature where it has one, else the channel's token."""
    if not channel.needs_token:
        return gateway.verify(hook)
    token = channel.config.webhook_token
    if token is None:
        return False
    given = next((value for key, value in hook.query if key == "token"), "")
    if not given:
        given = next((value.decode("latin-1") for key, value in scope["headers"] if key == TOKEN_HEADER), "")
    return hmac.compare_digest(given.encode(), token.get_secret_value().encode())


def _hook(scope: Scope, body: bytes, public_url: str) -> Hook:
    query: bytes = scope["query_string"]
    path = scope.get("raw_path") or scope["path"].encode()
    url = public_url + path.decode("latin-1") + (f"?{query.decode('latin-1')}" if query else "")
    try:
        pairs = parse_qsl(query.decode("utf-8", "replace"), keep_blank_values=True) if query else []
    except ValueError as error:
        raise HookMalformed("the query cannot be read") from error
    headers = {key.decode("latin-1"): value.decode("latin-1") for key, value in scope["headers"]}
    return Hook(scope["method"], url, headers, pairs, body)


async def _body(receive: Receive) -> bytes | None:
    """The request's body; None if it is larger than the limit."""
    message = await receive()
    body: bytes = message.get("body", b"")
    if not message.get("more_body", False):
        return body if len(body) <= BODY_LIMIT else None
    pieces = [body]
    size = len(body)
    while message.get("more_body", False):
        message = await receive()
        piece = message.get("body", b"")
        size += len(piece)
        if size > BODY_LIMIT:
            return None
        pieces.append(piece)
    return b"".join(pieces)


async def _answer(send: Send, status: int, body: bytes, content_type: str = "text/plain; charset=utf-8") -> None:
    await send(
        {
            "type": "http.response.start",
            "status": status,
            "headers": [
                (b"content-type", content_type.encode()),
                (b"content-length", str(len(body)).encode()),
            ],
        }
    )
    await send({"type": "http.response.body", "body": body})
