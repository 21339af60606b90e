"""Twilio Programmable Messaging.

Sending: https://www.twilio.com/docs/messaging/api/message-resource
Webhooks and signature: https://www.twilio.com/docs/usage/webhooks/webhooks-security
Balance: https://www.twilio.com/docs/usage/api (the `Balance` subresource of an account)
"""

from __future__ import annotations

from typing import ClassVar
from urllib.parse import parse_qsl, quote, urlsplit

from pydantic import Field, SecretStr, model_validator

from smsbot.errors import GatewayError, HookMalformed, Refused
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
    Received,
    Request,
    Response,
)
from smsbot.gateways.reading import answer_object, balance, first_of_each, needed, with_query, word
from smsbot.gateways.twilio_codes import CODES

ARRIVING = {"received", "receiving"}
OPT_OUT_TYPES = {"STOP": "stop", "START": "start", "HELP": "help"}
OUR_ID = "message_id"
"""The report's address carries our id, so that a message whose answer never came can still be matched."""


class TwilioConfig(ChannelConfig):
    base_url: BaseUrl = "https://api.twilio.com"
    account_sid: str = Field(min_length=1)
    auth_token: SecretStr = Field(min_length=1)
    messaging_service_sid: str = ""

    @model_validator(mode="after")
    def _somebody_sends(self) -> TwilioConfig:
        if self.outbound and not (self.sender or self.messaging_service_sid):
            raise ValueError("a channel that sends has `sender` or `messaging_service_sid`")
        return self


class Twilio:
    name: ClassVar[str] = "twilio"
    Config: ClassVar[type[ChannelConfig]] = TwilioConfig
    capabilities: ClassVar[Capabilities] = Capabilities(signed=True, max_parts=10)

    def __init__(self, config: TwilioConfig) -> None:
        self.config = config
        token = config.auth_token.get_secret_value()
        self._key = token.encode()
        self._account = f"{config.base_url}/2010-04-01/Accounts/{quote(config.account_sid, safe='')}"
        self._url = f"{self._account}/Messages.json"
        self._headers = {
            "authorization": signing.basic(config.account_sid, token),
            "content-type": "application/x-www-form-urlencoded",
            "accept": "application/json",
        }

    def request(self, message: Message) -> Request:
        fields = {"To": message.to, "Body": message.text}
        if self.config.messaging_service_sid:
            fields["MessagingServiceSid"] = self.config.messaging_service_sid
        else:
            fields["From"] = message.sender or self.config.sender
        if message.status_url:
            fields["StatusCallback"] = with_query(message.status_url, {OUR_ID: message.id})
        return Request("POST", self._url, self._headers, forms.encoded(fields.items()).encode("ascii"))

    def result(self, response: Response) -> Accepted | GatewayError:
        answer = answer_object(response)
        if 200 <= response.status < 300:
            sid = word(answer.get("sid"))
            return Accepted(sid) if sid else Refused("", "Twilio answered without the id of a message.")
        return CODES.refuses(response, word(answer.get("code")))

    def verify(self, hook: Hook) -> bool:
        """Twilio signs the public URL and, for a form, every parameter; for JSON the URL holds the body's hash."""
        given = hook.headers.get("x-twilio-signature", "")
        if not given:
            return False
        hashed = dict(parse_qsl(urlsplit(hook.url).query)).get("bodySHA256") if "bodySHA256=" in hook.url else None
        if hashed is not None:
            if not signing.same(hashed.lower(), signing.sha256_hex(hook.body)):
                return False
            parameters = ""
        else:
            parameters = signing.joined_parameters(hook.form) if hook.method != "GET" else ""
        return self._signs(given, hook.url, parameters) or self._signs(
            given, signing.with_other_port(hook.url), parameters
        )

    def _signs(self, given: str, url: str, parameters: str) -> bool:
        message = (url + parameters).encode("utf-8", "replace")
        return signing.same(given, signing.hmac_base64(self._key, message, "sha1"))

    def parse(self, hook: Hook) -> list[Event]:
        fields = first_of_each(hook.query if hook.method == "GET" else hook.form)
        state = fields.get("MessageStatus")
        if state is None and "Body" not in fields and "NumMedia" not in fields:
            state = fields.get("SmsStatus")  # reports of the older API
        if state is not None and state.lower() not in ARRIVING:
            ours = first_of_each(hook.query).get(OUR_ID)
            return [CODES.change(state, fields.get("ErrorCode", ""), external_id=_sid(fields), message_id=ours)]
        number = needed(fields, "From")
        return [
            Received(
                number=number,
                text=fields.get("Body", ""),
                external_id=_sid(fields),
                to=fields.get("To", ""),
                optout=OPT_OUT_TYPES.get(fields.get("OptOutType", "").upper()),
            )
        ]

    def ack(self, hook: Hook) -> Ack:
        return Ack(content_type="text/xml", body=b"<Response/>")

    def balance_request(self) -> Request:
        return self._asked("/Balance.json")

    def balance(self, response: Response) -> Balance | GatewayError:
        answer = answer_object(response)
        return balance(response, answer.get("balance"), word(answer.get("currency")))

    def probe(self) -> Request:
        """The account itself: unlike the balance, subaccounts have it too."""
        return self._asked(".json")

    def probed(self, response: Response) -> GatewayError | None:
        if 200 <= response.status < 300:
            return None
        return CODES.refuses(response, word(answer_object(response).get("code")))

    def _asked(self, path: str) -> Request:
        headers = {name: value for name, value in self._headers.items() if name != "content-type"}
        return Request("GET", self._account + path, headers)


def _sid(fields: dict[str, str]) -> str:
    for name in ("MessageSid", "SmsMessageSid", "SmsSid"):
        if fields.get(name):
            return fields[name]
    raise HookMalformed("The webhook lacks `MessageSid`.")
