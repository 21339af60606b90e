"""Samples of the gateways with a connection of their own, and the other sides of those connections."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path

from smsbot.gateways.smpp.codec import Address, Sm
from smsbot.testing.conformance import MESSAGE, NUMBER, SECRET, TEXT, Inapplicable, Sample
from smsbot.testing.smsc import PASSWORD, SYSTEM_ID, Smsc

RECEIPT = 0x04  # esm_class, SMPP v3.4 §5.2.12
THROTTLED, SYSTEM_ERROR = 0x58, 0x08  # command_status, §5.1.3
SHORT = "2200"


class Centre:
    """An SMSC."""

    def __init__(self, smsc: Smsc) -> None:
        self._smsc = smsc

    @property
    def keys(self) -> Mapping[str, object]:
        return {
            "host": "127.0.0.1", "port": self._smsc.port, "system_id": SYSTEM_ID, "password": PASSWORD,
            "response_s": 1.0,
        }  # fmt: skip

    def write(self, times: int) -> None:
        for _ in range(times):
            self._smsc.say(NUMBER.removeprefix("+"), TEXT, to=SHORT)

    def report_unknown(self) -> None:
        said = b"id:1 sub:001 dlvrd:000 submit date:2612010800 done date:2612010800 stat:TELEPORTED err:000 text:"
        self._smsc.bring(Sm(Address(1, 1, NUMBER.removeprefix("+")), Address(0, 1, SHORT), said, esm_class=RECEIPT))

    def throttle(self) -> None:
        self._smsc.manners.status = lambda _sm: THROTTLED

    def fail(self) -> None:
        self._smsc.manners.status = lambda _sm: SYSTEM_ERROR

    def fall_silent(self) -> None:
        self._smsc.manners.answers = False


@contextmanager
def centre(folder: Path) -> Iterator[Centre]:
    with Smsc() as smsc:
        yield Centre(smsc)


TABLES = """
CREATE TABLE gammu ("Version" integer);
INSERT INTO gammu VALUES (17);
CREATE TABLE phones ("UpdatedInDB" text, "Battery" integer, "Signal" integer);
CREATE TABLE outbox ("ID" integer PRIMARY KEY AUTOINCREMENT, "DestinationNumber" text, "TextDecoded" text,
  "Coding" text, "UDH" text, "Class" integer, "MultiPart" text, "CreatorID" text, "SenderID" text,
  "DeliveryReport" text, "SendingDateTime" text, "SendingTimeOut" text);
CREATE TABLE sentitems ("ID" integer, "SequencePosition" integer, "Status" text, "StatusError" integer,
  "CreatorID" text, "UDH" text, "TextDecoded" text, "DestinationNumber" text,
  "InsertIntoDB" text DEFAULT CURRENT_TIMESTAMP, "UpdatedInDB" text DEFAULT CURRENT_TIMESTAMP);
CREATE TABLE inbox ("ID" integer PRIMARY KEY AUTOINCREMENT, "SenderNumber" text, "TextDecoded" text, "UDH" text,
  "ReceivingDateTime" text DEFAULT CURRENT_TIMESTAMP, "Processed" text DEFAULT 'false');
CREATE TABLE again (times integer);
CREATE TRIGGER brings_again AFTER UPDATE ON inbox WHEN (SELECT times FROM again) > 0 BEGIN
  UPDATE again SET times = times - 1;
  UPDATE inbox SET "Processed" = 'false' WHERE "ID" = NEW."ID";
END;
"""
"""Those columns of gammu-smsd's tables (schema 17) that are used; its own tables are tried where it is installed. The
trigger plays a mark that was lost: rows are brought again."""

QUEUE_MOST = 2


class Modem:
    """gammu-smsd's database, with nobody who empties it."""

    def __init__(self, file: Path) -> None:
        self._file = file
        with closing(sqlite3.connect(file)) as connection:
            connection.executescript(TABLES)

    @property
    def keys(self) -> Mapping[str, object]:
        return {"database_url": f"sqlite:///{self._file}", "queue_most": QUEUE_MOST, "poll_s": 0.05}

    def _run(self, *statements: tuple[str, tuple[object, ...]]) -> None:
        with closing(sqlite3.connect(self._file, timeout=30)) as connection, connection:
            for statement, values in statements:
                connection.execute(statement, values)

    def write(self, times: int) -> None:
        self._run(
            ("INSERT INTO again VALUES (?)", (times - 1,)),
            ('INSERT INTO inbox ("SenderNumber", "TextDecoded", "UDH") VALUES (?, ?, \'\')', (NUMBER, TEXT)),
        )

    def report_unknown(self) -> None:
        said = (7, 1, "Teleported", -1, MESSAGE.id, "")
        self._run(
            ('INSERT INTO sentitems ("ID", "SequencePosition", "Status", "StatusError", "CreatorID", "UDH")'
             " VALUES (?, ?, ?, ?, ?, ?)", said)
        )  # fmt: skip

    def throttle(self) -> None:
        row = ('INSERT INTO outbox ("CreatorID") VALUES (?)', ("another program",))
        self._run(*[row] * QUEUE_MOST)

    def fail(self) -> None:
        self._run(("CREATE TRIGGER full BEFORE INSERT ON outbox BEGIN SELECT RAISE(ABORT, 'disk full'); END", ()))

    def fall_silent(self) -> None:
        raise Inapplicable("a row is there or it is not")


@contextmanager
def modem(folder: Path) -> Iterator[Modem]:
    yield Modem(folder / "gammu.db")


LINKS = (
    Sample(
        "smpp",
        {"host": "127.0.0.1", "port": 9, "system_id": SYSTEM_ID, "password": SECRET},
        peer=centre,
    ),
    Sample("gammu", {"database_url": f"postgresql://smsd:{SECRET}@127.0.0.1:9/smsd"}, peer=modem),
)
