"""Words that ask for two things at once. `python -m smsbot.text.audit` prints them and fails; `make check` runs it.

A word may ask for one command only, whatever the language: it is recognised before the language is known. Within a
language the same holds for the sound of words. Pairs that are known to do no harm are listed, with the reason, in the
keyword files (`harmless`).
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from smsbot.text.fold import clean, fold_of, lower, script, words
from smsbot.text.words import LanguageWords, Named


@dataclass(frozen=True, slots=True)
class Use:
    """One listing of a word. *purpose*: `command stop`, `topic budget`, `place nikea`, `language ru`, `number 3`."""

    word: str
    purpose: str
    language: str
    file: str
    line: int | None


@dataclass(frozen=True, slots=True)
class Collision:
    """Two listings that people cannot tell apart. *how*: `same` letters, or same `sound` in one language."""

    first: Use
    second: Use
    how: str

    def __str__(self) -> str:
        where = f"{self.second.file}:{self.second.line}" if self.second.line else self.second.file
        return f"{where}: {self.sentence}"

    @property
    def sentence(self) -> str:
        other = f"{self.first.file}:{self.first.line}" if self.first.line else self.first.file
        return (
            f"{self.second.word!r} ({self.second.purpose}, {self.second.language or 'any language'}) is "
            f"{'the same word' if self.how == 'same' else 'heard'} as {self.first.word!r} ({self.first.purpose}, "
            f"{self.first.language or 'any language'}) of {other}"
        )

    @property
    def among_keywords(self) -> bool:
        """Neither is a topic's or a place's."""
        return not any(use.purpose.startswith(("topic ", "place ")) for use in (self.first, self.second))


def audit(languages: Sequence[LanguageWords], topics: Sequence[Named], places: Sequence[Named]) -> list[Collision]:
    """Every pair of listings with different purposes and one spelling, or one sound within a language."""
    harmless = {_flat(word) for entry in languages for word in entry.harmless}
    by_letters: dict[str, Use] = {}
    by_sound: dict[tuple[str, str], Use] = {}
    found: dict[tuple[str, str, str], Collision] = {}
    for use in _uses(languages, topics, places):
        flat = _flat(use.word)
        if not flat or flat in harmless:
            continue
        first = by_letters.setdefault(flat, use)
        if _are_places(first, use):
            continue
        if first.purpose != use.purpose:
            found.setdefault((first.word, use.word, use.purpose), Collision(first, use, "same"))
            continue
        fold = fold_of(use.language)
        if not use.language or script(use.word) != fold.script:
            continue
        for key in fold.keys("".join(words(clean(use.word)))):
            heard = by_sound.setdefault((use.language, key), use)
            if heard.purpose != use.purpose and not _are_places(heard, use):
                found.setdefault((heard.word, use.word, use.purpose), Collision(heard, use, "sound"))
    return list(found.values())


def _are_places(first: Use, second: Use) -> bool:
    """Villages share names; the bot asks which one is meant."""
    return first.purpose.startswith("place ") and second.purpose.startswith("place ")


def _uses(languages: Sequence[LanguageWords], topics: Sequence[Named], places: Sequence[Named]) -> Iterator[Use]:
    for entry in languages:

        def use(word: str, purpose: str, entry: LanguageWords = entry) -> Use:
            return Use(word, purpose, entry.language, entry.sources.get(word, entry.file), entry.lines.get(word))

        for listing in (entry.words, entry.typos):
            for intent, listed in listing.items():
                yield from (use(word, f"command {intent}") for word in listed)
        yield from (use(word, f"command {intent}") for intent, word in entry.latin.items())
        yield from (use(word, "kept for later") for word in entry.reserved)
        yield from (use(word, f"number {number}") for word, number in entry.numbers.items())
        for language, listed in entry.names.items():
            yield from (use(word, f"language {language}") for word in listed)
    for kind, items in (("topic", topics), ("place", places)):
        for item in items:
            for language, name in item.names.items():
                yield Use(name, f"{kind} {item.code}", language, f"{kind}s", None)
            # People text a topic's code, never a place's.
            for word in (item.code, *item.words) if kind == "topic" else item.words:
                yield Use(word, f"{kind} {item.code}", "", f"{kind}s", None)


def _flat(word: str) -> str:
    return " ".join(words(lower(clean(word))))


def main(arguments: Sequence[str] | None = None) -> int:
    # The command reads files; the rest of this package must not know that there are any.
    from smsbot.content import Content, load_keywords  # noqa: PLC0415
    from smsbot.errors import ContentError  # noqa: PLC0415

    parser = argparse.ArgumentParser(
        prog="python -m smsbot.text.audit", description="Find words that ask for two things."
    )
    parser.add_argument("--content", type=Path, help="a municipality's folder, laid over the built-in one")
    folder = parser.parse_args(arguments).content
    try:
        languages = load_keywords(folder)
        collisions = audit(languages, Content(folder).topics(), ())
    except ContentError as error:
        print(error, file=sys.stderr)  # noqa: T201  a command speaks
        return 1
    for collision in collisions:
        print(collision)  # noqa: T201
    if not collisions:
        total = sum(len(listed) for entry in languages for listed in entry.words.values())
        print(f"{total} words in {len(languages)} languages, no collisions")  # noqa: T201
    return 1 if collisions else 0


if __name__ == "__main__":
    sys.exit(main())
