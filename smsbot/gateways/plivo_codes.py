"""Plivo's words and numbers: https://www.plivo.com/docs/messaging/troubleshooting/error-codes"""

from __future__ import annotations

from smsbot.gateways.codes import Codes
from smsbot.status import Status

CODES = Codes(
    statuses={
        "queued": Status.SENDING,
        "sent": Status.SENT,
        "delivered": Status.DELIVERED,
        "read": Status.DELIVERED,
        "undelivered": Status.FAILED,
        "failed": Status.FAILED,
        "rejected": Status.FAILED,
    },
    opted_out=frozenset({"200"}),  # the source number is blocked by a STOP from the destination
    unreachable=frozenset({"50", "70"}),  # invalid; permanently unavailable
)
