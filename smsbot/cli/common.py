"""What commands share: the configuration, the database, the progress bar."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from smsbot.settings import Settings
    from smsbot.store.database import Store

Config = Annotated[
    Path | None,
    typer.Option("--config", metavar="FILE", help="The configuration; else SMSBOT_CONFIG, else ./smsbot.toml."),
]


def settings_of(config: Path | None, *, quiet: bool = False) -> Settings:
    """The settings, with logging set up; *quiet*: of errors only, unless somebody asked for more. Raises
    `SettingsError`."""
    from smsbot import logs, settings  # noqa: PLC0415

    logs.configure(level="ERROR" if quiet and not os.environ.get(logs.LEVEL_VARIABLE) else None)
    found = settings.load(config)
    if found.channels:
        from smsbot.gateways import registry  # noqa: PLC0415

        registry.check_keys(found.channels)
    return found


@contextmanager
def opened(settings: Settings) -> Iterator[Store]:
    """The configured database with this version's tables; on SQLite they are made where they are missing."""
    from smsbot.store.database import Store  # noqa: PLC0415

    key = settings.service.hash_key
    store = Store(settings.database.url, key=key.get_secret_value().encode() if key is not None else None)
    try:
        if store.sqlite:
            store.upgrade()
        store.check()
        yield store
    finally:
        store.close()


@contextmanager
def progress(label: str, total: int | None) -> Iterator[Callable[[int], None] | None]:
    """A bar on a terminal; anywhere else nothing (None). The function is told how much is done."""
    if not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console  # noqa: PLC0415
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn  # noqa: PLC0415

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(label, total=total)
        yield lambda done: bar.update(task, completed=done)
