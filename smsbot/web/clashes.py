"""May a topic or place be called that? A word that people already use for something else would be read as that."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Literal

from smsbot.content import load_keywords
from smsbot.dialogue.model import Place, Topic
from smsbot.errors import Invalid
from smsbot.settings import Service as ServiceSettings
from smsbot.text.audit import audit
from smsbot.text.match import understand
from smsbot.text.understood import Intent
from smsbot.text.vocabulary import Vocabulary
from smsbot.text.words import LanguageWords, Named

FREE = frozenset({Intent.OTHER, Intent.EMPTY})
Kind = Literal["topic", "place"]


def check(
    settings: ServiceSettings,
    kind: Kind,
    *,
    code: str,
    names: Mapping[str, str],
    words: Sequence[str],
    topics: Iterable[Topic],
    places: Iterable[Place],
) -> None:
    """Raises `Invalid`, naming the field, if the recogniser reads one of them as a command, a number or a language,
    or if another one of *topics* and *places* has it. Takes a tenth of a second: not for the event loop."""
    keywords = load_keywords(settings.content, tuple(settings.languages))
    told = {"code": [code]} if kind == "topic" else {}  # people text a topic's code, never a place's
    told |= {f"names.{language}": [name] for language, name in names.items()}
    told["words"] = list(words)
    _no_command(keywords, told)
    mine = Named(code, None, names, tuple(words))
    themes = [Named(each.code, None, each.names, each.words) for each in topics if (kind, each.code) != ("topic", code)]
    spots = [
        Named(each.code, None, each.names, each.words, each.parent)
        for each in places
        if (kind, each.code) != ("place", code)
    ]
    if kind == "topic":
        _nobody_elses(keywords, [*themes, mine], spots, f"topic {code}", told)
    else:
        _nobody_elses(keywords, themes, [*spots, mine], f"place {code}", told)


def _no_command(keywords: Sequence[LanguageWords], told: Mapping[str, Sequence[str]]) -> None:
    vocabulary = Vocabulary.build(keywords)
    for field, each in told.items():
        for word in each:
            intent = understand(word, vocabulary).intent
            if intent not in FREE:
                raise Invalid(f"People who text “{word}” mean `{intent.value}`; choose another word.", field=field)


def _nobody_elses(
    keywords: Sequence[LanguageWords],
    topics: Sequence[Named],
    places: Sequence[Named],
    purpose: str,
    told: Mapping[str, Sequence[str]],
) -> None:
    for collision in audit(keywords, topics, places):
        uses = (collision.first, collision.second)
        mine = next((use for use in uses if use.purpose == purpose), None)
        if mine is None:
            continue
        other = next(use for use in uses if use is not mine)
        if other.purpose.startswith("place ") and purpose.startswith("place "):
            continue  # villages share names; the bot asks which one is meant
        field = next((name for name, each in told.items() if mine.word in each), "code")
        raise Invalid(f"“{mine.word}” is taken already ({other.purpose}); choose another word.", field=field)
