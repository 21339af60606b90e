"""What `smsbot flow check` finds wrong with flows and catalogues, before a citizen does."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from smsbot.dialogue import wording
from smsbot.dialogue.budgets import Budgets, name_of
from smsbot.dialogue.directory import Directory
from smsbot.dialogue.flowfile import END, Branch
from smsbot.dialogue.latin import GEORGIAN, GEORGIAN_LATIN, LATIN, tag_of
from smsbot.dialogue.machine import Flow, Flows
from smsbot.dialogue.phrases import (
    CATALOGUE_TAGS,
    ENGLISH,
    Catalogues,
    Phrases,
    Text,
    each_of,
    file_of,
    read_catalogue,
    translations,
)
from smsbot.dialogue.reader import named_places, named_topics
from smsbot.dialogue.registry import Registry
from smsbot.errors import ContentError
from smsbot.text import gsm7
from smsbot.text.audit import audit
from smsbot.text.words import LanguageWords

_COMPLETE = re.compile(rb'^"X-Smsbot-Complete: *yes *\\n"$', re.MULTILINE)
"""Header of a catalogue that promises every sentence: then a missing one is a fault. English is the msgid."""

_FORCING_SHOWN = 3

Fault = ContentError


def lint(
    files: Mapping[str, str | bytes],
    catalogues: Catalogues,
    directory: Directory,
    registry: Registry,
    keywords: Sequence[LanguageWords] = (),
    *,
    budgets: Budgets | None = None,
) -> list[Fault]:
    """All faults, by file and line; an empty list is a clean bill. *files*: name for messages → flow YAML.

    A flow that cannot be compiled stops the rest: its one fault is the list. Parts are counted with the names of
    *directory*, so a municipality's long topic names show here and not on its telephone bill.
    """
    try:
        flows = Flows.build(files, registry)
        texts = [*wording.TEXTS, *flows.texts]
        phrases = Phrases(catalogues, directory.reader.published, registry.fields, texts)
    except ContentError as error:
        return [error]
    faults = [fault for flow in flows.by_name.values() for fault in _shape(flow, flows)]
    faults += _missing(texts, catalogues)
    faults += _too_long(texts, flows, _Said(phrases, directory, registry), catalogues, budgets or Budgets())
    faults += _collisions(keywords, directory)
    return sorted(faults, key=lambda fault: (fault.file, fault.line or 0))


def _collisions(keywords: Sequence[LanguageWords], directory: Directory) -> Iterator[Fault]:
    """A word may ask for one thing only, in all languages together with topics and places."""
    topics, places = named_topics(directory.topics.values()), named_places(directory.places.values())
    for collision in audit(keywords, topics, places):
        if collision.first.purpose.startswith("place ") and collision.second.purpose.startswith("place "):
            continue  # homonyms: asked by number
        yield Fault(collision.sentence, file=collision.second.file or "topics and places", line=collision.second.line)


def _shape(flow: Flow, flows: Flows) -> Iterator[Fault]:
    """States nobody reaches, questions without a way out, branches behind an unconditional one, texts never said."""
    source, at = flow.source, flow.lines.at
    yield from _order(flow, source.begin, ("begin",))
    if source.begin[-1].when:
        yield Fault("the last branch needs no `if`, or somebody gets no answer", file=flow.file, line=at("begin"))
    arrived = _arrivals(flow, flows)
    leads = {name: {branch.go for branch in state.answers} for name, state in source.states.items()}
    for name, state in source.states.items():
        line = at("states", name)
        if name not in arrived:
            yield Fault(f"nothing leads to the state `{name}`", file=flow.file, line=line)
        if not _gets_out(name, leads):
            yield Fault(f"no answer leads out of the state `{name}`", file=flow.file, line=line)
        yield from _order(flow, state.answers, ("states", name, "answers"))
    said = {branch.say for branch in _branches(flow)}
    said |= {text for state in source.states.values() for text in (state.ask, state.again)}
    for name in source.texts:
        if name not in said:
            yield Fault(f"the text `{name}` is never said", file=flow.file, line=at("texts", name))


def _order(flow: Flow, branches: Iterable[Branch], path: tuple[str | int, ...]) -> Iterator[Fault]:
    settled = False
    for number, branch in enumerate(branches):
        if settled:
            line = flow.lines.at(*path, number)
            yield Fault("never reached: the branch before it has no `if`", file=flow.file, line=line)
        settled = settled or not branch.when


def _branches(flow: Flow) -> list[Branch]:
    answers = [branch for state in flow.source.states.values() for branch in state.answers]
    return [*flow.source.begin, *answers]


def _arrivals(flow: Flow, flows: Flows) -> set[str]:
    """States that can be reached from the flow's begin or from another flow."""
    states = flow.source.states
    hops = {branch.go for other in flows.by_name.values() for branch in _branches(other) if "." in branch.go}
    reached = {name for name in states if f"{flow.name}.{name}" in hops}
    fresh = reached | {branch.go for branch in flow.source.begin if branch.go in states}
    while fresh:
        reached |= fresh
        fresh = {branch.go for name in fresh for branch in states[name].answers if branch.go in states} - reached
    return reached


