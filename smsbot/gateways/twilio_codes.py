"""Twilio's words and numbers, and what they mean to us.

Statuses: https://www.twilio.com/docs/messaging/api/message-resource#message-status-values
Codes: https://www.twilio.com/docs/api/errors
"""

from __future__ import annotations

from smsbot.gateways.codes import Codes
from smsbot.status import Status

CODES = Codes(
    statuses={
        "accepted": Status.SENDING,
        "scheduled": Status.SENDING,
        "queued": Status.SENDING,
        "sending": Status.SENDING,
        "sent": Status.SENT,
        "delivered": Status.DELIVERED,
        "read": Status.DELIVERED,
        "undelivered": Status.FAILED,
        "failed": Status.FAILED,
        "canceled": Status.FAILED,
    },
    throttled={
        "20429": "Twilio asks for a slower pace.",
        "14107": "Twilio asks for a slower pace for this sender.",
        "21611": "Twilio's queue for this sender is full.",
        "30001": "Twilio's queue for this sender is full.",
        "63018": "Twilio asks for a slower pace on this channel.",
    },
    misconfigured={
        "20003": "Twilio does not accept the account's id and token.",
        "20005": "The Twilio account is not active.",
        "20008": "The Twilio account has test credentials only.",
        "21212": "Twilio does not accept the channel's sender.",
        "21603": "The channel has no sender that Twilio knows.",
        "21606": "The channel's sender is no number of this account that can send texts.",
        "21659": "The channel's sender is no number of this account.",
        "21660": "The channel's sender belongs to another account.",
        "21701": "The messaging service does not exist.",
        "21703": "The messaging service has no number to send from.",
        "21704": "The messaging service has no number to send from.",
        "30002": "The Twilio account is suspended.",
    },
    refused={
        "21211": "The number cannot receive texts.",
        "21217": "The number cannot receive texts.",
        "21408": "The Twilio account may not send to this country.",
        "21602": "Twilio refuses an empty message.",
        "21604": "Twilio refuses a message without a recipient.",
        "21605": "The message is longer than Twilio sends.",
        "21610": "The person told the gateway to stop.",
        "21612": "Twilio cannot reach this number from the channel's sender.",
        "21614": "The number is no mobile number.",
        "21617": "The message is longer than Twilio sends.",
        "21635": "The number is a landline.",
        "30003": "The telephone is switched off or out of reach.",
        "30004": "The recipient's operator blocks the message.",
        "30005": "The number is not in use.",
        "30006": "The number is a landline or its operator cannot be reached.",
        "30007": "The operator's filter stopped the message.",
        "30008": "The operator gives no reason.",
    },
    opted_out=frozenset({"21610"}),
    # No mobile telephone has this number, and none will next week. 30003 is a handset switched off: not this.
    unreachable=frozenset({"21211", "21217", "21614", "21635", "30005", "30006"}),
    # The operator keeps this sender's, or all, messages from the number.
    blocked=frozenset({"30004"}),
)
