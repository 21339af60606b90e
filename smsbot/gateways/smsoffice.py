"""SMS Office (smsoffice.ge): sends under a registered name.

Sending, codes and reports: smsoffice.net/integration and smsoffice.ge/integration; the older code 40 from public
integrations. Reports are pushed, unsigned, to an address that the municipality agrees with the provider, and can be
asked for by the reference that we chose, so also for a message whose answer never came.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import ClassVar

from pydantic import Field, SecretStr

from smsbot.errors import GatewayError
from smsbot.gateways import forms
from smsbot.gateways.aggregator import Aggregator, AggregatorConfig, amount, international
from smsbot.gateways.base import (
    Accepted,
    Balance,
    BaseUrl,
    ChannelConfig,
    Event,
    Hook,
    Message,
    Pending,
    Request,
    Response,
    StatusChange,
)
from smsbot.gateways.codes import Codes
from smsbot.gateways.reading import answer_object, first_of_each, needed, word
from smsbot.status import Status

LONGEST_REFERENCE = 20  # characters

CODES = Codes(
    statuses={
        # Only `Pending` and `Delivered` are shown in the documentation; the others are the plain words for the rest,
        # and any further one is logged and does no harm.
        "pending": Status.SENT,
        "sent": Status.SENT,
        "delivered": Status.DELIVERED,
        "undelivered": Status.FAILED,
        "notdelivered": Status.FAILED,
        "failed": Status.FAILED,
        "rejected": Status.FAILED,
        "expired": Status.EXPIRED,
    },
    unavailable={"-100": "SMS Office cannot take messages for the moment."},
    misconfigured={
        "20": "The balance at SMS Office is used up: top up the account.",
        "80": "SMS Office does not know the API key: check `api_key`.",
        "110": "SMS Office does not understand the sender's name: check `sender`.",
        "120": "The API is switched off: switch it on in SMS Office's profile page.",
        "150": "SMS Office does not know the sender's name: check `sender`, and that it is registered.",
        "500": "SMS Office found no API key: check `api_key`.",
        "700": "SMS Office found no sender's name: check `sender`.",
    },
    refused={
        "10": "SMS Office says that this is no Georgian mobile number.",
        "40": "SMS Office says that the text is too long.",
        "60": "SMS Office found no text in the message.",
        "70": "SMS Office found no number in the message.",
        "75": "SMS Office sends nothing to this number: it stands on its stop-list.",
        "76": "SMS Office says that the number has no valid format.",
        "77": "SMS Office sends nothing to this number: it is on its stop-list or has no valid format.",
        "600": "SMS Office found no number in the message.",
        "800": "SMS Office found no text in the message.",
    },
    unreachable=frozenset({"10", "76"}),
    blocked=frozenset({"75", "77"}),
)


class SmsofficeConfig(AggregatorConfig):
    base_url: BaseUrl = "https://smsoffice.ge"
    api_key: SecretStr = Field(min_length=1)
    sender: str = Field(min_length=1)
    urgent: bool = False  # True: also to numbers that asked the provider for silence, if it allows that to this sender


class Smsoffice(Aggregator):
    name: ClassVar[str] = "smsoffice"
    Config: ClassVar[type[ChannelConfig]] = SmsofficeConfig
    poll_most: ClassVar[int] = 1
    polled_by_our_id: ClassVar[bool] = True  # so also messages whose answer never came can be asked about

    def __init__(self, config: SmsofficeConfig) -> None:
        self.config = config
        self._key = config.api_key.get_secret_value()
        self._url = f"{config.base_url}/api/v2/send/"  # a POST without the slash at the end is not understood

    def request(self, message: Message) -> Request:
        fields = {
            "key": self._key,
            "destination": international(message.to),
            "sender": message.sender or self.config.sender,
            "content": message.text,
            "reference": message.id[:LONGEST_REFERENCE],
        }
        if self.config.urgent:
            fields["urgent"] = "true"
        headers = {"content-type": "application/x-www-form-urlencoded", "accept": "application/json"}
        return Request("POST", self._url, headers, forms.encoded(fields.items()).encode("ascii"))

    def result(self, response: Response) -> Accepted | GatewayError:
        answer = answer_object(response)
        code = word(answer.get("ErrorCode"))
        if 200 <= response.status < 300 and answer.get("Success") is True and code in {"0", ""}:
            return Accepted()
        return CODES.refuses(response, code)

    def parse(self, hook: Hook) -> list[Event]:
        """`?reference=…&status=…&reason=…&destination=…&timestamp=yyyyMMddHHmmss&operator=28202`, or nothing at all."""
        fields = first_of_each((*hook.query, *hook.form) if hook.method == "POST" else hook.query)
        if not {"reference", "status", "destination"} & fields.keys():
            return []
        return [_fate(needed(fields, "reference"), needed(fields, "status"), fields.get("reason", ""))]

    def poll(self, pending: Sequence[Pending]) -> Request:
        (message,) = pending
        fields = {
            "key": self._key,
            "destination": international(message.number),
            "reference": message.message_id[:LONGEST_REFERENCE],
        }
        url = f"{self.config.base_url}/api/v2/getMessageStatus/?{forms.encoded(fields.items())}"
        return Request("GET", url, {"accept": "application/json"})

    def polled(self, pending: Sequence[Pending], response: Response) -> list[StatusChange] | GatewayError:
        answer = answer_object(response)
        output = answer.get("Output")
        if not 200 <= response.status < 300 or answer.get("Success") is not True or not isinstance(output, dict):
            return CODES.refuses(response, word(answer.get("ErrorCode")))
        said, reason = word(output.get("Status")), word(output.get("Reason"))
        told = [_fate(message.message_id, said, reason) for message in pending if said]
        return [change for change in told if change.status is not Status.SENT]

    def balance_request(self) -> Request:
        query = forms.encoded([("key", self._key)])
        return Request("GET", f"{self.config.base_url}/api/getBalance?{query}", {"accept": "*/*"})

    def balance(self, response: Response) -> Balance | GatewayError:
        """The answer is the number of messages that are left, and nothing else."""
        left = amount(response.body.decode("utf-8", "replace").strip())
        if 200 <= response.status < 300 and left is not None:
            return Balance(left, "SMS")
        return CODES.refuses(response, word(answer_object(response).get("ErrorCode")))


def _fate(reference: str, said: str, reason: str) -> StatusChange:
    """The word may be written in one, in two or with a line between."""
    change = CODES.change(said.replace(" ", "").replace("_", ""), reason or said, message_id=reference)
    return replace(change, raw=said)
