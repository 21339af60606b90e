"""The gammu gateway: what it makes of gammu's rows, and gammu-smsd itself with a dummy phone, on both databases."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, closing
from itertools import count
from pathlib import Path

import psycopg
import pytest

from smsbot.clock import MINUTE_MS, now_ms
from smsbot.errors import Misconfigured, SettingsError, Throttled, Unavailable
from smsbot.gateways import registry
from smsbot.gateways.base import Accepted, Event, Link, Message, Part, Received, StatusChange
from smsbot.gateways.gammu import Gammu, fate
from smsbot.gateways.gammu_tables import SentPart
from smsbot.status import Status
from smsbot.testing import databases
from smsbot.testing import gammu as real
from smsbot.text.gsm7 import measure

HEARING = (
    "ბიუჯეტის საჯარო განხილვა გაიმართება 10 დეკემბერს, 12:00 საათზე, მერიის დარბაზში. მოგვწერეთ, თუ მოხვალთ. "
    "დამატებითი ცნობები: sms.example.ge ან ნომერზე 0431 23 00 00. 😀"
)
NUMBER, OTHER = "+995555000001", "+995555000002"


def part(status: str, position: int = 1, total: int = 1, error: int = -1, creator: str = "out-7") -> SentPart:
    return SentPart(12, position, status, error, creator, f"05000342{total:02X}{position:02X}" if total > 1 else "")


def told(status: Status | None, raw: str, error: str = "") -> StatusChange:
    return StatusChange(status, external_id="12", message_id="out-7", error=error, raw=raw)


@pytest.mark.parametrize(
    "parts, change",
    [
        ([part("SendingOK")], told(Status.SENT, "SendingOK")),
        ([part("SendingOKNoReport")], told(Status.SENT, "SendingOKNoReport")),
        ([part("DeliveryPending")], told(Status.SENT, "DeliveryPending")),
        ([part("DeliveryUnknown")], told(Status.SENT, "DeliveryUnknown")),
        ([part("DeliveryOK")], told(Status.DELIVERED, "DeliveryOK")),
        ([part("DeliveryFailed")], told(Status.FAILED, "DeliveryFailed", "DeliveryFailed")),
        ([part("DeliveryFailed", error=0x43)], told(Status.FAILED, "DeliveryFailed", "DeliveryFailed 67")),
        ([part("DeliveryFailed", error=0x46)], told(Status.EXPIRED, "DeliveryFailed", "DeliveryFailed 70")),
        ([part("SendingError")], told(Status.FAILED, "SendingError", "SendingError")),
        ([part("Error", error=0x46)], told(Status.FAILED, "Error", "Error 70")),
        ([part("Teleported")], told(None, "Teleported")),
        ([part("SendingOK", 1, 3)], None),  # two parts are still to be sent
        ([part("SendingOK", 1, 3), part("SendingOK", 2, 3)], None),
        ([part("SendingOK", n, 3) for n in (1, 2, 3)], told(Status.SENT, "SendingOK")),
        ([part("DeliveryOK", 1, 2), part("SendingOK", 2, 2)], told(Status.SENT, "SendingOK")),
        ([part("DeliveryOK", 1, 2), part("DeliveryOK", 2, 2)], told(Status.DELIVERED, "DeliveryOK")),
        (
            [part("SendingOK", 1, 3), part("SendingError", 2, 3)],
            told(Status.FAILED, "SendingError", "SendingError, part 2 of 3"),
        ),
        (
            [part("DeliveryOK", 1, 2), part("DeliveryFailed", 2, 2, 65)],
            told(Status.FAILED, "DeliveryFailed", "DeliveryFailed 65, part 2 of 2"),
        ),
        ([part("DeliveryOK", 1, 2), part("Teleported", 2, 2)], told(None, "Teleported")),
        ([part("DeliveryOK", creator="")], None),  # another program's
    ],
)
def test_what_became_of_a_message_follows_from_its_parts(parts: list[SentPart], change: StatusChange | None) -> None:
    found = fate(parts)
    assert found == (StatusChange(change.status, "12", "out-7", change.error, raw=parts[-1].status) if change else None)


@pytest.mark.parametrize("url", ["", "gammu.db", "mysql://smsd@localhost/smsd", "sqlite:///", "postgresql:///"])
def test_a_database_of_another_kind_is_a_mistake_that_names_the_key(url: str) -> None:
    with pytest.raises(SettingsError, match=r"channels\.modem\.database_url"):
        registry.channel("modem", {"gateway": "gammu", "database_url": url})


def gateway(url: str, **keys: object) -> Gammu:
    built = registry.channel("modem", {"gateway": "gammu", "sender": "+995599000000", "database_url": url, **keys})
    assert isinstance(built.gateway, Gammu)
    assert isinstance(built.gateway, Link)
    assert not built.needs_token
    return built.gateway


def message(text: str, message_id: str = "out-1", to: str = NUMBER) -> Message:
    told = measure(text)
    return Message(message_id, to, text, told.encoding, told.parts, "+995599000000", "")


async def test_nothing_is_sent_before_the_tables_are_reached() -> None:
    with pytest.raises(Unavailable):
        await gateway("sqlite:////nowhere/gammu.db").send(message("JOIN"))


async def test_a_file_that_is_not_there_is_a_mistake_in_the_settings_and_is_not_made(tmp_path: Path) -> None:
    desk = real.Desk()
    async with running(gateway(f"sqlite:///{tmp_path}/gammu.db"), desk, wait=False):
        assert isinstance(await asyncio.wait_for(desk.troubles.get(), 60), Misconfigured)
    assert not (tmp_path / "gammu.db").exists()


@asynccontextmanager
async def running(link: Gammu, desk: real.Desk, *, wait: bool = True) -> AsyncIterator[Gammu]:
    """The link at work; with *wait* once it says that it stands."""
    task = asyncio.create_task(link.run(desk))
    try:
        if wait:
            assert await asyncio.wait_for(desk.troubles.get(), 60) is None
        yield link
    finally:
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task


@pytest.fixture(scope="module")
def server() -> Iterator[databases.Postgres]:
    with databases.postgres() as running:
        yield running


NAMES = count(1)


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A database with gammu's own tables."""
    if request.param == "sqlite":
        made = f"sqlite:///{tmp_path}/gammu.db"
    else:
        server = request.getfixturevalue("server")
        name = f"gammu_{next(NAMES)}"
        with psycopg.connect(server.address, autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name}".encode())
        base, _, query = server.address.partition("?")
        made = f"{base.rsplit('/', 1)[0]}/{name}?{query}"
    real.make_tables(made)
    return made


