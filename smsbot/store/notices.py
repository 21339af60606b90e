"""What one process tells the others at once, by PostgreSQL's LISTEN/NOTIFY: a hint that spares them a poll, never more.

On SQLite there is one process, and it tells itself.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import structlog
from sqlalchemy import Connection

from smsbot.store import bulk
from smsbot.store.address import patient

log = structlog.get_logger()

CHANNEL = "smsbot"
PAYLOAD_NUMBERS = 300  # a payload is below 8,000 octets (PostgreSQL, NOTIFY)
PATIENCE_S = 1.0  # how long the end of the process may wait for the listener


@dataclass(frozen=True, slots=True)
class Notice:
    """*waiting*: channels with fresh messages; *stopped*: numbers that must get nothing more."""

    waiting: tuple[str, ...] = ()
    stopped: tuple[str, ...] = ()


NOTHING = Notice()


def tell(connection: Connection, *, waiting: Sequence[str] = (), stopped: Sequence[str] = ()) -> None:
    """Heard by every listener when the transaction commits. Nothing on SQLite."""
    tell_with(bulk.Several(connection), Notice(tuple(waiting), tuple(stopped)))


def tell_with(several: bulk.Several, notice: Notice) -> None:
    """As `tell`, and make the changes of *several* with it; on SQLite, or if there is nothing to tell, nothing."""
    waiting, stopped = notice.waiting, notice.stopped
    if not (several.one and (waiting or stopped)):
        return
    pieces = [stopped[at : at + PAYLOAD_NUMBERS] for at in range(0, len(stopped), PAYLOAD_NUMBERS)] or [()]
    for piece in pieces:
        payload = json.dumps({"waiting": list(waiting), "stopped": list(piece)}, separators=(",", ":"))
        several.ask("SELECT pg_notify(?, ?)", (CHANNEL, payload))


class Listener:
    """A thread with a connection of its own that hands on what is heard. It connects again by itself; what was said
    meanwhile is lost, which is why everybody still polls."""

    def __init__(self, url: str, hear: Callable[[Notice], None]) -> None:
        """*hear* is called on the listener's thread."""
        self._conninfo = patient(url).set(drivername="postgresql").render_as_string(hide_password=False)
        self._hear = hear
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._listen, name="listener", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def close(self) -> None:
        self._ending.set()
        if self._thread.is_alive():
            self._thread.join(2 * PATIENCE_S)

    def _listen(self) -> None:
        import psycopg  # noqa: PLC0415  # a start on SQLite need not wait for it

        while not self._ending.is_set():
            try:
                with psycopg.connect(self._conninfo, autocommit=True) as connection:
                    connection.execute(f"LISTEN {CHANNEL}")
                    while not self._ending.is_set():
                        for notice in connection.notifies(timeout=PATIENCE_S):
                            self._hear(_read(notice.payload))
            except psycopg.Error as error:
                log.warning("notices of other processes are not heard", error=type(error).__name__)
                self._ending.wait(PATIENCE_S)


def _read(payload: str) -> Notice:
    try:
        said = json.loads(payload)
        return Notice(tuple(said.get("waiting", ())), tuple(said.get("stopped", ())))
    except (ValueError, AttributeError, TypeError):
        return Notice()
