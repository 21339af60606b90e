"""Where the time of a turn goes: `python -m benchmarks.profile [--postgresql] [--delivered]`.

Needs py-spy on the path and the right to look into another process; of no use beside other load. Says what share of the
samples that hold the interpreter's lock each function has, alone and with what it calls.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import shutil
import signal
import subprocess
import tempfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from benchmarks.load import drive, twilio_requests
from benchmarks.product import Process, product, provider
from benchmarks.suite import POSTGRESQL, SQLITE, Bench
from benchmarks.turns import CONNECTIONS

TURNS, WARM, PEOPLE = 16_000, 2_000, 2_500
SHOWN = 40
RATE = 400  # samples a second


@contextlib.contextmanager
def watched(process: Process, file: Path) -> Iterator[None]:
    spy = shutil.which("py-spy")
    if spy is None:
        raise SystemExit("py-spy is not on the path: pip install py-spy")
    recording = subprocess.Popen(
        [spy, "record", "--gil", "--threads", "-f", "raw", "-r", str(RATE), "-o", str(file), "-p", str(process.pid)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        yield
    finally:
        recording.send_signal(signal.SIGINT)
        recording.wait()


def shares(raw: str) -> tuple[Counter[str], Counter[str], int]:
    """Samples of each function, alone and with what it calls, from py-spy's `raw` format; and how many in all.

    Each line is `thread;outermost;…;innermost count`, a frame `function (file:line)`.
    """
    alone: Counter[str] = Counter()
    inclusive: Counter[str] = Counter()
    total = 0
    for line in raw.splitlines():
        stack, _, count = line.rpartition(" ")
        frames = [frame.rpartition(":")[0] + ")" for frame in stack.split(";")[1:]]
        if frames:
            total += int(count)
            alone[frames[-1]] += int(count)
            inclusive.update(dict.fromkeys(frames, int(count)))
    return alone, inclusive, total


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--postgresql", action="store_true")
    parser.add_argument("--delivered", action="store_true", help="hand the replies to a fast HTTP gateway too")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, contextlib.ExitStack() as stack:
        bench = Bench(Path(folder))
        stack.callback(bench.close)
        gateway = stack.enter_context(provider(bench.place())) if asked.delivered else None
        database = bench.empty(POSTGRESQL if asked.postgresql else SQLITE)
        url = gateway.url if gateway is not None else None
        bot = stack.enter_context(product(bench.place(), gateway_url=url, database=database))
        forms = twilio_requests(WARM + TURNS, bot.port, people=PEOPLE)
        asyncio.run(drive(bot.port, forms[:WARM], connections=CONNECTIONS))
        file = Path(folder) / "raw"
        with watched(bot, file):
            asyncio.run(drive(bot.port, forms[WARM:], connections=CONNECTIONS))
        alone, inclusive, total = shares(file.read_text(encoding="utf-8"))
    for title, counted in (("alone", alone), ("with what it calls", inclusive)):
        print(f"\n{title}")
        for name, count in counted.most_common(SHOWN):
            print(f"{count / total:6.1%}  {name}")


if __name__ == "__main__":
    main()
