"""What staff ask for, checked before it costs anything: every rule of contract §4 and §10 with its sentence."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from smsbot.errors import Invalid
from smsbot.store.audience import FALLBACK, SKIP, Audience
from smsbot.store.variants import split
from smsbot.text.gsm7 import Measure, measure, substitute

KINDS = ("information", "promotion")


class Directory(Protocol):
    """What can be named in an audience."""

    @property
    def topics(self) -> Mapping[str, Any]: ...
    @property
    def places(self) -> Mapping[str, Any]: ...
    @property
    def languages(self) -> Sequence[str]: ...


@dataclass(frozen=True, slots=True)
class Draft:
    """A broadcast as it was asked for. *texts*: language → text; topics and places by code."""

    texts: Mapping[str, str]
    topics: tuple[str, ...] = ()
    places: tuple[str, ...] = ()
    everyone: bool = False
    languages: tuple[str, ...] | None = None
    kind: str = "information"
    missing_translation: str = FALLBACK
    send_at_ms: int | None = None
    expires_ms: int | None = None
    urgent: bool = False
    reason: str = ""
    channel: str | None = None
    idempotency_key: str | None = None
    idempotency_digest: str = ""


def choosing(chosen: Audience) -> str | None:
    """The field by which *chosen* was chosen; None for a correction, which names nobody."""
    if chosen.broadcast is not None:
        return None
    return "everyone" if chosen.everyone else "topics" if chosen.topics else "places"


def audience(draft: Draft, directory: Directory) -> Audience:
    """Raises `Invalid` for what the directory does not know, and for nobody."""
    if draft.kind not in KINDS:
        raise Invalid(f"The kind is one of {', '.join(KINDS)}.", field="kind")
    if draft.missing_translation not in (FALLBACK, SKIP):
        raise Invalid("missing_translation is `fallback` or `skip`.", field="missing_translation")
    if draft.everyone and (draft.topics or draft.places):
        raise Invalid("Choose either everyone, or topics and places.", field="everyone")
    if not draft.everyone and not draft.topics and not draft.places:
        raise Invalid("Choose at least one topic or place, or everyone.", field="topics")
    _known(draft.topics, directory.topics, "topic", "topics")
    _known(draft.places, directory.places, "place", "places")
    if draft.languages is not None:
        if not draft.languages:
            raise Invalid("Name at least one language, or leave `languages` out.", field="languages")
        _known(draft.languages, directory.languages, "language", "languages")
    return Audience(
        topics=_once(draft.topics),
        places=_once(draft.places),
        everyone=draft.everyone,
        languages=None if draft.languages is None else _once(draft.languages),
        missing_translation=draft.missing_translation,
        default_language=directory.languages[0],
        promotion=draft.kind == "promotion",
    )


def texts(given: Mapping[str, str], directory: Directory) -> dict[str, str]:
    """As they will leave: trimmed, line ends LF, Unicode NFC (contract §10, "Texts")."""
    if not given:
        raise Invalid("Write a text in at least one language.", field="text")
    _known(given, directory.languages, "language", "text")
    written: dict[str, str] = {}
    for language, text in given.items():
        clean = unicodedata.normalize("NFC", text.replace("\r\n", "\n").replace("\r", "\n")).strip()
        if not clean:
            raise Invalid(f"The text in `{language}` is empty.", field=f"text.{language}")
        sendable(clean, f"text.{language}")
        written[language] = clean
    return written


def sendable(text: str, field: str) -> None:
    """Raises `Invalid` for what no phone shows and no database keeps."""
    if any(unicodedata.category(char) in ("Cs", "Cc") and char not in "\n\t" for char in text):
        raise Invalid("The text holds a control character that no phone can show.", field=field)


def measures(leaving: Mapping[str, str], most_parts: int) -> dict[str, Measure]:
    """By the keys of `variants`. Raises `Invalid` for a text that is too long, its sentence about STOP included."""
    costs = {key: measure(text) for key, text in leaving.items()}
    for key, cost in costs.items():
        if cost.parts > most_parts:
            language, hint = split(key)
            added = f", with “{leaving[key].splitlines()[-1]}” at its end," if hint else ""
            raise Invalid(
                f"The text in `{language}`{added} takes {cost.parts} parts ({cost.encoding});"
                f" {most_parts} are allowed.",
                field=f"text.{language}",
            )
    return costs


def forcing(costs: Mapping[str, Measure]) -> dict[str, list[tuple[str, str | None]]]:
    """Language → the characters that force UCS-2, each with what could stand for it, if anything could."""
    return {
        language: [(char, substitute(char)) for char in cost.forcing]
        for language, cost in costs.items()
        if cost.forcing
    }


def times(draft: Draft, now_ms: int) -> None:
    if draft.send_at_ms is not None and draft.send_at_ms < now_ms:
        raise Invalid("The time of sending has passed.", field="send_at")
    if draft.expires_ms is not None and draft.expires_ms <= (draft.send_at_ms or now_ms):
        raise Invalid("The expiry has to be after the time of sending.", field="expires_at")
    if draft.urgent and not draft.reason.strip():
        raise Invalid("An urgent broadcast passes the quiet hours, so it needs a reason.", field="reason")
    sendable(draft.reason, "reason")


def _known(codes: Iterable[str], known: Iterable[str], noun: str, field: str) -> None:
    """Raises `Invalid` for the first unknown code; what was asked for is repeated only if it is shaped like one."""
    there = set(known)
    for code in codes:
        if code not in there:
            shown = f" `{code}`" if code.isascii() and code.isprintable() and len(code) <= 64 else ""
            raise Invalid(f"There is no {noun}{shown}.", field=field)


def _once(codes: Sequence[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(codes))
