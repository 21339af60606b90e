"""Vonage's numbers and words. An answer's `status` and a report's `err-code` are two lists: 9 is an account without
credit in one, a person who wants no more messages in the other.

Answers: https://developer.vonage.com/en/api-errors/sms
Reports: https://developer.vonage.com/en/messaging/sms/guides/delivery-receipts
Opt-outs: https://developer.vonage.com/en/opt-out-assist/guides/messaging-opted-out-numbers
"""

from __future__ import annotations

from smsbot.gateways.codes import Codes
from smsbot.status import Status

ANSWERS = Codes(
    statuses={},
    throttled={
        "1": "Vonage asks for a slower pace.",
        "10": "Too many connections to Vonage are open at once.",
    },
    unavailable={
        "5": "Vonage has a fault of its own.",
        "13": "Vonage could not pass the message on.",
    },
    misconfigured={
        "4": "Vonage does not accept the key and secret.",
        "8": "The Vonage account is suspended.",
        "9": "The Vonage account has no money left.",
        "11": "The Vonage account may not send over HTTP.",
        "14": "Vonage does not accept the signature.",
        "15": "Vonage does not accept the channel's sender.",
        "19": "The Vonage account lacks the right to send such messages.",
        "23": "Vonage does not accept the address for reports: check `public_url`.",
        "29": "The Vonage account is a trial that sends to listed numbers only.",
        "32": "The Vonage account wants the secret or a signature, not both.",
    },
    refused={
        "2": "Vonage misses a part of the request.",
        "3": "Vonage does not accept a part of the request.",
        "6": "Vonage knows no way to this number.",
        "7": "The number is on a list of those who may not be sent messages.",
        "12": "The message is longer than Vonage sends.",
        "16": "Vonage does not accept how long the message should be tried.",
        "20": "Vonage does not accept the kind of message.",
        "22": "Vonage does not know the operator's network.",
        "33": "The number is no longer in use.",
    },
    unreachable=frozenset({"6", "33"}),
    blocked=frozenset({"7"}),
)

REPORTS = Codes(
    statuses={
        "accepted": Status.SENT,
        "buffered": Status.SENT,
        "delivered": Status.DELIVERED,
        "expired": Status.EXPIRED,
        "failed": Status.FAILED,
        "rejected": Status.FAILED,
        "unknown": Status.UNKNOWN,
        # Messages API
        "submitted": Status.SENT,
        "read": Status.DELIVERED,
        "undeliverable": Status.FAILED,
    },
    opted_out=frozenset({"9", "1430"}),  # 1430: the Messages API's number for it
    unreachable=frozenset({"3", "12"}),  # no longer active; no route to such a number
    blocked=frozenset({"4", "14"}),  # all messages barred by the person; by the operator
)
