"""The rows as a table on the screen, as JSON and as Markdown."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from benchmarks.suite import Goal, Row

RESULTS = Path(__file__).parent / "results"
HEADINGS = ("What", "Measured", "Goal", "Met")


def amount(value: float, unit: str) -> str:
    """Three figures are all that holds between two runs."""
    digits = 0 if abs(value) >= 100 else 1 if abs(value) >= 10 else 2
    return f"{value:,.{digits}f}" + (f" {unit}" if unit else "")


def goal_text(goal: Goal | None, unit: str) -> str:
    if goal is None:
        return ""
    limit = f"{goal.limit:,g}" + (f" {unit}" if unit else "")
    return f"≥ {limit}" if goal.at_least else f"< {limit}"


def line(row: Row, *, judged: bool) -> tuple[str, str, str, str]:
    if row.value is None:
        return row.name, row.note, goal_text(row.goal, row.unit), "not measured"
    measured = amount(row.value, row.unit) + (f" ({row.note})" if row.note else "")
    met = "" if row.goal is None else "not judged" if not judged else "yes" if row.goal.met(row.value) else "no"
    return row.name, measured, goal_text(row.goal, row.unit), met


def show(rows: Sequence[Row], *, judged: bool) -> None:
    """*judged* False: the sizes are too small to say whether a goal is met."""
    table = Table(title="smsbot benchmarks" if judged else "smsbot benchmarks, small: only to see that they work")
    for heading in HEADINGS:
        table.add_column(heading, justify="right" if heading == "Goal" else "left")
    for row in rows:
        cells = line(row, judged=judged)
        table.add_row(*map(escape, cells), style="red" if cells[-1] == "no" else None)
    Console().print(table)


def save(rows: Sequence[Row], machine: Mapping[str, object], *, judged: bool, runs: int, whole: bool = True) -> Path:
    """*whole*: every benchmark is in it."""
    now = datetime.now(UTC)
    RESULTS.mkdir(exist_ok=True)
    file = RESULTS / f"{now:%Y-%m-%dT%H%M%S}.json"
    content = {
        "at": now.isoformat(timespec="seconds"),
        "judged": judged,
        "whole": whole,
        "runs": runs,
        "machine": machine,
        "rows": [asdict(row) for row in rows],
    }
    file.write_text(json.dumps(content, indent=1, ensure_ascii=False), encoding="utf-8")
    return file


def latest(folder: Path = RESULTS) -> Path | None:
    """The newest result of the whole suite whose goals were judged; else the newest judged, else the newest."""

    def worth(file: Path) -> tuple[bool, bool, str]:
        content = json.loads(file.read_text(encoding="utf-8"))
        return content["judged"] and content["whole"], content["judged"], file.name

    return max((file for file in folder.glob("*.json")), key=worth, default=None)


def markdown(file: Path) -> str:
    """The table for the README, with a line that says on what it was measured."""
    content: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    rows = [Row(**(row | {"goal": Goal(**row["goal"]) if row["goal"] else None})) for row in content["rows"]]
    lines = [" | ".join(("", *HEADINGS, "")).strip(), "|---|---|---|---|"]
    lines += ["| " + " | ".join(line(row, judged=content["judged"])) + " |" for row in rows]
    machine = content["machine"]
    database = f"SQLite {machine['sqlite']}"
    if machine["postgresql"]:
        database += f", PostgreSQL {machine['postgresql']}"
    lines += [
        "",
        f"Medians of {content['runs']} runs on {content['at'][:10]}: {machine['cpu']}, {machine['cores']} cores shared"
        f" by the load, the service, the database and the provider; Python {machine['python']}, {database}."
        " Ratios are of two sides measured in turn in one run.",
    ]
    return "\n".join(lines)
