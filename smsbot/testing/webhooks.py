"""Calling webhooks as providers do, Twilio's signature included. Blocking; loopback only."""

from __future__ import annotations

import hmac
from base64 import b64encode
from collections.abc import Mapping
from http.client import HTTPConnection, HTTPException
from typing import Self
from urllib.parse import urlencode, urlsplit


def twilio_signature(token: str, url: str, fields: Mapping[str, str]) -> str:
    """`X-Twilio-Signature` of a form posted to *url* (the public one, query included)."""
    signed = url + "".join(name + fields[name] for name in sorted(fields))
    return b64encode(hmac.digest(token.encode(), signed.encode(), "sha1")).decode("ascii")


def twilio_message(number: str, text: str, *, sid: str, to: str = "+995322000000") -> dict[str, str]:
    """The form of an incoming text, with all the fields that Twilio sends."""
    return {
        "ToCountry": "GE",
        "ToState": "",
        "SmsMessageSid": sid,
        "NumMedia": "0",
        "ToCity": "",
        "SmsSid": sid,
        "FromCountry": "GE",
        "SmsStatus": "received",
        "Body": text,
        "To": to,
        "NumSegments": "1",
        "MessageSid": sid,
        "AccountSid": "AC00000000000000000000000000000000",
        "From": number,
        "ApiVersion": "2010-04-01",
    }


def twilio_report(sid: str, status: str, *, error: str = "", number: str = "", sender: str = "") -> dict[str, str]:
    """The form of a status callback."""
    form = {"MessageSid": sid, "SmsSid": sid, "MessageStatus": status, "SmsStatus": status, "To": number}
    form |= {"From": sender, "AccountSid": "AC00000000000000000000000000000000", "ApiVersion": "2010-04-01"}
    return form | ({"ErrorCode": error} if error else {})


class Caller:
    """Posts webhooks over kept connections, one to each host. Not for several threads at once."""

    def __init__(self, *, timeout_s: float = 60.0) -> None:
        self._timeout_s = timeout_s
        self._connections: dict[str, HTTPConnection] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        for connection in self._connections.values():
            connection.close()
        self._connections.clear()

    def call(
        self, method: str, url: str, body: bytes = b"", headers: Mapping[str, str] | None = None
    ) -> tuple[int, bytes]:
        """Status and body of the answer. A kept connection that was closed meanwhile is opened again once."""
        parts = urlsplit(url)
        target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        for again in (True, False):
            connection = self._connections.get(parts.netloc)
            fresh = connection is None
            if connection is None:
                connection = HTTPConnection(parts.netloc, timeout=self._timeout_s)
                self._connections[parts.netloc] = connection
            try:
                connection.request(method, target, body or None, dict(headers or {}))
                answer = connection.getresponse()
                return answer.status, answer.read()
            except (ConnectionError, TimeoutError, HTTPException):
                connection.close()
                del self._connections[parts.netloc]
                if fresh or not again:
                    raise
        raise AssertionError("unreachable: the second round returns or raises")

    def form(self, url: str, fields: Mapping[str, str], headers: Mapping[str, str] | None = None) -> tuple[int, bytes]:
        kind = {"content-type": "application/x-www-form-urlencoded"}
        return self.call("POST", url, urlencode(fields).encode("ascii"), kind | dict(headers or {}))

    def twilio(
        self, url: str, fields: Mapping[str, str], *, token: str, public_url: str | None = None
    ) -> tuple[int, bytes]:
        """A form signed as Twilio signs. *public_url* where the signed address is not the one that is called."""
        signature = twilio_signature(token, public_url or url, fields)
        return self.form(url, fields, {"x-twilio-signature": signature})
