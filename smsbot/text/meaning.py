"""What one listed word or phrase stands for."""

from __future__ import annotations

from dataclasses import dataclass

from smsbot.text.understood import Intent
from smsbot.text.words import Role


@dataclass(frozen=True, slots=True)
class Meaning:
    """What one listed word or phrase stands for. Exactly one of the first five says something."""

    intent: Intent | None = None
    role: Role | None = None
    topic: str | None = None
    number: int | None = None
    names_language: str | None = None
    language: str | None = None  # of the word, None for a topic's further words and codes
    word: str = ""  # as listed
    foreign: bool = False  # written in Latin letters though the language has its own script
    typo: bool = False  # a listed slip
    head: bool = False  # a command only before an argument
    own_name: bool = False  # a topic's name or code
    denies: bool = False  # contains its own negation ("don't text me"), so that no other can turn it round
