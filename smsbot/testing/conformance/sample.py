"""What cannot be read off a gateway's class: how its provider's webhooks and answers look, and how they are signed."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal, Protocol
from urllib.parse import parse_qsl, urlencode

from smsbot.gateways import registry
from smsbot.gateways.base import Hook, HttpGateway, Message
from smsbot.testing.fake_gateway import Answer

SECRET = "k1t-s3cr3t-w0rd"  # noqa: S105  # of no real account
"""Stands wherever a channel holds a secret, `webhook_token` included: the kit watches that it shows nowhere."""

NUMBER = "+995555000001"
"""Who writes `TEXT` and gets `MESSAGE`."""

TEXT = "Rioni bridge closed again"
"""What a sample's text says: words of no command, so that they can be told from others in a log."""

PUBLIC = "https://sms.example.ge"
AT_S = 1_796_112_000  # 2026-12-01T08:00:00Z
AT_MS = AT_S * 1_000
"""When every webhook of the kit comes: signatures with a time in them are made for it."""

MESSAGE = Message("out-7", NUMBER, "ბიუჯეტი & 5% + <b> „ქუთაისი“", "UCS-2", 1, "2200", f"{PUBLIC}/channels/main/status")
"""What is handed over. A report may name it by this id, which is ours."""

Address = Literal["inbound", "status"]


@dataclass(frozen=True, slots=True)
class Call:
    """A webhook as the provider makes it. Names of headers are in lower case."""

    method: str
    url: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def target(self) -> str:
        return self.url.removeprefix(PUBLIC)

    def hook(self) -> Hook:
        pairs = parse_qsl(self.url.partition("?")[2], keep_blank_values=True)
        return Hook(self.method, self.url, dict(self.headers), pairs, self.body, AT_MS)


Sign = Callable[[Call], Call]


@dataclass(frozen=True, slots=True)
class Wire:
    """The content of a webhook: made by `query`, `form` or `document`."""

    content: object
    where: Literal["query", "form", "json"]

    def call(self, address: Address, extra: Mapping[str, str]) -> Call:
        """*extra* goes into the query."""
        url = f"{PUBLIC}/channels/main/{address}"
        if self.where == "query":
            assert isinstance(self.content, Mapping)
            return Call("GET", _with(url, {**self.content, **extra}), {}, b"")
        if self.where == "form":
            assert isinstance(self.content, Mapping)
            headers = {"content-type": "application/x-www-form-urlencoded"}
            return Call("POST", _with(url, extra), headers, urlencode(self.content).encode())
        body = json.dumps(self.content, ensure_ascii=False).encode()
        return Call("POST", _with(url, extra), {"content-type": "application/json"}, body)

    def lacking(self) -> Iterator[Wire]:
        """The same without one field, each in its turn, those inside others too."""
        for content in _lacking(self.content):
            yield replace(self, content=content)

    def words(self) -> set[str]:
        """Its names and values, for tests that put them together anew."""
        return set(_words(self.content))


def query(fields: Mapping[str, str]) -> Wire:
    """A GET."""
    return Wire(fields, "query")


def form(fields: Mapping[str, str]) -> Wire:
    """A POST as `application/x-www-form-urlencoded`."""
    return Wire(fields, "form")


def document(content: object) -> Wire:
    """A POST as JSON."""
    return Wire(content, "json")


class Peer(Protocol):
    """The other side of a `Link`, on loopback. Each method is called while the link stands and does not wait for it;
    what the other side cannot do raises `Inapplicable`."""

    @property
    def keys(self) -> Mapping[str, object]:
        """The settings that lead to it."""

    def write(self, times: int) -> None:
        """`NUMBER` writes `TEXT`; it is brought *times* times, as after acknowledgements that were lost."""

    def report_unknown(self) -> None:
        """A report whose status does not exist: `teleported`, or as near to that as the format allows."""

    def throttle(self) -> None:
        """From now on: too fast."""

    def fail(self) -> None:
        """From now on: out of order, surely not accepted."""

    def fall_silent(self) -> None:
        """From now on: takes messages and says nothing."""


@dataclass(frozen=True, slots=True)
class Sample:
    """One gateway. All secrets in *keys* are `SECRET`.

    *text*: `NUMBER` writes `TEXT`. *report*: a message of ours has arrived: the one that *accepted* names, or
    `MESSAGE.id`. *unknown*: a report whose status does not exist; *raw* is that status. None: the provider sends none.
    *sign*: adds the signature to a call that comes at `AT_S`. *accepted*: the answer when a message is taken; *polled*,
    *balance*, *probed*: the good answers of a gateway that is `Polled`, `Balanced`, `Probed`. *peer*: the other side of
    a `Link`, in a folder of its own.
    """

    gateway: str
    keys: Mapping[str, object] = field(default_factory=dict)
    text: Wire | None = None
    report: Wire | None = None
    unknown: Wire | None = None
    raw: str = "teleported"
    sign: Sign | None = None
    accepted: Answer | None = None
    polled: Answer | None = None
    balance: Answer | None = None
    probed: Answer | None = None
    peer: Callable[[Path], AbstractContextManager[Peer]] | None = None

    def channel(self, **more: object) -> registry.Channel:
        """The channel `main` of this gateway. Raises `SettingsError`."""
        return registry.channel("main", {"gateway": self.gateway, "sender": "2200", **self.keys, **more})

    def http(self, **more: object) -> HttpGateway:
        built = self.channel(**more).gateway
        assert isinstance(built, HttpGateway), f"{self.gateway} is no HTTP gateway"
        return built

    def wires(self) -> list[tuple[Address, Wire]]:
        """All that the provider calls us for, with the address it calls."""
        found: list[tuple[Address, Wire | None]] = [
            ("inbound", self.text), ("status", self.report), ("status", self.unknown)
        ]  # fmt: skip
        return [(address, wire) for address, wire in found if wire is not None]

    def genuine(self, wire: Wire, address: Address) -> Call:
        """The call as the provider makes it, with its signature or the channel's token."""
        call = wire.call(address, {"token": SECRET} if self.channel().needs_token else {})
        return self.sign(call) if self.sign is not None else call


class Inapplicable(Exception):
    """A behaviour that this kind of gateway cannot show; the sentence tells why."""


def _with(url: str, fields: Mapping[str, object]) -> str:
    return f"{url}?{urlencode(fields)}" if fields else url


def _lacking(content: object) -> Iterator[object]:
    if isinstance(content, Mapping):
        for name, value in content.items():
            yield {other: content[other] for other in content if other != name}
            for inner in _lacking(value):
                yield {**content, name: inner}
    elif isinstance(content, list):
        for at, value in enumerate(content):
            for inner in _lacking(value):
                yield [*content[:at], inner, *content[at + 1 :]]


def _words(content: object) -> Iterator[str]:
    if isinstance(content, Mapping):
        for name, value in content.items():
            yield str(name)
            yield from _words(value)
    elif isinstance(content, list):
        for value in content:
            yield from _words(value)
    else:
        yield str(content)
