"""SMSGate (SMS Gateway for Android, capcom6/android-sms-gateway): a phone with a SIM as the municipality's gateway.

API: docs.sms-gate.app/features/sending-messages; webhooks and their signature: docs.sms-gate.app/features/webhooks;
states: docs.sms-gate.app/features/status-tracking; refusals: android-sms-gateway/server, handlers/messages/3rdparty.go.
The same interface is served by the phone itself (`http://PHONE:8080`), by the project's cloud and by a private server.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from hashlib import blake2b, sha256
from types import MappingProxyType
from typing import ClassVar, Literal
from urllib.parse import quote

from pydantic import Field, SecretStr

from smsbot.errors import GatewayError, HookMalformed, Misconfigured, Refused
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
    Pending,
    Received,
    Request,
    Response,
    StatusChange,
)
from smsbot.gateways.reading import answer_object, by_http_status, instant_ms, json_object, word
from smsbot.status import Status

TOLERANCE_MS = 300_000
"""Five minutes, as the project's documentation advises. Each attempt is signed anew, so late repeats pass."""

REPORTS: Mapping[str, Status] = MappingProxyType(
    {
        "sms:sent": Status.SENT,
        "sms:delivered": Status.DELIVERED,
        "sms:failed": Status.FAILED,
        "sms:cancelled": Status.FAILED,
    }
)
ARRIVALS = {"sms:received", "mms:received"}

STATES: Mapping[str, Status] = MappingProxyType(
    {
        "pending": Status.SENDING,
        "processed": Status.SENDING,
        "cancelling": Status.SENDING,
        "sent": Status.SENT,
        "delivered": Status.DELIVERED,
        "failed": Status.FAILED,
        "cancelled": Status.FAILED,
    }
)

SECONDS = re.compile(r"[0-9]{10}")
"""Ten digits until the year 2286: nothing stands between body and time in what is signed, so their lengths must."""

OUR_ID = re.compile(r"(.+)\.[0-9a-f]{12}")


class SmsgateConfig(ChannelConfig):
    base_url: BaseUrl = "https://api.sms-gate.app/3rdparty/v1"
    username: str = Field(min_length=1)
    password: SecretStr = Field(min_length=1)
    device_id: str = ""  # which phone, where the account has several
    signing_key: SecretStr | None = None
    sim_number: int | None = Field(default=None, ge=1, le=3)  # which SIM, where the phone has several
    send_path: Literal["/message", "/messages"] = "/message"  # the second is the newer name of the same
    rate_per_s: float = Field(default=1, gt=0, le=100_000)  # operators block a SIM that sends like a machine

    @property
    def signature_ready(self) -> bool:
        return self.signing_key is not None and bool(self.signing_key.get_secret_value())


