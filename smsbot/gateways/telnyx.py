"""Telnyx Messaging API 2.

Sending: https://developers.telnyx.com/api-reference/messages/send-a-message
Webhooks and signature: https://developers.telnyx.com/docs/messaging/messages/receiving-webhooks
Opt-outs: https://developers.telnyx.com/docs/messaging/messages/advanced-opt-in-out
Balance: https://developers.telnyx.com/api-reference/billing/get-user-balance-details
"""

from __future__ import annotations

import json
from base64 import b64decode
from typing import Annotated, ClassVar

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from pydantic import AfterValidator, Field, SecretStr

from smsbot.errors import GatewayError, HookMalformed, Refused
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
from smsbot.gateways.reading import answer_object, balance, inside, instant_ms, json_object, our_id, with_query, word
from smsbot.gateways.telnyx_codes import CODES

TOLERANCE_MS = 300_000
"""How old or early a webhook's timestamp may be, as in Telnyx's own libraries. Each try is signed anew."""

OPT_OUTS = {"STOP": "stop", "START": "start", "HELP": "help"}
"""`autoresponse_type`: Telnyx knew the word and has answered it."""


def _key(written: str) -> str:
    try:
        Ed25519PublicKey.from_public_bytes(b64decode(written, validate=True))
    except ValueError:  # no base64, or not 32 octets
        raise ValueError("the public key from Telnyx's portal: 32 octets in base64") from None
    return written


class TelnyxConfig(ChannelConfig):
    base_url: BaseUrl = "https://api.telnyx.com"
    api_key: SecretStr = Field(min_length=1)
    public_key: Annotated[str, AfterValidator(_key)] | None = None

    @property
    def signature_ready(self) -> bool:
        return self.public_key is not None


class Telnyx:
    name: ClassVar[str] = "telnyx"
    Config: ClassVar[type[ChannelConfig]] = TelnyxConfig
    capabilities: ClassVar[Capabilities] = Capabilities(signed=True, max_parts=10)

    def __init__(self, config: TelnyxConfig) -> None:
        self.config = config
        key = config.public_key
        self._public_key = Ed25519PublicKey.from_public_bytes(b64decode(key)) if key else None
        self._headers = {
            "authorization": f"Bearer {config.api_key.get_secret_value()}",
            "content-type": "application/json",
            "accept": "application/json",
        }

    def request(self, message: Message) -> Request:
        content = {"from": message.sender or self.config.sender, "to": message.to, "text": message.text}
        if message.status_url:
            content["webhook_url"] = with_query(message.status_url, {"message_id": message.id})
        body = json.dumps(content, ensure_ascii=False).encode()
        return Request("POST", f"{self.config.base_url}/v2/messages", self._headers, body)

    def result(self, response: Response) -> Accepted | GatewayError:
        answer = answer_object(response)
        code = word(inside(answer, "errors", 0, "code"))
        if not 200 <= response.status < 300:
            return CODES.refuses(response, code)
        external_id = word(inside(answer, "data", "id"))
        return Accepted(external_id) if external_id else Refused(code, "Telnyx answered without the id of a message.")

    def verify(self, hook: Hook) -> bool:
        """Ed25519 over timestamp, `|` and the body as it came."""
        timestamp = hook.headers.get("telnyx-timestamp", "")
        if self._public_key is None or not (timestamp.isascii() and timestamp.isdigit() and len(timestamp) <= 12):
            return False
        if abs(hook.at_ms - int(timestamp) * 1_000) > TOLERANCE_MS:
            return False
        try:
            signature = b64decode(hook.headers.get("telnyx-signature-ed25519", ""), validate=True)
            self._public_key.verify(signature, timestamp.encode("ascii") + b"|" + hook.body)
        except (ValueError, InvalidSignature):
            return False
        return True

    def parse(self, hook: Hook) -> list[Event]:
        data = inside(json_object(hook.body), "data")
        kind, payload = word(inside(data, "event_type")), inside(data, "payload")
        external_id = word(inside(payload, "id"))
        if not kind or not external_id:
            raise HookMalformed("The webhook lacks `event_type` or `payload.id`.")
        if kind == "message.received":
            return [_text(payload, external_id)]
        said = word(inside(payload, "to", 0, "status")) if kind in {"message.sent", "message.finalized"} else kind
        code = word(inside(payload, "errors", 0, "code"))
        return [CODES.change(said, code, external_id=external_id, message_id=our_id(hook))]

    def ack(self, hook: Hook) -> Ack:
        return Ack()

    def balance_request(self) -> Request:
        return Request("GET", f"{self.config.base_url}/v2/balance", self._headers)

    def balance(self, response: Response) -> Balance | GatewayError:
        data = inside(answer_object(response), "data")
        return balance(response, inside(data, "balance"), word(inside(data, "currency")))


def _text(payload: object, external_id: str) -> Received:
    number = word(inside(payload, "from", "phone_number")).strip()
    if not number:
        raise HookMalformed("The webhook lacks `from.phone_number`.")
    return Received(
        number=number,
        text=word(inside(payload, "text")),
        external_id=external_id,
        to=word(inside(payload, "to", 0, "phone_number")),
        sent_ms=instant_ms(word(inside(payload, "received_at"))),
        optout=OPT_OUTS.get(word(inside(payload, "autoresponse_type")).upper()),
    )
