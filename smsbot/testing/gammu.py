"""A real gammu-smsd with gammu's dummy phone, and the inbox of a link that is driven without the product.

From Debian's `gammu-smsd`, with `libdbd-sqlite3` for SQLite. The dummy phone is a directory: a file in `sms/1` is a
text or a delivery report that has arrived. Everything lives in one directory; whatever was started is stopped.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import sqlite3
import subprocess
import time
from collections.abc import Callable, Sequence
from contextlib import closing
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from typing import Any, Self
from urllib.parse import parse_qs, unquote, urlsplit

import psycopg

from smsbot.errors import GatewayError, StoreUnavailable
from smsbot.gateways.base import Event
from smsbot.gateways.headers import joining_header
from smsbot.text.gsm7 import is_gsm7, split

SCHEMAS = Path("/usr/share/doc/gammu-smsd/examples")
REFERENCE = 255
"""What the dummy phone answers as the reference of every message it sends (libgammu, DUMMY_SendSMS)."""

CENTRE = "123456"
"""The dummy phone's service centre: gammu-smsd takes a report only from the one that took the message."""


def drivers() -> Path | None:
    """Where libdbi's drivers are, if the one for SQLite is among them."""
    return next((path.parent for path in Path("/usr/lib").glob("*/dbd/libdbdsqlite3.so")), None)


def installed() -> bool:
    return shutil.which("gammu-smsd") is not None and (SCHEMAS / "sqlite.sql").exists() and drivers() is not None


def make_tables(url: str) -> None:
    """gammu's own tables in the database of *url*; SQLite's file is made."""
    if url.startswith("sqlite:///"):
        with closing(sqlite3.connect(url.removeprefix("sqlite:///"))) as connection:
            connection.executescript((SCHEMAS / "sqlite.sql").read_text(encoding="utf-8"))
        return
    script = (SCHEMAS / "pgsql.sql").read_text(encoding="utf-8").replace("CREATE LANGUAGE plpgsql;", "")
    with psycopg.connect(url, autocommit=True) as server:
        server.execute(script.encode())


def rows(url: str, statement: str) -> list[tuple[Any, ...]]:
    """Run *statement* on gammu's tables, as an administrator would; what it answers, if anything."""
    if url.startswith("sqlite:///"):
        with closing(sqlite3.connect(url.removeprefix("sqlite:///"), timeout=10, isolation_level=None)) as connection:
            return list(connection.execute(statement).fetchall())
    with psycopg.connect(url, autocommit=True) as server:
        cursor = server.execute(statement.encode())
        return list(cursor.fetchall()) if cursor.description else []


