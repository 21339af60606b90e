"""What it costs to understand a text, with 300 topics and 4,000 places; and what is taken for what, class by class."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from random import Random

from rich.console import Console
from rich.table import Table

from benchmarks.suite import Bench, Goal, Row, expect, median, percentile
from smsbot.content import Content, load_keywords
from smsbot.testing.citizens import STYLES, cases, decorated, hurried, romanised, sentences
from smsbot.text.fold import script
from smsbot.text.match import understand
from smsbot.text.understood import Intent
from smsbot.text.vocabulary import Vocabulary
from smsbot.text.words import LanguageWords, Named

LANGUAGES = ("ka", "en", "ru", "az", "hy")
CASES = Path(__file__).parents[1] / "tests" / "text" / "cases"
TOPICS, PLACES = 300, 4_000
SLIPPED = 5  # letters of the shortest word with a slip
SEED = 11
P95_US = 200
_SYLLABLES = tuple(map("".join, zip("ბკლხრძმგნსქთშჭლპვზდჯფ", "აიუეიეაოიაევიოააეოუიო", strict=True)))
_PEOPLE = {Intent.OTHER, Intent.STOP_SENTENCE, Intent.KEEP, Intent.EMPTY}
_COLUMNS = ("as meant", "stopped", "asked", "left to people", "another command")

Case = tuple[str, str, str]  # class, what is meant, text


def run(bench: Bench) -> Iterator[Row]:
    many = bench.size(4_000, 40)
    words = load_keywords(None, LANGUAGES)
    rows: dict[str, list[float]] = {"a listed word, first seen": [], "a listed word, seen before": [], "a message": []}
    tails: dict[str, list[float]] = {name: [] for name in rows}
    messages = _messages(many)
    for _ in range(bench.runs):
        vocabulary = _large(words)
        listed = list(vocabulary.exact)[:many]
        expect("empty", [word for word in listed[:500] if understand(word, vocabulary).intent is Intent.EMPTY], [])
        vocabulary = _large(words)
        for name, texts in zip(rows, (listed, listed, messages), strict=True):
            micros = _timed(texts, lambda text: understand(text, vocabulary))  # noqa: B023
            rows[name].append(percentile(micros, 0.5))
            tails[name].append(percentile(micros, 0.95))
    for name, found in rows.items():
        values = {"p50_us": found, "p95_us": tails[name]}
        goal = Goal(P95_US) if name == "a message" else None
        seen = " never seen before" if name == "a message" else ""
        yield Row(
            f"Understanding {name}{seen}, p95", median(tails[name]), "µs", goal, values, f"p50 {median(found):.0f}"
        )
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


def _timed(texts: Sequence[str], read: Callable[[str], object]) -> list[float]:
    """Microseconds for each text."""
    found = []
    for text in texts:
        began_ns = time.perf_counter_ns()
        read(text)
        found.append((time.perf_counter_ns() - began_ns) / 1_000)
    return found


def _confusion(vocabulary: Vocabulary, words: Sequence[LanguageWords], every: int) -> Iterator[Row]:
    """Each *every*th case of each class, and what it was taken for: a table on the screen, shares in the rows."""
    table = Table(title="Meant (down) and understood (across)")
    for heading in ("class", "texts", *_COLUMNS):
        table.add_column(heading, justify="left" if heading == "class" else "right")
    counted: dict[str, Counter[str]] = {}
    for name, meant, text in list(_classes(words))[::every]:
        counted.setdefault(name, Counter())[_column(meant, understand(text, vocabulary).intent)] += 1
    for name, counts in counted.items():
        total = sum(counts.values())
        table.add_row(name, f"{total:,}", *(f"{counts[column]:,}" for column in _COLUMNS))
    Console().print(table)
    for name, counts in counted.items():
        total = sum(counts.values())
        good = counts["as meant"] + (counts["asked"] if "slip" in name else 0)
        values = {column: [float(counts[column])] for column in _COLUMNS}
        stopped = f"{counts['stopped']} stopped" if name.startswith("no opt-out") else f"{counts['asked']} asked about"
        yield Row(f"Understood, {name}", 100 * good / total, "%", _goal(name), values, f"of {total:,}; {stopped}")


def _goal(name: str) -> Goal | None:
    if name.startswith("no opt-out"):
        return Goal(99.0, at_least=True)
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


def _classes(words: Sequence[LanguageWords]) -> Iterator[Case]:
    chance = Random(SEED)
    meanings = {"stop": "stop", "ask": "maybe_stop", "leave": "leave"}
    stops = list(cases(CASES / "stops.txt", 3))
    for _, want, text in stops:
        yield f"opt-out to be {'asked about' if want == 'ask' else 'acted on'}", meanings[want], text
    for language, want, text in stops:
        if want == "stop":
            yield "opt-out within courtesy", "stop", decorated(text, language, chance)
            slipped = hurried(text, chance, SLIPPED)
            if slipped != text:
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
