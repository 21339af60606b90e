"""A fast provider in a process of its own that also says how many requests it got, and when: `GET /count`."""

from __future__ import annotations

import json
import sys
import time
import urllib.request
from dataclasses import dataclass

from smsbot.testing import fake_gateway
from smsbot.testing.fake_gateway import Answer, Asked, FakeGateway

SENDSMS = b"GET /cgi-bin/sendsms?"  # what Kannel's users send is no form


@dataclass(frozen=True, slots=True)
class Taken:
    """*first_s*, *last_s*: when the first and the last request came, by the monotonic clock all processes share."""

    count: int
    first_s: float
    last_s: float


class Sink(FakeGateway):
    """Starts over at `GET /forget`."""

    def __init__(self, port: int) -> None:
        super().__init__(port=port, record=False)
        self._first_s = self._last_s = 0.0

    def answer(self, head: bytes, body: bytes, connection: fake_gateway._Connection) -> None:
        if head.startswith((b"POST ", SENDSMS)):
            self._last_s = time.monotonic()
            if not self.count:
                self._first_s = self._last_s
            super().answer(head, body, connection)
            return
        if head.startswith(b"GET /forget "):
            self.count = 0
        told = {"count": self.count, "first_s": self._first_s, "last_s": self._last_s}
        connection.answer(Asked(head, body, 0), Answer(200, json.dumps(told).encode()))


def taken(url: str) -> Taken:
    with urllib.request.urlopen(f"{url}/count", timeout=10) as answer:
        return Taken(**json.load(answer))


def forget(url: str) -> None:
    urllib.request.urlopen(f"{url}/forget", timeout=10).close()


if __name__ == "__main__":
    with Sink(int(sys.argv[1])):
        while True:
            time.sleep(3600)
