"""Content and settings put together: the dialogue's blueprint, and what a new database begins with."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from smsbot.content import Content, keyword_parts, load_keywords, read_yaml
from smsbot.dialogue.blueprint import Blueprint
from smsbot.dialogue.budgets import Budgets
from smsbot.dialogue.model import Place, Topic
from smsbot.dialogue.reader import named_places, named_topics
from smsbot.dialogue.senders import SECTIONS
from smsbot.errors import ContentError, SettingsError
from smsbot.settings import Settings
from smsbot.text.audit import Collision, audit
from smsbot.text.places import PlaceIndex
from smsbot.text.strange import Lexicon
from smsbot.text.words import Role


def blueprint(settings: Settings) -> Blueprint:
    """Flows, catalogues and keywords of the built-in content and the municipality's folder, read from disk once.

    Raises `ContentError` with file and line for content that cannot work, `SettingsError` for a language without any.
    """
    service = settings.service
    content = _content(settings)
    spoken = content.languages()
    if unknown := next((each for each in service.languages if each not in spoken), None):
        raise SettingsError(
            f"The configuration key `service.languages` names `{unknown}`, and there are no words in it; there are: "
            f"{', '.join(spoken)}."
        )
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
    """The topics of the settings, else those of the content: the municipality's, the example's, the built-in ones."""
    if settings.topics is not None:
        return [Topic(0, each.code, each.number, each.names, tuple(each.words)) for each in settings.topics]
    return [
        Topic(0, each.code, each.number or position, each.names, tuple(each.words))
        for position, each in enumerate(_content(settings).topics(), 1)
    ]


def seed_places(settings: Settings) -> list[Place]:
    """The places of the settings, else those of the content."""
    listed = settings.places or _content(settings).places()
    return [Place(0, each.code, each.names, tuple(each.words), each.parent) for each in listed]


def check_words(settings: Settings, topics: Iterable[Topic], places: Iterable[Place]) -> list[Collision]:
    """Words that ask for two things. One that stands in two keyword lists is an error: which one is meant, nobody could
    say. Those of a topic or a place, which staff may edit while the server runs, are given back to be told.

    Raises `ContentError` with the first collision as its sentence.
    """
    keywords = keyword_parts(settings.service.content, tuple(settings.service.languages))
    found = audit(keywords, named_topics(topics), named_places(places))
    wrong = [each for each in found if each.among_keywords]
    if wrong:
        more = f"; {len(wrong) - 1} more: `smsbot flow check` lists them" if len(wrong) > 1 else ""
        second = wrong[0].second
        raise ContentError(f"{wrong[0].sentence}{more}", file=second.file or "keywords", line=second.line)
    return found


def lexicon(settings: Settings, topics: Iterable[Topic], places: Iterable[Place]) -> Lexicon:
    """All words listed today, to compare unknown ones with. Takes some tens of milliseconds."""
    keywords = load_keywords(settings.service.content, tuple(settings.service.languages))
    return Lexicon(keywords, named_topics(topics), named_places(places))


def place_index(settings: Settings, places: Iterable[Place]) -> PlaceIndex:
    """Finds *places* by their names, village and town words in every language passed over."""
    keywords = load_keywords(settings.service.content, tuple(settings.service.languages))
    nouns = [word for entry in keywords for word in entry.roles.get(Role.PLACE_NOUN, ())]
    return PlaceIndex.build(named_places(places), nouns)


def _content(settings: Settings) -> Content:
    return Content(settings.service.content, settings.service.example)


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
