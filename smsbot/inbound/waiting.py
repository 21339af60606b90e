"""What waits for its turn, the groups it is taken in, and what comes of them."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, field

from smsbot.gateways.base import Received
from smsbot.inbound.joining import Arrival
from smsbot.inbound.results import TurnResult
from smsbot.store.outbox import Claimed


@dataclass(slots=True)
class Waiting:
    """A text to take. *future* None: nobody waits for it. *piece*: it is no text yet but a part of one, or the end of
    the wait for such parts. *kept*: why it is only kept for staff, or ""."""

    channel: str
    received: Received
    number: str  # E.164, or as the gateway wrote it
    valid: bool
    external_id: str
    text: str
    sent_ms: int | None
    at_ms: int
    future: asyncio.Future[TurnResult] | None
    piece: Arrival | None = None
    kept: str = ""
    began_s: float = field(default_factory=time.perf_counter)


@dataclass(slots=True)
class Group:
    """Texts of one transaction. *plain*: they are only stored, for staff, and not answered."""

    waiting: list[Waiting]
    races: int = 0
    plain: bool = False


@dataclass(slots=True)
class Written:
    """What a committed group means to those who wait."""

    results: list[tuple[Waiting, TurnResult]] = field(default_factory=list)
    claimed: list[Claimed] = field(default_factory=list)
    woken: set[str] = field(default_factory=set)
    stopped: list[str] = field(default_factory=list)
    silenced: list[tuple[Waiting, str]] = field(default_factory=list)


@dataclass(slots=True)
class Counters:
    turns: int = 0
    parts: int = 0
    duplicates: int = 0
    groups: int = 0
    isolated: int = 0
    seconds: float = 0.0  # from arrival to commit, summed
