"""What people say, as data: the keyword file of one language, and the names of topics and places."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TypeVar

from smsbot.errors import ContentError
from smsbot.text.fold import script
from smsbot.text.understood import Intent

DOTTED = ("az", "tr")  # languages whose capital of i is İ


class Role(StrEnum):
    """The lists of a keyword file beside its commands; the values are the file's keys."""

    COURTESY = "courtesy"  # please, thanks, greetings: change nothing
    MESSAGING = "messaging"  # SMS, send, write, subscription: beside a stop word they leave it a stop
    FILLER = "filler"  # I, this, now, and: carry no content of their own
    NEGATOR = "negators"  # don't, ნუ, не
    PHRASE = "phrases"  # a stop wherever it stands: "don't text me"
    REFUSAL = "refusals"  # "I don't want": a stop alone or beside a messaging word
    STOP_VERB = "stop_verbs"  # forms of stop verbs that are no command: a negated stop, or a polite one
    KEPT = "kept"  # one word for "don't stop"
    CORE = "core"  # stop words that are clear in the middle of a sentence too
    ORDINARY = "ordinary"  # words near a keyword that mean something else: never taken for a slip
    REPLY = "reply"  # "reply 1 3" copied from our own instruction
    TOPIC_NOUN = "topic_nouns"  # topic, number: may stand before or after a topic
    PLACE_NOUN = "place_nouns"  # village, district: may stand before or after a place
    DAY = "days"  # "pause 7 days"
    WEEK = "weeks"  # "pause 2 weeks"
    MONTH = "months"  # "pause a month"
    UNTIL = "until"  # till, Monday, spring: a time that we cannot reckon, but a time
    INFLUENCE = "influence"  # verbs that turn a refusal round: "don't want to miss"
    WISH = "wishes"  # I want: makes a request of a verb that is no command alone
    TELLING = "telling"  # is, already, today: before a stop word they make a statement or a question of it
    ARTICLE = "articles"  # the, my, this: before a stop word that is a noun too they make a thing of it
    NOUN = "nouns"  # stop words that also name a thing or an event: "the end", გათიშვა (a cut)
    OBJECT = "objects"  # stop words that may be what is not wanted: "don't want" + отписаться keeps
    ASKING = "asking"  # why, who, you: what follows is told or asked, not ordered
    LACKING = "lacking"  # without: "a village without water" names no place
    GIVEN_NAME = "given_names"  # a signature beside a stop word
    SURNAME = "surname_endings"  # by which the word beside a given name is taken for a surname
    SENT = "sent_endings"  # of the word before "don't send me" that tells what is not to be sent: ქვითარს (a bill)
    ENDING = "endings"  # `ე>ა`, `>ს`: last letters of other forms; გააუქმა and გააუქმეს are no slips of გააუქმე


@dataclass(frozen=True, slots=True)
class LanguageWords:
    """One language's keyword file.

    *words*: what asks for each command; the first is the one to publish. *latin*: the published word in Latin letters,
    where the script differs. *typos*: slips listed one by one. *heads*: words that are the command only before an
    argument. *numbers*: number words. *names*: how this language names languages (code → names). *lines*: where in
    *file* a word stands, for the audit.
    """

    language: str
    words: Mapping[Intent, tuple[str, ...]]
    roles: Mapping[Role, tuple[str, ...]] = field(default_factory=dict)
    latin: Mapping[Intent, str] = field(default_factory=dict)
    typos: Mapping[Intent, tuple[str, ...]] = field(default_factory=dict)
    heads: Mapping[Intent, tuple[str, ...]] = field(default_factory=dict)
    numbers: Mapping[str, int] = field(default_factory=dict)
    names: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    reserved: tuple[str, ...] = ()
    harmless: Mapping[str, str] = field(default_factory=dict)  # word → why two commands may share it
    file: str = ""
    lines: Mapping[str, int] = field(default_factory=dict)
    sources: Mapping[str, str] = field(default_factory=dict)  # word → its file, where that is not *file*


@dataclass(frozen=True, slots=True)
class Named:
    """A topic or a place as the recogniser needs it. *names*: language → name; *words*: further words, any script."""

    code: str
    number: int | None = None
    names: Mapping[str, str] = field(default_factory=dict)
    words: tuple[str, ...] = ()
    parent: str | None = None


