"""A small HTTP server on loopback, for providers that a test plays: a subclass says what a request is answered with.

`fake_gateway` has a server of its own, which is much faster and can cut its answers.
"""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any, Self


@dataclass(frozen=True, slots=True)
class Asked:
    """A request. *target*: path and query as they came. The names of *headers* are in small letters."""

    method: str
    target: str
    headers: Mapping[str, str]
    body: bytes

    def document(self) -> Any:
        """The body, which is JSON."""
        return json.loads(self.body)


class Loopback(ABC):
    """Serves at `url` from `with` on; `answer` is called in a thread for each connection."""

    def __init__(self) -> None:
        played = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                length = int(self.headers.get("content-length", "0"))
                headers = {name.lower(): value for name, value in self.headers.items()}
                told = played.answer(Asked(self.command, self.path, headers, self.rfile.read(length)))
                if told is None:
                    return
                status, document = told
                octets = b"" if document is None else json.dumps(document).encode()
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(octets)))
                self.end_headers()
                self.wfile.write(octets)

            do_POST = do_GET  # noqa: N815  # the standard library's own name

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._thread = Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05})
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    @abstractmethod
    def answer(self, asked: Asked) -> tuple[int, object] | None:
        """Status and what goes as JSON, nothing for None; None: the connection ends without an answer."""

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
