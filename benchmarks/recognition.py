"""What it costs to understand a text, with 300 topics and 4,000 places; and what is taken for what, class by class."""

from __future__ import annotations

import gc
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from random import Random

from rich.console import Console
from rich.table import Table

from benchmarks.suite import Bench, Goal, Row, expect, median, percentile
from smsbot.content import Content, load_keywords
from smsbot.testing.citizens import SLIPPED, STYLES, cases, decorated, hurried, is_slippable, romanised, sentences
from smsbot.text.fold import script
from smsbot.text.match import understand
from smsbot.text.understood import Intent
from smsbot.text.vocabulary import Vocabulary
from smsbot.text.words import LanguageWords, Named

LANGUAGES = ("ka", "en", "ru", "az", "hy")
CASES = Path(__file__).parents[1] / "tests" / "text" / "cases"
TOPICS, PLACES = 300, 4_000
SEED = 11
P95_US = 200
STOPPED = 1  # of the texts that ask for no such thing: none
NEW = "a message never seen before"
NEW_WORDS = "a message of which no word was seen before"
_SYLLABLES = tuple(map("".join, zip("ბკლხრძმგნსქთშჭლპვზდჯფ", "აიუეიეაოიაევიოააეოუიო", strict=True)))
_PEOPLE = {Intent.OTHER, Intent.STOP_SENTENCE, Intent.KEEP, Intent.EMPTY}
_COLUMNS = ("as meant", "stopped", "asked", "left to people", "another command")

Case = tuple[str, str, str]  # class, what is meant, text


def run(bench: Bench) -> Iterator[Row]:
    """Messages, each another, are measured twice, since a vocabulary remembers words: one after the other with one that
    has read nothing before, so that a word may be known from another message; and each with one that has read nothing.
    """
    many = bench.size(4_000, 40)
    words = load_keywords(None, LANGUAGES)
    messages = _messages(many)
    found: dict[str, list[Sequence[float]]] = {}
    for _ in range(bench.runs):
        vocabulary = _large(words)
        listed = list(vocabulary.exact)[:many]
        expect("empty", [word for word in listed[:500] if understand(word, vocabulary).intent is Intent.EMPTY], [])
        for name, texts in (("a listed word", listed), ("a listed word seen before", listed), (NEW, messages)):
            if name != "a listed word seen before":
                vocabulary.forget()
            found.setdefault(name, []).append(_timed(texts, vocabulary))
        found.setdefault(NEW_WORDS, []).append(_timed(messages, vocabulary, forgetting=True))
    for name, runs in found.items():
        shares = {f"p{share}_us": [percentile(run, share / 100) for run in runs] for share in (50, 95, 99)}
        note = f"p50 {median(shares['p50_us']):.0f}, p99 {median(shares['p99_us']):.0f}"
        goal = Goal(P95_US) if name == NEW else None
        yield Row(f"Understanding {name}, p95", median(shares["p95_us"]), "µs", goal, shares, note)
    yield from _confusion(Vocabulary.build(words, Content().topics(), _SOME_PLACES), words, max(bench.divisor, 1))


_SOME_PLACES = (
    Named("nikea", None, {"ka": "ნიკეა", "en": "Nikea", "ru": "Никея"}),
    Named("likhauri", None, {"ka": "ლიხაური", "en": "Likhauri"}),
)


def _large(words: Sequence[LanguageWords]) -> Vocabulary:
    """As large as a big city's: the built-in topics and invented ones, and invented villages."""
    chance = Random(SEED)

    def name() -> str:
        return "".join(chance.choice(_SYLLABLES) for _ in range(chance.randint(2, 4))) + chance.choice("აეი")

    topics = list(Content().topics())
    for number in range(len(topics) + 1, TOPICS + 1):
        own, other = f"{name()} {name()}", name()
        topics.append(Named(f"t{number}", number, {"ka": own, "en": romanised(own, "national")}, (other,)))
    places = [Named(f"p{n}", None, {"ka": (own := name()), "en": romanised(own, "national")}) for n in range(PLACES)]
    return Vocabulary.build(words, topics, places)


def _messages(count: int) -> list[str]:
    """Different messages of all kinds, in no order."""
    chance = Random(SEED)
    texts = [text for _, text in sentences(CASES / "templates.txt")]
    for file, fields in (("stops.txt", 3), ("commands.txt", 3), ("ordinary.txt", 2), ("kept.txt", 2)):
        texts += [case[-1] for case in cases(CASES / file, fields)]
    texts = list(dict.fromkeys(texts))
    chance.shuffle(texts)
    return texts[:count]


