"""Plivo Messaging API.

Sending: https://www.plivo.com/docs/messaging/api/message/send-a-message
Texts and reports: https://www.plivo.com/docs/messaging/concepts/message-webhooks
Signatures: https://www.plivo.com/docs/messaging/concepts/signature-validation
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import ClassVar
from urllib.parse import quote, urlsplit

from pydantic import Field, SecretStr

from smsbot.errors import GatewayError, Refused
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
    StatusChange,
)
from smsbot.gateways.plivo_codes import CODES
from smsbot.gateways.reading import answer_object, balance, needed, our_id, told, with_query, word
from smsbot.status import Status


class PlivoConfig(ChannelConfig):
    base_url: BaseUrl = "https://api.plivo.com"
    auth_id: str = Field(min_length=1)
    auth_token: SecretStr = Field(min_length=1)


class Plivo:
    name: ClassVar[str] = "plivo"
    Config: ClassVar[type[ChannelConfig]] = PlivoConfig
    capabilities: ClassVar[Capabilities] = Capabilities(signed=True, max_parts=10)

    def __init__(self, config: PlivoConfig) -> None:
        self.config = config
        token = config.auth_token.get_secret_value()
        self._key = token.encode()
        self._url = f"{config.base_url}/v1/Account/{quote(config.auth_id, safe='')}/"
        self._headers = {
            "authorization": signing.basic(config.auth_id, token),
            "content-type": "application/json",
            "accept": "application/json",
        }

    def request(self, message: Message) -> Request:
        """The report's address carries our id where one report speaks for the whole text, see `_reports`."""
        content = {"src": message.sender or self.config.sender, "dst": message.to, "text": message.text}
        if message.status_url:
            ours = {"message_id": message.id} if message.parts == 1 else {}
            content |= {"url": with_query(message.status_url, ours), "method": "POST"}
        return Request("POST", f"{self._url}Message/", self._headers, json.dumps(content, ensure_ascii=False).encode())

    def result(self, response: Response) -> Accepted | GatewayError:
        answer = answer_object(response)
        if not 200 <= response.status < 300:
            return CODES.refuses(response)  # `error` is a sentence, not a code
        given = answer.get("message_uuid")
        ids = [found for each in (given if isinstance(given, list) else [given]) if (found := word(each))]
        if not ids:
            return Refused("", "Plivo answered without the id of a message.")
        return Accepted(ids[0], further_ids=tuple(ids[1:]))

    def verify(self, hook: Hook) -> bool:
        """V3 covers the address and all fields. V2, of older accounts, covers only the address; it counts where no V3
        came. Of several signatures, one for each token of the account, one must be ours."""
        for version, signed in (("v3", self._signed_v3), ("v2", _signed_v2)):
            nonce = hook.headers.get(f"x-plivo-signature-{version}-nonce", "")
            # `ma`: the main account's token signs also what its subaccounts get
            given = [hook.headers.get(f"x-plivo-signature-{account}{version}", "") for account in ("", "ma-")]
            if any(given):
                expected = signing.hmac_base64(self._key, signed(hook, nonce), "sha256")
                return any(signing.same(each.strip(), expected) for each in ",".join(given).split(",")) and bool(nonce)
        return False

    @staticmethod
    def _signed_v3(hook: Hook, nonce: str) -> bytes:
        """Address without query, the query's fields in order, and for a POST the body's names and values in order."""
        base = hook.url.partition("?")[0]
        query = "&".join(f"{name}={value}" for name, value in sorted(hook.query))
        fields = "".join(name + value for name, value in sorted(hook.form)) if hook.method != "GET" else ""
        if query or fields:
            base += "?" + query
        if query and fields:
            base += "."
        return f"{base}{fields}.{nonce}".encode("utf-8", "replace")

    def parse(self, hook: Hook) -> list[Event]:
        fields = told(hook)
        external_id = needed(fields, "MessageUUID")
        if "Status" in fields:
            return list(_reports(fields, external_id, our_id(hook)))
        number = needed(fields, "From")
        return [Received(number, fields.get("Text", ""), external_id, fields.get("To", ""))]

    def ack(self, hook: Hook) -> Ack:
        return Ack()

    def balance_request(self) -> Request:
        """https://www.plivo.com/docs/account/api/account: credits are dollars."""
        return Request("GET", self._url, self._headers)

    def balance(self, response: Response) -> Balance | GatewayError:
        return balance(response, answer_object(response).get("cash_credits"), "USD")


def _signed_v2(hook: Hook, nonce: str) -> bytes:
    parts = urlsplit(hook.url)
    return f"{parts.scheme}://{parts.netloc}{parts.path}{nonce}".encode("utf-8", "replace")


def _reports(fields: Mapping[str, str], external_id: str, message_id: str | None) -> Iterable[StatusChange]:
    """What one report tells. A longer text has one for each part: `PartInfo` is `2 of 3`, `ParentMessageUUID` the id
    of the first part, often the only id that the answer to the sending named.

    So each part is reported under its own id, and all under the first: it has arrived with the last part, and failed
    with any.
    """
    change = CODES.change(fields["Status"], fields.get("ErrorCode", ""), external_id=external_id, message_id=message_id)
    parent = fields.get("ParentMessageUUID") or external_id
    number, _, total = (each.strip() for each in fields.get("PartInfo", "").partition("of"))
    if number == total:
        if external_id != parent:
            yield replace(change, external_id=parent, message_id=None)
        yield change
        return
    early = replace(change, external_id=parent)
    if change.status is Status.DELIVERED:
        early = replace(early, status=Status.SENT)
    yield early
    if external_id != parent:
        yield replace(change, message_id=None)
