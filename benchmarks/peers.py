"""Text in, durable turn, reply out, against Kannel, Jasmin and RapidSMS on the same path, where they are installed."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass

from benchmarks import loops, peer_jasmin, peer_kannel, peer_rapidsms
from benchmarks.loops import Loop
from benchmarks.suite import POSTGRESQL, SQLITE, Bench, Goal, Row, expect, median, ratios

Opened = Callable[[Bench], AbstractContextManager[Loop]]


@dataclass(frozen=True, slots=True)
class Pair:
    """One row: *ours* and *theirs* go the same way, each given so many *texts* in a run, some seconds' worth.

    Both are up together and driven in turn. What each keeps, and what it would lose, is in docs/performance.md.
    *missing*: what to do to have it measured here; "" where nothing is missing.
    """

    name: str
    goal: Goal
    missing: Callable[[], str]
    theirs: Opened
    their_texts: int
    ours: Opened
    our_texts: int


PAIRS: Sequence[Pair] = (
    Pair(
        "Kannel's, file store, over SMPP; ours on SQLite", Goal(0.7, at_least=True),
        peer_kannel.missing, peer_kannel.opened, 10_000, lambda bench: loops.by_smpp(bench, SQLITE), 10_000,
    ),
    Pair(
        "Jasmin's, as shipped, over SMPP; ours on SQLite", Goal(5, at_least=True),
        peer_jasmin.missing, peer_jasmin.opened, 1_000, lambda bench: loops.by_smpp(bench, SQLITE), 5_000,
    ),
    Pair(
        "RapidSMS's, at its best and durable, over HTTP; both on SQLite", Goal(8, at_least=True),
        peer_rapidsms.missing, lambda bench: peer_rapidsms.opened(bench, SQLITE), 1_000,
        lambda bench: loops.by_http(bench, SQLITE), 5_000,
    ),
    Pair(
        "RapidSMS's, at its best and durable, over HTTP; both on PostgreSQL", Goal(8, at_least=True),
        peer_rapidsms.missing, lambda bench: peer_rapidsms.opened(bench, POSTGRESQL), 1_000,
        lambda bench: loops.by_http(bench, POSTGRESQL), 5_000,
    ),
)  # fmt: skip


def run(bench: Bench) -> Iterator[Row]:
    for pair in PAIRS:
        yield compare(bench, pair)


def compare(bench: Bench, pair: Pair) -> Row:
    name = f"Text in to reply out, times the rate of {pair.name}"
    if lacking := pair.missing():
        return Row(name, None, "", pair.goal, {}, f"not installed here: {lacking}")
    numbers = bench.size(pair.their_texts, 100), bench.size(pair.our_texts, 100)
    rates: tuple[list[float], list[float]] = ([], [])
    cpu_us: tuple[list[float], list[float]] = ([], [])
    with ExitStack() as stack:
        sides = [stack.enter_context(opened(bench)) for opened in (pair.theirs, pair.ours)]
        for turn in range(bench.runs + 1):
            for side, loop in enumerate(sides):
                before_s = loop.cpu_s()
                rate = loop.drive(numbers[side])
                if turn:  # the first warms up
                    rates[side].append(rate)
                    cpu_us[side].append((loop.cpu_s() - before_s) / numbers[side] * 1e6)
        surplus = [loop.surplus() for loop in sides]
    expect("replies of ours beyond one a text", surplus[1], 0)
    return _row(name, pair.goal, rates, cpu_us, surplus[0])


def _row(
    name: str, goal: Goal, rates: tuple[list[float], list[float]], cpu_us: tuple[list[float], list[float]], surplus: int
) -> Row:
    """*rates*, *cpu_us*: theirs and ours. *surplus*: replies that the peer sent beyond one a text."""
    (theirs, ours), (their_cpu_us, our_cpu_us) = rates, cpu_us
    shares = ratios(ours, theirs)
    note = (
        f"{median(ours):,.0f} against {median(theirs):,.0f} a second; of the processor {median(our_cpu_us):,.0f} µs"
        f" against {median(their_cpu_us):,.0f}"
    )
    if surplus:
        note += f"; it sent {surplus} replies more than there were texts"
    values: dict[str, Sequence[float]] = {
        "ratio": shares, "ours_per_s": ours, "theirs_per_s": theirs, "our_cpu_us": our_cpu_us,
        "their_cpu_us": their_cpu_us, "surplus": [surplus],
    }  # fmt: skip
    return Row(name, median(shares), "", goal, values, note)
