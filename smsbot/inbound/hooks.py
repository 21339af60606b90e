"""Webhooks: `/channels/{name}/inbound` and `/channels/{name}/status`, in the gateway's own manner (contract §3).

A bare ASGI application: this is the hot path, and it needs none of a framework's request object. `smsbot serve` even
passes by ASGI (`smsbot.web.lane`).
"""

from __future__ import annotations

import asyncio
import hmac
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from dataclasses import dataclass
from typing import Any

import structlog

from smsbot.clock import Clock, now_ms
from smsbot.errors import HookMalformed, StoreUnavailable
from smsbot.gateways import forms
from smsbot.gateways.base import Ack, Hook, HttpGateway, Received, StatusChange
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
TELL_MS = 1_000  # between two lines of the log about a database that does not answer
ADDRESSES = ("inbound", "status")
METHODS = ("GET", "POST")

UNKNOWN = Ack(404, body=b"unknown channel")
NOT_ALLOWED = Ack(405, body=b"GET or POST")
TOO_LARGE = Ack(413, body=b"too large")
UNREADABLE = Ack(400, body=b"unreadable")
FORBIDDEN = Ack(403)
TRY_AGAIN = Ack(503, body=b"try again")


@dataclass(frozen=True, slots=True)
class _Entrance:
    """A channel as its webhooks meet it. *token* is what they must carry if the gateway does not sign, in the query
    as one of *proof_fields* or in a header."""

    name: str
    gateway: HttpGateway
    signed: bool
    token: bytes | None
    proof_fields: tuple[str, str]

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
            ("token", channel.gateway.capabilities.proof_field),
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
        self._told_ms = 0
        self._not_taken = 0  # since that was told
        self._clock = clock

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        answer = self._refused(scope)
        if answer is None:
            try:
                body = await _body(receive)
            except _HungUp:
                self.cut(scope)
                return
            if body is None:
                log.warning("webhook refused: too large", channel=_address(scope)[0])
                answer = TOO_LARGE
            else:
                answer = await self.respond(scope, body)
        await _send(send, answer)

    async def respond(self, scope: Scope, body: bytes) -> Ack:
        """The answer to one webhook, of whose *scope* the method, the paths, the query and the headers count. Never
        raises."""
        refused = self._refused(scope)
        if refused is not None:
            return refused
        name = _address(scope)[0]
        try:
            return await self._take(self._entrances[name], scope, body)
        except HookMalformed as error:
            log.warning("webhook refused: unreadable", channel=name, reason=str(error), octets=len(body))
            return UNREADABLE
        except StoreUnavailable as error:
            self._unavailable(name, error)
        except Exception as error:
            log.exception("webhook not taken", channel=name, error=type(error).__name__)
        return TRY_AGAIN

    def _unavailable(self, name: str, error: StoreUnavailable) -> None:
        """One line a second at the most: gateways try again and again, and a full disk must not be filled with it."""
        self._not_taken += 1
        at_ms = self._clock()
        if at_ms - self._told_ms in range(TELL_MS):
            return
        log.error("webhooks not taken: no database answers", channel=name, reason=str(error), n=self._not_taken)
        self._told_ms, self._not_taken = at_ms, 0

    def cut(self, scope: Scope) -> None:
        """The caller went away before the end of its request."""
        log.warning("webhook cut before its end", channel=_address(scope)[0])

    def _refused(self, scope: Scope) -> Ack | None:
        name, address = _address(scope)
        if name not in self._entrances or address not in ADDRESSES:
            return UNKNOWN
        return None if scope["method"] in METHODS else NOT_ALLOWED

    async def _take(self, entrance: _Entrance, scope: Scope, body: bytes) -> Ack:
        gateway = entrance.gateway
        hook = _hook(scope, body, self._public_url, self._clock())
        if not _genuine(entrance, scope, hook):
            log.warning("webhook refused: signature or token", channel=entrance.name)
            return FORBIDDEN
        events = gateway.parse(hook)
        if len(events) == 1 and isinstance(events[0], Received):
            await self._turns.submit(entrance.name, events[0])
        elif events:
            await self._take_all(entrance.name, events)
        return gateway.ack(hook)

    async def _take_all(self, name: str, events: list[Received | StatusChange]) -> None:
        reports = [event for event in events if isinstance(event, StatusChange)]
        texts = [event for event in events if isinstance(event, Received)]
        told, _ = await asyncio.gather(self._turns.submit_all(name, texts), self._reports.submit(name, reports))
        for result in told:
            if isinstance(result, Exception):
                raise result


def _address(scope: Scope) -> tuple[str, str]:
    """The channel's name, and which of its two addresses."""
    name, _, address = scope["path"].removeprefix(PREFIX).partition("/")
    return name, address


def _genuine(entrance: _Entrance, scope: Scope, hook: Hook) -> bool:
    """The gateway's signature where it has one, else the channel's token."""
    if entrance.signed:
        return entrance.gateway.verify(hook)
    if entrance.token is None:
        return False
    given = next((value for key, value in hook.query if key in entrance.proof_fields), "")
    if not given:
        given = next((value.decode("latin-1") for key, value in scope["headers"] if key == TOKEN_HEADER), "")
    return hmac.compare_digest(given.encode(), entrance.token)


def _hook(scope: Scope, body: bytes, public_url: str, at_ms: int) -> Hook:
    query: bytes = scope["query_string"]
    path = scope.get("raw_path") or scope["path"].encode()
    url = public_url + path.decode("latin-1") + (f"?{query.decode('latin-1')}" if query else "")
    pairs = forms.pairs(query) if query else []
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


async def _send(send: Send, answer: Ack) -> None:
    headers = [
        (b"content-type", answer.content_type.encode()),
        (b"content-length", str(len(answer.body)).encode()),
    ]
    await send({"type": "http.response.start", "status": answer.status, "headers": headers})
    await send({"type": "http.response.body", "body": answer.body})
