"""Broadcasts for tests and benchmarks, stored without the service's checks."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from sqlalchemy import Connection

from smsbot.store import audience as audiences
from smsbot.store import broadcasts, steering
from smsbot.store.audience import Audience
from smsbot.store.broadcasts import BroadcastState, Draft
from smsbot.store.fanout import write_piece
from smsbot.store.shares import TextShare
from smsbot.text.gsm7 import measure

WATER: Mapping[str, str] = MappingProxyType({"en": "Water is back."})


def announce(
    connection: Connection, audience: Audience, now_ms: int, *, texts: Mapping[str, str] = WATER,
    channel: str | None = None, urgent: bool = True, kind: str = "information", expires_ms: int | None = None,
    written_for: tuple[str, ...] | None = None,
) -> int:  # fmt: skip
    """A broadcast that is `sending`; with *written_for* (channels) all its messages are written. Gives its id."""
    found = audiences.count(connection, audience, list(texts), now_ms)
    measures = {}
    for language, text in texts.items():
        cost = measure(text)
        measures[language] = TextShare(found.get(language, 0), cost.encoding, cost.units, cost.parts)
    draft = Draft(
        audience=audience,
        texts=texts,
        by_language={language: share for language, share in measures.items() if share.recipients},
        measures=measures,
        state=BroadcastState.SCHEDULED,
        kind=kind,
        channel=channel,
        urgent=urgent,
        reason="a test" if urgent else "",
        expires_ms=expires_ms,
        approved_ms=now_ms,
    )
    view = broadcasts.create(connection, draft, now_ms)
    steering.begin(connection, view.id)
    while written_for and not write_piece(connection, view.id, written_for, now_ms, 5_000).complete:
        pass
    return view.id
