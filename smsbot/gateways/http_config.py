"""The keys of the configurable gateway. A *path* is names and list positions separated by dots (`messages.0.id`);
alternatives are separated by `|`."""

from __future__ import annotations

import re
from typing import Annotated, Literal, Self

from pydantic import BeforeValidator, Field, SecretStr, field_validator, model_validator

from smsbot.gateways import templates
from smsbot.gateways.base import BaseUrl, ChannelConfig
from smsbot.status import Status


def _pattern(value: object) -> object:
    if not isinstance(value, str):
        return value
    try:
        return re.compile(value)
    except re.error as error:
        raise ValueError(f"a regular expression ({error})") from None


Pattern = Annotated[re.Pattern[str], BeforeValidator(_pattern)]


class HttpConfig(ChannelConfig):
    base_url: BaseUrl = Field(description="Where the provider listens.")
    path: str = Field(
        default="",
        repr=False,
        description="What follows base_url, for example /send?to={to_no_plus}; values are percent-encoded.",
    )
    method: Literal["POST", "GET", "PUT"] = Field(default="POST", description="GET sends the fields as the query.")
    content_type: Literal["json", "form", "xml"] = Field(default="json", description="How the body is written.")
    fields: dict[str, str] = Field(
        default={"to": "{to}", "from": "{from}", "text": "{text}", "id": "{id}", "status_url": "{status_url}"},
        repr=False,
        description="The provider's name of each field, and what it holds: text with placeholders.",
    )
    body: str | None = Field(
        default=None,
        repr=False,
        description="The whole body with placeholders, instead of fields; values are escaped for content_type.",
    )
    headers: dict[str, str] = Field(
        default={}, repr=False, description="Further headers; {api_key} and {id} may stand in them."
    )
    api_key: SecretStr | None = Field(default=None, description="The secret behind the placeholder {api_key}.")
    username: str = Field(default="", description="With it every request carries Basic credentials.")
    password: SecretStr = Field(default=SecretStr(""), description="The other half of the Basic credentials.")
    encodings: dict[str, str] = Field(
        default={"GSM-7": "gsm7", "UCS-2": "ucs2"}, description="What {encoding} becomes for each encoding."
    )

    success_status: list[int] = Field(default=[], description="HTTP statuses that mean accepted; none: any 2xx.")
    success_pattern: Pattern | None = Field(default=None, description="A pattern that the answer must hold.")
    success_path: str = Field(default="", description="A path in the JSON answer that must hold a success value.")
    success_values: list[str] = Field(default=[], description="What success_path may hold: `ok`, `0`, `true` …")
    id_path: str = Field(
        default="id|message_id|messageId", description="Where the JSON answer names the provider's id of the message."
    )
    id_pattern: Pattern | None = Field(default=None, description="A pattern whose first group is that id, instead.")
    error_path: str = Field(default="code|error.code|error", description="Where the JSON answer names an error.")
    opted_out_codes: list[str] = Field(default=[], description="Errors that mean: the person told the gateway to stop.")
    unreachable_codes: list[str] = Field(default=[], description="Errors that mean: no mobile has this number.")
    throttled_codes: list[str] = Field(default=[], description="Errors that mean: slower.")
    temporary_codes: list[str] = Field(default=[], description="Errors that mean: not accepted, try later.")
    misconfigured_codes: list[str] = Field(default=[], description="Errors that mean: wrong key, sender or balance.")

    inbound_list: str = Field(default="", description="The path to the list, where a webhook brings several messages.")
    inbound_number: str = Field(default="from|sender|number", min_length=1, description="The field with the sender.")
    inbound_text: str = Field(default="text|message|body", description="The field with the text.")
    inbound_id: str = Field(
        default="id|message_id|messageId", description="The field with the id; empty where the provider gives none."
    )
    inbound_to: str = Field(default="to|recipient", description="The field with the number that was written to.")
    inbound_time: str = Field(default="time|date|timestamp", description="The field with the time of sending.")
    status_field: str = Field(default="status", min_length=1, description="The field that makes a webhook a report.")
    status_id: str = Field(default="id", description="The field of a report with the provider's id.")
    status_message_id: str = Field(default="message_id", description="The field of a report with our id.")
    status_error: str = Field(default="error|code|reason", description="The field of a report with the error.")
    statuses: dict[str, Status] = Field(
        default={
            "accepted": Status.SENDING,
            "queued": Status.SENDING,
            "pending": Status.SENDING,
            "sending": Status.SENDING,
            "submitted": Status.SENT,
            "sent": Status.SENT,
            "delivered": Status.DELIVERED,
            "read": Status.DELIVERED,
            "undelivered": Status.FAILED,
            "failed": Status.FAILED,
            "rejected": Status.FAILED,
            "error": Status.FAILED,
            "expired": Status.EXPIRED,
        },
        description="The provider's words for a message's fate, in any case of letters, and ours.",
    )

    ack_status: int = Field(default=200, ge=200, le=299, description="The status of our answer to a webhook.")
    ack_body: str = Field(default="", description="The body of our answer to a webhook.")
    ack_type: str = Field(default="text/plain; charset=utf-8", description="The type of our answer to a webhook.")

    @field_validator("path", "body")
    @classmethod
    def _known_placeholders(cls, value: str | None) -> str | None:
        return value if value is None else templates.check(value)

    @field_validator("fields")
    @classmethod
    def _known_in_fields(cls, value: dict[str, str]) -> dict[str, str]:
        return {name: templates.check(template) for name, template in value.items()}

    @field_validator("headers")
    @classmethod
    def _sendable(cls, value: dict[str, str]) -> dict[str, str]:
        for name, template in value.items():
            templates.check(template, templates.FIXED)
            if not re.fullmatch(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+", name) or not template.isprintable():
                raise ValueError("names and values that fit into a header")
        return value

    @field_validator("id_pattern")
    @classmethod
    def _has_a_group(cls, value: re.Pattern[str] | None) -> re.Pattern[str] | None:
        if value is not None and value.groups < 1:
            raise ValueError("a regular expression with one group, the id: ([0-9]+)")
        return value

    @field_validator("statuses")
    @classmethod
    def _reported(cls, value: dict[str, Status]) -> dict[str, Status]:
        if {Status.SUPPRESSED, Status.CANCELLED, Status.QUEUED} & set(value.values()):
            raise ValueError("sending, sent, delivered, failed, expired or unknown")
        return value

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if self.content_type == "xml" and self.body is None and self.method != "GET":
            raise ValueError('`body` is needed with content_type = "xml"')
        if bool(self.success_path) != bool(self.success_values):
            raise ValueError("`success_path` and `success_values` belong together")
        return self
