"""What it costs to understand a text: listed words seen for the first time and again, and whole sentences."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence

from benchmarks.suite import Bench, Row, expect, median, percentile
from smsbot.content import Content, load_keywords
from smsbot.text.match import understand
from smsbot.text.understood import Intent
from smsbot.text.vocabulary import Vocabulary

LANGUAGES = ("ka", "en", "ru", "az", "hy")
SENTENCES = (
    "Hello, when does the bus number {} come to our village, nobody knows here",
    "Stop the landfill in Likhauri, we wrote {} times already",
    "გამარჯობა, ჩვენს ქუჩაზე {} დღეა წყალი არ მოდის, გთხოვთ მოგვეხმაროთ",
    "gamarjoba, chvens quchaze {} dgea wyali ar modis, gtxovt mogvexmarot",
    "Здравствуйте, у нас на улице уже {} дней нет воды, помогите пожалуйста",
    "Salam, bizim küçədə {} gündür su yoxdur, xahiş edirik kömək edin",
    "Բարև, մեր փողոցում {} օր է ջուր չկա, խնդրում ենք օգնել",
    "please don't stop the messages about the budget hearing of the {}th",
)


def run(bench: Bench) -> Iterator[Row]:
    many = bench.size(2_000, 40)
    rows: dict[str, list[float]] = {"a listed word, first seen": [], "a listed word, seen before": [], "a sentence": []}
    tails: dict[str, list[float]] = {name: [] for name in rows}
    for _ in range(bench.runs):
        vocabulary = Vocabulary.build(load_keywords(None, LANGUAGES), Content().topics())
        words = list(vocabulary.exact)[:many]
        sentences = [SENTENCES[n % len(SENTENCES)].format(n) for n in range(many)]
        expect("words not understood", [w for w in words if understand(w, vocabulary).intent is Intent.EMPTY], [])
        vocabulary = Vocabulary.build(load_keywords(None, LANGUAGES), Content().topics())
        for name, texts in zip(rows, (words, words, sentences), strict=True):
            micros = _timed(texts, lambda text: understand(text, vocabulary))  # noqa: B023
            rows[name].append(percentile(micros, 0.5))
            tails[name].append(percentile(micros, 0.95))
    for name, found in rows.items():
        values = {"p50_us": found, "p95_us": tails[name]}
        yield Row(f"Understanding {name}, p50", median(found), "µs", None, values, f"p95 {median(tails[name]):.1f}")


def _timed(texts: Sequence[str], read: Callable[[str], object]) -> list[float]:
    """Microseconds for each text."""
    found = []
    for text in texts:
        began_ns = time.perf_counter_ns()
        read(text)
        found.append((time.perf_counter_ns() - began_ns) / 1_000)
    return found
