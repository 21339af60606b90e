"""Infobip SMS API 3.

Sending: https://www.infobip.com/docs/api/channels/sms/outbound-sms/send-sms-messages
Texts and reports: https://www.infobip.com/docs/api/channels/sms/receive-inbound-sms-messages
Balance: https://www.infobip.com/docs/api/platform/account-management/get-account-balance
"""

from __future__ import annotations

import json
from dataclasses import replace
from typing import ClassVar

from pydantic import Field, SecretStr

from smsbot.errors import GatewayError, HookMalformed
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
    Received,
    Request,
    Response,
    StatusChange,
)
from smsbot.gateways.infobip_codes import CODES, DUPLICATE, GROUPS, PASSING
from smsbot.gateways.reading import answer_object, balance, batch, inside, instant_ms, json_object, rows, word

TAKEN = {"", "ok", "pending", "accepted", "delivered"}


class InfobipConfig(ChannelConfig):
    """Every account has an address of its own (`https://xxxxx.api.infobip.com`), which is faster than the common."""

    base_url: BaseUrl = "https://api.infobip.com"
    api_key: SecretStr = Field(min_length=1)


class Infobip:
    """Signs nothing here: `webhook_token` protects the channel. Texts and reports come in batches."""

    name: ClassVar[str] = "infobip"
    Config: ClassVar[type[ChannelConfig]] = InfobipConfig
    capabilities: ClassVar[Capabilities] = Capabilities(max_parts=25)

    def __init__(self, config: InfobipConfig) -> None:
        self.config = config
        self._headers = {
            "authorization": f"App {config.api_key.get_secret_value()}",
            "content-type": "application/json",
            "accept": "application/json",
        }

    def request(self, message: Message) -> Request:
        """`messageId` is ours, so a report finds its message even if the answer to this request is lost."""
        content: dict[str, object] = {
            "sender": (message.sender or self.config.sender).removeprefix("+"),
            "destinations": [{"to": message.to.removeprefix("+"), "messageId": message.id}],
            "content": {"text": message.text},
        }
        if message.status_url:
            content["webhooks"] = {"delivery": {"url": message.status_url, "contentType": "application/json"}}
        body = json.dumps({"messages": [content]}, ensure_ascii=False).encode()
        return Request("POST", f"{self.config.base_url}/sms/3/messages", self._headers, body)

    def result(self, response: Response) -> Accepted | GatewayError:
        answer = answer_object(response)
        if not 200 <= response.status < 300:
            said = word(inside(answer, "requestError", "serviceException", "messageId"))
            return CODES.refuses(response, said or word(answer.get("errorCode")))
        first = inside(answer, "messages", 0)
        message_id, name = word(inside(first, "messageId")), word(inside(first, "status", "name"))
        if message_id and (name == DUPLICATE or _group(first) in TAKEN):
            return Accepted(message_id)
        return CODES.refuses(response, name)

    def verify(self, hook: Hook) -> bool:
        return True  # no signature in these webhooks: `webhook_token` protects the channel

    def parse(self, hook: Hook) -> list[Event]:
        document = json_object(hook.body)
        return batch(rows(document, "results"), _event)

    def ack(self, hook: Hook) -> Ack:
        return Ack()

    def balance_request(self) -> Request:
        return Request("GET", f"{self.config.base_url}/account/1/balance", self._headers)

    def balance(self, response: Response) -> Balance | GatewayError:
        answer = answer_object(response)
        return balance(response, answer.get("balance"), word(answer.get("currency")))


def _group(item: object) -> str:
    """The status group in lower case, by its number where it has one that is known."""
    number = inside(item, "status", "groupId")
    known = GROUPS.get(number) if isinstance(number, int) else None
    return known or word(inside(item, "status", "groupName")).lower()


def _event(item: object) -> Event:
    message_id = word(inside(item, "messageId")).strip()
    if not message_id:
        raise HookMalformed("The webhook lacks `messageId`.")
    if inside(item, "status") is not None:
        return _report(item, message_id)
    number = word(inside(item, "from")).strip()
    if not number:
        raise HookMalformed("The webhook lacks `from`.")
    return Received(
        number=number,
        text=word(inside(item, "text")),  # `cleanText` lacks the first word where the account has keywords
        external_id=message_id,
        to=word(inside(item, "to")),
        sent_ms=instant_ms(word(inside(item, "receivedAt"))),
    )


def _report(item: object, message_id: str) -> StatusChange:
    name, error = word(inside(item, "status", "name")), word(inside(item, "error", "name"))
    code = error if error not in {"", "NO_ERROR"} else name
    said = name if name.lower() in CODES.statuses else _group(item)
    change = CODES.change(said or name, code, external_id=message_id, message_id=message_id)
    gone = inside(item, "error", "permanent") is True and inside(item, "error", "groupId") == 1
    known = change.opted_out or change.blocked or code in PASSING
    return replace(
        change, unreachable=change.unreachable or bool(change.error and gone and not known), raw=name or said
    )
