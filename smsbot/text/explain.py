"""How a text was understood, step by step: what became of it, what each word may be, each rule and its verdict.

The steps are the recogniser's own rules in their order, so an explanation cannot tell another story than the answer.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass, fields

from smsbot.text.arguments import Segment
from smsbot.text.freetext import other
from smsbot.text.lexicon import Token
from smsbot.text.match import RULES, begun
from smsbot.text.meaning import Meaning
from smsbot.text.understood import Understood
from smsbot.text.vocabulary import Vocabulary


@dataclass(frozen=True, slots=True)
class Word:
    """A word of the message. *keys*: language → sound keys. *slips*: what is listed one slip away, if it is unknown."""

    text: str
    keys: dict[str, tuple[str, ...]]
    slips: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Part:
    """A listed phrase of the message, or a strange word. *meanings*: `command stop (ka სტოპ)` and the like."""

    text: str
    literal: bool
    meanings: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Step:
    """One rule and its verdict: what it answered, or "" if it passed the message on."""

    rule: str
    about: str
    verdict: str


@dataclass(frozen=True, slots=True)
class Explanation:
    text: str
    cleaned: str
    joined: str
    words: tuple[Word, ...]
    parts: tuple[Part, ...]
    steps: tuple[Step, ...]
    result: Understood

    def as_data(self) -> dict[str, object]:
        """Plain mappings and lists; of the result only what says something."""
        data = asdict(self)
        data["result"] = {"intent": self.result.intent, **_told(self.result), "confidence": self.result.confidence}
        return data

    def lines(self) -> Iterator[str]:
        """For a reader, a line a fact."""
        yield f"text        {self.text!r}"
        yield f"cleaned     {self.cleaned!r}"
        yield f"compared as {self.joined!r}"
        for word in self.words:
            keys = "; ".join(f"{language} {' '.join(found)}" for language, found in word.keys.items())
            slips = f"   one slip from {', '.join(word.slips)}" if word.slips else ""
            yield f"word        {word.text}   {keys or 'no keys'}{slips}"
        for part in self.parts:
            how = "letter by letter" if part.literal else "by sound"
            meanings = f"{'; '.join(part.meanings)}, {how}" if part.meanings else "strange"
            yield f"part        {part.text}   {meanings}"
        for step in self.steps:
            yield f"rule        {step.rule}: {step.verdict or 'no'}   ({step.about})"
        yield f"result      {describe(self.result)}"


def explain(text: str, vocabulary: Vocabulary) -> Explanation:
    """Read *text* by the rules of `understand`, and keep what each of them said."""
    message = begun(text, vocabulary)
    steps = []
    result = None
    for rule in RULES:
        result = rule.read(message)
        steps.append(Step(rule.name, rule.about, describe(result) if result is not None else ""))
        if result is not None:
            break
    return Explanation(
        text,
        message.cleaned,
        message.joined,
        tuple(_word(token, vocabulary) for token in message.tokens),
        tuple(_part(part) for part in message.parts),
        tuple(steps),
        result or other(message),
    )


def describe(answer: Understood) -> str:
    """An answer in one line: `stop by rule exact, keyword სტოპ, language ka, confidence 1.0`."""
    told = {name: value for name, value in _told(answer).items() if name not in ("rule", "argument")}
    said = [f"{name} {_plain(value)}" for name, value in told.items()]
    by = f" by rule {answer.rule}" if answer.rule else ""
    return ", ".join([f"{answer.intent}{by}", *said, f"confidence {answer.confidence}"])


def _told(answer: Understood) -> dict[str, object]:
    """The fields that differ from their defaults."""
    return {
        field.name: getattr(answer, field.name)
        for field in fields(answer)
        if field.name != "intent" and getattr(answer, field.name) != field.default
    }


def _plain(value: object) -> str:
    return " ".join(map(str, value)) if isinstance(value, tuple) else str(value)


def _word(token: Token, vocabulary: Vocabulary) -> Word:
    slips = vocabulary.slips(token.raw) if not token.ids and token.number is None else []
    return Word(token.raw, dict(token.keys), tuple(dict.fromkeys(map(_meant, slips))))


def _part(part: Segment) -> Part:
    return Part(part.text, part.literal, tuple(dict.fromkeys(map(_meant, part.meanings))))


def _meant(meaning: Meaning) -> str:
    if meaning.intent is not None:
        what = f"command {meaning.intent}"
    elif meaning.role is not None:
        what = str(meaning.role)
    elif meaning.topic is not None:
        what = f"topic {meaning.topic}"
    elif meaning.names_language is not None:
        what = f"language {meaning.names_language}"
    else:
        what = f"number {meaning.number}"
    return f"{what} ({meaning.language or 'any'} {meaning.word})"
