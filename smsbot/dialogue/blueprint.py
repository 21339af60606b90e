"""Everything of the dialogue that staff do not edit, ready to be joined with topics and places into an engine."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Self

from smsbot.dialogue import wording
from smsbot.dialogue.directory import Directory
from smsbot.dialogue.engine import Engine
from smsbot.dialogue.guard import REPLIES_PER_HOUR
from smsbot.dialogue.machine import Flows
from smsbot.dialogue.model import Place, Topic
from smsbot.dialogue.phrases import Catalogues, Phrases
from smsbot.dialogue.reader import VocabularyReader
from smsbot.dialogue.registry import Registry
from smsbot.dialogue.senders import Listed, Senders
from smsbot.text.words import LanguageWords


@dataclass(frozen=True, slots=True)
class Blueprint:
    """Flows compiled once; `engine` joins them with the topics and places of the moment."""

    flows: Flows
    registry: Registry
    catalogues: Catalogues
    keywords: tuple[LanguageWords, ...]
    names: Mapping[str, str]
    contact: str
    languages: tuple[str, ...]
    timezone: str
    replies_per_hour: int
    exits: Mapping[str, str]
    senders: Senders

    @classmethod
    def build(
        cls,
        *,
        flows: Mapping[str, str | bytes],
        catalogues: Catalogues,
        keywords: Sequence[LanguageWords],
        names: Mapping[str, str],
        contact: str,
        languages: Sequence[str],
        timezone: str = "Asia/Tbilisi",
        replies_per_hour: int = REPLIES_PER_HOUR,
        registry: Registry | None = None,
        exits: Mapping[str, str] = MappingProxyType({}),
        senders: Sequence[Listed] = (),
    ) -> Self:
        """*flows*: name for messages → YAML; *senders*: phrases of machines.

        Raises ContentError, with file and line, for what cannot work.
        """
        registry = registry or Registry.builtin()
        return cls(
            Flows.build(flows, registry),
            registry,
            catalogues,
            tuple(keywords),
            names,
            contact,
            tuple(languages),
            timezone,
            replies_per_hour,
            exits,
            Senders.build(senders),
        )

    def directory(self, topics: Iterable[Topic], places: Iterable[Place]) -> Directory:
        topics, places = list(topics), list(places)
        return Directory.build(
            names=self.names,
            contact=self.contact,
            languages=self.languages,
            topics=topics,
            places=places,
            reader=VocabularyReader.build(self.keywords, topics, places, self.languages),
            timezone=self.timezone,
            exits=self.exits,
        )

    def engine(self, topics: Iterable[Topic], places: Iterable[Place]) -> Engine:
        """A new engine; make one whenever staff have edited topics or places."""
        directory = self.directory(topics, places)
        texts = [*wording.TEXTS, *self.flows.texts]
        phrases = Phrases(self.catalogues, directory.reader.published, self.registry.fields, texts)
        return Engine(
            directory,
            self.flows,
            phrases,
            self.registry,
            replies_per_hour=self.replies_per_hour,
            senders=self.senders,
        )