_SECTIONS = frozenset({"words", "latin", "typos", "heads", "numbers", "language_names", "reserved", "harmless"})


def parse_words(
    language: str, content: Mapping[str, object], *, file: str = "", lines: Mapping[str, int] | None = None
) -> LanguageWords:
    """Read a keyword file's mapping (strings only, as YAML's BaseLoader gives it). Raises ContentError."""
    reader = _Reader(file, lines or {})
    roles = {role.value: role for role in Role}
    for key in content:
        if key not in _SECTIONS and key not in roles:
            raise reader.error(f"unknown section {key!r}", key)
    return LanguageWords(
        language=language,
        words=reader.by_intent(content.get("words")),
        roles={roles[key]: reader.list_of(value, key) for key, value in content.items() if key in roles},
        latin={intent: found[0] for intent, found in reader.by_intent(content.get("latin")).items() if found},
        typos=reader.by_intent(content.get("typos")),
        heads=reader.by_intent(content.get("heads")),
        numbers=reader.numbers(content.get("numbers")),
        names=reader.by_code(content.get("language_names")),
        reserved=reader.list_of(content.get("reserved"), "reserved"),
        harmless={key: "; ".join(value) for key, value in reader.by_code(content.get("harmless")).items()},
        file=file,
        lines=lines or {},
    )


@dataclass(frozen=True, slots=True)
class _Reader:
    file: str
    lines: Mapping[str, int]

    def error(self, message: str, word: str) -> ContentError:
        return ContentError(message, file=self.file or "keywords", line=self.lines.get(word))

    def list_of(self, value: object, where: str) -> tuple[str, ...]:
        if value is None or value == "":
            return ()
        if isinstance(value, str):
            return (value,)
        if isinstance(value, Sequence) and all(isinstance(item, str) for item in value):
            return tuple(value)
        raise self.error(f"{where}: a list of words is expected", where)

    def by_code(self, value: object) -> dict[str, tuple[str, ...]]:
        if value is None or value == "":
            return {}
        if not isinstance(value, Mapping):
            raise self.error("a mapping is expected", "")
        return {str(key): self.list_of(item, str(key)) for key, item in value.items()}

    def by_intent(self, value: object) -> dict[Intent, tuple[str, ...]]:
        known = {intent.value: intent for intent in Intent}
        result = {}
        for key, found in self.by_code(value).items():
            if key not in known:
                raise self.error(f"unknown command {key!r}", key)
            result[known[key]] = found
        return result

    def numbers(self, value: object) -> dict[str, int]:
        result = {}
        for key, found in self.by_code(value).items():
            if not key.isascii() or not key.isdigit():
                raise self.error(f"numbers: {key!r} is no number", key)
            result.update(dict.fromkeys(found, int(key)))
        return result


_K = TypeVar("_K")


def overlay(base: LanguageWords, extra: LanguageWords) -> LanguageWords:
    """*base* with a municipality's own words added behind its own; nothing is taken away."""
    return LanguageWords(
        language=base.language,
        words=_merged(base.words, extra.words),
        roles=_merged(base.roles, extra.roles),
        latin={**base.latin, **extra.latin},
        typos=_merged(base.typos, extra.typos),
        heads=_merged(base.heads, extra.heads),
        numbers={**base.numbers, **extra.numbers},
        names=_merged(base.names, extra.names),
        reserved=(*base.reserved, *extra.reserved),
        harmless={**base.harmless, **extra.harmless},
        file=base.file,
        lines={**extra.lines, **base.lines},
        sources={**{word: extra.file for word in extra.lines if word not in base.lines}, **base.sources},
    )


def _merged(first: Mapping[_K, tuple[str, ...]], second: Mapping[_K, tuple[str, ...]]) -> dict[_K, tuple[str, ...]]:
    return {key: tuple(dict.fromkeys((*first.get(key, ()), *second.get(key, ())))) for key in {**first, **second}}


def shown(word: str, language: str) -> str:
    """Capitals, so that a keyword stands out in a sentence; Georgian has none that every phone can show."""
    if script(word) in ("Geor", ""):
        return word
    return (word.replace("i", "İ") if language in DOTTED else word).upper()
