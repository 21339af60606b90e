"""A GSM modem, through the tables of gammu-smsd's SQL service.

gammu-smsd owns the modem; we put texts into its `outbox` and take what it wrote into `inbox` and `sentitems`, so either
may be restarted at any moment. Manual: docs.gammu.org/smsd.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from hashlib import blake2b
from pathlib import Path
from types import MappingProxyType
from typing import ClassVar, TypeVar
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import Field, SecretStr, field_validator

from smsbot.clock import HOUR_MS, Clock, now_ms
from smsbot.errors import GatewayError, StoreUnavailable, Throttled, Unavailable
from smsbot.gateways.base import Accepted, Capabilities, ChannelConfig, Event, Inbox, Message, Received, StatusChange
from smsbot.gateways.gammu_tables import UNICODE, Arrived, Outgoing, Piece, PostgreSql, SentPart, Sqlite, Tables
from smsbot.gateways.headers import joining_header, part_of
from smsbot.gateways.reading import clean, clean_part
from smsbot.status import Status
from smsbot.text.gsm7 import is_gsm7, split

T = TypeVar("T")

CODINGS: Mapping[str, str] = MappingProxyType({"GSM-7": "Default_No_Compression", "UCS-2": UNICODE})

AT_ONCE = 200  # rows of one look
RETRY_S = 5.0  # between attempts to reach the database
FULL_WAIT_S = 5.0  # a modem sends a part in some five seconds
WATCHED_S = 72 * 3600
"""How long a report is waited for: as long as an SMSC keeps a message, and no longer than any of ours is tried."""
OVERLAP_S = 60
"""A row's time is that of its statement, its commit is later: a look begins a minute before the last one ended."""

FAILED = {"SendingError", "Error", "DeliveryFailed"}
SENT = {"SendingOK", "SendingOKNoReport", "DeliveryPending", "DeliveryUnknown"}
EXPIRED = 0x46
"""TP-Status “SM validity period expired” (3GPP TS 23.040 §9.2.3.15)."""


class GammuConfig(ChannelConfig):
    database_url: SecretStr
    modem: str = Field(
        default="", pattern=r"^[A-Za-z0-9 ._-]*$"
    )  # gammu-smsd's `PhoneID`, where several share the tables
    timezone: str = ""  # of gammu-smsd's machine, where it is another than this one's
    delivery_reports: bool = True
    queue_most: int = Field(default=30, ge=1, le=100_000)  # messages that wait for the modem; more wait with us
    poll_s: float = Field(default=1.0, ge=0.05, le=1.0)
    rate_per_s: float = Field(default=1, gt=0, le=100_000)

    @field_validator("database_url")
    @classmethod
    def _known_scheme(cls, value: SecretStr) -> SecretStr:
        url = value.get_secret_value()
        if not url.startswith(("sqlite:///", "postgresql://", "postgres://", "postgresql+psycopg://")) or url.endswith(
            ":///"
        ):
            raise ValueError("sqlite:///FILE or postgresql://USER:PASSWORD@HOST/NAME")
        return value

    @field_validator("timezone")
    @classmethod
    def _known_zone(cls, value: str) -> str:
        try:
            return value and ZoneInfo(value).key
        except (ZoneInfoNotFoundError, ValueError, OSError):
            raise ValueError("a zone of the IANA database, for example Asia/Tbilisi") from None

    def tables(self) -> Tables:
        url = self.database_url.get_secret_value()
        zone = ZoneInfo(self.timezone) if self.timezone else None
        if url.startswith("sqlite:///"):
            return Tables(Sqlite(Path(url.removeprefix("sqlite:///"))), zone, self.modem)
        return Tables(PostgreSql(url.replace("postgresql+psycopg://", "postgresql://", 1)), zone, self.modem)


