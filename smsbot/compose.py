"""Content and settings put together: the engine for a set of topics and places, and what a new database begins with."""

from __future__ import annotations

from collections.abc import Sequence

from smsbot.content import Content, load_keywords
from smsbot.dialogue import wording
from smsbot.dialogue.directory import Directory
from smsbot.dialogue.engine import Engine
from smsbot.dialogue.machine import Flows
from smsbot.dialogue.model import Place, Topic
from smsbot.dialogue.phrases import Phrases
from smsbot.dialogue.reader import VocabularyReader
from smsbot.dialogue.registry import Registry
from smsbot.settings import Settings


class Composer:
    """Reads flows, catalogues and keywords once; makes an engine for each version of the directory.

    Raises `ContentError` with file and line for content that cannot work.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        content = Content(settings.service.content)
        self._registry = Registry.builtin()
        files: dict[str, str | bytes] = {str(path): path.read_bytes() for path in content.flow_files().values()}
        self._flows = Flows.build(files, self._registry)
        self._keywords = load_keywords(settings.service.content, tuple(settings.service.languages))
        self._catalogues = {
            language: paths[-1].read_bytes()
            for language, paths in content.catalogue_files().items()
            if language in settings.service.languages
        }
        self._seeds = content.topics()

    def engine(self, topics: Sequence[Topic], places: Sequence[Place]) -> Engine:
        service = self._settings.service
        reader = VocabularyReader.build(self._keywords, topics, places, service.languages)
        directory = Directory.build(
            names=service.name,
            contact=service.contact,
            languages=service.languages,
            topics=topics,
            places=places,
            reader=reader,
            timezone=service.timezone,
        )
        texts = [*wording.TEXTS, *self._flows.texts]
        phrases = Phrases(self._catalogues, reader.published, self._registry.fields, texts)
        return Engine(
            directory,
            self._flows,
            phrases,
            self._registry,
            replies_per_hour=self._settings.sending.replies_per_hour,
        )

    def seed_topics(self) -> list[Topic]:
        """The topics of the settings, else the built-in ones."""
        chosen = self._settings.topics
        if chosen is not None:
            return [Topic(0, each.code, each.number, each.names, tuple(each.words)) for each in chosen]
        return [
            Topic(0, each.code, each.number or position, each.names, tuple(each.words))
            for position, each in enumerate(self._seeds, 1)
        ]

    def seed_places(self) -> list[Place]:
        return [
            Place(0, each.code, each.names, tuple(each.words), each.parent) for each in self._settings.places
        ]  # fmt: skip
