"""`smsbot unknown`: what people texted that nothing matched, so that words are added every week."""

from __future__ import annotations

import csv
import json
import sys
from datetime import datetime, time
from typing import TYPE_CHECKING, Annotated, Any

import typer

from smsbot.cli.common import Config, opened, settings_of

if TYPE_CHECKING:
    from smsbot.settings import Settings
    from smsbot.store.unknown import Word

DAYS = 7


def add_to(app: typer.Typer) -> None:
    app.command("unknown")(show)


def show(
    config: Config = None,
    since: Annotated[
        str, typer.Option(metavar="DAY|Nd", help="From that day on (2026-11-30), or the last N days (30d).")
    ] = f"{DAYS}d",
    as_csv: Annotated[bool, typer.Option("--csv", help="For a spreadsheet.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="For a program.")] = False,
    limit: Annotated[int, typer.Option(min=1, max=1000, help="Words at the most.")] = 100,
) -> None:
    """List what people texted that nothing matched, with the nearest known word and the line that would add it.

    Numbers are not shown; texts of more than a few words are left to the inbox.
    """
    if as_csv and as_json:
        raise typer.BadParameter("take one of --csv and --json", param_hint="--csv")
    settings = settings_of(config)
    since_ms = _instant(settings, since)
    from smsbot.compose import lexicon  # noqa: PLC0415
    from smsbot.store import directory, unknown  # noqa: PLC0415

    with opened(settings) as store:
        topics, places = store.read(lambda on: (directory.topics(on), directory.places(on)))
        listed = lexicon(settings, topics, places)
        words = store.read(lambda on: unknown.gather(on, listed, since_ms=since_ms, limit=limit))
    folder = str(settings.service.content or "content")
    rows = [_row(settings, word, folder) for word in words]
    if as_json:
        typer.echo(json.dumps(rows, ensure_ascii=False, indent=2))
    elif as_csv:
        _write_csv(rows)
    else:
        _tell(rows, since)


def _instant(settings: Settings, since: str) -> int:
    from smsbot.clock import DAY_MS, now_ms, to_ms  # noqa: PLC0415

    if since[-1:] == "d" and since[:-1].isascii() and since[:-1].isdigit() and len(since) <= 5:
        return now_ms() - int(since[:-1]) * DAY_MS
    try:
        day = datetime.strptime(since, "%Y-%m-%d").date()
    except ValueError as error:
        raise typer.BadParameter("a day as 2026-11-30, or days as 7d", param_hint="--since") from error
    return to_ms(datetime.combine(day, time.min, settings.service.zone))


def _row(settings: Settings, word: Word, folder: str) -> dict[str, Any]:
    from smsbot.clock import to_iso  # noqa: PLC0415
    from smsbot.store.unknown import addition  # noqa: PLC0415

    near = word.near
    added = addition(word, folder)
    return {
        "word": word.shown,
        "count": word.count,
        "people": word.people,
        "languages": dict(word.languages.most_common()),
        "first": to_iso(word.first_ms, settings.service.zone),
        "last": to_iso(word.last_ms, settings.service.zone),
        "example": word.example,
        "nearest": near.known.word if near is not None else None,
        "means": f"{near.known.kind} {near.known.name}" if near is not None else None,
        "distance": near.distance if near is not None else None,
        "where": added.where,
        "line": added.line,
    }


def _write_csv(rows: list[dict[str, Any]]) -> None:
    from smsbot.store.exports import cell  # noqa: PLC0415
    from smsbot.store.unknown import COLUMNS  # noqa: PLC0415

    with open(sys.stdout.fileno(), "w", encoding="utf-8", newline="", closefd=False) as stream:
        writer = csv.writer(stream)
        writer.writerow(COLUMNS)
        for row in rows:
            flat = {**row, "languages": " ".join(f"{name}:{count}" for name, count in row["languages"].items())}
            writer.writerow([cell(column, flat[column]) for column in COLUMNS])


def _tell(rows: list[dict[str, Any]], since: str) -> None:
    if not rows:
        typer.echo(f"Nothing unknown since {since}." if not since.endswith("d") else f"Nothing unknown in {since}.")
        return
    for row in rows:
        near = "nothing is near"
        if row["nearest"] is not None:
            near = f"{row['distance']} from “{row['nearest']}” ({row['means']})"
        languages = ", ".join(row["languages"])
        typer.echo(f"{row['count']:>5} times by {row['people']} people  {row['word']}  [{languages}]  {near}")
        typer.echo(f"      {row['where']}: {row['line']}")
