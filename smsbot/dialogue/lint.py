"""What `smsbot flow check` finds wrong with flows and catalogues, before a citizen does."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence

from smsbot.dialogue import wording
from smsbot.dialogue.directory import Directory
from smsbot.dialogue.flowfile import END, Branch
from smsbot.dialogue.machine import Flow, Flows
from smsbot.dialogue.phrases import ENGLISH, Catalogues, Phrases, Text, each_of, read_catalogue, translations
from smsbot.dialogue.reader import named_places, named_topics
from smsbot.dialogue.registry import Registry
from smsbot.errors import ContentError
from smsbot.text import gsm7
from smsbot.text.audit import audit
from smsbot.text.words import LanguageWords

_COMPLETE = re.compile(rb'^"X-Smsbot-Complete: *yes *\\n"$', re.MULTILINE)
"""Header of a catalogue that promises every sentence: then a missing one is a fault. English is the msgid."""

Fault = ContentError


def lint(
    files: Mapping[str, str | bytes],
    catalogues: Catalogues,
    directory: Directory,
    registry: Registry,
    keywords: Sequence[LanguageWords] = (),
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
    faults += _too_long(texts, flows, phrases, [ENGLISH, *catalogues], directory, registry)
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
        file = f"locales/{language}/LC_MESSAGES/smsbot.po"
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


def _too_long(  # noqa: PLR0917  # one private caller
    texts: Iterable[Text],
    flows: Flows,
    phrases: Phrases,
    languages: Iterable[str],
    directory: Directory,
    registry: Registry,
) -> Iterator[Fault]:
    files = {text.label: flow.file for flow in flows.by_name.values() for text in flow.texts.values()}
    for text in texts:
        for language in dict.fromkeys(languages):
            if language != ENGLISH and not phrases.translates(language, text.msgid):
                continue  # an English fallback with another script's keywords: the missing translation is the fault
            said = sample(text, language, phrases, directory, registry)
            measure = gsm7.measure(said)
            if measure.parts > text.parts:
                file = files.get(text.label, "smsbot/dialogue/wording.py")
                message = f"`{text.label}` takes {measure.parts} parts in {language}, not {text.parts}: {said}"
                yield Fault(message, file=file, line=text.line)


def sample(text: Text, language: str, phrases: Phrases, directory: Directory, registry: Registry) -> str:
    """The sentence with long but likely values, as a person would get it."""
    count = 30  # a number that every language's plural has a common form for
    template = phrases.template(language, text.msgid, count)
    values = {name: registry.fields[name].sample(directory, language) for name in template.fields}
    return phrases.finish(template, values, language)
