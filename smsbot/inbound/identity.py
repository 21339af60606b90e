"""What a gateway says of a text, as far as it can be used: its id (else the text itself tells a repeat for a minute,
contract §10), its time, and which part of a longer text it is."""

from __future__ import annotations

import hashlib

from smsbot.clock import MINUTE_MS, SECOND_MS
from smsbot.gateways.base import Part, Received
from smsbot.store.parts import TOTAL_MOST
from smsbot.text import halves
from smsbot.text.storable import identifier, storable

TEXT_LIMIT = 39_015  # characters: what 255 joined parts of 153 septets hold (3GPP TS 23.040 §9.2.3.24.1)

WINDOW_MS = 60 * SECOND_MS
STEP_MS = 10 * SECOND_MS  # a guess is good for a window and at most one step more
AHEAD_MS = 15 * MINUTE_MS
"""A clock may be so far ahead of ours. What is later is no clock but a mistake, a time zone for example: taken for the
truth, it would keep a JOIN from lifting a STOP for hours."""


def external_id(received: Received, at_ms: int) -> str:
    """The id to store: the gateway's, or a guess from sender, text and time."""
    given = gateway_id(received)
    return f"{_said(received)}:{at_ms // STEP_MS}" if given is None else given


def lookups(stored: str, *, guessed: bool) -> tuple[str, ...]:
    """The ids under which what is to be stored as *stored* may have been stored already. *guessed*: its gateway has
    given none."""
    if not guessed:
        return (stored,)
    said, _, now = stored.rpartition(":")
    step = int(now)
    return tuple([f"{said}:{step - back}" for back in range(WINDOW_MS // STEP_MS + 1)])


def gateway_id(received: Received) -> str | None:
    """The gateway's own id as it can be stored. An empty one is none: all texts would be repeats of the first."""
    return identifier(received.external_id)


def sent_ms(received: Received, at_ms: int) -> int | None:
    """When it was sent, by a clock that can be believed (civic rules 17 and 18)."""
    told = received.sent_ms
    return told if told is not None and 0 <= told <= at_ms + AHEAD_MS else None


def part(received: Received) -> Part | None:
    """Which piece of a longer text it is; None: it is one of its own. A number that cannot be makes it one, too."""
    said = received.part
    if said is None or not 1 < said.total <= TOTAL_MOST or not 1 <= said.number <= said.total:
        return None
    return said if 0 <= said.reference < 1 << 63 else None


def storable_text(received: Received) -> str:
    """Its text, cut to what is kept; half a letter at an end of a part waits for the other half."""
    text = received.text[:TEXT_LIMIT]
    return storable(text if part(received) is None else halves.kept(text))


def _said(received: Received) -> str:
    said = hashlib.blake2b(f"{received.number}\x1f{received.text}".encode("utf-8", "replace"), digest_size=12)
    return f"~{said.hexdigest()}"
