"""Sinch SMS REST API (XMS; once Mblox and CLX).

Sending: https://developers.sinch.com/docs/sms/api-reference/sms/batches
Webhooks and signature: https://developers.sinch.com/docs/sms/api-reference/sms/webhooks
"""

from __future__ import annotations

import json
from typing import ClassVar
from urllib.parse import quote

from pydantic import Field, SecretStr

from smsbot.errors import GatewayError, HookMalformed, Refused
from smsbot.gateways import signing
from smsbot.gateways.base import (
    Accepted,
    Ack,
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
from smsbot.gateways.reading import answer_object, inside, instant_ms, json_object, needed, rows, word
from smsbot.gateways.sinch_codes import CODES


class SinchConfig(ChannelConfig):
    """*base_url* is that of the account's region: `https://eu.sms.api.sinch.com` for Europe."""

    base_url: BaseUrl = "https://us.sms.api.sinch.com"
    service_plan_id: str = Field(min_length=1)
    api_token: SecretStr = Field(min_length=1)
    webhook_secret: SecretStr | None = None

    @property
    def signature_ready(self) -> bool:
        return bool(self.webhook_secret and self.webhook_secret.get_secret_value())


class Sinch:
    """Each message is a batch of one recipient, so the batch's id names it. Sinch does not repeat a webhook that was
    answered with 4xx."""

    name: ClassVar[str] = "sinch"
    Config: ClassVar[type[ChannelConfig]] = SinchConfig
    capabilities: ClassVar[Capabilities] = Capabilities(signed=True)

    def __init__(self, config: SinchConfig) -> None:
        self.config = config
        self._key = (config.webhook_secret.get_secret_value() if config.webhook_secret else "").encode()
        self._url = f"{config.base_url}/xms/v1/{quote(config.service_plan_id, safe='')}/batches"
        self._headers = {
            "authorization": f"Bearer {config.api_token.get_secret_value()}",
            "content-type": "application/json",
            "accept": "application/json",
        }

    def request(self, message: Message) -> Request:
        content: dict[str, object] = {
            "from": message.sender or self.config.sender,
            "to": [message.to],
            "body": message.text,
            "client_reference": message.id,
        }
        if message.status_url:
            content |= {"delivery_report": "per_recipient", "callback_url": message.status_url}
        return Request("POST", self._url, self._headers, json.dumps(content, ensure_ascii=False).encode())

    def result(self, response: Response) -> Accepted | GatewayError:
        answer = answer_object(response)
        if not 200 <= response.status < 300:
            return CODES.refuses(response, word(answer.get("code")))
        batch_id = word(answer.get("id"))
        return Accepted(batch_id) if batch_id else Refused("", "Sinch answered without the id of a batch.")

    def verify(self, hook: Hook) -> bool:
        """HMAC-SHA256 over body, nonce and timestamp, in base64. The timestamp sets no limit: Sinch repeats a webhook
        for a day, and a repeat changes nothing here."""
        given = hook.headers.get("x-sinch-webhook-signature", "")
        nonce = hook.headers.get("x-sinch-webhook-signature-nonce", "")
        timestamp = hook.headers.get("x-sinch-webhook-signature-timestamp", "")
        signed = hook.body + f".{nonce}.{timestamp}".encode("utf-8", "replace")
        return bool(given) and signing.same(given, signing.hmac_base64(self._key, signed, "sha256"))

    def parse(self, hook: Hook) -> list[Event]:
        document = json_object(hook.body)
        kind = word(document.get("type"))
        if kind.startswith("mo_"):
            return [_text(document)]
        if "status" not in document and "statuses" not in document:
            raise HookMalformed("The webhook lacks `type`.")
        batch_id, ours = word(document.get("batch_id")), word(document.get("client_reference"))
        if not (batch_id or ours):
            raise HookMalformed("The delivery report lacks `batch_id`.")
        told: list[object] = [document] if "status" in document else rows(document, "statuses")
        return [
            CODES.change(
                word(inside(each, "status")), word(inside(each, "code")), external_id=batch_id, message_id=ours
            )
            for each in told
        ]

    def ack(self, hook: Hook) -> Ack:
        return Ack()

    def probe(self) -> Request:
        """The list of batches, cut to one."""
        return Request("GET", f"{self._url}?page_size=1", self._headers)

    def probed(self, response: Response) -> GatewayError | None:
        if 200 <= response.status < 300:
            return None
        return CODES.refuses(response, word(answer_object(response).get("code")))


def _text(document: dict[str, object]) -> Received:
    """`mo_text`; of `mo_binary` and `mo_media` only that something came: their `body` is no text."""
    fields = {name: word(value) for name, value in document.items()}
    return Received(
        number=needed(fields, "from"),
        text=fields.get("body", "") if fields["type"] == "mo_text" else "",
        external_id=needed(fields, "id"),
        to=fields.get("to", ""),
        sent_ms=instant_ms(fields.get("sent_at") or fields.get("received_at", "")),
    )
