"""What people texted that nothing matched, grouped by how it sounds. No number of anybody leaves this module."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from sqlalchemy import Connection, select

from smsbot.store.tables import Inbound, table
from smsbot.text.language import guess
from smsbot.text.strange import Known, Lexicon, Near, form
from smsbot.text.understood import Intent

INBOUND = table(Inbound)
UNKNOWN_RULES = ("courtesy", "place")  # "thanks" and a village's name are understood well enough
LATIN = "latin"
"""In the place of a language: plain Latin letters, which four of the five languages are written in."""
SCANNED = 50_000  # of the newest texts; a week of a city has fewer


@dataclass(slots=True)
class Word:
    """*shown*: the newest spelling, in a script of its own if there is one. *languages*: how many of the texts look
    like which. *example*: the newest text."""

    shown: str
    count: int = 0
    people: int = 0
    languages: Counter[str] = field(default_factory=Counter)
    first_ms: int = 0
    last_ms: int = 0
    example: str = ""
    near: Near | None = None

    @property
    def language(self) -> str:
        """The likeliest language; of Latin letters only: that of the nearest word, else English."""
        told = [language for language, _ in self.languages.most_common() if language != LATIN]
        return told[0] if told else (self.near.known.language if self.near is not None else "") or "en"


def gather(connection: Connection, lexicon: Lexicon, *, since_ms: int, limit: int) -> list[Word]:
    """The *limit* words that came most often since *since_ms*, the most frequent first, then the latest."""
    rows = connection.execute(
        select(INBOUND.c.text, INBOUND.c.number, INBOUND.c.at_ms)
        .where(
            INBOUND.c.inbox != "",
            INBOUND.c.intent == Intent.OTHER.value,
            INBOUND.c.rule.not_in(UNKNOWN_RULES),
            INBOUND.c.at_ms >= since_ms,
        )
        .order_by(INBOUND.c.id.desc())
        .limit(SCANNED)
    )
    found: dict[str, Word] = {}
    writers: dict[str, set[int]] = {}
    for text, number, at_ms in rows:
        same = form(text)
        if same is None:
            continue
        word = found.get(same.key)
        if word is None:
            word = found[same.key] = Word(same.shown, last_ms=at_ms, example=text.strip())
        if word.shown.isascii():  # one in its language's own letters tells more
            word.shown = same.shown
        word.count += 1
        word.languages[guess(text) or LATIN] += 1
        word.first_ms = at_ms
        writers.setdefault(same.key, set()).add(hash(number))
    for key, numbers in writers.items():
        found[key].people = len(numbers)
    ordered = sorted(found.items(), key=lambda pair: (-pair[1].count, -pair[1].last_ms))[:limit]
    for key, word in ordered:
        word.near = lexicon.nearest(key)
    return [word for _, word in ordered]


@dataclass(frozen=True, slots=True)
class Addition:
    """How the word is added: *line* goes into *where*, a file of the municipality's folder or a topic or place."""

    where: str
    line: str


def addition(word: Word, folder: str = "content") -> Addition:
    """The line that would list *word* for what its nearest word means; `COMMAND` is to be chosen if none is near."""
    near: Known | None = word.near.known if word.near is not None else None
    if near is not None and near.kind != "command":
        return Addition(f"{near.kind} {near.name}", f"words: [{word.shown}]")
    meaning = near.name if near is not None else "COMMAND"
    return Addition(f"{folder}/locales/{word.language}/keywords.yaml", f"words: {{{meaning}: [{word.shown}]}}")


COLUMNS: Sequence[str] = (
    "word", "count", "people", "languages", "first", "last", "example", "nearest", "means", "distance", "where", "line",
)  # fmt: skip
