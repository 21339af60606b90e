"""What a person's texts come to, by the published rules alone: a few lines that know nothing of the product's code.

Only words whose meaning does not hang on an open question are used, so the last word of each text decides.
"""

from __future__ import annotations

import random
from collections.abc import Iterable
from dataclasses import dataclass

TOPICS = {"BUDGET": "budget", "PLANNING": "planning", "CULTURE": "culture", "ROADS": "roads"}


@dataclass
class Person:
    """*state* as the staff API tells it; *topics*: codes."""

    state: str = "new"
    topics: frozenset[str] = frozenset()

    def says(self, text: str) -> None:
        first, _, rest = text.partition(" ")
        if text == "STOP":
            self.state, self.topics = "stopped", frozenset()
        elif first == "LEAVE":
            if TOPICS[rest] in self.topics:
                self.topics -= {TOPICS[rest]}
            else:
                self.state, self.topics = "stopped", frozenset()
        elif first == "JOIN":
            self.state = "active"
            self.topics |= {TOPICS[word] for word in rest.split()}
        elif text in TOPICS:
            self.state = "active"
            self.topics |= {TOPICS[text]}
        else:
            assert text in ("STATUS", "HELP"), text


def after(texts: Iterable[str]) -> Person:
    person = Person()
    for text in texts:
        person.says(text)
    return person


def script(chance: random.Random, *, length: int, leaves: bool) -> list[str]:
    """What one person writes, in this order. *leaves*: with STOP at the end; nobody else has stopped by then."""
    person = Person()
    said: list[str] = []
    while len(said) < length:
        if person.state != "active":
            text = chance.choice(["JOIN", "BUDGET", "JOIN CULTURE ROADS"])
        else:
            text = chance.choice(["JOIN PLANNING", "ROADS", "STATUS", "HELP", "CULTURE", "leave", "STOP"])
            if text == "leave":
                text = f"LEAVE {chance.choice(sorted(TOPICS))}"
        person.says(text)
        said.append(text)
    if leaves:
        if person.state != "active":
            said.append("JOIN")
        return [*said, "STOP"]
    return said if person.state == "active" else [*said, "JOIN BUDGET"]
