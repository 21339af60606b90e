"""MessageBird's words and numbers.

Answers: https://developers.messagebird.com/api/#api-errors
Reports: https://developers.messagebird.com/api/sms-messaging/#sms-statuses and
https://docs.bird.com/api/channels-api/message-status-and-interactions/message-failure-sources/sms-platform-extended-error-codes
"""

from __future__ import annotations

from smsbot.gateways.codes import Codes
from smsbot.status import Status

ANSWERS = Codes(
    statuses={},
    misconfigured={
        "2": "MessageBird does not accept the access key.",
        "25": "The MessageBird account has no money left.",
        "originator": "MessageBird does not accept the channel's sender.",
    },
    unavailable={"99": "MessageBird has a fault of its own."},
    refused={
        "9": "MessageBird misses a part of the request.",
        "10": "MessageBird does not accept a part of the request.",
        "20": "MessageBird does not find what was asked for.",
        "21": "MessageBird does not accept the request.",
        "98": "MessageBird does not find what was asked for.",
        "recipients": "The number does not exist.",
        "recipient": "The number does not exist.",
    },
    unreachable=frozenset({"recipients", "recipient"}),
)
"""By the error's number, or by the name of the parameter that it complains of where that tells more."""

REPORTS = Codes(
    statuses={
        "scheduled": Status.SENDING,
        "sent": Status.SENT,
        "buffered": Status.SENT,
        "delivered": Status.DELIVERED,
        "expired": Status.EXPIRED,
        "delivery_failed": Status.FAILED,
    },
    opted_out=frozenset({"103"}),
    unreachable=frozenset({"1", "5"}),  # EC_UNKNOWN_SUBSCRIBER, EC_UNIDENTIFIED_SUBSCRIBER
)
