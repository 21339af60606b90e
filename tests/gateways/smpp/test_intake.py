"""What comes: acknowledged after the commit, in order, and once."""

from __future__ import annotations

import asyncio

import pytest

from smsbot.gateways.base import Part, Received
from smsbot.gateways.smpp.codec import Address, Sm
from smsbot.gateways.smpp.codes import INVALID_BIND_STATUS, OK, RECEIVER_TEMPORARY, Command, Tag
from smsbot.gateways.smpp.intake import UNDER_WAY_MOST, UNPROVEN_MS
from smsbot.testing.smsc import Smsc
from tests.gateways.smpp.wiring import Remembering, aside, running, smpp

NINO, GIORGI = "995555000001", "995555000002"


def sm(octets: bytes, coding: int = 0, esm_class: int = 0, *tlvs: tuple[int, bytes]) -> Sm:
    return Sm(Address(1, 1, NINO), Address(0, 1, "2200"), octets, coding, esm_class, tlvs=tlvs)


@pytest.mark.parametrize(
    "brought, received",
    [
        (sm(b"JOIN"), Received(NINO, "JOIN", None, "2200")),
        (sm("ბიუჯეტი".encode("utf-16-be"), 8), Received(NINO, "ბიუჯეტი", None, "2200")),
        (sm(b"", 0, 0, (Tag.MESSAGE_PAYLOAD, b"JOIN " * 60)), Received(NINO, "JOIN " * 60, None, "2200")),
        (sm(b""), Received(NINO, "", None, "2200")),
    ],
)
async def test_a_text_comes_whole(smsc: Smsc, inbox: Remembering, brought: Sm, received: Received) -> None:
    async with running(smpp(smsc.port), inbox):
        for command in (Command.DELIVER_SM, Command.DATA_SM) if not brought.message else (Command.DELIVER_SM,):
            sequence = await aside(smsc.bring, brought, command=command)
            assert await aside(smsc.answer, sequence) == OK
    assert set(inbox.events) == {received}


@pytest.mark.parametrize(
    "brought",
    [
        [sm(b"\x05\x00\x03\x07\x02\x02day", 0, 0x40), sm(b"\x05\x00\x03\x07\x02\x01good ", 0, 0x40)],
        [sm(b"\x06\x08\x04\x00\x07\x02\x02day", 0, 0x40), sm(b"\x06\x08\x04\x00\x07\x02\x01good ", 0, 0x40)],
        [
            sm(b"day", 0, 0, (Tag.SAR_MSG_REF_NUM, b"\0\7"), (Tag.SAR_TOTAL_SEGMENTS, b"\2"),
               (Tag.SAR_SEGMENT_SEQNUM, b"\2")),
            sm(b"good ", 0, 0, (Tag.SAR_MSG_REF_NUM, b"\0\7"), (Tag.SAR_TOTAL_SEGMENTS, b"\2"),
               (Tag.SAR_SEGMENT_SEQNUM, b"\1")),
        ],
    ],
)  # fmt: skip
async def test_parts_are_handed_on_with_their_places(smsc: Smsc, inbox: Remembering, brought: list[Sm]) -> None:
    async with running(smpp(smsc.port), inbox):
        for each in brought:
            assert await aside(smsc.answer, await aside(smsc.bring, each)) == OK
    found = [(event.text, event.part) for event in inbox.events if isinstance(event, Received)]
    assert found == [("day", Part(7, 2, 2)), ("good ", Part(7, 2, 1))]


async def test_nothing_is_acknowledged_before_it_is_committed(smsc: Smsc, inbox: Remembering) -> None:
    inbox.gate = asyncio.Event()
    async with running(smpp(smsc.port), inbox):
        sequence = await aside(smsc.say, NINO, "JOIN")
        await inbox.until(lambda: inbox.begun)
        assert sequence not in smsc.seen.answers
        inbox.gate.set()
        assert await aside(smsc.answer, sequence) == OK
    assert inbox.texts == ["JOIN"]


async def test_what_waited_for_the_connection_comes_with_the_answer_to_the_bind(smsc: Smsc, inbox: Remembering) -> None:
    smsc.manners.waiting = [sm(b"JOIN"), sm(b"1 3")]
    async with running(smpp(smsc.port), inbox):
        assert [await aside(smsc.answer, sequence) for sequence in (1, 2)] == [OK, OK]
    assert inbox.texts == ["JOIN", "1 3"]


