"""Content and settings put together: the dialogue's blueprint, and what a new database begins with."""

from __future__ import annotations

from collections.abc import Iterable

from smsbot.content import Content, keyword_parts, load_keywords
from smsbot.dialogue.blueprint import Blueprint
from smsbot.dialogue.model import Place, Topic
from smsbot.dialogue.reader import named_places, named_topics
from smsbot.errors import ContentError
from smsbot.settings import Settings
from smsbot.text.audit import Collision, audit
from smsbot.text.places import PlaceIndex
from smsbot.text.strange import Lexicon
from smsbot.text.words import Role


def blueprint(settings: Settings) -> Blueprint:
    """Flows, catalogues and keywords of the built-in content and the municipality's folder, read from disk once.

    Raises `ContentError` with file and line for content that cannot work.
    """
    service = settings.service
    content = _content(settings)
    return Blueprint.build(
        flows={str(path): path.read_bytes() for path in content.flow_files().values()},
        catalogues={
            language: [path.read_bytes() for path in paths]
            for language, paths in content.catalogue_files().items()
            if language in service.languages
        },
        keywords=load_keywords(service.content, tuple(service.languages)),
        names=service.name,
        contact=service.contact,
        languages=service.languages,
        timezone=service.timezone,
        replies_per_hour=settings.sending.replies_per_hour,
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
