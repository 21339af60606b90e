"""MessageBird SMS API (`rest.messagebird.com`), today Bird's older interface.

Sending: https://developers.messagebird.com/api/sms-messaging/#send-outbound-sms
Texts and reports: https://developers.messagebird.com/api/sms-messaging/#receive-inbound-sms
Signature: https://developers.messagebird.com/api/#verifying-http-requests
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import ClassVar

from pydantic import Field, SecretStr

from smsbot.clock import to_ms
from smsbot.errors import GatewayError, HookMalformed, Refused
from smsbot.gateways import signing
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
from smsbot.gateways.messagebird_codes import ANSWERS, REPORTS
from smsbot.gateways.reading import answer_object, balance, inside, instant_ms, needed, told, word

CLAIMS = ("iss", "nbf", "exp", "url_hash")


class MessageBirdConfig(ChannelConfig):
    base_url: BaseUrl = "https://rest.messagebird.com"
    access_key: SecretStr = Field(min_length=1)
    signing_key: SecretStr | None = None

    @property
    def signature_ready(self) -> bool:
        return bool(self.signing_key and self.signing_key.get_secret_value())


class MessageBird:
    name: ClassVar[str] = "messagebird"
    Config: ClassVar[type[ChannelConfig]] = MessageBirdConfig
    capabilities: ClassVar[Capabilities] = Capabilities(signed=True, max_parts=9)

    def __init__(self, config: MessageBirdConfig) -> None:
        self.config = config
        self._key = (config.signing_key.get_secret_value() if config.signing_key else "").encode()
        self._headers = {
            "authorization": f"AccessKey {config.access_key.get_secret_value()}",
            "content-type": "application/json",
            "accept": "application/json",
        }

    def request(self, message: Message) -> Request:
        """Reports come only for messages with a `reference`: it is our id."""
        content: dict[str, object] = {
            "originator": (message.sender or self.config.sender).removeprefix("+"),
            "recipients": [message.to.removeprefix("+")],
            "body": message.text,
            "reference": message.id,
            "datacoding": "unicode" if message.encoding == "UCS-2" else "plain",
        }
        if message.status_url:
            content["reportUrl"] = message.status_url
        body = json.dumps(content, ensure_ascii=False).encode()
        return Request("POST", f"{self.config.base_url}/messages", self._headers, body)

    def result(self, response: Response) -> Accepted | GatewayError:
        answer = answer_object(response)
        if not 200 <= response.status < 300:
            return ANSWERS.refuses(response, _complaint(answer))
        external_id = word(answer.get("id"))
        return (
            Accepted(external_id) if external_id else Refused("", "MessageBird answered without the id of a message.")
        )

    def verify(self, hook: Hook) -> bool:
        """A token of one minute's life over hashes of the whole address and of the body, if there is one."""
        token = hook.headers.get("messagebird-signature-jwt", "")
        claims = signing.jwt_claims(token, self._key, at_ms=hook.at_ms, needed=CLAIMS)
        if claims.get("iss") != "MessageBird":
            return False
        address = signing.sha256_hex(hook.url.encode("latin-1", "replace"))
        if not signing.same(word(claims["url_hash"]), address):
            return False
        payload = claims.get("payload_hash")
        if not hook.body:
            return not payload
        return signing.same(word(payload), signing.sha256_hex(hook.body))

    def parse(self, hook: Hook) -> list[Event]:
        fields = told(hook)
        if "status" in fields:
            if not (fields.get("id") or fields.get("reference")):
                raise HookMalformed("The delivery report lacks `id`.")
            change = REPORTS.change(
                fields["status"], fields.get("statusErrorCode", ""),
                external_id=fields.get("id"), message_id=fields.get("reference"),
            )  # fmt: skip
            return [change]
        short = "shortcode" in fields or "mid" in fields
        sent = fields.get("receive_datetime" if short else "createdDatetime", "")
        return [
            Received(
                number=needed(fields, "originator"),
                text=fields.get("message" if short else "body", ""),
                external_id=needed(fields, "mid" if short else "id"),
                to=fields.get("shortcode" if short else "recipient", ""),
                sent_ms=_compact_ms(sent) if short else instant_ms(sent),
            )
        ]

    def ack(self, hook: Hook) -> Ack:
        return Ack(body=b"OK")

    def balance_request(self) -> Request:
        """https://developers.messagebird.com/api/balance/"""
        return Request("GET", f"{self.config.base_url}/balance", self._headers)

    def balance(self, response: Response) -> Balance | GatewayError:
        answer = answer_object(response)
        return balance(response, answer.get("amount"), word(answer.get("type")))


def _complaint(answer: dict[str, object]) -> str:
    """The error's number, or the parameter it complains of where the table knows that one."""
    parameter = word(inside(answer, "errors", 0, "parameter"))
    code = word(inside(answer, "errors", 0, "code"))
    known = parameter in ANSWERS.misconfigured or parameter in ANSWERS.refused
    return parameter if code in {"9", "10"} and known else code


def _compact_ms(written: str) -> int | None:
    """`20161006092839`, as short codes write their times (UTC)."""
    try:
        return to_ms(datetime.strptime(written.strip(), "%Y%m%d%H%M%S").replace(tzinfo=UTC))
    except (ValueError, OverflowError):
        return None
