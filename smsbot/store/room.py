"""Has the database's disk any room? Nobody asks while writes succeed; once one has failed for want of it, a try tells
when there is some again."""

from __future__ import annotations

import time
from collections.abc import Callable

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DBAPIError

from smsbot.errors import StoreFull
from smsbot.store import sql
from smsbot.store.outage import FULL, is_full

REPEATED_S = 5.0
"""After a failure it is said for so long whatever a try says: small writes find room where larger ones do not."""
TRIED_CHARACTERS = 64 * 1024


class Room:
    """Of one process. *writes*: for the try, on a connection of its own."""

    def __init__(self, writes: Engine, *, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._writes = writes
        self._monotonic = monotonic
        self._failed_s: float | None = None

    def note(self, error: BaseException) -> None:
        """A write has failed."""
        if is_full(error):
            self._failed_s = self._monotonic()

    def check(self) -> None:
        """Raises `StoreFull` if there is no room."""
        failed_s = self._failed_s
        if failed_s is None:
            return
        if self._monotonic() - failed_s < REPEATED_S:
            raise StoreFull(FULL)
        try:
            with self._writes.begin() as connection:
                _try(connection)
        except DBAPIError as error:
            self.note(error)
            if is_full(error):
                raise StoreFull(FULL) from None
            raise
        if self._failed_s == failed_s:  # else another write has failed meanwhile
            self._failed_s = None


def _try(connection: Connection) -> None:
    """Write something that no page has room for, and take it away: what is committed is that nothing has changed."""
    sql.run(
        connection,
        "INSERT INTO meta (key, value) VALUES ('room', ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value",
        ("0" * TRIED_CHARACTERS,),
    )
    sql.run(connection, "DELETE FROM meta WHERE key = 'room'")
