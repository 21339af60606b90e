"""A message cut into listed phrases, and what such phrases name: topics, numbers, all of them."""

from __future__ import annotations

from collections.abc import Sequence

from smsbot.text.fold import fold_of, script
from smsbot.text.lexicon import Token
from smsbot.text.segment import Segment
from smsbot.text.understood import Intent
from smsbot.text.vocabulary import Meaning, Vocabulary
from smsbot.text.words import Role
from smsbot.values import value

__all__ = ["DOUBTFUL_NAME", "Argument", "Segment", "read_argument", "segments", "slipped_topic", "slipped_topics"]

DOUBTFUL_NAME = "name?"
"""The rule of a LEAVE whose topic is a slip away: it leaves that topic, and never stops all."""


@value(frozen=True, slots=True)
class Argument:
    topics: tuple[str, ...] = ()
    numbers: tuple[int, ...] = ()
    every: bool = False
    strangers: int = 0  # tokens that name nothing
    language: str | None = None
    script: str = ""
    word: str = ""
    by_name: bool = True  # every topic by its name or code, none by a further word

    @property
    def unknown(self) -> bool:
        return self.strangers > 0


def segments(tokens: Sequence[Token], vocabulary: Vocabulary) -> list[Segment]:
    """Cut from left to right, the longest listed phrase first."""
    return vocabulary.cut(tokens)


def read_argument(parts: Sequence[Segment]) -> Argument:
    """The topics and numbers that *parts* name. Filling words are passed over if anything else is named."""
    topics: dict[str, None] = {}
    numbers: dict[int, None] = {}
    every = False
    strangers = 0
    named: Meaning | None = None
    typed = ""
    by_name = True
    for part in parts:
        if not part.meanings:
            token = part.tokens[0]
            if token.number is not None:
                numbers[token.number] = None
            elif token.inflected is not None:
                topics[token.inflected.topic or ""] = None
                named, typed = named or token.inflected, typed or part.text
            else:
                strangers += 1
            continue
        topic_meanings = [meaning for meaning in part.meanings if meaning.topic is not None]
        if topic_meanings:
            topics |= dict.fromkeys(meaning.topic for meaning in topic_meanings if meaning.topic)
            by_name = by_name and any(meaning.own_name for meaning in topic_meanings)
            named, typed = named or topic_meanings[0], typed or part.text
        elif part.asks(Intent.ALL):
            every = True
            named, typed = named or part.meaning(Intent.ALL), typed or part.text
        elif (number := next((m for m in part.meanings if m.number is not None), None)) is not None:
            numbers[number.number or 0] = None
            named, typed = named or number, typed or part.text
        elif part.is_silent:
            continue
        else:
            strangers += len(part.tokens)
    return Argument(
        tuple(topics), tuple(numbers), every, strangers, named.language if named else None,
        _script(named, typed), named.word if named else "", by_name,
    )  # fmt: skip


def tells_with_a_number(parts: Sequence[Segment]) -> bool:
    """ "I am one of them": a number in letters within a statement."""
    told = any(part.has(Role.TELLING) for part in parts)
    return told and any(meaning.number is not None for part in parts for meaning in part.meanings)


def slipped_topic(parts: Sequence[Segment], vocabulary: Vocabulary) -> str | None:
    """The topic whose name the only strange word of an argument is one slip from: `JOIN BUGDET`."""
    strange = [part for part in parts if not part.is_silent]
    if len(strange) != 1 or strange[0].meanings or len(strange[0].tokens) != 1:
        return None
    near = {meaning.topic if meaning.own_name else None for meaning in vocabulary.slips(strange[0].raw)}
    return near.pop() if len(near) == 1 else None


def slipped_topics(parts: Sequence[Segment], vocabulary: Vocabulary) -> tuple[str, ...]:
    """All topics of an argument of which each strange word is one slip from a topic's name: `JOIN BUGDET CULTURE`."""
    topics: dict[str, None] = {}
    for part in parts:
        found = {meaning.topic for meaning in part.meanings if meaning.topic is not None}
        inflected = part.tokens[0].inflected
        if not part.meanings and inflected is not None and inflected.topic is not None:
            found = {inflected.topic}
        if not found:
            if part.is_silent or part.number is not None or any(each.number is not None for each in part.meanings):
                continue
            near = {meaning.topic if meaning.own_name else None for meaning in vocabulary.slips(part.raw)}
            if len(part.tokens) != 1 or len(near) != 1 or None in near:
                return ()
            found = {topic for topic in near if topic is not None}
        topics |= dict.fromkeys(sorted(found))
    return tuple(topics)


def _script(named: Meaning | None, typed: str) -> str:
    if named is None or named.language is None or fold_of(named.language).script == "Latn":
        return ""
    return "Latn" if script(typed) == "Latn" else ""
