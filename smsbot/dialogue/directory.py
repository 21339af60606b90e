"""What the dialogue knows of the municipality: a frozen snapshot, replaced whole when staff edit topics or places."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import tzinfo
from types import MappingProxyType
from typing import Protocol, Self, TypeVar
from zoneinfo import ZoneInfo

from smsbot.clock import to_datetime
from smsbot.dialogue.latin import GEORGIAN, GEORGIAN_LATIN, name_in, sentence_case
from smsbot.dialogue.model import Place, Topic
from smsbot.text.understood import Understood

LANGUAGE_NAMES: Mapping[str, str] = MappingProxyType(
    {
        "ka": "ქართული",
        "en": "English",
        "ru": "Русский",
        "az": "Azərbaycan",
        "hy": "Հայերեն",
        GEORGIAN_LATIN: "Kartuli",
    }
)
"""Each language in itself: whoever cannot read the question can still find the answer."""
LATIN_LANGUAGE_NAMES: Mapping[str, str] = MappingProxyType(
    {
        "ka": "Kartuli (mkhedruli)",
        "en": "English",
        "ru": "Russkiy",
        "az": "Azerbaycan",
        "hy": "Hayeren",
        GEORGIAN_LATIN: "Kartuli (latinuri)",
    }
)
"""For phones that show Latin letters only."""


FULL_LABELS = 3
"""So many homonyms are listed each with its name; of more the name would take most of the text."""
_HIDDEN_SPACES = str.maketrans(dict.fromkeys("\u00a0\u2007\u2009\u202f", " ") | dict.fromkeys("\u00ad\u200b\ufeff", ""))
"""Spaces that word processors put between figures and words: one of them makes a whole GSM-7 text UCS-2."""

_Named = TypeVar("_Named", Topic, Place)


def _plain_spaces(names: Mapping[str, str]) -> Mapping[str, str]:
    return MappingProxyType({language: name.translate(_HIDDEN_SPACES) for language, name in names.items()})


def _with_plain_spaces(named: _Named) -> _Named:
    names = _plain_spaces(named.names)
    return named if names == named.names else dataclasses.replace(named, names=names)


class Reader(Protocol):
    """What the dialogue needs of the recogniser. One reader belongs to one set of topics and places."""

    def understand(self, text: str) -> Understood: ...

    def published(self, language: str, keyword: str) -> str:
        """The word that people are told to send, e.g. (`ka`, `topics`) → `თემები`."""
        ...

    def places(self, text: str, among: Sequence[str] = ()) -> tuple[str, ...]:
        """Codes of the places that *text* may name: none, one, or homonyms. Of *among*, if any lie in a place that
        *text* names, those."""
        ...

    def seat(self, code: str) -> str | None:
        """The town that gives the municipality *code* its name."""
        ...

    def language(self, text: str) -> str | None:
        """The language that *text* names (`RU`, `по-русски`), if any."""
        ...

    def script_language(self, text: str) -> str | None:
        """The language that the letters of *text* suggest, if any."""
        ...


@dataclass(frozen=True, slots=True)
class Directory:
    """Service, languages, topics and places at one moment. Build it with `Directory.build`."""

    names: Mapping[str, str]
    contact: str
    languages: tuple[str, ...]
    topics: Mapping[str, Topic]  # by code, active ones, in order of number
    by_number: Mapping[int, str]
    places: Mapping[str, Place]  # by code, active ones
    reader: Reader
    zone: tzinfo
    all_number: int  # the menu's last number: every topic
    exits: Mapping[str, str]  # language → a free way to stop beside the text, or none
    menus: Mapping[str, str]  # language → "1 Budget 2 Social …", ready to send
    namesakes: Mapping[str, tuple[str, ...]]  # a name, in any language → the codes of the places called so

    @classmethod
    def build(
        cls,
        *,
        names: Mapping[str, str],
        contact: str,
        languages: Sequence[str],
        topics: Iterable[Topic],
        places: Iterable[Place],
        reader: Reader,
        timezone: str = "Asia/Tbilisi",
        exits: Mapping[str, str] = MappingProxyType({}),
    ) -> Self:
        topics, places = [_with_plain_spaces(topic) for topic in topics], [_with_plain_spaces(each) for each in places]
        active = sorted((topic for topic in topics if topic.active), key=lambda topic: topic.number)
        open_places = {place.code: place for place in places if place.active}
        return cls(
            names=_plain_spaces(names),
            contact=contact.translate(_HIDDEN_SPACES),
            languages=tuple(languages),
            topics=MappingProxyType({topic.code: topic for topic in active}),
            by_number=MappingProxyType({topic.number: topic.code for topic in active}),
            places=MappingProxyType(open_places),
            reader=reader,
            zone=ZoneInfo(timezone),
            all_number=max((topic.number for topic in active), default=0) + 1,
            exits=_plain_spaces(exits),
            menus=MappingProxyType({tag: numbered(active, tag) for tag in choices(languages)}),
            namesakes=MappingProxyType(_namesakes(open_places.values(), choices(languages))),
        )

    @property
    def default_language(self) -> str:
        return self.languages[0]

    @property
    def choices(self) -> tuple[str, ...]:
        """What LANG offers, in the order of its numbers."""
        return choices(self.languages)

    # In all that follows *language* may carry a script: `ka-Latn`.

    def service(self, language: str) -> str:
        name = name_in(self.names, language)
        return sentence_case(name) if language == GEORGIAN_LATIN else name

    def free_exit(self, language: str) -> str:
        return name_in(self.exits, language)

    def menu(self, language: str, marked: frozenset[str] = frozenset()) -> str:
        """`1 Budget 2 Social …`; the topics of *marked* carry a `*`."""
        if not marked:
            return self.menus.get(language) or numbered(self.topics.values(), language)
        return numbered(self.topics.values(), language, marked)

    def topic_names(self, codes: Iterable[str], language: str) -> str:
        """Names in the order of *codes*; a code that staff have since closed is left out."""
        return ", ".join(self.topics[code].name(language) for code in codes if code in self.topics)

    def ordered(self, codes: Iterable[str]) -> tuple[str, ...]:
        """*codes* without repeats, in the order of the menu, closed ones last."""
        last = self.all_number
        return tuple(
            sorted(set(codes), key=lambda code: (self.topics[code].number if code in self.topics else last, code))
        )

    def place_name(self, code: str | None, language: str) -> str:
        place = self.places.get(code) if code else None
        return place.name(language) if place else ""

    def place_in_full(self, code: str, language: str) -> str:
        """A place with its municipality, which tells homonyms apart; one within it with the place next above."""
        place = self.places[code]
        above = self._above(code)
        if not above:
            return place.name(language)
        namesakes = [each for each in self.namesakes.get(place.name(language), ()) if each != code]
        near = any(self._above(each)[-1:] == above[-1:] for each in namesakes)
        outer = above[0] if near else self.reader.seat(above[-1]) or above[-1]
        return f"{place.name(language)} ({self.place_name(outer, language)})"

    def place_apart(self, code: str | None, language: str) -> str:
        """A place's name; in full where another place has the same."""
        name = self.place_name(code, language)
        if code is None or not name:
            return name
        return self.place_in_full(code, language) if len(self.namesakes.get(name, ())) > 1 else name

    def place_menu(self, codes: Sequence[str], language: str) -> str:
        """`1 Zeda Bakhvi 2 Kveda Bakhvi`; of many that share a name only what tells them apart."""
        known = [code for code in codes if code in self.places]
        names = [self.place_name(code, language) for code in known]
        shown = [
            self.place_in_full(code, language) if names.count(name) > 1 else name
            for code, name in zip(known, names, strict=True)
        ]
        if len(shown) > FULL_LABELS and len(set(names)) == 1:
            shown = [label.removeprefix(f"{names[0]} (").removesuffix(")") for label in shown]
        return " ".join(f"{at} {label}" for at, label in enumerate(shown, 1))

    def example_place(self) -> Place | None:
        """A place that a person may live in: the first that has none below it."""
        above = {place.parent for place in self.places.values()}
        return next((place for place in self.places.values() if place.code not in above), None)

    def _above(self, code: str) -> list[str]:
        """The places above *code*, the nearest first; closed ones are passed over."""
        found: list[str] = []
        place = self.places.get(code)
        while place is not None and place.parent is not None and place.parent not in found:
            found.append(place.parent)
            place = self.places.get(place.parent)
        return [each for each in found if each in self.places]

    def date(self, instant_ms: int) -> str:
        """`07.03.2026`: CLDR has only nominative month names for Georgian, digits read well in every language."""
        return to_datetime(instant_ms, self.zone).strftime("%d.%m.%Y")


def choices(languages: Sequence[str]) -> tuple[str, ...]:
    """*languages*, and Georgian in Latin letters behind them where Georgian is one: no number moves for it."""
    return (*languages, GEORGIAN_LATIN) if GEORGIAN in languages else tuple(languages)


def _namesakes(places: Iterable[Place], languages: Sequence[str]) -> dict[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    for place in places:
        for name in dict.fromkeys(place.name(language) for language in languages):
            found[name] = (*found.get(name, ()), place.code)
    return found


def numbered(topics: Iterable[Topic], language: str, marked: frozenset[str] = frozenset()) -> str:
    return " ".join(f"{topic.number} {topic.name(language)}{'*' if topic.code in marked else ''}" for topic in topics)
