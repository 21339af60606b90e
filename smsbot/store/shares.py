"""How many people a text is for and what it costs, as a broadcast keeps it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class TextShare:
    """A text in one language, and how many people it is for."""

    recipients: int
    encoding: str
    units: int
    parts: int
    written: int = 0  # messages in the outbox so far


def shares_to_json(shares: Mapping[str, TextShare]) -> str:
    return json.dumps(
        {
            key: {
                "recipients": share.recipients,
                "encoding": share.encoding,
                "units": share.units,
                "parts": share.parts,
                "written": share.written,
            }
            for key, share in shares.items()
        }
    )


def shares_from_json(written: str) -> dict[str, TextShare]:
    return {key: TextShare(**fields) for key, fields in json.loads(written).items()}