class Smsgate:
    name: ClassVar[str] = "smsgate"
    Config: ClassVar[type[ChannelConfig]] = SmsgateConfig
    capabilities: ClassVar[Capabilities] = Capabilities(signed=True, removes_duplicates=True)
    poll_most: ClassVar[int] = 1

    def __init__(self, config: SmsgateConfig) -> None:
        self.config = config
        self._headers = {
            "authorization": signing.basic(config.username, config.password.get_secret_value()),
            "accept": "application/json",
        }
        self._messages = config.base_url + config.send_path
        self._key = config.signing_key.get_secret_value().encode() if config.signing_key else b""

    def request(self, message: Message) -> Request:
        """`id` makes a repeat harmless: the phone answers 409 to one that it has already."""
        body: dict[str, object] = {
            "id": outside_id(message),
            "textMessage": {"text": message.text},
            "phoneNumbers": [message.to],
            "withDeliveryReport": True,
        }
        if self.config.device_id:
            body["deviceId"] = self.config.device_id
        if self.config.sim_number:
            body["simNumber"] = self.config.sim_number
        headers = self._headers | {"content-type": "application/json"}
        return Request("POST", self._messages, headers, json.dumps(body).encode())

    def result(self, response: Response) -> Accepted | GatewayError:
        answer = answer_object(response)
        if response.status == 409:  # an earlier attempt arrived, though its answer did not
            return Accepted()
        if 200 <= response.status < 300:
            return Accepted(word(answer.get("id")) or None)
        said = word(answer.get("message")).lower()
        if response.status in {400, 404} and "device" in said:
            return Misconfigured(str(response.status), "SMSGate knows no such phone: check `device_id` and the app.")
        if response.status == 400 and "phone" in said:
            return Refused("400", "SMSGate says that the number is not valid.", unreachable=True)
        return by_http_status(response)

    def verify(self, hook: Hook) -> bool:
        """`X-Signature`: HMAC-SHA256 over the body and, right after it, the seconds of `X-Timestamp`."""
        given = hook.headers.get("x-signature", "")
        stamp = hook.headers.get("x-timestamp", "")
        signed = signing.hmac_hex(self._key, hook.body + stamp.encode("utf-8", "replace"), "sha256")
        if not self._key or not SECONDS.fullmatch(stamp) or not signing.same(given.lower(), signed):
            return False
        return not hook.at_ms or abs(hook.at_ms - int(stamp) * 1_000) <= TOLERANCE_MS

    def parse(self, hook: Hook) -> list[Event]:
        """One event a webhook: `{id, webhookId, event, deviceId, payload}`. What is no message and no report, such as
        `system:ping`, says nothing to us. Of a long text each part that arrives is an `sms:delivered` of the whole,
        without a number, so the first one counts, as it does in the app itself."""
        document = json_object(hook.body)
        event = word(document.get("event"))
        payload = document.get("payload")
        if not event:
            raise HookMalformed("The webhook lacks `event`.")
        if not isinstance(payload, dict):
            payload = {}
        if event in ARRIVALS:
            return [_received(payload, word(document.get("deviceId")))]
        if not event.startswith("sms:") or event == "sms:data-received":
            return []
        return [_report(event, payload)]

    def ack(self, hook: Hook) -> Ack:
        return Ack()

    def poll(self, pending: Sequence[Pending]) -> Request:
        (message,) = pending
        known = quote(message.external_id or "", safe="")
        return Request("GET", f"{self._messages}/{known}", self._headers)

    def polled(self, pending: Sequence[Pending], response: Response) -> list[StatusChange] | GatewayError:
        answer = answer_object(response)
        if not 200 <= response.status < 300:
            return by_http_status(response)
        said = word(answer.get("state"))
        status = STATES.get(said.lower())
        if not said or status is Status.SENDING:
            return []
        error = _first_error(answer.get("recipients")) or said if status is Status.FAILED else ""
        return [StatusChange(status, external_id=each.external_id, error=error, raw=said) for each in pending]

    def probe(self) -> Request:
        return Request("GET", f"{self.config.base_url}/webhooks", self._headers)

    def probed(self, response: Response) -> GatewayError | None:
        return None if 200 <= response.status < 300 else by_http_status(response)


def outside_id(message: Message) -> str:
    """Our id as the phone knows it, at most 36 characters. It holds a hash of number and text: after a new beginning
    of our database the ids begin anew, and the phone, which remembers, must not take them for repeats."""
    told = blake2b(f"{message.to}\x1f{message.text}".encode("utf-8", "replace"), digest_size=6)
    return f"{message.id}.{told.hexdigest()}"


def _received(payload: Mapping[str, object], device: str) -> Received:
    number = (word(payload.get("sender")) or word(payload.get("phoneNumber"))).strip()
    if not number:
        raise HookMalformed("The webhook lacks `payload.sender`.")
    message_id, at = word(payload.get("messageId")), word(payload.get("receivedAt"))
    if not message_id:
        raise HookMalformed("The webhook lacks `payload.messageId`.")
    return Received(
        number=number,
        text=word(payload.get("message")) or word(payload.get("subject")),
        external_id=_external_id(device, number, message_id, at),
        to=word(payload.get("recipient")),
        sent_ms=instant_ms(at),
    )


def _external_id(device: str, number: str, message_id: str, at: str) -> str:
    """`messageId` is a hash of the text, so two people's “STOP” have the same one; the webhook's own id is another for
    each of several webhooks. Together with phone, sender and time of receipt it is the message's."""
    return sha256("\x1f".join((device, number, message_id, at)).encode()).hexdigest()[:32]


def _report(event: str, payload: Mapping[str, object]) -> StatusChange:
    known = word(payload.get("messageId"))
    if not known:
        raise HookMalformed("The webhook lacks `payload.messageId`.")
    status = REPORTS.get(event)
    ours = OUR_ID.fullmatch(known)
    return StatusChange(
        status,
        external_id=known,
        message_id=ours[1] if ours else None,
        error=(word(payload.get("reason")) or event) if status is Status.FAILED else "",
        raw=event,
    )


def _first_error(recipients: object) -> str:
    if not isinstance(recipients, list):
        return ""
    return next((word(each["error"]) for each in recipients if isinstance(each, dict) and each.get("error")), "")
