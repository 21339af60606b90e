"""`make chaos`: every fault many times, at length; the account goes to `docs/reliability.md`.

python -m tests.chaos [--rounds N] [--only WORDS] [--seed N] [--at-once N] [--write]
"""

from __future__ import annotations

import argparse
import contextlib
import io
import itertools
import random
import shutil
import sys
import tempfile
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TextIO

from tests.chaos.faults import CASES, Case
from tests.chaos.play import impossible, missing, once
from tests.chaos.world import Outcome, Size
from tests.e2e.product import ROOT

LARGE = Size(people=200, leavers=60, texts=8, broadcasts=4, rate_per_s=60.0, pause_s=2.0)
PAGE = ROOT / "docs" / "reliability.md"
BEGIN, END = "<!-- chaos: begin (from `make chaos`) -->", "<!-- chaos: end -->"
HEAD = (
    "| fault | database, processes | runs | acknowledged | lost | doubled | told as unknown | after STOP | astray"
    " | still waiting at the end |"
)


@dataclass
class Account:
    case: Case
    outcomes: list[Outcome] = field(default_factory=list)

    @property
    def failed(self) -> list[Outcome]:
        return [each for each in self.outcomes if not each.clean or (each.doubled and not self.case.doubles)]

    def row(self) -> str:
        def total(name: str) -> int:
            return sum(int(getattr(each, name)) for each in self.outcomes)

        roles = self.case.roles
        kinds = "one process" if roles.everything else f"{roles.web} web, {roles.work} work"
        engine = {"sqlite": "SQLite", "postgresql": "PostgreSQL", "pair": "PostgreSQL with standby"}[self.case.engine]
        astray = sum(len(each.astray) for each in self.outcomes)
        figures = [f"{total('acknowledged'):,}", *map(total, ("lost", "doubled", "unknown", "after_stop")), astray]
        waiting = total("given_up") + total("unsettled")
        cells = [self.case.name, f"{engine}, {kinds}", len(self.outcomes), *figures, waiting]
        return f"| {' | '.join(map(str, cells))} |"


def main(words: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="make chaos", description=__doc__)
    parser.add_argument("--rounds", type=int, default=5, help="of each fault")
    parser.add_argument("--only", default="", help="faults whose name or database has this in it")
    parser.add_argument("--seed", type=int, default=None, help="to play the same again")
    parser.add_argument("--at-once", type=int, default=3, help="rounds that are played side by side")
    parser.add_argument("--write", action="store_true", help="put the table into docs/reliability.md")
    chosen = parser.parse_args(words)
    seed = chosen.seed if chosen.seed is not None else time.time_ns() % 1_000_000
    accounts = []
    for case in CASES:
        if chosen.only not in f"{case.engine} {case.name}":
            continue
        lacking = impossible(case) or missing(case)
        if lacking:
            sys.stdout.write(f"{case.engine}, {case.name}: left out, {lacking}\n")
            continue
        accounts.append(Account(case))
    screen = sys.stdout
    with contextlib.redirect_stdout(io.StringIO()), ThreadPoolExecutor(chosen.at_once) as pool:  # see the folders' logs
        numbers = itertools.count(1)
        played = [
            [pool.submit(_round, account.case, seed + round_, next(numbers), screen) for round_ in range(chosen.rounds)]
            for account in accounts
        ]
        for account, rounds in zip(accounts, played, strict=True):
            account.outcomes.extend(each.result() for each in rounds)
            screen.write(account.row() + "\n")
            screen.flush()
    if chosen.write:
        _write(accounts, seed)
    return 1 if any(account.failed for account in accounts) else 0


def _round(case: Case, seed: int, number: int, screen: TextIO) -> Outcome:
    """One round; the folder of one that failed is kept and named. *number*: of this round among all."""
    folder = Path(tempfile.mkdtemp(prefix="smsbot-chaos-"))
    try:
        outcome = once(case, folder, LARGE, random.Random(seed), number=number)
    except (AssertionError, OSError) as error:  # TimeoutError is one: the others are still worth having
        outcome = Outcome(astray=[f"{type(error).__name__}: {error}"])
    if outcome.clean and (case.doubles or not outcome.doubled):
        shutil.rmtree(folder, ignore_errors=True)
    else:
        screen.write(f"{case.engine}, {case.name}, seed {seed}: {outcome}\n  everything is in {folder}\n")
    return outcome


def _write(accounts: Sequence[Account], seed: int) -> None:
    text = PAGE.read_text(encoding="utf-8")
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    day = datetime.now(UTC).strftime("%d %B %Y")
    size = f"{LARGE.people} people, {LARGE.leavers} of whom stop, {LARGE.broadcasts} broadcasts"
    played = f"Played on {day}; in each run {size}; the first run's seed is {seed}."
    table = "\n".join([HEAD, "|" + "---|" * (HEAD.count("|") - 1), *(account.row() for account in accounts)])
    PAGE.write_text(f"{before}{BEGIN}\n{played}\n\n{table}\n{END}{after}", encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
