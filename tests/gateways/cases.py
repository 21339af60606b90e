"""What the tests of several gateways share: messages to hand over, webhooks as they come, answers as they are given."""

from __future__ import annotations

import json
from collections.abc import Mapping
from urllib.parse import parse_qsl, urlencode

from smsbot.gateways import registry
from smsbot.gateways.base import Hook, Message, Response

URL = "https://sms.example.ge/channels/main/inbound"
STATUS_URL = "https://sms.example.ge/channels/main/status"
NUMBER = "+995555000001"
AT_S = 1_700_000_000
AT_MS = AT_S * 1_000
GEORGIAN = "ბიუჯეტი & სხვა"


def message(text: str = GEORGIAN, *, parts: int = 1, status_url: str = STATUS_URL) -> Message:
    encoding = "GSM-7" if text.isascii() else "UCS-2"
    return Message("out-7", NUMBER, text, encoding, parts, "+995322000000", status_url)


def form(fields: Mapping[str, str], *, url: str = URL, headers: Mapping[str, str] | None = None) -> Hook:
    heads = {"content-type": "application/x-www-form-urlencoded"} | dict(headers or {})
    return Hook("POST", url, heads, _query(url), urlencode(fields).encode(), AT_MS)


def get(fields: Mapping[str, str], *, url: str = URL, headers: Mapping[str, str] | None = None) -> Hook:
    whole = f"{url}?{urlencode(fields)}" if fields else url
    return Hook("GET", whole, dict(headers or {}), _query(whole), b"", AT_MS)


def posted(content: object, *, url: str = URL, headers: Mapping[str, str] | None = None, at_ms: int = AT_MS) -> Hook:
    """JSON; *content* may be the octets themselves."""
    body = content if isinstance(content, bytes) else json.dumps(content, ensure_ascii=False).encode()
    return Hook("POST", url, {"content-type": "application/json"} | dict(headers or {}), _query(url), body, at_ms)


def answer(content: object = b"", status: int = 200, **headers: str) -> Response:
    body = content if isinstance(content, bytes) else json.dumps(content).encode()
    return Response(status, headers, body)


def build(kind: str, **keys: object) -> object:
    """The gateway of a channel that a settings file describes."""
    return registry.build("main", {"gateway": kind, "sender": "+995322000000"} | keys)


def _query(url: str) -> list[tuple[str, str]]:
    return parse_qsl(url.partition("?")[2], keep_blank_values=True)
