"""By what a repeat is recognised: the gateway's own id, else the text itself for a minute (contract §10)."""

from __future__ import annotations

import hashlib

from smsbot.clock import SECOND_MS
from smsbot.gateways.base import Received

WINDOW_MS = 60 * SECOND_MS
STEP_MS = 10 * SECOND_MS  # a guess is good for a window and at most one step more


def external_id(received: Received, at_ms: int) -> str:
    """The id to store: the gateway's, or a guess from sender, text and time."""
    if received.external_id is not None:
        return received.external_id[:255].replace("\x00", "")
    return _guess(received, at_ms // STEP_MS)


def lookups(received: Received, at_ms: int) -> tuple[str, ...]:
    """The ids under which the same message may have been stored."""
    if received.external_id is not None:
        return (external_id(received, at_ms),)
    step = at_ms // STEP_MS
    return tuple(_guess(received, step - back) for back in range(WINDOW_MS // STEP_MS + 1))


def _guess(received: Received, step: int) -> str:
    said = hashlib.blake2b(f"{received.number}\x1f{received.text}".encode("utf-8", "replace"), digest_size=12)
    return f"~{said.hexdigest()}:{step}"