@pytest.mark.gammu
class TestTables:
    """gammu's own tables, and the test in gammu-smsd's place."""

    async def test_a_short_text_is_one_row_with_our_id(self, url: str) -> None:
        async with running(gateway(url), real.Desk()) as link:
            assert await link.send(message("Reply {1} for €5\n[budget] ~ @")) == Accepted("1")
        (row,) = real.rows(
            url,
            'SELECT "DestinationNumber", "TextDecoded", "Coding", "UDH", "Class", "MultiPart", "CreatorID",'
            ' "DeliveryReport" FROM outbox',
        )
        assert row[:3] == (NUMBER, "Reply {1} for €5\n[budget] ~ @", "Default_No_Compression")
        assert row[3:5] == (None, -1)
        assert str(row[5]).lower() == "false"
        assert row[6:] == ("out-1", "yes")

    async def test_a_long_text_is_one_row_and_its_further_parts(self, url: str) -> None:
        async with running(gateway(url), real.Desk()) as link:
            assert await link.send(message(HEARING)) == Accepted("1")
            assert await link.send(message(HEARING, "out-2", OTHER)) == Accepted("2")
        first = real.rows(url, 'SELECT "UDH", "TextDecoded", "MultiPart", "Coding" FROM outbox ORDER BY "ID"')
        rest = real.rows(
            url,
            'SELECT "ID", "SequencePosition", "UDH", "TextDecoded", "Coding" FROM outbox_multipart'
            ' ORDER BY "ID", "SequencePosition"',
        )
        assert [row[0] for row in first] == ["050003010301", "050003020301"]
        assert {str(row[2]).lower() for row in first} == {"true"}
        assert [row[:3] for row in rest] == [
            (1, 2, "050003010302"),
            (1, 3, "050003010303"),
            (2, 2, "050003020302"),
            (2, 3, "050003020303"),
        ]
        assert first[0][1] + rest[0][3] + rest[1][3] == HEARING
        assert {row[-1] for row in (*first, *rest)} == {"Unicode_No_Compression"}

    async def test_the_same_message_again_is_the_same_row_even_after_it_was_sent(self, url: str) -> None:
        async with running(gateway(url), real.Desk()) as link:
            assert await link.send(message(HEARING)) == Accepted("1")
            assert await link.send(message(HEARING)) == Accepted("1")
            assert len(real.rows(url, "SELECT 1 FROM outbox_multipart")) == 2
            sent_by_smsd(url, 1)
            assert await link.send(message(HEARING)) == Accepted("1")
            assert await link.send(message("Another text after a new beginning")) == Accepted("2")

    async def test_texts_stay_with_us_while_the_modem_has_enough_to_send(self, url: str) -> None:
        async with running(gateway(url, queue_most=2), real.Desk()) as link:
            for number in (1, 2):
                await link.send(message("JOIN", f"out-{number}"))
            with pytest.raises(Throttled) as caught:
                await link.send(message("JOIN", "out-3"))
            assert caught.value.retry_after_s == 5.0
            sent_by_smsd(url, 1)
            await link.send(message("JOIN", "out-3"))

    async def test_on_sqlite_both_programs_write_in_turn(self, tmp_path: Path) -> None:
        url = f"sqlite:///{tmp_path}/gammu.db"
        real.make_tables(url)
        async with running(gateway(url), real.Desk()) as link:
            with closing(sqlite3.connect(tmp_path / "gammu.db", isolation_level=None)) as other:
                other.execute("BEGIN IMMEDIATE")
                other.execute("INSERT INTO outbox (CreatorID) VALUES ('another program')")
                waiting = asyncio.create_task(link.send(message("JOIN")))
                assert not (await asyncio.wait({waiting}, timeout=0.3))[0]
                other.execute("COMMIT")
            assert await waiting == Accepted("2")

    async def test_many_at_once_are_each_one_row(self, url: str) -> None:
        async with running(gateway(url, queue_most=50), real.Desk()) as link:
            accepted = await asyncio.gather(*(link.send(message("JOIN", f"out-{number}")) for number in range(40)))
        assert len({each.external_id for each in accepted}) == 40
        assert len(real.rows(url, "SELECT 1 FROM outbox")) == 40

    async def test_a_text_is_marked_only_after_it_was_taken(self, url: str) -> None:
        desk = real.Desk(refusals=1)
        arrives(url, NUMBER, "STOP")
        async with running(gateway(url, poll_s=0.05), desk):
            event = await desk.next()
            await eventually(lambda: unread(url) == 0)
        assert isinstance(event, Received)
        assert (event.number, event.text, event.to, event.part) == (NUMBER, "STOP", "+995599000000", None)
        assert desk.events.empty(), "the text came twice"

    async def test_a_text_that_nobody_took_stays_unread(self, url: str) -> None:
        desk = real.Desk(refusals=1_000_000)
        arrives(url, NUMBER, "STOP")
        async with running(gateway(url, poll_s=0.05), desk):
            await asyncio.sleep(0)
        assert unread(url) == 1

    async def test_each_part_comes_with_its_place(self, url: str) -> None:
        desk = real.Desk()
        for number in (2, 1):
            arrives(url, NUMBER, f"part {number}", f"0608041234{2:02X}{number:02X}")
        async with running(gateway(url), desk):
            events = [await desk.next(), await desk.next()]
        assert [event.part for event in events if isinstance(event, Received)] == [
            Part(0x1234, 2, 2),
            Part(0x1234, 2, 1),
        ]

    async def test_a_row_of_new_tables_is_another_text_and_a_row_read_again_is_the_same(self, url: str) -> None:
        desk = real.Desk()
        arrives(url, NUMBER, "JOIN")
        async with running(gateway(url, poll_s=0.05), desk):
            first = await desk.next()
            await eventually(lambda: unread(url) == 0)
            real.rows(url, "UPDATE inbox SET \"Processed\" = 'false'")
            again = await desk.next()
            await eventually(lambda: unread(url) == 0)
            real.rows(url, "UPDATE inbox SET \"Processed\" = 'false', \"ReceivingDateTime\" = '2026-11-26 10:00:00'")
            later = await desk.next()
        keys = [event.external_id for event in (first, again, later) if isinstance(event, Received)]
        assert keys[0] == keys[1] != keys[2]

    async def test_a_text_without_sender_is_kept(self, url: str) -> None:
        desk = real.Desk()
        arrives(url, "", "Your balance is 3 GEL")
        async with running(gateway(url), desk):
            event = await desk.next()
        assert isinstance(event, Received)
        assert event.number == "unknown"

    async def test_reports_come_once_each_and_again_after_a_restart(self, url: str) -> None:
        desk = real.Desk()
        async with running(gateway(url, poll_s=0.05), desk) as link:
            await link.send(message(HEARING))
            sent_by_smsd(url, 1)
            assert await desk.next() == StatusChange(Status.SENT, "1", "out-1", raw="SendingOK")
            real.rows(url, 'UPDATE sentitems SET "Status" = \'DeliveryOK\' WHERE "SequencePosition" < 3')
            real.rows(url, 'UPDATE sentitems SET "Status" = \'DeliveryOK\' WHERE "SequencePosition" = 3')
            seen: Event = StatusChange(Status.SENT, "1", "out-1", raw="SendingOK")
            while isinstance(seen, StatusChange) and seen.status is not Status.DELIVERED:
                seen = await desk.next()
            assert seen == StatusChange(Status.DELIVERED, "1", "out-1", raw="DeliveryOK")
        assert desk.events.empty()
        after = real.Desk()
        async with running(gateway(url, poll_s=0.05), after):
            assert await after.next() == StatusChange(Status.DELIVERED, "1", "out-1", raw="DeliveryOK")

    async def test_a_report_that_was_not_taken_is_told_again(self, url: str) -> None:
        desk = real.Desk()
        async with running(gateway(url), desk) as link:
            await link.send(message("JOIN"))
        sent_by_smsd(url, 1, "SendingError")
        refusing = real.Desk(refusals=2)
        async with running(gateway(url, poll_s=0.05), refusing):
            assert await refusing.next() == StatusChange(
                Status.FAILED, "1", "out-1", error="SendingError", raw="SendingError"
            )

    async def test_a_modem_that_went_silent_takes_no_texts(self, url: str) -> None:
        real.rows(url, silent_phone("Battery", 100))
        desk = real.Desk()
        async with running(gateway(url, poll_s=0.05), desk, wait=False) as link:
            trouble = await asyncio.wait_for(desk.troubles.get(), 60)
            assert isinstance(trouble, Unavailable)
            assert trouble.code == "no_modem"
            with pytest.raises(Unavailable):
                await link.send(message("JOIN"))
            real.rows(url, 'UPDATE phones SET "Signal" = 50')  # gammu's trigger writes the time
            assert await asyncio.wait_for(desk.troubles.get(), 60) is None
            await link.send(message("JOIN"))

    async def test_a_modem_that_never_tells_its_signal_is_trusted(self, url: str) -> None:
        real.rows(url, silent_phone("Battery", -1))
        async with running(gateway(url), real.Desk()) as link:
            await link.send(message("JOIN"))

    async def test_two_modems_share_the_tables_and_each_has_its_own_rows(self, url: str) -> None:
        for modem in ("magti", "silknet"):
            arrives(url, NUMBER, f"to {modem}", recipient=modem)
        desk = real.Desk()
        async with running(gateway(url, modem="silknet", poll_s=0.05), desk) as link:
            await link.send(message("JOIN"))
            event = await desk.next()
            await eventually(lambda: unread(url) == 1)
            assert real.rows(url, 'SELECT "SenderID" FROM outbox') == [("silknet",)]
            sent_by_smsd(url, 1, sender="magti")
            real.rows(url, "UPDATE sentitems SET \"CreatorID\" = 'out-99'")
            await link.send(message("STOP", "out-2"))
            sent_by_smsd(url, 2, sender="silknet")
            report = await desk.next()
        assert isinstance(event, Received)
        assert event.text == "to silknet"
        assert report == StatusChange(Status.SENT, "2", "out-2", raw="SendingOK")

    async def test_tables_that_are_not_there_are_a_mistake_in_the_settings(self, url: str) -> None:
        real.rows(url, "DROP TABLE gammu")
        desk = real.Desk()
        async with running(gateway(url), desk, wait=False):
            trouble = await asyncio.wait_for(desk.troubles.get(), 60)
        assert isinstance(trouble, Misconfigured)
        assert "database_url" in str(trouble)


