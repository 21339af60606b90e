"""SQLite's write-ahead log, carried into the database file beside the writer instead of within its commits."""

from __future__ import annotations

import sqlite3
import threading
from pathlib import Path

import structlog
from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

log = structlog.get_logger()

EVERY_S = 0.6
LEAST_BYTES = 4 * 1024 * 1024
"""SQLite's own measure: 1,000 pages of 4 KiB. Its default does this within the commit that passes it, where the one
writer waits for two more syncs."""
BACKSTOP_PAGES = 16_000
"""Should the log outgrow this, a commit does it after all: a log that is never carried over would grow for ever."""


class Checkpointer:
    """A thread with a connection of its own. A passive checkpoint waits for nobody and nobody waits for it."""

    def __init__(self, engine: Engine, file: Path) -> None:
        self._engine = engine
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
        while not self._ending.wait(EVERY_S):
            try:
                if self._log.stat().st_size < LEAST_BYTES:
                    continue
                with self._engine.connect() as connection:
                    raw = connection.connection.cursor()
                    raw.execute("PRAGMA wal_checkpoint(PASSIVE)")
                    raw.close()
            except FileNotFoundError:
                continue
            except (OSError, SQLAlchemyError, sqlite3.Error) as error:  # the last: a cursor on a full disk
                log.warning("the write-ahead log cannot be carried over", error=type(error).__name__)
