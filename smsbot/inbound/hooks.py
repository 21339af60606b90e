"""Webhooks: `/channels/{name}/inbound` and `/channels/{name}/status`, in the gateway's own manner (contract §3).

A bare ASGI application: this is the hot path, and it needs none of a framework's request object.
"""

from __future__ import annotations

import asyncio
import hmac
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl

import structlog

from smsbot.clock import Clock, now_ms
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


@dataclass(frozen=True, slots=True)
class _Entrance:
    """A channel as its webhooks meet it. *token* is what they must carry if the gateway does not sign."""

    name: str
    gateway: HttpGateway
    signed: bool
    token: bytes | None

    @classmethod
    def of(cls, channel: Channel) -> _Entrance | None:
        """None: a gateway without webhooks."""
        if not isinstance(channel.gateway, HttpGateway):
            return None
        token = channel.config.webhook_token
        return cls(
            channel.name,
            channel.gateway,
            not channel.needs_token,
            token.get_secret_value().encode() if token is not None else None,
        )


class Hooks:
    """Answers webhooks; 2xx only after what they brought is committed."""

    def __init__(
        self, channels: Mapping[str, Channel], turns: Turns, reports: Reports, *, public_url: str, clock: Clock = now_ms
    ) -> None:
        entrances = (_Entrance.of(channel) for channel in channels.values())
        self._entrances = {entrance.name: entrance for entrance in entrances if entrance is not None}
        self._turns = turns
        self._reports = reports
        self._public_url = public_url
        self._clock = clock

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        name, _, address = scope["path"].removeprefix(PREFIX).partition("/")
        entrance = self._entrances.get(name)
        if entrance is None or address not in ADDRESSES:
            await _answer(send, 404, b"unknown channel")
            return
        if scope["method"] not in {"GET", "POST"}:
            await _answer(send, 405, b"GET or POST")
            return
        try:
            body = await _body(receive)
        except _HungUp:
            log.warning("webhook cut before its end", channel=name)
            return
        if body is None:
            log.warning("webhook refused: too large", channel=name)
            await _answer(send, 413, b"too large")
            return
        try:
            await self._take(entrance, scope, body, send)
        except HookMalformed as error:
            log.warning("webhook refused: unreadable", channel=name, reason=str(error), octets=len(body))
            await _answer(send, 400, b"unreadable")
        except StoreUnavailable as error:
            log.error("webhook not taken: the database does not answer", channel=name, reason=str(error))
            await _answer(send, 503, b"try again")
        except Exception as error:
            log.exception("webhook not taken", channel=name, error=type(error).__name__)
            await _answer(send, 503, b"try again")

    async def _take(self, entrance: _Entrance, scope: Scope, body: bytes, send: Send) -> None:
        gateway = entrance.gateway
        hook = _hook(scope, body, self._public_url, self._clock())
        if not _genuine(entrance, scope, hook):
            log.warning("webhook refused: signature or token", channel=entrance.name)
            await _answer(send, 403, b"")
            return
        events = gateway.parse(hook)
        if len(events) == 1 and isinstance(events[0], Received):
            await self._turns.submit(entrance.name, events[0])
        elif events:
            await self._take_all(entrance.name, events)
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


def _genuine(entrance: _Entrance, scope: Scope, hook: Hook) -> bool:
    """The gateway's signature where it has one, else the channel's token."""
    if entrance.signed:
        return entrance.gateway.verify(hook)
    if entrance.token is None:
        return False
    given = next((value for key, value in hook.query if key == "token"), "")
    if not given:
        given = next((value.decode("latin-1") for key, value in scope["headers"] if key == TOKEN_HEADER), "")
    return hmac.compare_digest(given.encode(), entrance.token)


def _hook(scope: Scope, body: bytes, public_url: str, at_ms: int) -> Hook:
    query: bytes = scope["query_string"]
    path = scope.get("raw_path") or scope["path"].encode()
    url = public_url + path.decode("latin-1") + (f"?{query.decode('latin-1')}" if query else "")
    try:
        pairs = parse_qsl(query.decode("utf-8", "replace"), keep_blank_values=True) if query else []
    except ValueError as error:
        raise HookMalformed("the query cannot be read") from error
    headers = {key.decode("latin-1"): value.decode("latin-1") for key, value in scope["headers"]}
    return Hook(scope["method"], url, headers, pairs, body, at_ms)


class _HungUp(Exception):
    """The caller went away in the middle: half a text may mean something else than the whole."""


async def _body(receive: Receive) -> bytes | None:
    """The request's body; None if it is larger than the limit. Raises `_HungUp`."""
    message = await receive()
    if message["type"] == "http.disconnect":
        raise _HungUp
    body: bytes = message.get("body", b"")
    if not message.get("more_body", False):
        return body if len(body) <= BODY_LIMIT else None
    pieces = [body]
    size = len(body)
    while message.get("more_body", False):
        message = await receive()
        if message["type"] == "http.disconnect":
            raise _HungUp
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
