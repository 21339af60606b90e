"""Databases with many people in them: made once a run, copied for whoever asks."""

from __future__ import annotations

import shutil

from sqlalchemy import Connection

from benchmarks.suite import SQLITE, Bench
from smsbot.compose import seed_topics
from smsbot.settings import Settings
from smsbot.store import directory, sql
from smsbot.store.database import Store
from smsbot.testing.population import populate

CHANNEL = "main"


def number(position: int) -> str:
    """Of the person with this id (from 1), as `populate` gives them."""
    return f"+995{555_000_000 + position}"


def peopled(bench: Bench, engine: str, people: int) -> str:
    """The URL of a database of its own with *people* subscribers."""
    key = (engine, people)
    if key not in bench.cached:
        bench.cached[key] = _made(bench, engine, people)
    template = bench.cached[key]
    if engine != SQLITE:
        return bench.postgres.copy(template)
    folder = bench.place()
    shutil.copyfile(template.removeprefix("sqlite:///"), folder / "smsbot.db")
    return f"sqlite:///{folder}/smsbot.db"


def _made(bench: Bench, engine: str, people: int) -> str:
    url = bench.empty(engine)
    store = Store(url)
    try:
        store.upgrade()
        store.write(lambda c: _fill(c, people))
        if engine != SQLITE:
            store.write(lambda c: sql.run(c, "ANALYZE"))
    finally:
        store.close()
    return url


def _fill(connection: Connection, people: int) -> None:
    directory.seed(connection, seed_topics(Settings()), ())
    populate(connection, people, channel=CHANNEL)
