"""Africa's Talking SMS.

Sending: https://developers.africastalking.com/docs/sms/sending/bulk
Texts, reports and opt-outs: http://docs.africastalking.com/sms/notifications
Balance: https://developers.africastalking.com/docs/application
"""

from __future__ import annotations

from typing import ClassVar
from urllib.parse import quote

from pydantic import Field, SecretStr

from smsbot.errors import GatewayError, Refused
from smsbot.gateways import forms
from smsbot.gateways.africastalking_codes import CODES, TAKEN
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
)
from smsbot.gateways.reading import answer_object, balance, inside, instant_ms, needed, told, word


class AfricasTalkingConfig(ChannelConfig):
    """For the sandbox: `username = "sandbox"` and `base_url = "https://api.sandbox.africastalking.com"`."""

    base_url: BaseUrl = "https://api.africastalking.com"
    username: str = Field(min_length=1)
    api_key: SecretStr = Field(min_length=1)


class AfricasTalking:
    """Signs nothing: `webhook_token` protects the channel. The addresses for reports and opt-outs are those of the
    account, not of the message."""

    name: ClassVar[str] = "africastalking"
    Config: ClassVar[type[ChannelConfig]] = AfricasTalkingConfig
    capabilities: ClassVar[Capabilities] = Capabilities()

    def __init__(self, config: AfricasTalkingConfig) -> None:
        self.config = config
        self._headers = {"apikey": config.api_key.get_secret_value(), "accept": "application/json"}

    def request(self, message: Message) -> Request:
        fields = {
            "username": self.config.username,
            "to": message.to,
            "message": message.text,
            "from": message.sender or self.config.sender,  # without it the account's common sender is used
        }
        body = forms.encoded((name, value) for name, value in fields.items() if value).encode("ascii")
        headers = self._headers | {"content-type": "application/x-www-form-urlencoded"}
        return Request("POST", f"{self.config.base_url}/version1/messaging", headers, body)

    def result(self, response: Response) -> Accepted | GatewayError:
        data = inside(answer_object(response), "SMSMessageData")
        first = inside(data, "Recipients", 0)
        code = word(inside(first, "statusCode"))
        if not 200 <= response.status < 300 or first is None:  # refused as a whole: one word says why
            return CODES.refuses(response, code or word(inside(data, "Message")).strip()[:40])
        external_id = word(inside(first, "messageId"))
        if code in TAKEN or (not code and word(inside(first, "status")) == "Success"):
            return Accepted(external_id) if external_id else Refused("", "Africa's Talking gave no id.")
        return CODES.refuses(response, code or word(inside(first, "status")))

    def verify(self, hook: Hook) -> bool:
        return True  # Africa's Talking signs nothing: `webhook_token` protects the channel

    def parse(self, hook: Hook) -> list[Event]:
        fields = told(hook)
        if "senderId" in fields and "phoneNumber" in fields and "id" not in fields:
            return [Received(needed(fields, "phoneNumber"), "", None, fields["senderId"], optout="stop")]
        external_id = needed(fields, "id")
        if "status" in fields:
            return [CODES.change(fields["status"], fields.get("failureReason", ""), external_id=external_id)]
        return [
            Received(
                number=needed(fields, "from"),
                text=fields.get("text", ""),
                external_id=external_id,
                to=fields.get("to", ""),
                sent_ms=instant_ms(fields.get("date", "")),
            )
        ]

    def ack(self, hook: Hook) -> Ack:
        return Ack()

    def balance_request(self) -> Request:
        url = f"{self.config.base_url}/version1/user?username={quote(self.config.username, safe='')}"
        return Request("GET", url, self._headers)

    def balance(self, response: Response) -> Balance | GatewayError:
        return balance(response, inside(answer_object(response), "UserData", "balance"), "")
