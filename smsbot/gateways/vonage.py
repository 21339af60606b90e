"""Vonage SMS API, once Nexmo; webhooks of its Messages API are understood too.

Sending: https://developer.vonage.com/en/api/sms
Texts: https://developer.vonage.com/en/messaging/sms/guides/inbound-sms
Signatures: https://developer.vonage.com/en/getting-started/concepts/signing-messages (SMS API) and
https://developer.vonage.com/en/messages/concepts/signed-webhooks (Messages API)
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from typing import ClassVar, Literal

from pydantic import Field, SecretStr

from smsbot.errors import GatewayError, HookMalformed, Refused, Throttled
from smsbot.gateways import forms, signing
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
    Part,
    Received,
    Request,
    Response,
    StatusChange,
)
from smsbot.gateways.reading import (
    answer_object,
    balance,
    clean_part,
    first_of_each,
    inside,
    instant_ms,
    is_json,
    json_object,
    listed,
    needed,
    told,
    word,
)
from smsbot.gateways.vonage_codes import ANSWERS, REPORTS

WAIT = re.compile(r"\[ *(\d{1,6}) *\]")
"""Milliseconds in `Throughput Rate Exceeded - please wait [ 250 ] and retry`."""

Method = Literal["md5hash", "md5", "sha1", "sha256", "sha512"]


class VonageConfig(ChannelConfig):
    """*signature_secret* and *signature_method* as in the account's settings; *md5hash* is no HMAC."""

    base_url: BaseUrl = "https://rest.nexmo.com"
    api_key: str = Field(min_length=1)
    api_secret: SecretStr = Field(min_length=1)
    signature_secret: SecretStr | None = None
    signature_method: Method = "sha256"

    @property
    def signature_ready(self) -> bool:
        return bool(self.signature_secret and self.signature_secret.get_secret_value())


