"""A gateway that has to be asked, as the Georgian aggregators: for the fate of messages, and for what is left to spend.

It speaks with `FakeGateway`. A message of several parts gets an id for each of them.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import ClassVar
from urllib.parse import urlencode

from smsbot.errors import GatewayError, HookMalformed, Misconfigured, Refused, Throttled, Unavailable
from smsbot.gateways.base import (
    Accepted,
    Ack,
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
from smsbot.status import Status


class AskingConfig(ChannelConfig):
    base_url: BaseUrl
    ids_per_part: bool = False


class Asking:
    name: ClassVar[str] = "asking"
    Config: ClassVar[type[ChannelConfig]] = AskingConfig
    capabilities: ClassVar[Capabilities] = Capabilities(inbound=False, answerable=False, prepaid=True)
    poll_most: ClassVar[int] = 3

    def __init__(self, config: AskingConfig) -> None:
        self.config = config

    def request(self, message: Message) -> Request:
        body = {"to": message.to, "text": message.text, "id": message.id, "parts": message.parts}
        return Request("POST", f"{self.config.base_url}/send", body=json.dumps(body).encode())

    def result(self, response: Response) -> Accepted | GatewayError:
        error = _error(response)
        if error is not None:
            return error
        first = str(json.loads(response.body)["id"])
        return Accepted(first, further_ids=(f"{first}-2",) if self.config.ids_per_part else ())

    def verify(self, hook: Hook) -> bool:  # noqa: ARG002  # nothing is signed
        return True

    def parse(self, hook: Hook) -> list[Event]:  # noqa: ARG002
        raise HookMalformed("this gateway calls nobody")

    def ack(self, hook: Hook) -> Ack:  # noqa: ARG002
        return Ack()

    def poll(self, pending: Sequence[Pending]) -> Request:
        ids = ",".join(each.external_id or each.message_id for each in pending)
        return Request("GET", f"{self.config.base_url}/status?{urlencode({'ids': ids})}")

    def polled(self, pending: Sequence[Pending], response: Response) -> list[StatusChange] | GatewayError:
        error = _error(response)
        if error is not None:
            return error
        told = json.loads(response.body)
        return [
            StatusChange(
                Status(told[name]), each.external_id, None if each.external_id else each.message_id, raw=told[name]
            )
            for each in pending
            if (name := each.external_id or each.message_id) in told
        ]

    def balance_request(self) -> Request:
        return Request("GET", f"{self.config.base_url}/balance")

    def balance(self, response: Response) -> Balance | GatewayError:
        error = _error(response)
        if error is not None:
            return error
        told = json.loads(response.body)
        return Balance(told["amount"], told["unit"])


class AskingByOurId(Asking):
    """One that finds messages by our id too."""

    polled_by_our_id: ClassVar[bool] = True


def _error(response: Response) -> GatewayError | None:
    match response.status:
        case 402:
            return Misconfigured("402", "There is no balance left; top it up.")
        case 429:
            return Throttled("429", "Too many requests.")
        case 401 | 403:
            return Misconfigured("key", "The key is not accepted.")
        case status if status >= 500:
            return Unavailable(str(status), "The gateway is out of order.")
        case status if status >= 400:
            return Refused(str(status), "The gateway refuses.")
    return None
