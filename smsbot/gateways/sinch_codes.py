"""Sinch's words and numbers.

Answers: https://developers.sinch.com/docs/sms/api-reference/status-codes
Reports: https://developers.sinch.com/docs/sms/api-reference/sms/delivery-reports (statuses and codes 400 to 418)
"""

from __future__ import annotations

from smsbot.gateways.codes import Codes
from smsbot.status import Status

CODES = Codes(
    statuses={
        "queued": Status.SENDING,
        "dispatched": Status.SENT,
        "delivered": Status.DELIVERED,
        "aborted": Status.FAILED,
        "cancelled": Status.FAILED,
        "rejected": Status.FAILED,
        "deleted": Status.FAILED,
        "failed": Status.FAILED,
        "expired": Status.EXPIRED,
        "unknown": Status.UNKNOWN,
    },
    misconfigured={
        "blocked_account": "The Sinch account is blocked, perhaps for want of credit.",
        "missing_callback_url": "Sinch wants an address for reports: set `public_url`.",
        "unauthorized": "Sinch does not accept the service plan's id and token.",
    },
    refused={
        "syntax_invalid_json": "Sinch cannot read the request.",
        "syntax_invalid_parameter_format": "Sinch does not accept a part of the request.",
        "syntax_constraint_violation": "Sinch does not accept a part of the request.",
        "illegal_number_type": "Sinch does not send to numbers of this kind.",
        "unknown_group": "Sinch does not know the group.",
        "unknown_campaign": "Sinch does not know the campaign.",
    },
    unreachable=frozenset({"illegal_number_type"}),
)
