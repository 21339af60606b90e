"""Content and settings put together: the dialogue's blueprint, and what a new database begins with."""

from __future__ import annotations

from pathlib import Path

from smsbot.content import Content, load_keywords, read_yaml
from smsbot.dialogue.blueprint import Blueprint
from smsbot.dialogue.budgets import Budgets
from smsbot.dialogue.model import Place, Topic
from smsbot.dialogue.senders import SECTIONS
from smsbot.errors import ContentError
from smsbot.settings import Settings


def blueprint(settings: Settings) -> Blueprint:
    """Flows, catalogues and keywords of the built-in content and the municipality's folder, read from disk once.

    Raises `ContentError` with file and line for content that cannot work.
    """
    service = settings.service
    content = Content(service.content)
    return Blueprint.build(
        flows={str(path): path.read_bytes() for path in content.flow_files().values()},
        catalogues={
            language: [path.read_bytes() for path in paths]
            for language, paths in content.catalogue_files().items()
            if language.partition("@")[0] in service.languages
        },
        keywords=load_keywords(service.content, tuple(service.languages)),
        names=service.name,
        contact=service.contact,
        languages=service.languages,
        timezone=service.timezone,
        replies_per_hour=settings.sending.replies_per_hour,
        exits=service.free_exit,
        senders=load_senders(service.content),
    )


def seed_topics(settings: Settings) -> list[Topic]:
    """The topics of the settings, else the built-in ones."""
    if settings.topics is not None:
        return [Topic(0, each.code, each.number, each.names, tuple(each.words)) for each in settings.topics]
    return [
        Topic(0, each.code, each.number or position, each.names, tuple(each.words))
        for position, each in enumerate(Content(settings.service.content).topics(), 1)
    ]


def seed_places(settings: Settings) -> list[Place]:
    return [Place(0, each.code, each.names, tuple(each.words), each.parent) for each in settings.places]


def load_budgets(folder: Path | None = None) -> Budgets:
    """Raises ContentError for a file that cannot be read or is not of that shape."""
    return Budgets.build([(str(path), *read_yaml(path)) for path in Content(folder).budget_files()])


def load_senders(folder: Path | None = None) -> list[dict[str, tuple[str, ...]]]:
    """Section → phrases, for each file. Raises ContentError."""
    result = []
    for path in Content(folder).sender_files():
        data, lines = read_yaml(path)
        sections: dict[str, tuple[str, ...]] = {}
        for key, value in data.items():
            if key not in SECTIONS or not isinstance(value, list) or not all(isinstance(each, str) for each in value):
                known = " and ".join(SECTIONS)
                raise ContentError(f"lists of phrases are expected under {known}", file=str(path), line=lines.get(key))
            sections[key] = tuple(value)
        result.append(sections)
    return result
