"""May a topic or place be called that? A word that people already use for something else would be read as that."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from smsbot.content import load_keywords
from smsbot.dialogue.model import Topic
from smsbot.errors import Invalid
from smsbot.settings import Service as ServiceSettings
from smsbot.text.match import understand
from smsbot.text.understood import Intent
from smsbot.text.vocabulary import Vocabulary

FREE = frozenset({Intent.OTHER, Intent.EMPTY})


def check(
    settings: ServiceSettings,
    *,
    code: str,
    names: Mapping[str, str],
    words: Sequence[str],
    topics: Iterable[Topic] = (),
) -> None:
    """Raises `Invalid`, naming the field, if the recogniser reads one of them as a command, a number or a language,
    or if another one of *topics* has it. Takes a tenth of a second: not for the event loop."""
    vocabulary = Vocabulary.build(load_keywords(settings.content, tuple(settings.languages)))
    told = {"code": [code], "words": list(words)}
    told.update({f"names.{language}": [name] for language, name in names.items()})
    taken = _taken(topics, code)
    for field, each in told.items():
        for word in each:
            read = understand(word, vocabulary)
            if read.intent not in FREE:
                detail = f"People who text “{word}” mean `{read.intent.value}`; choose another word."
                raise Invalid(detail, field=field)
            other = taken.get(word.casefold())
            if other is not None:
                raise Invalid(f"“{word}” belongs to the topic {other} already; choose another word.", field=field)


def _taken(topics: Iterable[Topic], code: str) -> dict[str, str]:
    return {
        word.casefold(): topic.code
        for topic in topics
        if topic.code != code
        for word in (topic.code, *topic.names.values(), *topic.words)
    }
