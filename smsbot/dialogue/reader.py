"""The recogniser as the dialogue uses it: one vocabulary, the languages offered, and the words to publish."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from smsbot.dialogue.directory import choices
from smsbot.dialogue.model import Place, Topic
from smsbot.text.finding import find_language, find_places
from smsbot.text.language import guess
from smsbot.text.match import understand
from smsbot.text.understood import Intent, Understood
from smsbot.text.vocabulary import Vocabulary
from smsbot.text.words import LanguageWords, Named

START = "START"
"""Published for coming back, in every language: providers react to it too, so it opens what their own STOP closed."""


class VocabularyReader:
    """Reads texts with one set of keywords, topics and places. Immutable; build a new one when staff edit topics."""

    __slots__ = ("_choices", "_vocabulary")

    def __init__(self, vocabulary: Vocabulary, languages: Sequence[str]) -> None:
        self._vocabulary = vocabulary
        self._choices = choices(languages)

    @classmethod
    def build(
        cls,
        keywords: Sequence[LanguageWords],
        topics: Iterable[Topic],
        places: Iterable[Place],
        languages: Sequence[str],
    ) -> VocabularyReader:
        return cls(Vocabulary.build(keywords, named_topics(topics), named_places(places)), languages)

    def understand(self, text: str) -> Understood:
        return understand(text, self._vocabulary)

    def published(self, language: str, keyword: str) -> str:
        """*language* may carry a script: `ka-Latn`."""
        code, _, script_code = language.partition("-")
        return START if keyword == "start" else self._vocabulary.word(Intent(keyword), code, script_code)

    def places(self, text: str, among: Sequence[str] = ()) -> tuple[str, ...]:
        found = find_places(text, self._vocabulary)
        return self._vocabulary.places.inside(among, found) or found

    def seat(self, code: str) -> str | None:
        return self._vocabulary.places.towns.get(code)

    def language(self, text: str) -> str | None:
        return find_language(text, self._vocabulary, self._choices)

    def script_language(self, text: str) -> str | None:
        return guess(text)


def named_topics(topics: Iterable[Topic]) -> list[Named]:
    return [Named(topic.code, topic.number, topic.names, topic.words) for topic in topics if topic.active]


def named_places(places: Iterable[Place]) -> list[Named]:
    return [Named(place.code, None, place.names, place.words, place.parent) for place in places if place.active]
