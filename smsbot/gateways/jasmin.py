"""Jasmin, the open SMS gateway: its HTTP API.

https://docs.jasminsms.com/en/latest/apis/http/index.html; the words of its refusals as
jasmin/protocols/http/endpoints/send.py gives them.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import ClassVar

from pydantic import Field, SecretStr

from smsbot.errors import GatewayError, Misconfigured, Refused, Throttled, Unavailable
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
from smsbot.gateways.codes import Codes
from smsbot.gateways.reading import by_http_status, clean, needed, our_id, retry_after_s, told, with_query
from smsbot.status import Status
from smsbot.text import gsm7

TAKEN = re.compile(rb'Success\s+"([^"\r\n]{1,255})"')

REPORTS = Codes(
    statuses={
        "esme_rok": Status.SENT,
        "enroute": Status.SENT,
        "acceptd": Status.SENT,
        "delivrd": Status.DELIVERED,
        "undeliv": Status.FAILED,
        "rejectd": Status.FAILED,
        "deleted": Status.FAILED,
        "expired": Status.EXPIRED,
        "unknown": Status.UNKNOWN,
    },
    unreachable=frozenset({"ESME_RINVDSTADR"}),
)

EXTENDED = dict(zip(b"\x0a\x14\x28\x29\x2f\x3c\x3d\x3e\x40\x65", gsm7.EXTENSION, strict=True))
"""What follows an escape, 3GPP TS 23.038 §6.2.1.1, in the order of `gsm7.EXTENSION`."""


class JasminConfig(ChannelConfig):
    base_url: BaseUrl = "http://127.0.0.1:1401"
    username: str = Field(min_length=1)
    password: SecretStr = Field(min_length=1)


class Jasmin:
    """Signs nothing: `webhook_token` protects the channel. Splits into five parts at most unless configured otherwise
    (`long_content_max_parts`)."""

    name: ClassVar[str] = "jasmin"
    Config: ClassVar[type[ChannelConfig]] = JasminConfig
    capabilities: ClassVar[Capabilities] = Capabilities(max_parts=5)

    def __init__(self, config: JasminConfig) -> None:
        self.config = config
        self._credentials = {"username": config.username, "password": config.password.get_secret_value()}

    def request(self, message: Message) -> Request:
        """Jasmin turns `content` to GSM letters and anything else to question marks, so other texts go as octets."""
        fields = self._credentials | {
            "to": message.to.removeprefix("+"),
            "from": message.sender or self.config.sender,
        }
        if message.encoding == "UCS-2":
            fields |= {"coding": "8", "hex-content": message.text.encode("utf-16-be").hex()}
        else:
            fields |= {"coding": "0", "content": message.text}
        if message.status_url:
            url = with_query(message.status_url, {"message_id": message.id})
            fields |= {"dlr": "yes", "dlr-url": url, "dlr-level": "3", "dlr-method": "POST"}
        return self._posted("send", fields)

    def _posted(self, path: str, fields: Mapping[str, str]) -> Request:
        body = forms.encoded((name, value) for name, value in fields.items() if value).encode("ascii")
        headers = {"content-type": "application/x-www-form-urlencoded"}
        return Request("POST", f"{self.config.base_url}/{path}", headers, body)

    def result(self, response: Response) -> Accepted | GatewayError:
        if 200 <= response.status < 300:
            taken = TAKEN.search(response.body)
            if taken is None:
                return Refused("", "Jasmin answered without the id of a message.")
            return Accepted(clean(taken[1].decode("utf-8", "replace")))
        return _refusal(response)

    def verify(self, hook: Hook) -> bool:
        return True  # Jasmin signs nothing: `webhook_token` protects the channel

    def parse(self, hook: Hook) -> list[Event]:
        fields = told(hook)
        external_id = needed(fields, "id")
        if "message_status" in fields:
            return [_report(fields, external_id, our_id(hook))]
        number = needed(fields, "from")
        return [Received(number, _text(fields), external_id, fields.get("to", ""))]

    def ack(self, hook: Hook) -> Ack:
        """Exactly this, or Jasmin brings it three times more."""
        return Ack(body=b"ACK/Jasmin")

    def probe(self) -> Request:
        """The account's balance: for many accounts it is no number, so only whether it is told counts."""
        return Request("GET", f"{self.config.base_url}/balance?{forms.encoded(self._credentials.items())}")

    def probed(self, response: Response) -> GatewayError | None:
        return None if 200 <= response.status < 300 else _refusal(response)


def _refusal(response: Response) -> GatewayError:
    """403 has three meanings and 412 two, told apart by a sentence; 429 is what newer versions say when too fast."""
    said, code = response.body.lower(), str(response.status)
    match response.status:
        case 403 if b"throughput" in said:
            return Throttled(code, "Jasmin asks for a slower pace.", retry_after_s=retry_after_s(response))
        case 403 if b"charge" in said or b"balance" in said or b"quota" in said:
            return Misconfigured(code, "The Jasmin account has no credit left.")
        case 412 if b"bound" in said:
            return Unavailable(code, "Jasmin has no connection to the operator.")
        case 412:
            return Refused(code, "Jasmin has no route for this number.")
    return by_http_status(response)


def _report(fields: Mapping[str, str], external_id: str, message_id: str | None) -> StatusChange:
    """Level 1 is the operator's answer (`ESME_…`, of which only `ESME_ROK` is a yes), level 2 the handset's."""
    said = fields["message_status"]
    detail = fields.get("err", "").strip()
    code = detail if detail.strip("0") and detail.upper() != "ND" else said
    if said.upper().startswith("ESME_") and said.upper() != "ESME_ROK":
        return StatusChange(
            Status.FAILED, external_id, message_id, error=said, unreachable=said in REPORTS.unreachable, raw=said
        )
    return REPORTS.change(said, code, external_id=external_id, message_id=message_id)


def _text(fields: Mapping[str, str]) -> str:
    """From the octets and their coding, since `content` has gone through a decoder that guesses; else `content`."""
    try:
        octets = bytes.fromhex(fields.get("binary", ""))
        coding = int(fields.get("coding") or "0")
    except ValueError:
        octets, coding = b"", 0
    if not octets:
        return fields.get("content", "")
    match coding:
        case 0:
            return clean(_septets(octets))
        case 8:
            return clean(octets.decode("utf-16-be", "replace"))
        case 1 | 3:
            return clean(octets.decode("latin-1"))
    return fields.get("content", "")


def _septets(octets: bytes) -> str:
    """GSM letters, one in each octet; an escape with what follows it is one letter."""
    letters: list[str] = []
    escaped = False
    for octet in octets:
        if octet == 0x1B:
            escaped = True
            continue
        place = octet - (octet > 0x1B)  # the escape has no letter of its own in the table
        plain = gsm7.BASIC[place] if place < len(gsm7.BASIC) else "\ufffd"
        letters.append(EXTENDED.get(octet, plain) if escaped else plain)
        escaped = False
    return "".join(letters)
