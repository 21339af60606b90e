"""A gateway described by configuration: for a local provider whose API is one request and one webhook.

With only `base_url` it is a plain JSON gateway: it posts `{"to", "from", "text", "id", "status_url"}`, reads an `id`
from the answer, and takes `{"id", "from", "to", "text", "time"}` for messages and `{"id", "status"}` for reports.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import ClassVar

from smsbot.errors import GatewayError, HookMalformed, Misconfigured, Refused, Throttled, Unavailable
from smsbot.gateways import forms, signing, templates
from smsbot.gateways.base import (
    Accepted,
    Ack,
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
from smsbot.gateways.http_config import HttpConfig
from smsbot.gateways.reading import (
    batch,
    by_http_status,
    clean,
    instant_ms,
    json_value,
    retry_after_s,
    with_query,
    word,
)
from smsbot.status import Status

OUR_ID = "message_id"
ARRIVING = {"received", "receiving"}
TYPES: Mapping[str, str] = {
    "json": "application/json",
    "form": "application/x-www-form-urlencoded",
    "xml": "application/xml; charset=utf-8",
}
ESCAPES: Mapping[str, Callable[[str], str]] = {
    "json": templates.in_json,
    "form": templates.in_form,
    "xml": templates.in_xml,
}


class Http:
    name: ClassVar[str] = "http"
    Config: ClassVar[type[ChannelConfig]] = HttpConfig
    capabilities: ClassVar[Capabilities] = Capabilities()

    def __init__(self, config: HttpConfig) -> None:
        self.config = config
        self._api_key = config.api_key.get_secret_value() if config.api_key else ""
        self._token = config.webhook_token.get_secret_value() if config.webhook_token else ""
        self._statuses = {said.lower(): status for said, status in config.statuses.items()}
        self._headers = {"accept": "*/*"}
        if config.username:
            self._headers["authorization"] = signing.basic(config.username, config.password.get_secret_value())

    def request(self, message: Message) -> Request:
        config = self.config
        values = self._values(message)
        headers = self._headers | {
            name.lower(): templates.fill(template, values, templates.as_is) for name, template in config.headers.items()
        }
        url = config.base_url + templates.fill(config.path, values, templates.in_url)
        fields = {name: templates.fill(template, values, templates.as_is) for name, template in config.fields.items()}
        if config.method == "GET":
            query = forms.encoded(fields.items())
            return Request("GET", url + ("&" if "?" in url else "?") * bool(query) + query, headers)
        if config.body is not None:
            body = templates.fill(config.body, values, ESCAPES[config.content_type])
        elif config.content_type == "json":
            body = json.dumps(fields, ensure_ascii=False)
        else:
            body = forms.encoded(fields.items())
        return Request(config.method, url, {"content-type": TYPES[config.content_type]} | headers, body.encode())

    def _values(self, message: Message) -> dict[str, str]:
        digits = message.to.removeprefix("+")
        address = {OUR_ID: message.id} | ({"token": self._token} if self._token else {})
        status_url = with_query(message.status_url, address) if message.status_url else ""
        return {
            "to": message.to,
            "to_no_plus": digits,
            "to_national9": message.to.removeprefix("+995").removeprefix("+"),
            "from": message.sender or self.config.sender,
            "text": message.text,
            "text_hex": message.text.encode("utf-16-be").hex().upper(),
            "id": message.id,
            "status_url": status_url,
            "dlr_url": status_url,
            "encoding": self.config.encodings.get(message.encoding, message.encoding),
            "parts": str(message.parts),
            "api_key": self._api_key,
        }

    def result(self, response: Response) -> Accepted | GatewayError:
        config = self.config
        text = response.body.decode("utf-8", "replace")
        document = _document(response.body)
        code = look(document, config.error_path)
        if error := self._told(code, response):
            return error
        if response.status not in config.success_status and (config.success_status or not _is_2xx(response)):
            return by_http_status(response, code)
        if config.success_pattern and not config.success_pattern.search(text):
            return self._refused(response, code)
        if config.success_path and look(document, config.success_path) not in config.success_values:
            return self._refused(response, code)
        if config.id_pattern:
            found = config.id_pattern.search(text)
            return Accepted((clean(found[1]) if found else "") or None)
        return Accepted(look(document, config.id_path) or None)

    def _told(self, code: str, response: Response) -> GatewayError | None:
        """What the provider's own code means, if the configuration lists it."""
        config = self.config
        if not code:
            return None
        if code in config.throttled_codes:
            return Throttled(code, "The gateway asks for a slower pace.", retry_after_s=retry_after_s(response))
        if code in config.misconfigured_codes:
            return Misconfigured(code, "The gateway does not accept the channel's settings.")
        if code in config.temporary_codes:
            return Unavailable(code, "The gateway has a fault of its own.")
        if code in config.opted_out_codes:
            return Refused(code, "The person told the gateway to stop.", opted_out=True)
        if code in config.unreachable_codes:
            return Refused(code, "The number cannot receive texts.", unreachable=True)
        return None

    def _refused(self, response: Response, code: str) -> GatewayError:
        if not _is_2xx(response):
            return by_http_status(response, code)
        return Refused(code, "The gateway refuses the message.")

    def verify(self, hook: Hook) -> bool:
        return True  # no signature is configurable: `webhook_token` protects the channel

    def parse(self, hook: Hook) -> list[Event]:
        query: dict[str, object] = dict(reversed(hook.query))  # the first of a repeated name counts
        if hook.method == "GET":
            return [self._event(query, query)]
        if "json" in hook.headers.get("content-type", "") or hook.body[:1] in {b"{", b"["}:
            document = json_value(hook.body)
            if self.config.inbound_list and isinstance(document, dict):
                document = find(document, self.config.inbound_list) or document
        else:
            document = dict(reversed(hook.form))
        return batch(document if isinstance(document, list) else [document], lambda item: self._event(item, query))

    def _event(self, item: object, query: Mapping[str, object]) -> Event:
        config = self.config
        if not isinstance(item, dict):
            raise HookMalformed("The webhook holds no fields.")

        def told(names: str) -> str:
            return look(item, names) or look(query, names)

        state = look(item, config.status_field)
        if state and state.lower() not in ARRIVING:
            return self._report(item, state, word(query.get(OUR_ID)))
        number = told(config.inbound_number).strip()
        if not number:
            raise HookMalformed(f"The webhook lacks `{config.inbound_number}`.")
        external_id = told(config.inbound_id).strip() or None
        if config.inbound_id and external_id is None:
            raise HookMalformed(f"The webhook lacks `{config.inbound_id}`.")
        return Received(
            number=number,
            text=told(config.inbound_text),
            external_id=external_id,
            to=told(config.inbound_to),
            sent_ms=instant_ms(told(config.inbound_time)),
        )

    def _report(self, item: Mapping[str, object], state: str, message_id: str) -> StatusChange:
        config = self.config
        external_id = look(item, config.status_id)
        message_id = look(item, config.status_message_id) or message_id
        if not (external_id or message_id):
            raise HookMalformed(f"The delivery report lacks `{config.status_id}`.")
        code = look(item, config.status_error)
        status = self._statuses.get(state.lower())
        return StatusChange(
            status=status,
            external_id=external_id or None,
            message_id=message_id or None,
            error=code if status in {Status.FAILED, Status.EXPIRED, None} else "",
            opted_out=code in config.opted_out_codes,
            unreachable=code in config.unreachable_codes,
            raw=state,
        )

    def ack(self, hook: Hook) -> Ack:
        return Ack(self.config.ack_status, self.config.ack_type, self.config.ack_body.encode())


def find(document: object, path: str) -> object:
    """What *path* leads to: names and list positions separated by dots; None if it leads nowhere."""
    if isinstance(document, Mapping) and path in document:
        found: object = document[path]
        return found
    for step in path.split("."):
        if isinstance(document, Mapping):
            document = document.get(step)
        elif isinstance(document, list) and step.isdecimal() and int(step) < len(document):
            document = document[int(step)]
        else:
            return None
    return document


def look(document: object, paths: str) -> str:
    """The first of the paths separated by `|` that leads to a word or number, as text; else the empty text."""
    for path in paths.split("|"):
        if path and (found := word(find(document, path))):
            return found
    return ""


def _is_2xx(response: Response) -> bool:
    return 200 <= response.status < 300


def _document(body: bytes) -> object:
    try:
        return json_value(body)
    except HookMalformed:
        return None
