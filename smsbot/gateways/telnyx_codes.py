"""Telnyx's words and numbers.

https://developers.telnyx.com/docs/messaging/messages/error-codes and
https://developers.telnyx.com/development/api-fundamentals/api-errors
"""

from __future__ import annotations

from smsbot.gateways.codes import Codes
from smsbot.status import Status

CODES = Codes(
    statuses={
        "queued": Status.SENDING,
        "sending": Status.SENDING,
        "sent": Status.SENT,
        "delivered": Status.DELIVERED,
        "expired": Status.EXPIRED,
        "sending_failed": Status.FAILED,
        "delivery_failed": Status.FAILED,
        "delivery_unconfirmed": Status.UNKNOWN,  # final: no operator will say more
    },
    throttled={
        "10011": "Telnyx asks for a slower pace.",
        "40318": "Telnyx's queue for this sender is full.",
    },
    unavailable={
        "10007": "Telnyx has a fault of its own.",
        "10008": "Telnyx did not finish in time.",
        "40320": "The channel's sender cannot be used yet.",
    },
    misconfigured={
        "10009": "Telnyx does not accept the API key.",
        "10010": "The API key lacks the right to send.",
        "20100": "The Telnyx account has no money left.",
        "40305": "Telnyx does not accept the channel's sender.",
        "40306": "The channel's sender is a name that the Telnyx account may not use.",
        "40312": "The messaging profile at Telnyx is switched off.",
        "40314": "Messaging is switched off for the Telnyx account.",
        "40315": "Telnyx has blocked the channel's sender, because too much of what it sent was not wanted.",
        "40321": "The messaging profile at Telnyx has no number to send from.",
        "40333": "The spending limit of the messaging profile at Telnyx is reached.",
    },
    refused={
        "10001": "The number is not in use.",
        "10002": "The number does not exist.",
        "10004": "Telnyx misses a part of the request.",
        "10015": "Telnyx does not accept the request.",
        "10016": "The number does not exist.",
        "40001": "The number is a landline or cannot be reached.",
        "40002": "A filter against spam stopped the message.",
        "40003": "A filter against spam stopped the message, and will stop this sender's others.",
        "40004": "The recipient's operator refuses the message.",
        "40008": "The recipient's operator did not take the message.",
        "40009": "The operator does not accept the text.",
        "40012": "The number does not exist.",
        "40300": "The person told the gateway to stop.",
        "40301": "The number cannot receive texts.",
        "40302": "The message is longer than Telnyx sends.",
        "40309": "The Telnyx account may not send to this country.",
        "40310": "The number does not exist.",
        "40316": "Telnyx refuses an empty message.",
        "40319": "The channel's sender cannot send to this number.",
        "40322": "Telnyx refuses the text.",
    },
    opted_out=frozenset({"40300"}),
    unreachable=frozenset({"10001", "10002", "10016", "40001", "40012", "40310"}),
)
