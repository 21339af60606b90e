"""One keyword handler for all that people write; it keeps nothing of its own."""

from __future__ import annotations

from rapidsms.contrib.handlers import KeywordHandler

REPLY = "Your topics: Budget, Planning. Area: none. Language: English. More: TOPICS. Stop all: STOP"


class Answer(KeywordHandler):
    keyword = "join|status|topics|1"

    def help(self) -> None:
        self.respond(REPLY)

    def handle(self, text: str) -> None:
        self.respond(REPLY)
