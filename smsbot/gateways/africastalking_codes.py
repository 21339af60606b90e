"""Africa's Talking's words and numbers.

Answers: https://developers.africastalking.com/docs/sms/sending/bulk (`statusCode` of each recipient)
Reports: http://docs.africastalking.com/sms/notifications (`status`, `failureReason`)
"""

from __future__ import annotations

from smsbot.gateways.codes import Codes
from smsbot.status import Status

TAKEN = frozenset({"100", "101", "102"})  # processed, sent, queued

CODES = Codes(
    statuses={
        "sent": Status.SENT,
        "submitted": Status.SENT,
        "buffered": Status.SENT,
        "success": Status.DELIVERED,
        "rejected": Status.FAILED,
        "failed": Status.FAILED,
        "expired": Status.EXPIRED,
    },
    misconfigured={
        "401": "Africa's Talking holds the account's messages back.",
        "402": "Africa's Talking does not accept the channel's sender.",
        "InvalidSenderId": "Africa's Talking does not accept the channel's sender.",
        "405": "The Africa's Talking account has no money left.",
    },
    unavailable={
        "500": "Africa's Talking has a fault of its own.",
        "501": "Africa's Talking could not pass the message on.",
    },
    refused={
        "403": "The number does not exist.",
        "404": "Africa's Talking does not send to numbers of this kind.",
        "406": "The person told the gateway to stop.",
        "407": "Africa's Talking knows no way to this number.",
        "409": "The person's number is on the operator's list of those who want no such messages.",
        "502": "Africa's Talking refuses the message.",
    },
    opted_out=frozenset({"406", "UserInBlacklist", "UserInBlackList"}),
    unreachable=frozenset({"403", "404", "UserDoesNotExist"}),
    blocked=frozenset({"409", "DoNotDisturbRejection"}),
)
