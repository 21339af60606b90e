"""What others say, in a form that every database keeps. Pure."""

from __future__ import annotations

import hashlib

LONGEST_ID = 255  # characters; a longer one is told by its digest


def storable(text: str) -> str:
    """Without what no database keeps: NUL, and halves of surrogate pairs."""
    kept = text.replace("\x00", "")
    return kept if kept.isascii() else kept.encode("utf-8", "replace").decode("utf-8")


def identifier(given: str | None) -> str | None:
    """A gateway's own id as it can be stored and found again. An empty one is none: all would be the same."""
    if not given:
        return None
    kept = storable(str(given))  # of a gateway in another package it may be a number
    if len(kept) > LONGEST_ID:
        digest = hashlib.blake2b(kept.encode(), digest_size=16).hexdigest()
        kept = kept[: LONGEST_ID - len(digest)] + digest
    return kept or None
