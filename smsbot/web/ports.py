"""What the web needs of the rest of the program. The composition root provides it; tests may compose less."""

from __future__ import annotations

from collections.abc import Awaitable, Mapping, Sequence
from typing import Any, Protocol

from prometheus_client import CollectorRegistry
from starlette.types import ASGIApp

from smsbot.clock import Clock
from smsbot.gateways.base import ChannelConfig, Received
from smsbot.settings import Settings
from smsbot.store.database import Store


class QueuedReply(Protocol):
    """A reply as it was queued; *id* is `out-…`."""

    @property
    def id(self) -> str: ...
    @property
    def text(self) -> str: ...
    @property
    def encoding(self) -> str: ...
    @property
    def parts(self) -> int: ...


class TurnResult(Protocol):
    """What a text caused, after the commit."""

    @property
    def duplicate(self) -> bool: ...
    @property
    def inbound_id(self) -> int | None: ...
    @property
    def replies(self) -> Sequence[QueuedReply]: ...


class Turns(Protocol):
    def submit(self, channel_name: str, received: Received) -> Awaitable[TurnResult]: ...


class Gateway(Protocol):
    @property
    def name(self) -> str: ...


class Channel(Protocol):
    @property
    def gateway(self) -> Gateway: ...
    @property
    def config(self) -> ChannelConfig: ...


class Named(Protocol):
    """A topic or a place."""

    @property
    def code(self) -> str: ...
    def name(self, language: str) -> str: ...


class NumberedTopic(Named, Protocol):
    @property
    def number(self) -> int: ...


class Directory(Protocol):
    """The active topics and places at one moment."""

    @property
    def topics(self) -> Mapping[str, NumberedTopic]: ...
    @property
    def places(self) -> Mapping[str, Named]: ...
    @property
    def languages(self) -> Sequence[str]: ...
    @property
    def default_language(self) -> str: ...
    @property
    def all_number(self) -> int: ...


class Identified(Protocol):
    @property
    def id(self) -> str: ...


class Service(Protocol):
    """One process's parts, wired together."""

    @property
    def settings(self) -> Settings: ...
    @property
    def store(self) -> Store: ...
    @property
    def clock(self) -> Clock: ...
    @property
    def channels(self) -> Mapping[str, Channel]: ...
    @property
    def turns(self) -> Turns: ...
    @property
    def broadcasts(self) -> Any: ...
    @property
    def hooks(self) -> ASGIApp: ...
    @property
    def metrics(self) -> CollectorRegistry: ...

    def directory(self) -> Directory: ...
    def reload_directory(self) -> Awaitable[object]: ...
    def queue_personal(self, number: str, text: str, by: str) -> Awaitable[Identified]: ...