async def test_while_the_bind_is_refused_nothing_is_taken(smsc: Smsc, inbox: Remembering) -> None:
    smsc.manners.bind_status, smsc.manners.waiting = 0x0E, [sm(b"JOIN")]
    async with running(smpp(smsc.port), inbox, bound=False):
        assert await aside(smsc.answer, 1) == INVALID_BIND_STATUS
    assert inbox.texts == []


async def test_while_the_database_is_away_the_smsc_is_asked_to_bring_it_again(smsc: Smsc, inbox: Remembering) -> None:
    inbox.away = True
    async with running(smpp(smsc.port), inbox):
        sequence = await aside(smsc.say, NINO, "JOIN")
        assert await aside(smsc.answer, sequence) == RECEIVER_TEMPORARY
        inbox.away = False
        again = await aside(smsc.say, NINO, "JOIN")
        assert await aside(smsc.answer, again) == OK
    assert inbox.texts == ["JOIN"]


async def test_what_comes_next_does_not_wait_for_the_commit_and_keeps_its_order(smsc: Smsc, inbox: Remembering) -> None:
    inbox.gate = asyncio.Event()
    async with running(smpp(smsc.port), inbox):
        sequences = [await aside(smsc.say, (NINO, GIORGI)[number % 2], f"{number}") for number in range(30)]
        await inbox.until(lambda: len(inbox.asked) == 30)
        await aside(smsc.ask, Command.ENQUIRE_LINK)
        await aside(smsc.wait, "all have come", lambda: smsc.seen.pdus[-1].command == Command.ENQUIRE_LINK_RESP)
        assert smsc.seen.answers == {}
        inbox.gate.set()
        for sequence in sequences:
            assert await aside(smsc.answer, sequence) == OK
    assert inbox.texts == [f"{number}" for number in range(30)]


async def test_so_many_may_be_under_way_and_what_is_beyond_waits_its_turn(smsc: Smsc, inbox: Remembering) -> None:
    inbox.gate, number = asyncio.Event(), UNDER_WAY_MOST + 30
    smsc.manners.waiting = [sm(f"{each}".encode()) for each in range(number)]
    async with running(smpp(smsc.port), inbox):
        await inbox.until(lambda: len(inbox.asked) == UNDER_WAY_MOST)
        await aside(smsc.ask, Command.ENQUIRE_LINK)
        await aside(smsc.wait, "all have come", lambda: smsc.seen.pdus[-1].command == Command.ENQUIRE_LINK_RESP)
        assert len(inbox.asked) == UNDER_WAY_MOST
        inbox.gate.set()
        assert [await aside(smsc.answer, sequence) for sequence in (1, number)] == [OK, OK]
        await inbox.until(lambda: len(inbox.texts) == number)
    assert inbox.texts == [f"{each}" for each in range(number)]


async def test_what_the_database_refused_is_brought_again_and_what_came_after_it_is_kept(
    smsc: Smsc, inbox: Remembering
) -> None:
    inbox.gate, inbox.lost = asyncio.Event(), "one"
    async with running(smpp(smsc.port), inbox):
        sequences = [await aside(smsc.say, NINO, text) for text in ("one", "two")]
        await inbox.until(lambda: len(inbox.asked) == 2)
        inbox.gate.set()
        assert [await aside(smsc.answer, sequence) for sequence in sequences] == [RECEIVER_TEMPORARY, OK]
        inbox.lost = ""
        assert await aside(smsc.answer, await aside(smsc.say, NINO, "one")) == OK
    assert inbox.texts == ["two", "one"]


async def test_one_that_cannot_be_taken_harms_no_other(smsc: Smsc, inbox: Remembering) -> None:
    inbox.gate, inbox.broken = asyncio.Event(), "poison"
    async with running(smpp(smsc.port), inbox):
        first = await aside(smsc.say, NINO, "one")
        await inbox.until(lambda: inbox.begun)
        sequences = [await aside(smsc.say, GIORGI, text) for text in ("two", "poison", "three")]
        inbox.gate.set()
        answers = [await aside(smsc.answer, sequence) for sequence in (first, *sequences)]
    assert answers == [OK, OK, RECEIVER_TEMPORARY, OK]
    assert inbox.texts == ["one", "two", "three"]


