"""What a citizen meant: the recogniser's answer, read by the dialogue."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType

from smsbot.values import value


class Intent(StrEnum):
    """What a text asks for. Values are stored with the message and named in `keywords.yaml`."""

    JOIN = "join"  # START, JOIN, subscribe; with topics: subscribe to them
    TOPICS = "topics"
    STOP = "stop"  # everything off, now
    LEAVE = "leave"  # one or more topics off: `STOP 3`, `LEAVE BUDGET`, `-3`
    HELP = "help"
    STATUS = "status"
    LANG = "lang"
    AREA = "area"
    PAUSE = "pause"
    RESUME = "resume"
    DATA = "data"
    DELETE = "delete"
    ALL = "all"  # "all" alone: an answer to the menu
    YES = "yes"
    NO = "no"  # bare NO: an answer, else the question "stop all?"
    ZERO = "zero"  # bare 0 or 00: leaves a dialogue, else STOP
    TOPIC = "topic"  # a topic's code, name or word alone
    NUMBERS = "numbers"  # digits alone: an answer, or topic numbers
    LANGUAGE = "language"  # a language's name or code alone (`RU`)
    MAYBE_STOP = "maybe_stop"  # near a stop, not sure: ask, never act, never ignore
    KEEP = "keep"  # a negated stop ("don't stop"): never stops anybody; staff read it
    STOP_SENTENCE = "stop_sentence"  # a stop word within other content: staff read it, told once how to stop
    EMPTY = "empty"  # nothing legible: a picture, blanks
    OTHER = "other"  # no keyword at all


CONFIDENCE: Mapping[str, float] = MappingProxyType(
    {
        "exact": 1.0, "digits": 1.0, "empty": 1.0, "fold": 0.97, "courtesy": 0.95, "name": 0.95, "phrase": 0.95,
        "negated": 0.95, "idiom": 0.9, "layout": 0.9, "glued": 0.9, "sentence": 0.9, "typo": 0.8, "name?": 0.6,
        "range?": 0.5, "mixed": 0.5, "statement": 0.4, "sign": 0.4, "near": 0.3, "": 0.0,
    }
)  # fmt: skip
"""How sure a rule is, for people who read an explanation and for ordering: a scale, not a measured frequency."""


@value(frozen=True, slots=True)
class Understood:
    """One reading of one text.

    *topics*: codes in the order named. *numbers*: the numbers in the argument (or alone). *place*: code, if the
    argument names exactly one. *places*: codes, if it may name several (homonyms). *argument*: what followed the
    keyword, as written, trimmed. *chosen_language*: the language named by `LANG RU` or `RU`. *language*: the
    language of the words used, None if they do not tell. *script*: `Latn` if a language with another script of its
    own was written in Latin letters, else "". *keyword*: the listed word that matched. *rule*: how: `exact`,
    `fold`, `typo`, `phrase`, `courtesy` and so on, see `CONFIDENCE`. *unknown*: the argument has words that name no
    topic and no number. *candidates*: the commands in reach of a text that is none of them for certain: two or three,
    or one that is too far to be acted on, in the order of `Intent`. They come with OTHER, or with MAYBE_STOP if STOP
    is among them: a question for the dialogue, never an order.
    """

    intent: Intent
    topics: tuple[str, ...] = ()
    numbers: tuple[int, ...] = ()
    place: str | None = None
    places: tuple[str, ...] = ()
    argument: str = ""
    chosen_language: str | None = None
    language: str | None = None
    script: str = ""
    keyword: str = ""
    rule: str = ""
    every: bool = False  # the argument says "all"
    unknown: bool = False
    candidates: tuple[Intent, ...] = ()

    @property
    def confidence(self) -> float:
        """How sure the rule that answered is, 0 to 1; what is only asked about is below 0.5."""
        sure = CONFIDENCE.get(self.rule, 0.0)
        return min(sure, 0.4) if self.intent is Intent.MAYBE_STOP else sure