def sent_by_smsd(url: str, outgoing_id: int, status: str = "SendingOK", *, sender: str = "") -> None:
    """What gammu-smsd does with a row of `outbox` when it has sent it."""
    columns = '"DestinationNumber", "Coding", "TextDecoded", "CreatorID"'
    for table, place, creator in (("outbox", "1", '"CreatorID"'), ("outbox_multipart", '"SequencePosition"', "NULL")):
        number = '"DestinationNumber"' if table == "outbox" else "''"
        real.rows(
            url,
            f'INSERT INTO sentitems ({columns}, "ID", "SequencePosition", "Status", "UDH", "Text", "SenderID")'
            f' SELECT {number}, "Coding", "TextDecoded", COALESCE({creator}, \'out-1\'), "ID", {place}, \'{status}\','
            f" COALESCE(\"UDH\", ''), '', '{sender}' FROM {table} WHERE \"ID\" = {outgoing_id}",
        )
        real.rows(url, f'DELETE FROM {table} WHERE "ID" = {outgoing_id}')


def arrives(url: str, number: str, text: str, udh: str = "", recipient: str = "") -> None:
    real.rows(
        url,
        'INSERT INTO inbox ("Text", "SenderNumber", "UDH", "TextDecoded", "RecipientID")'
        f" VALUES ('', '{number}', '{udh}', '{text}', '{recipient}')",
    )


