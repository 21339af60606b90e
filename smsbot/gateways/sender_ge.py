"""Sender.ge: sends under the name that the API key is bound to.

Sending, balance and reports: sender.ge/docs/api.php; `priority`, the place of `messageId` and `statusId`, and that an
answer with an empty `messageId` means “not sent” from public integrations. Numbers are nine digits, Georgian only.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar

from pydantic import Field, SecretStr

from smsbot.errors import GatewayError, Refused, Unavailable
from smsbot.gateways import forms
from smsbot.gateways.aggregator import Aggregator, AggregatorConfig, amount, national
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

CODES = Codes(  # by the HTTP status, which is all the code that Sender.ge documents
    statuses={"0": Status.SENT, "1": Status.DELIVERED, "2": Status.FAILED},
    unavailable={"503": "Sender.ge cannot take messages for the moment."},
    misconfigured={
        "401": "Sender.ge does not know the API key: check `api_key`.",
        "402": "The balance at Sender.ge is used up: top up the account.",
        "403": "Sender.ge does not allow this: check `api_key`, `sms_no`, and that the name is registered.",
    },
)
NOT_TAKEN = "Sender.ge did not take the message and gives no code for the reason."
NO_ID = "Sender.ge answered without an id, which is how it says that it sent nothing."


class SenderGeConfig(AggregatorConfig):
    base_url: BaseUrl = "https://sender.ge"
    api_key: SecretStr = Field(min_length=1)
    sms_no: int = Field(default=2, ge=1, le=2)  # 1: advertising, with the provider's opt-out line; 2: information
    priority: bool = False  # True: without asking whether the number wants this sender's messages


class SenderGe(Aggregator):
    name: ClassVar[str] = "sender_ge"
    Config: ClassVar[type[ChannelConfig]] = SenderGeConfig
    poll_most: ClassVar[int] = 1

    def __init__(self, config: SenderGeConfig) -> None:
        self.config = config
        self._key = config.api_key.get_secret_value()

    def request(self, message: Message) -> Request:
        fields = {
            "smsno": str(self.config.sms_no),
            "destination": national(message.to, "Sender.ge"),
            "content": message.text,
        }
        if self.config.priority:
            fields["priority"] = "1"
        return self._posted("send.php", fields)

    def _posted(self, page: str, fields: Mapping[str, str]) -> Request:
        """By POST, so that the key stands in nobody's list of visited addresses."""
        body = forms.encoded((("apikey", self._key), *fields.items())).encode("ascii")
        headers = {"content-type": "application/x-www-form-urlencoded", "accept": "application/json"}
        return Request("POST", f"{self.config.base_url}/api/{page}", headers, body)

    def result(self, response: Response) -> Accepted | GatewayError:
        if not 200 <= response.status < 300:
            return CODES.refuses(response, str(response.status))
        answer = answer_object(response)
        item = _item(answer)
        if message_id := word(item.get("messageId")):
            return Accepted(message_id)
        return Unavailable("", NO_ID) if "messageId" in item else Refused("", NOT_TAKEN)

    def poll(self, pending: Sequence[Pending]) -> Request:
        (message,) = pending
        return self._posted("callback.php", {"messageId": message.external_id or ""})

    def polled(self, pending: Sequence[Pending], response: Response) -> list[StatusChange] | GatewayError:
        if not 200 <= response.status < 300:
            return CODES.refuses(response, str(response.status))
        said = word(_item(answer_object(response)).get("statusId"))
        told = [CODES.change(said, said, external_id=each.external_id) for each in pending if said]
        return [change for change in told if change.status is not Status.SENT]

    def balance_request(self) -> Request:
        return self._posted("getBalance.php", {})

    def balance(self, response: Response) -> Balance | GatewayError:
        """The documentation names no unit; the account is filled with messages."""
        left = amount(_item(answer_object(response)).get("balance"))
        if 200 <= response.status < 300 and left is not None:
            return Balance(left, "SMS")
        return CODES.refuses(response, str(response.status))


def _item(answer: Mapping[str, object]) -> Mapping[str, object]:
    """The one entry of `data`, or the answer itself: both forms are seen."""
    data = answer.get("data")
    if isinstance(data, list) and data and isinstance(data[0], dict):
        return data[0]
    return data if isinstance(data, dict) else answer
