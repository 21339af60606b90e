"""`smsbot import` and `smsbot export`."""

from __future__ import annotations

import gc
import sys
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TextIO

import typer

from smsbot.cli.common import Config, opened, progress, settings_of
from smsbot.errors import Invalid, SettingsError

if TYPE_CHECKING:
    from smsbot.dialogue.notice import Notice
    from smsbot.dialogue.stop_hint import StopHint
    from smsbot.settings import Settings
    from smsbot.store.imports import Report

KINDS = ("subscribers", "consents", "messages", "broadcasts", "topics", "places", "inbox")
FORMATS = ("csv", "json")
GARBAGE = (100_000, 50, 100)
SHOWN_LINE = "line {line}{column}: {reason}; {mend}"


def add_to(app: typer.Typer) -> None:
    app.command("import")(take)
    app.command("export")(give)


def take(
    file: Annotated[Path, typer.Argument(metavar="FILE.csv", help="Signed forms, one a row, in UTF-8 with a header.")],
    config: Config = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Judge every row and change nothing.")] = False,
    no_welcome: Annotated[bool, typer.Option("--no-welcome", help="Text nobody.")] = False,
) -> None:
    """Take consents on paper in.

    Columns: number, topics, place, language, consented_on, collector, form, evidence.
    """
    settings = settings_of(config)
    from smsbot.clock import now_ms  # noqa: PLC0415
    from smsbot.compose import place_index, seed_places, seed_topics  # noqa: PLC0415
    from smsbot.store import directory, imports  # noqa: PLC0415

    # A sheet makes millions of objects and no cycles: each collection would walk all of them for nothing.
    gc.freeze()
    gc.set_threshold(*GARBAGE)
    channel = None if no_welcome else _sending_channel(settings)
    with _reading(file) as lines, opened(settings) as store:
        seeds = seed_topics(settings), seed_places(settings)
        if not dry_run:
            store.write(lambda c: directory.seed(c, *seeds))
        named = place_index(settings, store.read(directory.places) or seeds[1])
        with progress("Importing", _rows(file)) as told:
            report = imports.run(
                store,
                lines,
                settings,
                now_ms=now_ms(),
                channel=channel,
                hint=_hint(settings, channel),
                dry_run=dry_run,
                progress=told,
                seeds=seeds,
                named=named,
                notice=lambda: _notice(settings),
            )
    _tell(report, dry_run=dry_run)


def give(
    kind: Annotated[str, typer.Argument(help=", ".join(KINDS))],
    config: Config = None,
    form: Annotated[str, typer.Option("--format", help="csv or json")] = "csv",
    output: Annotated[Path | None, typer.Option("--output", metavar="FILE", help="Else standard output.")] = None,
) -> None:
    """Write data out, for a spreadsheet or a program."""
    if kind not in KINDS:
        raise typer.BadParameter(f"there is no kind {kind}; the kinds are: {', '.join(KINDS)}", param_hint="KIND")
    if form not in FORMATS:
        raise typer.BadParameter(f"the formats are: {', '.join(FORMATS)}", param_hint="--format")
    settings = settings_of(config)
    from smsbot.clock import now_ms  # noqa: PLC0415
    from smsbot.store.exports import Export, Format, Kind  # noqa: PLC0415

    with ExitStack() as stack:
        store = stack.enter_context(opened(settings))
        stream = stack.enter_context(_writing(output)) if output is not None else _standard_output()
        told = stack.enter_context(progress("Exporting", None)) if output is not None else None
        export = Export(Kind(kind), zone=settings.service.zone, key=store.key, now_ms=now_ms())
        store.read(lambda connection: export.write(connection, stream, Format(form), told))
        stream.flush()


def _tell(report: Report, *, dry_run: bool) -> None:
    for refusal in report.refused:
        column = f", {refusal.column}" if refusal.column else ""
        typer.echo(SHOWN_LINE.format(line=refusal.line, column=column, reason=refusal.reason, mend=refusal.mend))
    would = "would be " if dry_run else ""
    typer.echo(
        f"{report.rows} rows: {report.taken} {would}taken, {len(report.refused)} {would}refused, "
        f"{report.repeated} taken before or standing twice."
    )
    if report.welcomed:
        typer.echo(f"{report.welcomed} welcomes are queued.")
    if report.noticed:
        typer.echo(f"{report.noticed} of them leave a day after a neutral text, since these numbers were dormant.")


def _hint(settings: Settings, channel: str | None) -> StopHint | None:
    """Where the welcomes say that STOP goes, if people cannot answer them."""
    from smsbot.compose import blueprint  # noqa: PLC0415
    from smsbot.gateways.registry import channels  # noqa: PLC0415
    from smsbot.outbound import answering  # noqa: PLC0415

    number = answering.numbers(channels(settings.channels)).get(channel or "")
    if number is None:
        return None
    from smsbot.dialogue.stop_hint import compose  # noqa: PLC0415

    return compose(blueprint(settings).engine((), ()).phrases, number, settings.service.languages)


def _notice(settings: Settings) -> Notice:
    """What dormant numbers get before their welcome."""
    from smsbot.compose import blueprint  # noqa: PLC0415
    from smsbot.dialogue.notice import compose  # noqa: PLC0415

    service = settings.service
    return compose(blueprint(settings).engine((), ()).phrases, service.name, service.languages)


def _sending_channel(settings: Settings) -> str:
    from smsbot.gateways.registry import channels  # noqa: PLC0415

    for name, channel in channels(settings.channels).items():
        if channel.config.outbound:
            return name
    raise SettingsError("No channel has `outbound = true`, so nobody can be welcomed; set it for one or --no-welcome.")


def _reading(file: Path) -> TextIO:
    try:
        return file.open(encoding="utf-8-sig", newline="")
    except OSError as error:
        raise Invalid(f"{file} cannot be read: {error.strerror}.", field="file") from error


def _rows(file: Path) -> int:
    with file.open("rb") as body:
        return max(0, sum(block.count(b"\n") for block in iter(lambda: body.read(1 << 20), b"")) - 1)


def _writing(file: Path) -> TextIO:
    try:
        return file.open("w", encoding="utf-8", newline="")
    except OSError as error:
        raise Invalid(f"{file} cannot be written: {error.strerror}.", field="output") from error


def _standard_output() -> TextIO:
    """As UTF-8 and with the line ends as written, whatever the terminal's language."""
    return open(sys.stdout.fileno(), "w", encoding="utf-8", newline="", closefd=False)  # no path
