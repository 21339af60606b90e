"""Parts of longer texts within a group of turns: each is kept, and what they complete takes the last one's place."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection

from smsbot.gateways.base import Part
from smsbot.store.parts import PART_LIMIT, Piece, Placed, Shelf

LATE = "late_part"
"""Why staff should read it: its text has been answered without it."""


@dataclass(frozen=True, slots=True)
class Arrival:
    """A part as the pipeline has it; or, with *expired*, the id of a set whose time is over."""

    channel: str
    number: str
    recipient: str
    external_id: str | None
    text: str
    sent_ms: int | None
    at_ms: int
    optout: str | None = None
    part: Part | None = None
    expired: int = 0


def join(
    connection: Connection, arrivals: Sequence[Arrival], stops: Callable[[str], bool], now_ms: int
) -> list[Placed]:
    """Keep the parts in *arrivals*; give for each what it comes to."""
    pieces = [None if each.part is None else _piece(each, each.part) for each in arrivals]
    parts = [piece for piece in pieces if piece is not None]
    expired = [each.expired for each in arrivals if each.expired]
    shelf = Shelf.opened(connection, parts, now_ms=now_ms, expired=expired)
    placed = [
        Placed(own=shelf.give_up(each.expired)) if piece is None else shelf.place(piece, stops)
        for each, piece in zip(arrivals, pieces, strict=True)
    ]
    shelf.write()
    return placed


def _piece(arrival: Arrival, part: Part) -> Piece:
    return Piece(
        arrival.channel, arrival.number, arrival.recipient, part.reference, part.total, part.number,
        arrival.external_id, arrival.text[:PART_LIMIT], arrival.sent_ms, arrival.at_ms, arrival.optout,
    )  # fmt: skip
