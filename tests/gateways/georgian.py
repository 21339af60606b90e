"""What the tests of the Georgian aggregators share."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

from smsbot.gateways import registry
from smsbot.gateways.base import Hook, HttpGateway, Message, Pending, Request, Response

NUMBER = "+995555000001"
TEXT = "ბიუჯეტი & 5% + „ქუთაისი“ 😀"
GEORGIAN = Message("out-17", NUMBER, TEXT, "UCS-2", 1, "Kutaisi", "https://sms.example.ge/channels/main/status")
LATIN = Message("out-18", NUMBER, "Reply 1 & 3", "GSM-7", 1, "Kutaisi", "")
SENT = Pending("out-17", "4711", NUMBER)


def built(name: str, **keys: object) -> Any:
    """The gateway, with only its own keys: none of them needs a `webhook_token` to send."""
    channel = registry.channel("main", {"gateway": name, **keys})
    assert isinstance(channel.gateway, HttpGateway)
    assert not channel.config.inbound
    assert not channel.gateway.capabilities.inbound
    return channel.gateway


def answer(body: object, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """*body*: bytes as they stand, else JSON."""
    return Response(status, headers or {}, body if isinstance(body, bytes) else json.dumps(body).encode())


def form(request: Request) -> dict[str, str]:
    assert request.headers["content-type"] == "application/x-www-form-urlencoded"
    return dict(parse_qsl(request.body.decode("ascii"), keep_blank_values=True, strict_parsing=True))


def query(request: Request) -> dict[str, str]:
    return dict(parse_qsl(urlsplit(request.url).query, keep_blank_values=True, strict_parsing=True))


def document(request: Request) -> Any:
    assert request.headers["content-type"] == "application/json"
    return json.loads(request.body)


def pushed(**fields: str) -> Hook:
    return Hook(
        "GET", f"https://sms.example.ge/channels/main/status?{urlencode(fields)}", {}, list(fields.items()), b""
    )