class Gammu:
    name: ClassVar[str] = "gammu"
    Config: ClassVar[type[ChannelConfig]] = GammuConfig
    capabilities: ClassVar[Capabilities] = Capabilities(removes_duplicates=True)

    def __init__(self, config: GammuConfig, *, clock: Clock = now_ms) -> None:
        self.config = config
        self._clock = clock
        self._tables = config.tables()
        self._thread: ThreadPoolExecutor | None = None
        self._standing = False
        self._alive = True
        self._reference = 0

    async def send(self, message: Message) -> Accepted:
        """Into `outbox`. While the modem has enough before it, texts stay with us, where a STOP still reaches them."""
        if not self._standing:
            raise Unavailable("no_connection", "The gammu database is not connected.")
        if not self._alive:
            raise Unavailable("no_modem", "gammu-smsd does not tell that its modem works.")
        outgoing = self._outgoing(message)

        def put() -> int | None:
            if self._tables.waiting() >= self.config.queue_most:
                return None
            return self._tables.put(outgoing)

        outgoing_id = await self._on_thread(put)
        if outgoing_id is None:
            raise Throttled("queue", "The modem has enough to send for now.", retry_after_s=FULL_WAIT_S)
        return Accepted(str(outgoing_id))

    def _outgoing(self, message: Message) -> Outgoing:
        texts = split(message.text)
        udhs: list[str | None] = [None]
        if len(texts) > 1:
            self._reference = (self._reference + 1) % 256
            udhs = [joining_header(self._reference, len(texts), number) for number in range(1, len(texts) + 1)]
        pieces = tuple(Piece(text, udh) for text, udh in zip(texts, udhs, strict=True))
        coding = CODINGS["GSM-7" if is_gsm7(message.text) else "UCS-2"]  # what the parts were cut for
        return Outgoing(message.id, message.to, pieces, coding, self.config.delivery_reports)

    async def run(self, inbox: Inbox) -> None:
        """Look into the tables once a second, until cancelled. A database that is away is tried again."""
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="gammu")
        try:
            while True:
                try:
                    await self._connected(inbox)
                except GatewayError as error:
                    self._standing = False
                    inbox.trouble(error)
                await asyncio.sleep(RETRY_S)
        finally:
            self._standing = False
            thread, self._thread = self._thread, None
            thread.submit(self._tables.close)
            thread.shutdown(wait=False)

    async def _connected(self, inbox: Inbox) -> None:
        await self._on_thread(self._tables.open)
        reports = _Reports(self._tables, self._clock)
        told: bool | None = None
        while True:
            self._alive = await self._on_thread(self._tables.modem_alive)
            self._standing = True
            if self._alive is not told:
                told = self._alive
                inbox.trouble(None if told else Unavailable("no_modem", "gammu-smsd does not tell of a working modem."))
            more = False
            try:
                more = await self._take_texts(inbox)
                await self._take_reports(inbox, reports)
            except StoreUnavailable:  # the rows stay as they are, and are brought again
                reports.forget()
            if not more:
                await asyncio.sleep(self.config.poll_s)

    async def _take_texts(self, inbox: Inbox) -> bool:
        """True: there may be more. A row is marked only after what it brought is committed."""
        rows = await self._on_thread(lambda: self._tables.unread(AT_ONCE))
        if rows:
            await inbox.take([_received(row, self.config.sender) for row in rows])
            await self._on_thread(lambda: self._tables.mark_read([row.id for row in rows]))
        return len(rows) == AT_ONCE

    async def _take_reports(self, inbox: Inbox, reports: _Reports) -> None:
        changes = await self._on_thread(reports.look)
        for start in range(0, len(changes), AT_ONCE):
            await inbox.take(changes[start : start + AT_ONCE])

    async def _on_thread(self, act: Callable[[], T]) -> T:
        """SQLite and psycopg block, and a connection belongs to one thread."""
        if self._thread is None:
            raise Unavailable("no_connection", "The gammu database is not connected.")
        return await asyncio.get_running_loop().run_in_executor(self._thread, act)


class _Reports:
    """What became of messages since the last look. Begins with all that is young enough, so a restart loses nothing;
    that the same is told again does no harm."""

    def __init__(self, tables: Tables, clock: Clock) -> None:
        self._tables = tables
        self._clock = clock
        self._floor = 0
        self._floor_ms = 0
        self._since: str | None = None
        self._told: dict[int, StatusChange] = {}

    def forget(self) -> None:
        """What was found last did not arrive: tell it again."""
        self._since = None
        self._told = {}

    def look(self) -> list[Event]:
        now = self._clock()
        if not self._floor_ms or now >= self._floor_ms + HOUR_MS:
            self._floor = self._tables.oldest_sent(WATCHED_S)
            self._floor_ms = now
        ids, self._since = self._tables.changed(self._floor, self._since, OVERLAP_S)
        found: dict[int, StatusChange] = {}
        for start in range(0, len(ids), AT_ONCE):
            for parts in _by_message(self._tables.parts(ids[start : start + AT_ONCE])):
                change = fate(parts)
                if change is not None:
                    found[parts[0].id] = change
        news: list[Event] = [change for key, change in found.items() if self._told.get(key) != change]
        self._told = found
        return news


def _by_message(parts: Sequence[SentPart]) -> list[list[SentPart]]:
    messages: dict[int, list[SentPart]] = {}
    for part in parts:
        messages.setdefault(part.id, []).append(part)
    return list(messages.values())


def fate(parts: Sequence[SentPart]) -> StatusChange | None:
    """What became of a message, from the parts of it that gammu-smsd has dealt with; None while it is still at it.

    Delivered when every part is; failed with the first part that failed.
    """
    first = parts[0]
    if not first.creator:
        return None  # another program's
    header = part_of(first.udh)
    total = header.total if header else 1
    said = [part.status for part in parts]
    wrong = next((part for part in parts if part.status in FAILED), None)
    error, status = "", None
    if wrong is not None:
        status = Status.EXPIRED if wrong.status == "DeliveryFailed" and wrong.error == EXPIRED else Status.FAILED
        place = f", part {wrong.position} of {total}" if total > 1 else ""
        error = f"{wrong.status}{f' {wrong.error}' if wrong.error >= 0 else ''}{place}"
    elif len(parts) < total:
        return None
    elif all(word == "DeliveryOK" for word in said):
        status = Status.DELIVERED
    elif all(word in SENT or word == "DeliveryOK" for word in said):
        status = Status.SENT
    strange = next((word for word in said if word not in SENT | FAILED | {"DeliveryOK"}), "")
    raw = said[-1] if status is not None else strange
    return StatusChange(status, external_id=str(first.id), message_id=first.creator, error=error, raw=raw)


def _received(row: Arrived, sender: str) -> Received:
    number, part = clean(row.number).strip(), part_of(row.udh)
    told = f"{number}\x1f{row.text}\x1f{row.udh}".encode("utf-8", "replace")
    return Received(
        number=number or "unknown",
        text=(clean_part if part else clean)(row.text),
        # The row's ID alone would not do: tables that are made anew begin at 1 again.
        external_id=f"{row.id}:{row.at}:{blake2b(told, digest_size=6).hexdigest()}",
        to=sender,
        sent_ms=row.sent_ms,
        part=part,
    )
