"""The tables of gammu-smsd's SQL service, as another program may use them: `outbox` is filled, `inbox` and `sentitems`
are read.

Schema version 17 of gammu 1.42 (docs.gammu.org/smsd/tables.html). The same statements serve SQLite and PostgreSQL.
Everything here blocks and belongs to one thread; transactions are as short as they can be, since gammu-smsd writes too.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, tzinfo
from pathlib import Path
from typing import Any, Protocol

import psycopg

from smsbot.clock import to_ms
from smsbot.errors import Misconfigured, Unavailable, Uncertain

BUSY_S = 5.0
"""How long a statement waits for gammu-smsd's own transaction on SQLite."""

CONNECT_S = 5
ANSWER_MS = 15_000

LONG_AGO = "2000-01-01 00:00:00"
"""When to send: at once. gammu-smsd compares with its machine's local time where SQLite's default is UTC."""

UNICODE = "Unicode_No_Compression"

STALE_S = 180
"""gammu-smsd writes the modem's signal into `phones` each `StatusFrequency`, 60 s unless set; three in a row missed."""


@dataclass(frozen=True, slots=True)
class Piece:
    """One part to send. *udh* is the joining header in hexadecimal, None for a text of one part."""

    text: str = field(repr=False)
    udh: str | None


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A message in parts. *creator* is our id, and *coding* gammu's word for the alphabet."""

    creator: str
    number: str = field(repr=False)
    pieces: tuple[Piece, ...]
    coding: str
    report: bool


@dataclass(frozen=True, slots=True)
class Arrived:
    """A row of `inbox`: one part. *at* is as gammu-smsd wrote it; *sent_ms* the instant it means, if that is told."""

    id: int
    number: str = field(repr=False)
    text: str = field(repr=False)
    udh: str
    at: str
    sent_ms: int | None = None


@dataclass(frozen=True, slots=True)
class SentPart:
    """A row of `sentitems`."""

    id: int
    position: int
    status: str
    error: int
    creator: str
    udh: str


class Dialect(Protocol):
    """What differs between the two databases."""

    placeholder: str
    now: str
    errors: type[Exception]

    def connect(self) -> Any: ...

    def begin(self, connection: Any) -> None: ...

    def older(self, instant: str, seconds: int) -> str: ...

    def blamed(self, error: Exception) -> bool:
        """Is it for an administrator: no such table, no such database, a wrong password?"""


class Sqlite:
    placeholder = "?"
    now = "datetime('now')"  # UTC, as the triggers write `UpdatedInDB`
    errors: type[Exception] = sqlite3.Error

    def __init__(self, path: Path) -> None:
        self._path = path

    def connect(self) -> sqlite3.Connection:
        """Never makes the file: a new and empty one would hide a mistyped path."""
        uri = f"{self._path.absolute().as_uri()}?mode=rw"
        return sqlite3.connect(uri, uri=True, timeout=BUSY_S, isolation_level=None, check_same_thread=False)

    def begin(self, connection: Any) -> None:
        connection.execute("BEGIN IMMEDIATE")

    def older(self, instant: str, seconds: int) -> str:
        return f"datetime({instant}, '-{seconds} seconds')"

    def blamed(self, error: Exception) -> bool:
        said = str(error)
        return any(word in said for word in ("no such", "unable to open", "not a database", "readonly"))


class PostgreSql:
    placeholder = "%s"
    now = "LOCALTIMESTAMP"
    errors: type[Exception] = psycopg.Error

    def __init__(self, url: str) -> None:
        self._url = url

    def connect(self) -> psycopg.Connection[Any]:
        """A server that does not answer is given up: nobody else can use the thread meanwhile."""
        return psycopg.connect(
            self._url,
            autocommit=True,
            connect_timeout=CONNECT_S,
            tcp_user_timeout=ANSWER_MS,
            options=f"-c statement_timeout={ANSWER_MS}",
        )

    def begin(self, connection: Any) -> None:
        connection.execute("BEGIN")

    def older(self, instant: str, seconds: int) -> str:
        return f"(CAST({instant} AS timestamp) - interval '{seconds} seconds')"

    def blamed(self, error: Exception) -> bool:
        said = str(error)
        return isinstance(error, psycopg.ProgrammingError | psycopg.errors.InsufficientPrivilege) or any(
            word in said for word in ("authentication failed", "does not exist", "no password supplied")
        )