def _timed(texts: Sequence[str], vocabulary: Vocabulary, *, forgetting: bool = False) -> list[float]:
    """Microseconds for each text; *forgetting*: each is the first that this vocabulary reads."""
    gc.collect()
    gc.freeze()  # as the service does when it has started
    found = []
    for text in texts:
        if forgetting:
            vocabulary.forget()
        began_ns = time.perf_counter_ns()
        understand(text, vocabulary)
        found.append((time.perf_counter_ns() - began_ns) / 1_000)
    gc.unfreeze()
    return found


def _confusion(vocabulary: Vocabulary, words: Sequence[LanguageWords], every: int) -> Iterator[Row]:
    """Each *every*th case of each class, and what it was taken for: a table on the screen, shares in the rows."""
    table = Table(title="Meant (down) and understood (across)")
    for heading in ("class", "texts", *_COLUMNS):
        table.add_column(heading, justify="left" if heading == "class" else "right")
    counted: dict[str, Counter[str]] = {}
    for name, meant, text in list(_classes(words, vocabulary))[::every]:
        counted.setdefault(name, Counter())[_column(meant, understand(text, vocabulary).intent)] += 1
    for name, counts in counted.items():
        total = sum(counts.values())
        table.add_row(name, f"{total:,}", *(f"{counts[column]:,}" for column in _COLUMNS))
    Console().print(table)
    for name, counts in counted.items():
        yield _row(name, counts)


def _row(name: str, counts: Counter[str]) -> Row:
    """A class's row: the share that has the goal, and in brackets what became of all its texts.

    Who asks to stop is to be stopped, or asked where a slip leaves a doubt. Who does not is not to be stopped; that
    some are asked about costs them nothing and has no goal.
    """
    total = sum(counts.values())

    def share(*columns: str) -> float:
        return 100 * sum(counts[column] for column in columns) / total

    values = {column: [float(counts[column])] for column in _COLUMNS}
    asked = f"asked {share('asked'):.1f} %"
    if name.startswith("no opt-out"):
        told = f"left to people {share('as meant'):.1f} %, {asked}, another command {share('another command'):.1f} %"
        return Row(f"{name}: stopped", counts["stopped"], "texts", Goal(STOPPED), values, f"{told}; of {total:,}")
    wrong = f"{asked}, wrong {share('stopped', 'left to people', 'another command'):.1f} %; of {total:,}"
    if "slip" in name:
        told = f"acted on {share('as meant'):.1f} %, {wrong}"
        return Row(f"{name}: acted on or asked", share("as meant", "asked"), "%", _goal(name), values, told)
    return Row(f"{name}: as meant", share("as meant"), "%", _goal(name), values, wrong)


def _goal(name: str) -> Goal:
    return Goal(99.0 if "romanised" in name else 97.0 if "command" in name else 98.0, at_least=True)


def _column(meant: str, found: Intent) -> str:
    if found is Intent.MAYBE_STOP:
        return "as meant" if meant == "maybe_stop" else "asked"
    if found in (Intent.STOP, Intent.ZERO):
        return "as meant" if meant == "stop" else "stopped"
    if meant == "people":  # HELP is an answer, and orders nothing
        return "as meant" if found in _PEOPLE or found is Intent.HELP else "another command"
    if found.value == meant:
        return "as meant"
    return "left to people" if found in _PEOPLE else "another command"


def _classes(words: Sequence[LanguageWords], vocabulary: Vocabulary) -> Iterator[Case]:
    chance = Random(SEED)
    meanings = {"stop": "stop", "ask": "maybe_stop", "leave": "leave"}
    stops = list(cases(CASES / "stops.txt", 3))
    for _, want, text in stops:
        yield f"opt-out to be {'asked about' if want == 'ask' else 'acted on'}", meanings[want], text
    for language, want, text in stops:
        if want == "stop":
            yield "opt-out within courtesy", "stop", decorated(text, language, chance)
            slipped = hurried(text, chance, SLIPPED)
            if slipped != text and is_slippable(text, understand(text, vocabulary)):
                yield "opt-out with a slip", "stop", slipped
    for language, want, text in cases(CASES / "commands.txt", 3):
        meant = want.replace(":", " ").split()[0]
        yield "command", meant, text
        yield "command within courtesy", meant, decorated(text, language, chance)
    for entry in words:
        if entry.language == "ka":
            for style in STYLES:
                for intent, listed in entry.words.items():
                    yield from (
                        (f"Georgian word romanised, {style}", intent.value, romanised(word, style))
                        for word in listed
                        if script(word) == "Geor"
                    )
    for _, text in cases(CASES / "kept.txt", 2):
        yield "no opt-out, negated", "people", text
    for _, text in cases(CASES / "ordinary.txt", 2):
        yield "no opt-out, written", "people", text
    for language, text in sentences(CASES / "templates.txt"):
        yield "no opt-out, from templates", "people", text
        yield "no opt-out, within courtesy", "people", decorated(text, language, chance)
