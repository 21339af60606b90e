"""One keyword handler for all that people write; it keeps nothing of its own."""

from __future__ import annotations

from rapidsms.contrib.handlers import KeywordHandler

from benchmarks.load import REPLY


class Answer(KeywordHandler):
    keyword = "join|status|topics|1"

    def help(self) -> None:
        self.respond(REPLY)

    def handle(self, text: str) -> None:
        self.respond(REPLY)