class Gammu:
    """`with Gammu(directory, url) as gammu:` — the tables must exist (`make_tables`)."""

    def __init__(self, directory: Path, url: str, *, zone: str = "UTC", timeout_s: float = 60.0) -> None:
        """*zone*: of the machine that gammu-smsd believes to be on."""
        self.directory = directory
        self.url = url
        self._zone = zone
        self._timeout_s = timeout_s
        self._numbers = count(1)
        self._references = count(1)
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        try:
            self.start()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def start(self) -> None:
        """Returns when the phone is known in the table `phones`."""
        for folder in range(6):
            (self.directory / "phone" / "sms" / str(folder)).mkdir(parents=True, exist_ok=True)
        conf = self.directory / "smsdrc"
        conf.write_text(self._configuration(), encoding="utf-8")
        rows(self.url, "DELETE FROM phones")
        with (self.directory / "smsd.out").open("ab") as output:
            self._process = subprocess.Popen(  # noqa: S603  # our own words
                ["gammu-smsd", "-c", str(conf)],  # noqa: S607  # from the system's packages
                stdout=output,
                stderr=output,
                cwd=self.directory,
                env=os.environ | {"TZ": self._zone},
            )
        self.until(lambda: bool(rows(self.url, "SELECT 1 FROM phones")), "gammu-smsd has its phone")

    def stop(self) -> None:
        """As `systemctl stop` does it; killed if it does not listen."""
        process, self._process = self._process, None
        if process is None:
            return
        process.terminate()
        try:
            process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(timeout=10)

    def say(self, number: str, text: str, *, order: Sequence[int] = ()) -> None:
        """The person with *number* writes *text*; a longer one comes in parts, in *order* (numbers from 1)."""
        parts = split(text)
        reference = next(self._references)
        for place in order or range(1, len(parts) + 1):
            udh = joining_header(reference, len(parts), place) if len(parts) > 1 else None
            self._arrive(number, parts[place - 1], udh=udh)

    def report(self, number: str, word: str) -> None:
        """A delivery report for the oldest message to *number* that has none: `Delivered`, `Failed` or `Pending`."""
        self._arrive(number, word, kind="Status_Report")

    def _arrive(self, number: str, text: str, *, udh: str | None = None, kind: str = "Deliver") -> None:
        octets = text.encode("utf-16-be").hex().upper()
        lines = {
            "SMSC": f'"{CENTRE}"',
            "State": "UnRead",
            "PDU": kind,
            "Number": f'"{number}"',
            "Coding": "Default" if is_gsm7(text) else "Unicode",
            "Folder": "0",
            "Length": str(len(octets) // 4),
            "Class": "-1",
            "MessageReference": str(REFERENCE if kind == "Status_Report" else 0),
            "DateTime": datetime.now(UTC).strftime("%Y%m%dT%H%M%S"),
        }
        if udh:
            lines["UDH"] = udh
        lines |= {f"Text{at // 200:02d}": octets[at : at + 200] for at in range(0, len(octets), 200)}
        written = self.directory / "arriving"
        written.write_text(
            "[SMSBackup000]\n" + "".join(f"{name} = {value}\n" for name, value in lines.items()), encoding="ascii"
        )
        written.rename(self.directory / "phone" / "sms" / "1" / str(next(self._numbers)))

    def sent(self) -> list[tuple[str, str]]:
        """Number and text of each message that the phone has sent whole, joined as the other phone joins it."""
        whole: dict[int, list[tuple[str, str, str]]] = {}
        found = rows(
            self.url,
            'SELECT "ID", "DestinationNumber", "TextDecoded", "UDH" FROM sentitems ORDER BY "ID", "SequencePosition"',
        )
        for key, number, text, udh in found:
            whole.setdefault(key, []).append((number, text, udh))
        return [
            (parts[0][0], "".join(text for _, text, _ in parts))
            for parts in whole.values()
            if not parts[0][2] or len(parts) == int(parts[0][2][8:10], 16)
        ]

    def until(self, ready: Callable[[], bool], what: str) -> None:
        deadline = time.monotonic() + self._timeout_s
        while not ready():
            if self._process is not None and self._process.poll() is not None:
                raise RuntimeError(f"gammu-smsd ended: see the logs in {self.directory}")
            if time.monotonic() > deadline:
                raise TimeoutError(f"Waited {self._timeout_s} s until {what}: see the logs in {self.directory}")
            time.sleep(0.05)

    def _configuration(self) -> str:
        smsd = {
            "service": "sql",
            "logfile": str(self.directory / "smsd.log"),
            "debuglevel": "255",
            "CheckSecurity": "0",
            "ReceiveFrequency": "1",
            "CommTimeout": "2",
            "LoopSleep": "1",
            "StatusFrequency": "2",
        }
        if self.url.startswith("sqlite:///"):
            file = Path(self.url.removeprefix("sqlite:///"))
            smsd |= {
                "driver": "sqlite3",
                "dbdir": f"{file.parent}/",
                "database": file.name,
                "driverspath": f"{drivers()}/",
            }
        else:
            parts = urlsplit(self.url)
            host = parse_qs(parts.query).get("host", [parts.hostname or ""])[0]
            smsd |= {
                "driver": "native_pgsql",
                "host": unquote(host),
                "user": parts.username or "",
                "password": parts.password or "",
                "database": parts.path.removeprefix("/"),
            }
        phone = {"connection": "none", "model": "dummy", "device": str(self.directory / "phone")}
        sections = (("gammu", phone), ("smsd", smsd))
        return "\n".join(f"[{name}]\n" + "".join(f"{k} = {v}\n" for k, v in keys.items()) for name, keys in sections)


class Desk:
    """An `Inbox` that keeps what it is brought. *refusals*: how often it says first that the database is away."""

    def __init__(self, refusals: int = 0) -> None:
        self.events: asyncio.Queue[Event] = asyncio.Queue()
        self.troubles: asyncio.Queue[GatewayError | None] = asyncio.Queue()
        self._refusals = refusals

    async def take(self, events: Sequence[Event]) -> None:
        if self._refusals:
            self._refusals -= 1
            raise StoreUnavailable("the database does not answer")
        for event in events:
            self.events.put_nowait(event)

    def trouble(self, error: GatewayError | None) -> None:
        self.troubles.put_nowait(error)

    async def next(self, timeout_s: float = 60.0) -> Event:
        return await asyncio.wait_for(self.events.get(), timeout_s)
