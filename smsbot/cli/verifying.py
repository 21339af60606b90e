"""`smsbot verify`: what the database says about itself, for whoever has to trust it after a crash."""

from __future__ import annotations

from pathlib import Path

import typer

from smsbot.cli.common import opened, progress
from smsbot.errors import Invalid, StoreError
from smsbot.settings import Settings
from smsbot.store.reconcile import reconcile


def run(settings: Settings, acknowledged: Path | None) -> None:
    """Print that everything agrees, or what does not. Raises `StoreError`."""
    taken = [] if acknowledged is None else _acknowledged(acknowledged)
    with opened(settings) as store:
        key = store.key
        with progress("Checking people", None) as told:
            findings, tally = store.snapshot(lambda c: reconcile(c, key, acknowledged=taken, progress=told))
    for finding in findings:
        typer.echo(str(finding))
    if findings:
        raise StoreError(f"The database does not agree with itself: {len(findings)} rules do not hold.")
    typer.echo(
        f"Everything agrees: {tally.people} people, {tally.inbound} texts received, {tally.outbox} messages, "
        f"{tally.broadcasts} broadcasts, {tally.entries} entries in the consent ledger."
    )


def _acknowledged(file: Path) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    for number, line in enumerate(file.read_text(encoding="utf-8").splitlines(), 1):
        channel, tab, external_id = line.partition("\t")
        if line and not tab:
            raise Invalid(f"Line {number} of {file} has no tab between the channel and the id.")
        if line:
            found.append((channel, external_id))
    return found
