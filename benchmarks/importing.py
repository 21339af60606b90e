"""`smsbot import` of paper consents, each with its welcome queued."""

from __future__ import annotations

import csv
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

from benchmarks.product import configuration, twilio
from benchmarks.suite import SQLITE, Bench, Broken, Goal, Row, count, expect

ROWS = 200_000
COLUMNS = ("number", "topics", "place", "language", "consented_on", "collector", "form", "evidence")
LANGUAGES = ("ka", "ka", "ka", "en", "ru")
TOPICS = ("budget", "budget;culture", "roads")


def run(bench: Bench) -> Iterator[Row]:
    rows = bench.size(ROWS, 500)
    folder = bench.place()
    file = folder / "forms.csv"
    _write(file, rows)
    url = bench.empty(SQLITE)
    config = configuration(folder, database=url, keys=twilio(None))
    began_s = time.monotonic()
    ended = subprocess.run(
        [sys.executable, "-m", "smsbot", "import", str(file), "--config", str(config)],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    seconds = time.monotonic() - began_s
    if ended.returncode:
        raise Broken(f"the import ended with {ended.returncode}: {ended.stderr[-500:]}")
    expect("subscribers", count(url, "contact WHERE state = 'active'"), rows)
    expect("welcomes", count(url, "outbox"), rows)
    bench.drop(url)
    yield Row(
        f"Import of {rows:,} paper consents with welcomes, SQLite", seconds, "s", Goal(60), {"seconds": [seconds]}
    )


def _write(file: Path, rows: int) -> None:
    signed = date.today() - timedelta(days=30)
    with file.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(COLUMNS)
        for n in range(rows):
            writer.writerow(
                (
                    f"+995555{n:06d}", TOPICS[n % len(TOPICS)], "", LANGUAGES[n % len(LANGUAGES)],
                    signed.isoformat(), "Field team 3", "2026-01", f"scan-{n:06d}",
                )
            )  # fmt: skip
