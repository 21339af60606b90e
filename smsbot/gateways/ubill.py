"""uBill (ubill.ge): sends under a registered brand name.

Sending, reports, balance: the public collection documenter.gw.postman.com/view/13830965/TVmV6ZWT, github.com/ubill-ge/
sdk-ts and ubill.ge/en/blog/sms-api. A report that is pushed carries no signature, only the “Callback key” that the
municipality entered in uBill's cabinet: its `webhook_token`. Reports are asked for as well.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from typing import ClassVar
from urllib.parse import quote

from pydantic import Field, SecretStr

from smsbot.errors import GatewayError, Refused
from smsbot.gateways.aggregator import NAMED, Aggregator, AggregatorConfig, amount, international
from smsbot.gateways.base import (
    Accepted,
    Balance,
    BaseUrl,
    Capabilities,
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

CODES = Codes(
    statuses={
        "0": Status.SENT,
        "1": Status.DELIVERED,
        "2": Status.FAILED,  # not delivered
        "3": Status.SENT,  # waits for the operator's word
        "4": Status.FAILED,  # an error
    },
    unavailable={"99": "uBill reports an error of its own."},
    misconfigured={
        "10": "uBill does not know the brand name: check `brand_id`, and that the brand is authorised.",
        "40": "The balance at uBill is used up: top up the account.",
    },
    refused={
        "20": "uBill found no number in the message.",
        "30": "uBill found no text in the message.",
        "50": "uBill says that no phone has this number.",
        "90": "uBill could not read the message.",
    },
    unreachable=frozenset({"50"}),
)
ON_STOP_LIST = "uBill sends nothing to this number: it stands on uBill's stop-list or is no mobile number."
"""Code 50 while the stop-list is asked: uBill leaves out the numbers on it and then finds none. Whether there is such
a phone is not known then."""


class UbillConfig(AggregatorConfig):
    base_url: BaseUrl = "https://api.ubill.dev/v1"
    api_key: SecretStr = Field(min_length=1)
    brand_id: int = Field(ge=1)
    stop_list: bool = True  # False: also to numbers that asked uBill for silence


class Ubill(Aggregator):
    name: ClassVar[str] = "ubill"
    Config: ClassVar[type[ChannelConfig]] = UbillConfig
    capabilities: ClassVar[Capabilities] = replace(NAMED, proof_field="key")
    poll_most: ClassVar[int] = 1

    def __init__(self, config: UbillConfig) -> None:
        self.config = config
        self._headers = {"key": config.api_key.get_secret_value(), "accept": "application/json"}

    def request(self, message: Message) -> Request:
        body = {
            "brandID": self.config.brand_id,
            "numbers": [int(international(message.to))],
            "text": message.text,
            "stopList": self.config.stop_list,
        }
        headers = self._headers | {"content-type": "application/json"}
        return Request("POST", f"{self.config.base_url}/sms/send", headers, json.dumps(body).encode())

    def result(self, response: Response) -> Accepted | GatewayError:
        answer = answer_object(response)
        code, sms_id = word(answer.get("statusID")), word(answer.get("smsID"))
        if 200 <= response.status < 300 and code == "0" and sms_id:
            return Accepted(sms_id)
        if code == "50" and self.config.stop_list:
            return Refused(code, ON_STOP_LIST, blocked=True)
        return CODES.refuses(response, code)

    def parse(self, hook: Hook) -> list[Event]:
        """`?key=…&event=sms.delivery.updated&smsID=…&number=…&statusID=…&date=…`; other events say nothing to us."""
        fields = first_of_each((*hook.query, *hook.form) if hook.method == "POST" else hook.query)
        if "smsID" not in fields and not fields.get("event", "").startswith("sms."):
            return []
        sms_id = needed(fields, "smsID")
        return [_fate(sms_id, needed(fields, "statusID"))]

    def poll(self, pending: Sequence[Pending]) -> Request:
        (message,) = pending
        sms_id = quote(message.external_id or "", safe="")
        return Request("GET", f"{self.config.base_url}/sms/report/{sms_id}", self._headers)

    def polled(self, pending: Sequence[Pending], response: Response) -> list[StatusChange] | GatewayError:
        answer = answer_object(response)
        code = word(answer.get("statusID"))
        found = answer.get("result")
        if not 200 <= response.status < 300 or code != "0" or not isinstance(found, list):
            return CODES.refuses(response, code)
        said = [word(each.get("statusID")) for each in found if isinstance(each, dict)]
        told = [_fate(message.external_id or "", fate) for message in pending for fate in said[:1]]
        return [change for change in told if change.status is not Status.SENT]

    def balance_request(self) -> Request:
        return Request("GET", f"{self.config.base_url}/sms/balance", self._headers)

    def balance(self, response: Response) -> Balance | GatewayError:
        answer = answer_object(response)
        left = amount(answer.get("sms"))
        if 200 <= response.status < 300 and left is not None:
            return Balance(left, "SMS")
        return CODES.refuses(response, word(answer.get("statusID")))


def _fate(sms_id: str, said: str) -> StatusChange:
    return CODES.change(said, said, external_id=sms_id)
