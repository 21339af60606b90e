"""An Android phone with SMSGate, on loopback: takes messages, and calls webhooks with its signature.

`with Phone(webhook="http://…/channels/phone/inbound") as phone:` and point a channel's `base_url` at `phone.url`. It
does what the app does: asks for Basic credentials, refuses an id that it has with 409, signs each call anew.
"""

from __future__ import annotations

import hmac
import json
import time
from base64 import b64encode
from collections.abc import Mapping
from datetime import UTC, datetime
from hashlib import blake2b
from itertools import count
from threading import Condition
from typing import Any
from urllib.parse import urlsplit

from smsbot.testing.loopback import Asked, Loopback
from smsbot.testing.webhooks import Caller

USERNAME, PASSWORD = "sms", "phone-password"  # of a server that lives for one test on loopback
CREDENTIALS = "Basic " + b64encode(f"{USERNAME}:{PASSWORD}".encode()).decode("ascii")
SIGNING_KEY = "aB3dE6gH"
PATIENCE_S = 60.0


class Phone(Loopback):
    """*webhook*: where texts and reports go. *deaf*: how many messages it takes without giving an answer."""

    def __init__(self, *, webhook: str = "", device: str = "phone-1", deaf: int = 0) -> None:
        super().__init__()
        self.webhook = webhook
        self.device = device
        self.messages: dict[str, dict[str, Any]] = {}  # by id, in order of arrival
        self.repeats: list[str] = []  # ids that came again
        self._deaf = deaf
        self._changed = Condition()
        self._numbers = count(1)
        self._caller = Caller()

    def __exit__(self, *_: object) -> None:
        super().__exit__()
        self._caller.close()

    def answer(self, asked: Asked) -> tuple[int, object] | None:
        if asked.headers.get("authorization") != CREDENTIALS:
            return 401, {"message": "Unauthorized"}
        path = urlsplit(asked.target).path
        return self._take(path, asked.document()) if asked.method == "POST" else self._tell(path)

    def _take(self, path: str, message: dict[str, Any]) -> tuple[int, object] | None:
        if path not in {"/message", "/messages"}:
            return 404, {"message": "Not Found"}
        with self._changed:
            if message["id"] in self.messages:
                self.repeats.append(message["id"])
                self._changed.notify_all()
                return 409, {"message": "Message with this id already exists"}
            self.messages[message["id"]] = message
            deaf, self._deaf = self._deaf > 0, max(self._deaf - 1, 0)
            self._changed.notify_all()
        return None if deaf else (202, {"id": message["id"], "state": "Pending", "recipients": []})

    def _tell(self, path: str) -> tuple[int, object]:
        if path == "/webhooks":
            return 200, []
        known = self.messages.get(path.rsplit("/", 1)[-1])
        return (
            (200, {"id": known["id"], "state": "Sent", "recipients": []}) if known else (404, {"message": "Not Found"})
        )

    def texts(self, number: str) -> list[str]:
        """What the phone was told to send to *number*."""
        return [each["textMessage"]["text"] for each in self.messages.values() if number in each["phoneNumbers"]]

    def wait(self, number: str, word: str) -> dict[str, Any]:
        """The message to *number* that holds *word*, once it has come. Raises TimeoutError."""

        def found() -> dict[str, Any] | None:
            return next(
                (each for each in self.messages.values()
                 if number in each["phoneNumbers"] and word in each["textMessage"]["text"]), None,
            )  # fmt: skip

        with self._changed:
            if not self._changed.wait_for(lambda: found() is not None, PATIENCE_S):
                raise TimeoutError(f"waited {PATIENCE_S:.0f} s in vain for a text with {word!r}")
            message = found()
        assert message is not None
        return message

    def say(self, number: str, text: str, *, again: int = 0) -> list[int]:
        """The person with *number* writes *text*; the webhook is called, and *again* as after an answer that was lost.
        The statuses of our answers."""
        payload = {
            "messageId": blake2b(text.encode(), digest_size=4).hexdigest(),  # a hash of the text, as in the app
            "sender": number,
            "recipient": "+995599000000",
            "simNumber": 1,
            "message": text,
            "receivedAt": datetime.now(UTC).isoformat(timespec="milliseconds"),
        }
        return [self.call("sms:received", payload) for _ in range(again + 1)]

    def report(self, event: str, message: Mapping[str, Any], **more: object) -> int:
        """`sms:sent`, `sms:delivered` or `sms:failed` for a message that was taken."""
        return self.call(event, {"messageId": message["id"], "recipient": message["phoneNumbers"][0], **more})

    def call(self, event: str, payload: Mapping[str, object], *, key: str = SIGNING_KEY, age_s: int = 0) -> int:
        """Call the webhook; the status of the answer. *age_s*: how long ago it was signed."""
        document = {
            "id": f"n{next(self._numbers)}", "webhookId": "w", "event": event, "deviceId": self.device,
            "payload": payload,
        }  # fmt: skip
        body = json.dumps(document).encode()
        stamp = str(int(time.time()) - age_s)
        signature = hmac.digest(key.encode(), body + stamp.encode(), "sha256").hex()
        headers = {"content-type": "application/json", "x-signature": signature, "x-timestamp": stamp}
        status, _ = self._caller.call("POST", self.webhook, body, headers)
        return status
