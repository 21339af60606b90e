import asyncio
import itertools
import sqlite3
import threading
from collections.abc import MutableMapping
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, event

from smsbot.store import bulk, checkpoint
from smsbot.store.database import Store
from smsbot.store.tables import Staff, table

ROWS = [(f"name {n}", "viewer", "p", "h" * 2_000, n) for n in range(4_000)]  # eight megabytes
COLUMNS = ("name", "role", "prefix", "key_hash", "created_ms")


def test_the_log_is_carried_over_beside_the_writer(tmp_path: Path) -> None:
    file = tmp_path / "smsbot.db"
    store = Store(f"sqlite:///{file}")
    store.upgrade()
    store.start()
    before = file.stat().st_size
    store.write(lambda c: bulk.insert(c, table(Staff), COLUMNS, ROWS))
    pause = threading.Event()
    for _ in range(600):  # nobody commits any more, so only the thread can have done it
        if file.stat().st_size > before + checkpoint.LEAST_BYTES:
            break
        pause.wait(0.05)
    assert file.stat().st_size > before + checkpoint.LEAST_BYTES
    store.close()


def test_what_was_committed_is_there_after_closing_and_opening(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/smsbot.db"
    store = Store(url)
    store.upgrade()
    store.start()
    store.write(lambda c: bulk.insert(c, table(Staff), COLUMNS, ROWS))
    store.close()
    again = Store(url)
    assert again.read(lambda c: c.exec_driver_sql("SELECT count(*) FROM staff").scalar()) == len(ROWS)
    again.close()


def test_one_that_fails_is_tried_again(tmp_path: Path) -> None:
    """As on a disk that is full: what the log holds is carried over once there is room, or it would grow for ever."""
    file = tmp_path / "smsbot.db"
    store = Store(f"sqlite:///{file}")
    store.upgrade()
    refused, allowed = threading.Event(), threading.Event()

    def judge(action: int, name: str | None, *_: object) -> int:
        if action == sqlite3.SQLITE_PRAGMA and name == "wal_checkpoint" and not allowed.is_set():
            refused.set()
            return sqlite3.SQLITE_DENY
        return sqlite3.SQLITE_OK

    event.listen(store.reads, "checkout", lambda raw, *_: raw.set_authorizer(judge))
    store.start()
    before = file.stat().st_size
    store.write(lambda c: bulk.insert(c, table(Staff), COLUMNS, ROWS))
    assert refused.wait(30)
    allowed.set()
    pause = threading.Event()
    for _ in range(600):
        if file.stat().st_size > before + checkpoint.LEAST_BYTES:
            break
        pause.wait(0.05)
    assert file.stat().st_size > before + checkpoint.LEAST_BYTES
    store.close()


def test_one_that_finds_no_connection_free_is_tried_again(
    tmp_path: Path, logged: list[MutableMapping[str, Any]]
) -> None:
    file = tmp_path / "smsbot.db"
    store = Store(f"sqlite:///{file}")
    store.upgrade()
    store.reads.pool._timeout = 0.01  # type: ignore[attr-defined]  # half a minute by default
    held = [store.reads.connect() for _ in range(15)]
    store.start()
    before = file.stat().st_size
    store.write(lambda c: bulk.insert(c, table(Staff), COLUMNS, ROWS))
    pause = threading.Event()
    for _ in range(600):
        if logged:
            break
        pause.wait(0.05)
    assert logged[0]["error"] == "TimeoutError"
    for connection in held:
        connection.close()
    for _ in range(600):
        if file.stat().st_size > before + checkpoint.LEAST_BYTES:
            break
        pause.wait(0.05)
    assert file.stat().st_size > before + checkpoint.LEAST_BYTES
    store.close()


def test_the_log_begins_anew_although_somebody_writes_without_a_pause(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(checkpoint, "EVERY_S", 0.05)
    store = Store(f"sqlite:///{tmp_path}/smsbot.db")
    store.upgrade()
    store.start()
    log = tmp_path / "smsbot.db-wal"
    began = _salts(log)
    serial = itertools.count()

    def write(connection: Connection) -> bytes:
        rows = [(f"{next(serial)} {n}", "viewer", "p", "h" * 2_000, n) for n in range(100)]
        bulk.insert(connection, table(Staff), COLUMNS, rows)
        return _salts(log)

    def again(salts: bytes) -> bool:
        return salts == began and log.stat().st_size < (checkpoint.BACKSTOP_PAGES - 500) * 4_096

    assert asyncio.run(store.repeat(write, again)) != began
    store.close()


def _salts(log: Path) -> bytes:
    """They change with each beginning of the log: https://www.sqlite.org/fileformat2.html#the_write_ahead_log"""
    with log.open("rb") as file:
        return file.read(24)[16:]