class Tables:
    """One connection, opened when first needed and again after each failure."""

    def __init__(self, dialect: Dialect, zone: tzinfo | None = None, modem: str = "") -> None:
        """*zone*: that of gammu-smsd's machine, whose local time it writes; None: this machine's own. *modem*: only the
        rows of the gammu-smsd with this `PhoneID`, where several share the tables."""
        self._dialect = dialect
        self._zone = zone
        self._modem = modem
        self._connection: Any = None

    def open(self) -> None:
        """Connect and see that the tables are there. Raises `Misconfigured` or `Unavailable`."""
        with self._guarded():
            self._run('SELECT "Version" FROM gammu')

    def close(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            try:
                connection.close()
            except self._dialect.errors:  # it was broken already
                return

    def waiting(self) -> int:
        """How many messages the modem has still before it."""
        with self._guarded():
            mine = self._mine("SenderID")
            return int(self._run(f"SELECT count(*) FROM outbox WHERE {mine}")[0][0])

    def modem_alive(self) -> bool:
        """Does gammu-smsd tell that it has a modem? Where it never told anything it gets the benefit of the doubt."""
        with self._guarded():
            fresh = f'"UpdatedInDB" >= {self._dialect.older(self._dialect.now, STALE_S)}'
            mine = self._mine("ID")
            silent = '"Battery" < 0 AND "Signal" < 0'  # StatusFrequency = 0: the row is never written again
            rows = self._run(f"SELECT CASE WHEN ({fresh}) OR ({silent}) THEN 1 ELSE 0 END FROM phones WHERE {mine}")
            return not rows or any(row[0] for row in rows)

    def put(self, message: Outgoing) -> int:
        """Hand over in one transaction; the row's ID. The same message again is the same row.

        Raises `Unavailable`, `Misconfigured`, or `Uncertain` where the commit got no answer.
        """
        with self._guarded(), self._transaction():
            known = self._known(message)
            if known is not None:
                return known
            first, *rest = message.pieces
            outgoing_id = int(
                self._run(
                    'INSERT INTO outbox ("DestinationNumber", "TextDecoded", "Coding", "UDH", "Class", "MultiPart",'
                    ' "CreatorID", "SenderID", "DeliveryReport", "SendingDateTime", "SendingTimeOut")'
                    f" VALUES (?, ?, ?, ?, -1, '{'true' if rest else 'false'}', ?, ?, ?, ?, ?) RETURNING \"ID\"",
                    message.number, first.text, message.coding, first.udh, message.creator, self._modem,
                    "yes" if message.report else "no", LONG_AGO, LONG_AGO,
                )[0][0]
            )  # fmt: skip
            for position, piece in enumerate(rest, 2):
                self._run(
                    'INSERT INTO outbox_multipart ("ID", "SequencePosition", "TextDecoded", "Coding", "UDH", "Class")'
                    " VALUES (?, ?, ?, ?, ?, -1)",
                    outgoing_id, position, piece.text, message.coding, piece.udh,
                )  # fmt: skip
            return outgoing_id

    def _known(self, message: Outgoing) -> int | None:
        """The row of an earlier attempt. The text is compared too: after a new beginning of our own database the ids
        begin anew, and gammu's tables remember."""
        for table in ("outbox", "sentitems"):
            found = self._run(
                f'SELECT "ID" FROM {table} WHERE "DestinationNumber" = ? AND "CreatorID" = ? AND "TextDecoded" = ?',
                message.number, message.creator, message.pieces[0].text,
            )  # fmt: skip
            if found:
                return int(found[0][0])
        return None

    def unread(self, most: int) -> list[Arrived]:
        """The oldest rows of `inbox` that nobody has taken."""
        with self._guarded():
            rows = self._run(
                'SELECT "ID", "SenderNumber", "TextDecoded", "UDH", CAST("ReceivingDateTime" AS text), "Coding", "Text"'
                " FROM inbox"
                f" WHERE {self._mine('RecipientID')}"
                f' AND "Processed" = \'false\' ORDER BY "ID" LIMIT {most:d}'
            )
            return [
                Arrived(
                    int(row[0]), row[1] or "", _written(row[5], row[6] or "", row[2] or ""), row[3] or "", str(row[4]),
                    self._instant(str(row[4])),
                )
                for row in rows
            ]  # fmt: skip

    def _instant(self, written: str) -> int | None:
        try:
            moment = datetime.fromisoformat(written).replace(tzinfo=self._zone)
            return to_ms(moment.astimezone(UTC))
        except (ValueError, OverflowError, OSError):
            return None

    def mark_read(self, ids: Sequence[int]) -> None:
        with self._guarded():
            marks = ", ".join(f"{each:d}" for each in ids)
            self._run(f'UPDATE inbox SET "Processed" = \'true\' WHERE "ID" IN ({marks})')

    def oldest_sent(self, seconds: int) -> int:
        """The lowest ID in `sentitems` of the last *seconds*; one above the highest if there is none."""
        with self._guarded():
            since = self._dialect.older(self._dialect.now, seconds)
            low = self._run(f'SELECT min("ID") FROM sentitems WHERE "InsertIntoDB" >= {since}')[0][0]
            high = self._run('SELECT max("ID") FROM sentitems')[0][0]
            return int(low if low is not None else (high or 0) + 1)

    def changed(self, floor: int, since: str | None, overlap_s: int) -> tuple[list[int], str | None]:
        """The IDs from *floor* on with a part that changed since *since*, and until when that is known."""
        with self._guarded():
            later = "" if since is None else f' AND "UpdatedInDB" >= {self._dialect.older("?", overlap_s)}'
            rows = self._run(
                'SELECT DISTINCT "ID", CAST(max("UpdatedInDB") AS text) FROM sentitems'
                f" WHERE {self._mine('SenderID')}"
                f' AND "ID" >= ?{later} GROUP BY "ID" ORDER BY "ID"',
                floor, *(() if since is None else (since,)),
            )  # fmt: skip
            times = [str(row[1]) for row in rows] + ([since] if since else [])
            return [int(row[0]) for row in rows], max(times, default=None)

    def parts(self, ids: Sequence[int]) -> list[SentPart]:
        """Every sent part of the messages *ids*, in order."""
        with self._guarded():
            marks = ", ".join(f"{each:d}" for each in ids)
            rows = self._run(
                'SELECT "ID", "SequencePosition", "Status", "StatusError", "CreatorID", "UDH" FROM sentitems'
                f' WHERE "ID" IN ({marks}) ORDER BY "ID", "SequencePosition"'
            )
            return [SentPart(int(r[0]), int(r[1]), r[2], int(r[3]), r[4] or "", r[5] or "") for r in rows]

    def _mine(self, column: str) -> str:
        """The condition that a row is our modem's; true for every row where there is but one."""
        quoted = self._modem.replace("'", "''")
        return f"\"{column}\" = '{quoted}'" if self._modem else "1 = 1"

    def _run(self, statement: str, *values: object) -> list[Any]:
        if self._connection is None:
            self._connection = self._dialect.connect()
        cursor = self._connection.execute(statement.replace("?", self._dialect.placeholder), values)
        return list(cursor.fetchall()) if cursor.description else []

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        if self._connection is None:
            self._connection = self._dialect.connect()
        self._dialect.begin(self._connection)
        try:
            yield
        except BaseException:
            self._quietly(lambda: self._connection.execute("ROLLBACK"))
            raise
        try:
            self._connection.execute("COMMIT")
        except self._dialect.errors:
            self.close()
            raise Uncertain("commit", "The gammu database gave no answer; it may have taken the message.") from None

    def _quietly(self, act: Callable[[], object]) -> None:
        try:
            act()
        except self._dialect.errors:
            self.close()

    @contextmanager
    def _guarded(self) -> Iterator[None]:
        """Errors of the database become ours, without its words: they may hold the address and a text."""
        try:
            yield
        except self._dialect.errors as error:
            self.close()
            if self._dialect.blamed(error):
                raise Misconfigured(
                    "database", "The gammu database cannot be used: check `database_url`, and that its tables exist."
                ) from None
            raise Unavailable("database", "The gammu database does not answer.") from None


def _written(coding: str, octets: str, decoded: str) -> str:
    """The text of one part, with half a letter at an end as a lone surrogate where the phone cut it there.

    *octets*, its UTF-16 in hexadecimal, tell it as it came; *decoded* has lost the half, or has the next part's text
    as well, by whether gammu-smsd saw both parts at once.
    """
    if coding != UNICODE:
        return decoded
    try:
        return bytes.fromhex(octets).decode("utf-16-be", "surrogatepass") or decoded
    except ValueError:
        return decoded
