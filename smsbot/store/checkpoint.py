"""SQLite's write-ahead log, carried into the database file beside the writer instead of within its commits."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable
from pathlib import Path

import structlog
from sqlalchemy import Connection, Engine
from sqlalchemy.exc import SQLAlchemyError

log = structlog.get_logger()

EVERY_S = 0.6
HURRIED_S = 0.1  # while the log grows
LEAST_PAGES = 1_000
LEAST_BYTES = 4 * 1024 * 1024
"""SQLite's own measure: `LEAST_PAGES` of 4 KiB. Its default does this within the commit that passes it, where the one
writer waits for two more syncs."""
ANEW_PAGES = 4_000
"""While somebody writes without a pause, as a broadcast is written out, a checkpoint beside the writer never comes to
the end of the log, which cannot begin anew. Of a log this long the writer itself carries over the little that is left.
"""
BACKSTOP_PAGES = 16_000
"""Should the log outgrow this, a commit does it after all: a log that is never carried over would grow for ever."""


class Checkpointer:
    """A thread with a connection of its own. A passive checkpoint waits for nobody and nobody waits for it.

    *aside* has the writer do something between two transactions."""

    def __init__(self, engine: Engine, file: Path, *, aside: Callable[[Callable[[Connection], object]], None]) -> None:
        self._engine = engine
        self._aside = aside
        self._log = file.with_name(file.name + "-wal")
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._work, name="checkpoint", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def close(self) -> None:
        self._ending.set()
        if self._thread.is_alive():
            self._thread.join()

    def _work(self) -> None:
        wait_s, pages = EVERY_S, 0
        while not self._ending.wait(wait_s):
            wait_s = EVERY_S
            try:
                if self._log.stat().st_size < LEAST_BYTES:
                    continue
                before = pages
                with self._engine.connect() as connection:
                    pages = _carry(connection)
                if pages >= ANEW_PAGES:
                    self._leave_little()
                    self._aside(_carry)
                if abs(pages - before) >= LEAST_PAGES:  # less than before: it has begun anew
                    wait_s = HURRIED_S
            except FileNotFoundError:
                continue
            except (OSError, SQLAlchemyError, sqlite3.Error) as error:  # the last: a cursor on a full disk
                log.warning("the write-ahead log cannot be carried over", error=type(error).__name__)

    def _leave_little(self) -> None:
        """Carry over what was written during the first time, and what was during that."""
        with self._engine.connect() as connection:
            _carry(connection)
            _carry(connection)


def _carry(connection: Connection) -> int:
    """Carry over what nobody is in the way of; give the pages of the log."""
    raw = connection.connection.cursor()
    try:
        _busy, pages, _carried = raw.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()
    finally:
        raw.close()
    return int(pages)
