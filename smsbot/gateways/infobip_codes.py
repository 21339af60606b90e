"""Infobip's words and what they mean to us, by name: the numbers of its statuses and of its errors overlap.

https://www.infobip.com/docs/essentials/api-essentials/response-status-and-error-codes
"""

from __future__ import annotations

from smsbot.gateways.codes import Codes
from smsbot.status import Status

GROUPS = {1: "pending", 2: "undeliverable", 3: "delivered", 4: "expired", 5: "rejected"}
"""`status.groupId`. The send's answer also knows 0, OK."""

DUPLICATE = "REJECTED_DUPLICATE_MESSAGE_ID"
"""Our own id came before: the first request, whose answer was lost, had been taken."""

PASSING = frozenset({"EC_TEMPORARY_HANDSET_FAILURE", "EC_CANNOT_RECEIVE_SC", "EC_ILLEGAL_EQUIPMENT"})
"""Errors of the handset that Infobip calls permanent and that do not say that nobody has the number."""

CODES = Codes(
    statuses={
        "pending": Status.SENT,
        "accepted": Status.SENT,
        "delivered": Status.DELIVERED,
        "undeliverable": Status.FAILED,
        "rejected": Status.FAILED,
        "expired": Status.EXPIRED,
        # By their own name, where a status says something else than its group:
        "delivered_to_operator": Status.SENT,
        "expired_dlr_unknown": Status.UNKNOWN,
    },
    misconfigured={
        "REJECTED_NOT_ENOUGH_CREDITS": "The account at Infobip has no money left.",
        "REJECTED_PREPAID_PACKAGE_EXPIRED": "The credits at Infobip have expired: top up the account.",
        "REJECTED_SOURCE": "The channel's sender is not registered at Infobip.",
        "REJECTED_SENDER": "The channel's sender is on the blocklist of the Infobip account.",
        "REJECTED_DESTINATION_NOT_REGISTERED": "The Infobip account is a trial that sends to one number only.",
        "EC_MONTHLY_LIMIT_REACHED": "The monthly limit of the Infobip account is reached.",
        "EC_ACCOUNT_ACCESS_DENIED": "Infobip denies access to the account.",
    },
    unavailable={"REJECTED_SYSTEM_ERROR": "Infobip has a fault of its own."},
    refused={
        "REJECTED_NETWORK": "The Infobip account does not reach the person's operator.",
        "REJECTED_ROUTE_NOT_AVAILABLE": "The Infobip account has no way to this number.",
        "REJECTED_PREFIX_MISSING": "The number does not exist.",
        "REJECTED_DESTINATION": "The number does not exist.",
        "MISSING_TO": "Infobip refuses a message without a recipient.",
        "REJECTED_DND": "The person's number is on the operator's list of those who want no such messages.",
        "REJECTED_DESTINATION_BLOCKLISTED": "The number is on a blocklist of the operator or of the Infobip account.",
        "REJECTED_FLOODING_FILTER": "Too many messages went to this number within an hour.",
        "REJECTED_INVALID_UDH": "Infobip refuses the message's form.",
        "REJECTED_MESSAGE_TOO_LONG": "The message is longer than Infobip sends.",
        "SIGNALS_BLOCKED": "Infobip's protection against fraud stopped the message.",
        "UNDELIVERABLE_REJECTED_OPERATOR": "The person's operator refuses the message.",
        "UNDELIVERABLE_NOT_DELIVERED": "The message was not delivered.",
        "UNDELIVERABLE_NOT_SENT": "The message was not sent.",
        "UNDELIVERABLE_REJECTED_PLATFORM": "Infobip refuses the request.",
    },
    opted_out=frozenset({"EC_CONTENT_BLOCKED", "EC_SC_BLOCKED_BY_END_USER"}),
    unreachable=frozenset(
        {
            "REJECTED_PREFIX_MISSING",
            "REJECTED_DESTINATION",
            "EC_UNKNOWN_SUBSCRIBER",
            "EC_UNIDENTIFIED_SUBSCRIBER",
            "EC_TELESERVICE_NOT_PROVISIONED",
            "EC_INVALID_REQUEST_DESTINATION",
            "EC_DEACTIVATED_LIST",
            "EC_DEST_ADDRESS_UNABLE_TO_RECEIVE_SMS",
            "EC_DESTINATION_NOT_SMS_PROVISIONED",
        }
    ),
    blocked=frozenset(
        {
            "REJECTED_DND",
            "REJECTED_DESTINATION_BLOCKLISTED",
            "EC_SC_BLOCKED_FOR_END_USER",
            "EC_DESTINATION_BLOCKED_BY_OPERATOR",
            "EC_BLOCKED_BY_CAMPAIGN_BLACKLIST",
            "EC_IMSI_BLACKLISTED",
            "EC_DEST_ADDRESS_BLACKLISTED",
            "EC_BLACKLISTED_DESTINATIONADDRESS",
        }
    ),
)