def _gets_out(start: str, leads: Mapping[str, set[str]]) -> bool:
    seen: set[str] = set()
    waiting = {start}
    while waiting:
        name = waiting.pop()
        seen.add(name)
        targets = leads.get(name, set())
        if any(target == END or "." in target for target in targets):
            return True
        waiting |= targets - seen
    return False


def _missing(texts: Iterable[Text], catalogues: Catalogues) -> Iterator[Fault]:
    for language, bodies in catalogues.items():
        file = file_of(language)
        files = each_of(bodies)
        read = [read_catalogue(language, body, file) for body in files]
        if language == ENGLISH or not any(map(promises_all, files)):
            continue
        for msgid, text in {text.msgid: text for text in texts}.items():
            messages = [message for catalogue in read if (message := catalogue.get(msgid)) is not None]
            if not any(map(translations, messages)):
                line = messages[0].lineno if messages else None
                yield Fault(f"no translation of `{text.label}`: {msgid}", file=file, line=line)


def promises_all(body: bytes) -> bool:
    """The header's lines are looked at as they are: the catalogue reader keeps only headers it knows."""
    return _COMPLETE.search(body) is not None


def _too_long(
    texts: Iterable[Text], flows: Flows, said: _Said, catalogues: Catalogues, budgets: Budgets
) -> Iterator[Fault]:
    """Sentences over their budget, with the longest values that their placeholders may have."""
    where = _Where(flows, catalogues)
    by_name = {name_of(text): text for text in texts}
    for label, (file, line) in budgets.lines.items():
        if label not in by_name:
            yield Fault(f"there is no sentence `{label}`", file=file, line=line)
    for text in by_name.values():
        for language, script in said.readers:
            if language != ENGLISH and not said.phrases.translates(language, text.msgid):
                continue  # an English fallback with another script's keywords: the missing translation is the fault
            tag = tag_of(language, script)
            sentence = said.sample(text, language, script)
            measure = gsm7.measure(sentence)
            allowed, file, line = budgets.of(text, tag), *where.of(text, tag)
            forced = f", forced by {_shown(measure.forcing)}" if measure.forcing else ""
            if measure.parts > allowed:
                message = (
                    f"`{name_of(text)}` takes {measure.parts} parts in {tag}, not {allowed}: {measure.units} units of "
                    f"{measure.encoding}{forced}: {sentence}"
                )
                yield Fault(message, file=file, line=line)
            if measure.forcing and budgets.must_be_gsm7(text, tag):
                message = f"`{name_of(text)}` must be GSM-7 in {tag} but is UCS-2{forced}: {sentence}"
                yield Fault(message, file=file, line=line)


def _shown(characters: Sequence[str]) -> str:
    """The first few, those that cannot be seen by their code."""
    told = [f"„{char}“ (U+{ord(char):04X})" for char in characters[:_FORCING_SHOWN]]
    return ", ".join(told) + (" and others" if len(characters) > _FORCING_SHOWN else "")


@dataclass(frozen=True, slots=True)
class _Said:
    """Sentences as people would get them, with long but likely values."""

    phrases: Phrases
    directory: Directory
    registry: Registry

    @property
    def readers(self) -> list[tuple[str, str]]:
        """(language, script) of all who read."""
        offered = dict.fromkeys((ENGLISH, *self.directory.choices))
        return [(GEORGIAN, LATIN) if tag == GEORGIAN_LATIN else (tag, "") for tag in offered]

    def sample(self, text: Text, language: str, script: str = "") -> str:
        count = 30  # a number that every language's plural has a common form for
        template = self.phrases.template(language, text.msgid, count, script)
        tag = tag_of(language, script)
        values = {name: self.registry.fields[name].sample(self.directory, tag) for name in template.fields}
        return self.phrases.finish(template, values, language, script)


class _Where:
    """File and line of a sentence in one language: its catalogue's, else the flow's."""

    def __init__(self, flows: Flows, catalogues: Catalogues) -> None:
        self._flows = {text.label: flow.file for flow in flows.by_name.values() for text in flow.texts.values()}
        self._lines: dict[tuple[str, str], tuple[str, int | None]] = {}
        for language, bodies in sorted(catalogues.items(), key=lambda item: "@" in item[0]):
            for body in each_of(bodies):
                for message in read_catalogue(language, body, file_of(language)):
                    msgid = message.id if isinstance(message.id, str) else message.id[0]
                    place = file_of(language), message.lineno
                    if msgid and translations(message):
                        self._lines[CATALOGUE_TAGS.get(language, language), msgid] = place
                        if language == GEORGIAN:
                            self._lines[GEORGIAN_LATIN, msgid] = place

    def of(self, text: Text, tag: str) -> tuple[str, int | None]:
        own = self._flows.get(text.label, "smsbot/dialogue/wording.py"), text.line
        return self._lines.get((tag, text.msgid), own)
