"""The closed vocabulary of an outgoing message's fate (contract §4)."""

from __future__ import annotations

from enum import StrEnum


class Status(StrEnum):
    QUEUED = "queued"
    SENDING = "sending"
    SENT = "sent"
    DELIVERED = "delivered"
    FAILED = "failed"
    EXPIRED = "expired"
    SUPPRESSED = "suppressed"
    CANCELLED = "cancelled"
    UNKNOWN = "unknown"


RANK: dict[Status, int] = {
    Status.QUEUED: 0,
    Status.SENDING: 1,
    Status.SENT: 2,
    Status.UNKNOWN: 3,
    Status.EXPIRED: 4,
    Status.FAILED: 4,
    Status.DELIVERED: 5,
    Status.SUPPRESSED: 6,
    Status.CANCELLED: 6,
}
"""A status replaces another only if its rank is higher: the first terminal one wins, `delivered` beats
`failed`, `expired` and `unknown`, and what never left (`suppressed`, `cancelled`) stays."""


def supersedes(new: Status, old: Status) -> bool:
    return RANK[new] > RANK[old]
