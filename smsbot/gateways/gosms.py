"""GoSMS (gosms.ge): sends under a registered name.

Sending, reports, balance: api.gosms.ge and github.com/gosms-ge/gosmsge-node, gosms-ge/gosmsge-python. Code 113 is
about a field of bulk messages that is not used here, so only an account's own setting can cause it: no code of GoSMS
means a stop-list.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import ClassVar

from pydantic import Field, SecretStr

from smsbot.errors import GatewayError
from smsbot.gateways.aggregator import Aggregator, AggregatorConfig, amount, international
from smsbot.gateways.base import (
    Accepted,
    Balance,
    BaseUrl,
    ChannelConfig,
    Message,
    Pending,
    Request,
    Response,
    StatusChange,
)
from smsbot.gateways.codes import Codes
from smsbot.gateways.reading import answer_object, word
from smsbot.status import Status

LONGEST_PARTS = 6
"""918 Latin or 402 Georgian characters (api.gosms.ge, `text`)."""

CODES = Codes(
    statuses={  # only `DELIVERED` is shown in the provider's own tests
        "pending": Status.SENT,
        "queued": Status.SENT,
        "sent": Status.SENT,
        "delivered": Status.DELIVERED,
        "undelivered": Status.FAILED,
        "failed": Status.FAILED,
        "rejected": Status.FAILED,
        "expired": Status.EXPIRED,
    },
    throttled={"109": "GoSMS asks for a slower pace."},
    misconfigured={
        "100": "GoSMS does not know the API key: check `api_key`.",
        "101": "GoSMS does not know the sender's name: check `sender`, and that it is registered.",
        "102": "The balance at GoSMS is used up: top up the account.",
        "108": "The API is not set up for this account: ask GoSMS.",
        "110": "The account is locked: ask GoSMS.",
    },
    refused={
        "103": "GoSMS says that the message lacks something or is too long.",
        "105": "GoSMS says that the number is not valid.",
        "113": "GoSMS rejects a setting of the account (its NOSMS number), not the person: ask GoSMS.",
    },
    unreachable=frozenset({"105"}),
)


class GosmsConfig(AggregatorConfig):
    base_url: BaseUrl = "https://api.gosms.ge"
    api_key: SecretStr = Field(min_length=1)
    sender: str = Field(min_length=1)
    max_parts: int | None = Field(default=LONGEST_PARTS, ge=1, le=LONGEST_PARTS)
    urgent: bool = False  # True: also to numbers that asked the provider for silence


class Gosms(Aggregator):
    name: ClassVar[str] = "gosms"
    Config: ClassVar[type[ChannelConfig]] = GosmsConfig
    poll_most: ClassVar[int] = 1

    def __init__(self, config: GosmsConfig) -> None:
        self.config = config
        self._key = config.api_key.get_secret_value()

    def request(self, message: Message) -> Request:
        fields: dict[str, object] = {
            "from": message.sender or self.config.sender,
            "to": international(message.to),
            "text": message.text,
        }
        if self.config.urgent:
            fields["urgent"] = True
        return self._posted("sendsms", fields)

    def _posted(self, page: str, fields: Mapping[str, object]) -> Request:
        body = json.dumps({"api_key": self._key, **fields}).encode()
        headers = {"content-type": "application/json", "accept": "application/json"}
        return Request("POST", f"{self.config.base_url}/api/{page}", headers, body)

    def result(self, response: Response) -> Accepted | GatewayError:
        answer = answer_object(response)
        message_id = word(answer.get("messageId")) or word(answer.get("message_id"))
        if _succeeded(answer, response) and message_id:
            return Accepted(message_id)
        return CODES.refuses(response, word(answer.get("errorCode")))

    def poll(self, pending: Sequence[Pending]) -> Request:
        (message,) = pending
        return self._posted("checksms", {"messageId": message.external_id or ""})

    def polled(self, pending: Sequence[Pending], response: Response) -> list[StatusChange] | GatewayError:
        answer = answer_object(response)
        if not _succeeded(answer, response):
            return CODES.refuses(response, word(answer.get("errorCode")))
        said = word(answer.get("status"))
        told = [CODES.change(said, said, external_id=each.external_id) for each in pending if said]
        return [change for change in told if change.status is not Status.SENT]

    def balance_request(self) -> Request:
        return self._posted("sms-balance", {})

    def balance(self, response: Response) -> Balance | GatewayError:
        answer = answer_object(response)
        left = amount(answer.get("balance"))
        if _succeeded(answer, response) and left is not None:
            return Balance(left, "SMS")
        return CODES.refuses(response, word(answer.get("errorCode")))


def _succeeded(answer: Mapping[str, object], response: Response) -> bool:
    return 200 <= response.status < 300 and answer.get("success") is True