def silent_phone(column: str, value: int) -> str:
    return (
        'INSERT INTO phones ("ID", "IMEI", "IMSI", "Client", "UpdatedInDB", "' + column + '")'
        f" VALUES ('', '1', '1', 'Gammu', '2026-01-01 00:00:00', {value})"
    )


def unread(url: str) -> int:
    return len(real.rows(url, "SELECT 1 FROM inbox WHERE \"Processed\" = 'false'"))


async def eventually(true: Callable[[], bool]) -> None:
    """Returns when *true*; the other side works in its own thread."""
    async with asyncio.timeout(60):
        while not true():  # noqa: ASYNC110  # the thread is the gateway's own and tells nobody
            await asyncio.sleep(0.02)


@pytest.mark.gammu
class TestDaemon:
    """gammu-smsd itself, with a dummy phone."""

    async def test_georgian_in_three_parts_goes_out_and_its_reports_come_back(self, url: str, tmp_path: Path) -> None:
        desk = real.Desk()
        with real.Gammu(tmp_path / "smsd", url) as phone:
            async with running(gateway(url), desk) as link:
                assert await link.send(message(HEARING)) == Accepted("1")
                assert await link.send(message("Reply {1} for €5\n~@", "out-2", OTHER)) == Accepted("2")
                assert {await desk.next(), await desk.next()} == {
                    StatusChange(Status.SENT, "1", "out-1", raw="SendingOK"),
                    StatusChange(Status.SENT, "2", "out-2", raw="SendingOK"),
                }
                assert phone.sent() == [(NUMBER, HEARING), (OTHER, "Reply {1} for €5\n~@")]
                phone.report(OTHER, "Failed")
                failed = await desk.next()
                assert isinstance(failed, StatusChange)
                assert (failed.status, failed.message_id, failed.raw) == (Status.FAILED, "out-2", "DeliveryFailed")
                for _ in range(3):
                    phone.report(NUMBER, "Delivered")
                seen = await desk.next()
                while isinstance(seen, StatusChange) and seen.status is Status.SENT:
                    seen = await desk.next()
                assert seen == StatusChange(Status.DELIVERED, "1", "out-1", raw="DeliveryOK")

    async def test_what_people_write_comes_in_whole_and_at_its_time(self, url: str, tmp_path: Path) -> None:
        desk = real.Desk()
        with real.Gammu(tmp_path / "smsd", url, zone="Asia/Tbilisi") as phone:
            async with running(gateway(url, timezone="Asia/Tbilisi"), desk):
                phone.say(NUMBER, "გამოწერა 😀")
                short = await desk.next()
                phone.say(OTHER, HEARING, order=(3, 1, 2))
                long = [await desk.next() for _ in range(3)]
                await eventually(lambda: unread(url) == 0)
        assert isinstance(short, Received)
        assert (short.number, short.text, short.part) == (NUMBER, "გამოწერა 😀", None)
        assert short.sent_ms is not None
        assert abs(short.sent_ms - now_ms()) < 5 * MINUTE_MS
        parts = {event.part: event.text for event in long if isinstance(event, Received)}
        assert [part.number for part in parts if part] == [1, 2, 3]
        assert {(part.reference, part.total) for part in parts if part} == {(2, 3)}
        assert "".join(parts.values()) == HEARING

    async def test_either_side_may_be_restarted(self, url: str, tmp_path: Path) -> None:
        desk = real.Desk()
        phone = real.Gammu(tmp_path / "smsd", url)
        with phone:
            async with running(gateway(url), desk):
                phone.say(NUMBER, "JOIN")
                assert isinstance(await desk.next(), Received)
                await eventually(lambda: unread(url) == 0)
        async with running(gateway(url), desk) as link:  # gammu-smsd is away
            await link.send(message("While it was away"))
        with phone:
            phone.say(OTHER, "STOP")
            phone.until(lambda: unread(url) == 1, "the text is in the inbox")  # and now we are
            phone.until(lambda: bool(phone.sent()), "the message has left")
            async with running(gateway(url), desk):
                events = [await desk.next(), await desk.next()]
        assert phone.sent() == [(NUMBER, "While it was away")]
        assert [event.text for event in events if isinstance(event, Received)] == ["STOP"]
        assert StatusChange(Status.SENT, "1", "out-1", raw="SendingOK") in events
