"""The interface that MagtiCom's OneWay service and MS Group's msg.ge share: a GET with four credentials, and an answer
of a code and an id.

OneWay v2.2.0 of 30 May 2012 (pdf-archive.com/2015/11/12/oneway-multipart); smsservice.ge/en/info/
http-api-v1-documentation. Both ways of writing the answer occur: `0000-17` and `0000 - 17`.
"""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import ClassVar

from pydantic import ConfigDict, Field, SecretStr

from smsbot.errors import GatewayError
from smsbot.gateways import forms
from smsbot.gateways.aggregator import Aggregator, AggregatorConfig, international
from smsbot.gateways.base import Accepted, Message, Pending, Request, Response, StatusChange
from smsbot.gateways.codes import Codes
from smsbot.gateways.reading import clean
from smsbot.status import Status

TAKEN = "0000"
ANSWER = re.compile(r"\s*(\d{4})(?:\s*-\s*(\S+))?\s*")

FATES: Mapping[str, Status] = MappingProxyType(
    {
        "0": Status.SENT,  # undefined: nobody knows yet
        "1": Status.DELIVERED,
        "2": Status.FAILED,  # not delivered to the phone
        "4": Status.SENT,  # queued on the SMSC
        "8": Status.SENT,  # delivered to the SMSC
        "16": Status.FAILED,  # not delivered to the SMSC
    }
)
"""Kannel's codes. msg.ge documents only 1, and serves the rest of the same interface."""


class OneWayConfig(AggregatorConfig):
    model_config = ConfigDict(coerce_numbers_to_str=True)  # ids are digits, and are written without quotation marks

    username: str = Field(min_length=1)
    password: SecretStr = Field(min_length=1)
    client_id: str = Field(min_length=1)
    service_id: str = Field(min_length=1)  # the name or short number that people see


class OneWay(Aggregator, ABC):
    """A subclass says where the two pages are, what a text needs, and what the codes mean."""

    send_page: str
    track_page: str
    codes: ClassVar[Codes]
    poll_most: ClassVar[int] = 1

    def __init__(self, config: OneWayConfig, base_url: str, headers: Mapping[str, str] = MappingProxyType({})) -> None:
        self.config = config
        self._base_url = base_url
        self._headers = {"accept": "text/plain, */*"} | dict(headers)
        self._credentials = {
            "username": config.username,
            "password": config.password.get_secret_value(),
            "client_id": config.client_id,
            "service_id": config.service_id,
        }

    @abstractmethod
    def coding(self, message: Message) -> Mapping[str, str]:
        """The field that says how *message* is written, if it needs one."""

    def request(self, message: Message) -> Request:
        return self._asked(
            self.send_page, {"to": international(message.to), "text": message.text, **self.coding(message)}
        )

    def _asked(self, page: str, fields: Mapping[str, str]) -> Request:
        query = forms.encoded((*self._credentials.items(), *fields.items()))
        return Request("GET", f"{self._base_url}{page}?{query}", self._headers)

    def result(self, response: Response) -> Accepted | GatewayError:
        code, message_id = _answer(response)
        if 200 <= response.status < 300 and code == TAKEN:
            return Accepted(message_id or None)
        return self.codes.refuses(response, code)

    def poll(self, pending: Sequence[Pending]) -> Request:
        (message,) = pending
        return self._asked(self.track_page, {"message_id": message.external_id or ""})

    def polled(self, pending: Sequence[Pending], response: Response) -> list[StatusChange] | GatewayError:
        code, _ = _answer(response)
        if not 200 <= response.status < 300 or self.codes.error(code, response):
            return self.codes.refuses(response, code)
        said = clean(response.body[:40].decode("utf-8", "replace")).strip()
        told = [self.codes.change(said, said, external_id=each.external_id) for each in pending if said]
        return [change for change in told if change.status is not Status.SENT]


def _answer(response: Response) -> tuple[str, str]:
    """Code and id; empty where the answer has another form."""
    found = ANSWER.fullmatch(clean(response.body[:200].decode("utf-8", "replace")))
    return (found[1], found[2] or "") if found else ("", "")