async def cut_while_it_is_taken(smsc: Smsc, inbox: Remembering) -> None:
    """A JOIN is on its way to the commit when its connection ends and another is made."""
    await aside(smsc.say, NINO, "JOIN")
    await inbox.until(lambda: inbox.begun)
    await aside(smsc.cut)
    await inbox.until(lambda: len(inbox.troubles) >= 3 and inbox.troubles[-1] is None)


async def test_what_was_acknowledged_into_a_cut_connection_is_taken_once(smsc: Smsc, inbox: Remembering) -> None:
    inbox.gate = asyncio.Event()
    async with running(smpp(smsc.port), inbox):
        await cut_while_it_is_taken(smsc, inbox)
        inbox.gate.set()
        await inbox.until(lambda: inbox.texts)
        assert await aside(smsc.answer, await aside(smsc.say, NINO, "JOIN")) == OK
        assert inbox.texts == ["JOIN"]
        assert await aside(smsc.answer, await aside(smsc.say, NINO, "JOIN")) == OK
        assert inbox.texts == ["JOIN", "JOIN"], "this one is another"


async def test_what_comes_again_while_it_is_under_way_waits_for_the_commit_and_is_taken_once(
    smsc: Smsc, inbox: Remembering
) -> None:
    inbox.gate = asyncio.Event()
    async with running(smpp(smsc.port), inbox):
        await cut_while_it_is_taken(smsc, inbox)
        again, other = [await aside(smsc.say, NINO, text) for text in ("JOIN", "BUDGET")]
        await aside(smsc.ask, Command.ENQUIRE_LINK)
        await aside(smsc.wait, "all have come", lambda: smsc.seen.pdus[-1].command == Command.ENQUIRE_LINK_RESP)
        assert len(inbox.asked) == 1
        inbox.gate.set()
        assert [await aside(smsc.answer, sequence) for sequence in (again, other)] == [OK, OK]
    assert inbox.texts == ["JOIN", "BUDGET"]


async def test_a_second_join_after_a_proven_acknowledgement_is_a_second_join(smsc: Smsc, inbox: Remembering) -> None:
    gateway = smpp(smsc.port, enquire_link_s=0.02)
    async with running(gateway, inbox):
        assert await aside(smsc.answer, await aside(smsc.say, NINO, "JOIN")) == OK
        seen = len(smsc.seen.pdus)
        await aside(
            smsc.wait, "two enquiries passed",
            lambda: sum(pdu.command == Command.ENQUIRE_LINK for pdu in smsc.seen.pdus[seen:]) >= 2,
        )  # fmt: skip
        await aside(smsc.cut)
        await inbox.until(lambda: len(inbox.troubles) >= 3 and inbox.troubles[-1] is None)
        assert await aside(smsc.answer, await aside(smsc.say, NINO, "JOIN")) == OK
    assert inbox.texts == ["JOIN", "JOIN"]


async def test_what_came_again_much_later_is_new(smsc: Smsc, inbox: Remembering) -> None:
    now_ms = 1_780_000_000_000
    gateway = smpp(smsc.port)
    gateway._clock = lambda: now_ms
    async with running(gateway, inbox):
        assert await aside(smsc.answer, await aside(smsc.say, NINO, "JOIN")) == OK
        await aside(smsc.cut)
        await inbox.until(lambda: len(inbox.troubles) >= 3 and inbox.troubles[-1] is None)
        now_ms += UNPROVEN_MS + 1
        assert await aside(smsc.answer, await aside(smsc.say, NINO, "JOIN")) == OK
    assert inbox.texts == ["JOIN", "JOIN"]


async def test_what_is_being_taken_when_the_link_ends_is_still_acknowledged(smsc: Smsc, inbox: Remembering) -> None:
    inbox.gate = asyncio.Event()
    async with running(smpp(smsc.port), inbox) as task:
        sequence = await aside(smsc.say, NINO, "JOIN")
        await inbox.until(lambda: inbox.begun)
        task.cancel()
        late = await aside(smsc.say, NINO, "STOP")
        assert await aside(smsc.answer, late) == RECEIVER_TEMPORARY
        inbox.gate.set()
        assert await aside(smsc.answer, sequence) == OK
    assert smsc.seen.unbinds == 1
    assert inbox.texts == ["JOIN"]
