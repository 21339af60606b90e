"""Kannel: its `sendsms` for what leaves, its `sms-service` and `dlr-url` for what comes.

User's guide 1.4.5, chapters 6 (SMS service), 6.2 (sendsms) and 6.3 (delivery reports); the statuses of `sendsms` as
gw/smsbox.c gives them.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import ClassVar
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, model_validator

from smsbot.errors import GatewayError, HookMalformed, Refused
from smsbot.gateways import forms
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
    StatusChange,
)
from smsbot.gateways.reading import by_http_status, first_of_each, instant_ms, needed, with_query
from smsbot.status import Status

STATUSES: Mapping[str, Status] = MappingProxyType(
    {
        "1": Status.DELIVERED,
        "2": Status.FAILED,
        "4": Status.SENT,  # queued on the SMSC
        "8": Status.SENT,  # accepted by the SMSC
        "16": Status.FAILED,  # rejected by the SMSC
        "32": Status.SENT,  # on its way
    }
)

CODING: Mapping[str, str] = MappingProxyType({"GSM-7": "0", "UCS-2": "2"})
"""Without `coding=2` Kannel turns Georgian into question marks and says nothing."""

UNROUTABLE = b"not routable"
"""403 has two meanings: wrong credentials, and a number for which no connection is configured."""


class KannelConfig(ChannelConfig):
    base_url: BaseUrl = "http://127.0.0.1:13013"
    username: str = ""
    password: SecretStr = SecretStr("")
    smsc: str = ""
    dlr_mask: int = Field(default=31, ge=0, le=63)

    @model_validator(mode="after")
    def _whole_credentials(self) -> KannelConfig:
        """Neither is a channel that only receives, or a `sendsms` behind a proxy that knows who asks."""
        if bool(self.username) != bool(self.password.get_secret_value()):
            raise ValueError("`username` and `password` of Kannel's `sendsms-user` belong together: set both")
        return self


class Kannel:
    name: ClassVar[str] = "kannel"
    Config: ClassVar[type[ChannelConfig]] = KannelConfig
    capabilities: ClassVar[Capabilities] = Capabilities()

    def __init__(self, config: KannelConfig) -> None:
        self.config = config
        has_path = bool(urlsplit(config.base_url).path)
        self._url = config.base_url if has_path else f"{config.base_url}/cgi-bin/sendsms"
        secret = config.password.get_secret_value()
        same = {"username": config.username, "password": secret, "charset": "UTF-8", "smsc": config.smsc}
        self._same = forms.encoded((name, value) for name, value in same.items() if value)
        self._token = config.webhook_token.get_secret_value() if config.webhook_token else ""

    def request(self, message: Message) -> Request:
        fields = {
            "from": message.sender or self.config.sender,
            "to": message.to,
            "text": message.text,
            "coding": CODING[message.encoding],
        }
        if self.config.dlr_mask and message.status_url:
            fields["dlr-mask"] = str(self.config.dlr_mask)
            fields["dlr-url"] = self._report_url(message)
        own = forms.encoded((name, value) for name, value in fields.items() if value)
        return Request("GET", f"{self._url}?{self._same}&{own}")

    def _report_url(self, message: Message) -> str:
        """Kannel expands `%d` to the report's type; every other percent sign is doubled to stay one."""
        extra = {"id": message.id} | ({"token": self._token} if self._token else {})
        url = with_query(message.status_url, extra).replace("%", "%%")
        return f"{url}&type=%d"

    def result(self, response: Response) -> Accepted | GatewayError:
        """Kannel gives no id: reports come back by ours. `0:` is accepted, `3:` queued while its SMSC is down."""
        if 200 <= response.status < 300:
            return Accepted()
        if response.status == 403 and UNROUTABLE in response.body.lower():
            return Refused("403", "Kannel has no connection for this number.")
        return by_http_status(response)

    def verify(self, hook: Hook) -> bool:
        return True  # Kannel signs nothing: `webhook_token` protects the channel

    def parse(self, hook: Hook) -> list[Event]:
        fields = first_of_each((*hook.query, *hook.form) if hook.method == "POST" else hook.query)
        if "type" in fields:
            return [_report(fields)]
        return [
            Received(
                number=needed(fields, "from"),
                text=fields.get("text", ""),
                external_id=needed(fields, "id"),
                to=fields.get("to", ""),
                sent_ms=instant_ms(fields.get("ts", "")),
            )
        ]

    def ack(self, hook: Hook) -> Ack:
        return Ack()


def _report(fields: Mapping[str, str]) -> StatusChange:
    if not (message_id := fields.get("id") or fields.get("message_id")):
        raise HookMalformed("The delivery report lacks `id`.")
    kind = fields["type"].strip()
    status = STATUSES.get(kind)
    return StatusChange(status=status, message_id=message_id, error=kind if status is Status.FAILED else "", raw=kind)
