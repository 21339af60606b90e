"""`python -m benchmarks`: the whole suite, a table on the screen and JSON beside it. See `--help`."""

from __future__ import annotations

import argparse
import signal
import sys
import tempfile
import time
import traceback
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path

from benchmarks import (
    delivery,
    fanout,
    grouping,
    growth,
    importing,
    latency,
    machine,
    memory,
    peers,
    recognition,
    report,
    scale,
    smpp,
    turns,
)  # fmt: skip
from benchmarks.suite import Bench, Row

BENCHMARKS: Mapping[str, Callable[[Bench], Iterable[Row]]] = {
    "turns": turns.run,
    "latency": latency.run,
    "fanout": fanout.run,
    "delivery": delivery.run,
    "smpp": smpp.run,
    "memory": memory.run,
    "growth": growth.run,
    "grouping": grouping.run,
    "import": importing.run,
    "recognition": recognition.run,
    "peers": peers.run,
}
ON_DEMAND: Mapping[str, Callable[[Bench], Iterable[Row]]] = {"scale": scale.run}
"""Not among those that run when none is named."""
QUICK_DIVISOR, QUICK_RUNS = 20, 3
FULL_RUNS = 5


def measure(bench: Bench, names: Sequence[str], tell: Callable[[str], None]) -> tuple[list[Row], list[str]]:
    """The rows of the benchmarks *names*, and the names of those that broke. A missed goal breaks nothing."""
    rows: list[Row] = []
    broken: list[str] = []
    for name in names:
        began_s = time.monotonic()
        tell(f"{name} …")
        try:
            rows.extend((BENCHMARKS.get(name) or ON_DEMAND[name])(bench))
        except Exception:  # the others are still worth having
            tell(traceback.format_exc())
            broken.append(name)
        tell(f"{name}: {time.monotonic() - began_s:.0f} s")
    return rows, broken


def main(arguments: Sequence[str] | None = None) -> int:
    chosen = _parser().parse_args(arguments)
    if chosen.list:
        for name, benchmark in {**BENCHMARKS, **ON_DEMAND}.items():
            print(f"{name:12} {(sys.modules[benchmark.__module__].__doc__ or '').strip()}")
        return 0
    if chosen.markdown:
        file = report.latest()
        if file is None:
            print("There is no result yet; run `make bench`.", file=sys.stderr)
            return 1
        print(report.markdown(file))
        return 0
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that the servers and databases end with us
    with tempfile.TemporaryDirectory(prefix="smsbot-bench-", dir=chosen.folder) as folder:
        bench = Bench(Path(folder), *((QUICK_DIVISOR, QUICK_RUNS) if chosen.quick else (chosen.divide, FULL_RUNS)))
        try:
            rows, broken = measure(bench, chosen.only or list(BENCHMARKS), lambda line: print(line, file=sys.stderr))
            facts = machine.facts(bench.postgres_url)
        finally:
            bench.close()
    report.show(rows, judged=not chosen.quick)
    whole = not chosen.only and not broken
    print(f"Single values: {report.save(rows, facts, judged=not chosen.quick, runs=bench.runs, whole=whole)}")
    if broken:
        print(f"Broken: {', '.join(broken)}", file=sys.stderr)
    return 1 if broken else 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="small sizes: shows that all of it works, judges nothing")
    parser.add_argument("--divide", type=int, default=1, metavar="N", help="all sizes by N, judged all the same")
    parser.add_argument("--only", nargs="+", metavar="NAME", choices=[*BENCHMARKS, *ON_DEMAND], help="these benchmarks")
    parser.add_argument("--list", action="store_true", help="the names, and what each measures")
    parser.add_argument("--markdown", action="store_true", help="print the latest result as a table for the README")
    parser.add_argument("--folder", type=Path, help="where the databases go (a real disk, 4 GB); else the system's")
    return parser


if __name__ == "__main__":
    raise SystemExit(main())
