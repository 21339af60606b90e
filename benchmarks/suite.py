"""What every benchmark is given and gives back: sizes and places to work in; rows of the table."""

from __future__ import annotations

import itertools
import statistics
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sqlalchemy import Connection

from smsbot.store import sql
from smsbot.store.database import Store
from smsbot.testing.databases import Postgres, postgres

SQLITE, POSTGRESQL = "SQLite", "PostgreSQL"


class Broken(Exception):
    """What was measured did not do its work: a wrong status, a lost row."""


@dataclass(frozen=True, slots=True)
class Goal:
    limit: float
    at_least: bool = False  # else: less than

    def met(self, value: float) -> bool:
        return value >= self.limit if self.at_least else value < self.limit


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table. *unit* "": a ratio. *values*: every single value behind it, by what it is.

    *value* None: it could not be measured here, and *note* says why.
    """

    name: str
    value: float | None
    unit: str
    goal: Goal | None
    values: Mapping[str, Sequence[float]]
    note: str = ""


@dataclass
class Bench:
    """*divisor*: of the sizes; 1 is the suite, anything above only shows that it works. *runs*: of each side."""

    folder: Path
    divisor: int = 1
    runs: int = 5
    cached: dict[tuple[str, int], str] = field(default_factory=dict)  # (engine, people) → their database
    _stack: ExitStack = field(default_factory=ExitStack)
    _server: Postgres | None = None
    _numbers: itertools.count[int] = field(default_factory=itertools.count)

    def size(self, full: int, least: int = 1) -> int:
        return max(full // self.divisor, least)

    def place(self) -> Path:
        """A new folder."""
        made = self.folder / f"{next(self._numbers)}"
        made.mkdir()
        return made

    @property
    def postgres(self) -> Postgres:
        if self._server is None:
            self._server = self._stack.enter_context(postgres())
        return self._server

    @property
    def postgres_url(self) -> str | None:
        """Of the server, if one was needed."""
        return self._server.address if self._server is not None else None

    def close(self) -> None:
        self._stack.close()
        self._server = None

    def empty(self, engine: str) -> str:
        """The URL of a new database."""
        return f"sqlite:///{self.place()}/smsbot.db" if engine == SQLITE else self.postgres.fresh()

    def drop(self, url: str) -> None:
        """Let go of a database nobody uses any more."""
        if url.startswith("sqlite"):
            for file in Path(url.removeprefix("sqlite:///")).parent.glob("smsbot.db*"):
                file.unlink()
        else:
            self.postgres.drop(url)


def median(values: Sequence[float]) -> float:
    return statistics.median(values)


def percentile(values: Sequence[float], share: float) -> float:
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]


def ratios(over: Sequence[float], under: Sequence[float]) -> list[float]:
    return [one / other for one, other in zip(over, under, strict=True)]


def expect(what: str, found: object, wanted: object) -> None:
    if found != wanted:
        raise Broken(f"{what}: {found} instead of {wanted}")


def count(url: str, what: str, parameters: Sequence[Any] = ()) -> int:
    """`SELECT count(*) FROM what`."""

    def job(connection: Connection) -> int:
        return int(sql.run(connection, f"SELECT count(*) FROM {what}", parameters).scalar_one())

    store = Store(url)
    try:
        return store.read(job)
    finally:
        store.close()