class Vonage:
    name: ClassVar[str] = "vonage"
    Config: ClassVar[type[ChannelConfig]] = VonageConfig
    capabilities: ClassVar[Capabilities] = Capabilities(signed=True)

    def __init__(self, config: VonageConfig) -> None:
        self.config = config
        self._secret = config.signature_secret.get_secret_value() if config.signature_secret else ""

    def request(self, message: Message) -> Request:
        """`client-ref` brings our id back in the report. A text of several parts has a report for each, by the part's
        own id: with ours, one part would speak for all."""
        fields = {
            "api_key": self.config.api_key,
            "api_secret": self.config.api_secret.get_secret_value(),
            "from": (message.sender or self.config.sender).removeprefix("+"),
            "to": message.to.removeprefix("+"),
            "text": message.text,
            "type": "unicode" if message.encoding == "UCS-2" else "text",
        }
        if message.parts == 1:
            fields["client-ref"] = message.id
        if message.status_url:
            fields |= {"status-report-req": "1", "callback": message.status_url}
        headers = {"content-type": "application/x-www-form-urlencoded", "accept": "application/json"}
        body = forms.encoded(fields.items()).encode("ascii")
        return Request("POST", f"{self.config.base_url}/sms/json", headers, body)

    def result(self, response: Response) -> Accepted | GatewayError:
        """One entry for each part, and the status 200 also where it refuses."""
        parts = listed(answer_object(response).get("messages"))
        refused = next((part for part in parts if word(inside(part, "status")) != "0"), None)
        if not 200 <= response.status < 300 or not parts:
            return ANSWERS.refuses(response, word(inside(refused, "status")))
        ids = [found for part in parts if part is not refused and (found := word(inside(part, "message-id")))]
        if refused is None:
            return Accepted(ids[0], further_ids=tuple(ids[1:])) if ids else Refused("", "Vonage gave no id.")
        code = word(inside(refused, "status"))
        if refused is not parts[0]:
            return Refused(code, "Vonage took only some parts of the message.")
        error = ANSWERS.refuses(response, code)
        if isinstance(error, Throttled) and error.retry_after_s is None:
            wait = WAIT.search(word(inside(refused, "error-text")))
            return Throttled(code, error.sentence, retry_after_s=int(wait[1]) / 1_000 if wait else None)
        return error

    def verify(self, hook: Hook) -> bool:
        """A token over the body (Messages API) or `sig` over all fields (SMS API). An empty probe says nothing."""
        if _probe(hook):
            return True
        scheme, _, token = hook.headers.get("authorization", "").partition(" ")
        if scheme.lower() == "bearer" and hook.body:
            claims = signing.jwt_claims(token.strip(), self._secret.encode(), at_ms=hook.at_ms)
            return signing.same(word(claims.get("payload_hash")).lower(), signing.sha256_hex(hook.body))
        try:
            fields = told(hook)
        except HookMalformed:
            return False
        given = fields.pop("sig", "").lower()
        whole = first_of_each(hook.query) | fields if hook.method == "GET" else fields
        whole.pop("sig", None)
        return bool(given) and (self._signs(given, fields) or self._signs(given, whole))

    def _signs(self, given: str, fields: Mapping[str, str]) -> bool:
        mend = str.maketrans("&=", "__")
        joined = "".join(f"&{name}={fields[name].translate(mend)}" for name in sorted(fields))
        message, method = joined.encode("utf-8", "replace"), self.config.signature_method
        if method == "md5hash":
            keyed = message + self._secret.encode()
            return signing.same(given, hashlib.md5(keyed, usedforsecurity=False).hexdigest())
        return signing.same(given, signing.hmac_hex(self._secret.encode(), message, method))

    def parse(self, hook: Hook) -> list[Event]:
        if _probe(hook):
            return []
        fields = told(hook)
        if fields.get("status"):
            return [_report(fields, hook)]
        external_id = fields.get("messageId") or fields.get("message_uuid")
        if not external_id:
            raise HookMalformed("The webhook lacks `messageId`.")
        part = _part(fields)
        return [
            Received(
                number=needed(fields, "msisdn" if "msisdn" in fields else "from"),
                text=fields.get("text", "") if part is None else _piece(hook, fields),
                external_id=external_id,
                to=fields.get("to", ""),
                sent_ms=instant_ms(fields.get("message-timestamp") or fields.get("timestamp", "")),
                part=part,
            )
        ]

    def ack(self, hook: Hook) -> Ack:
        return Ack()

    def balance_request(self) -> Request:
        """https://developer.vonage.com/en/api/account: the sum is always in euros."""
        headers = {"authorization": signing.basic(self.config.api_key, self.config.api_secret.get_secret_value())}
        return Request("GET", f"{self.config.base_url}/account/get-balance", headers)

    def balance(self, response: Response) -> Balance | GatewayError:
        return balance(response, answer_object(response).get("value"), "EUR")


def _probe(hook: Hook) -> bool:
    """A bare GET tries whether the address exists (Inbound SMS, "the webhook URL must return 200")."""
    return hook.method == "GET" and not told(hook)


def _part(fields: Mapping[str, str]) -> Part | None:
    """Where a longer text comes in pieces, each in a webhook of its own."""
    if fields.get("concat", "").lower() not in {"true", "1"}:
        return None
    numbers = [fields.get(f"concat-{name}", "").strip() for name in ("ref", "total", "part")]
    if not all(number.isascii() and number.isdigit() and len(number) <= 9 for number in numbers):
        return None
    reference, total, number = map(int, numbers)
    return Part(reference, total, number)


def _piece(hook: Hook, fields: Mapping[str, str]) -> str:
    """The text of a part; in JSON half a letter that the phone cut is still there."""
    text = json_object(hook.body).get("text") if hook.method != "GET" and is_json(hook) else None
    return clean_part(text) if isinstance(text, str) else fields.get("text", "")


def _report(fields: Mapping[str, str], hook: Hook) -> StatusChange:
    external_id = fields.get("messageId") or fields.get("message_uuid") or ""
    message_id = fields.get("client-ref") or fields.get("client_ref") or ""
    if not (external_id or message_id):
        raise HookMalformed("The delivery report lacks `messageId`.")
    code = fields.get("err-code", "")
    if not code and is_json(hook) and hook.method != "GET":
        code = word(inside(json_object(hook.body), "error", "title"))
    return REPORTS.change(fields["status"], code, external_id=external_id, message_id=message_id)
