"""The gateway against an SMSC on loopback: what leaves, how the connection is kept, how it ends."""

from __future__ import annotations

import asyncio
import contextlib
from dataclasses import replace

import pytest

from smsbot.errors import GatewayError, Misconfigured, Refused, Throttled, Unavailable, Uncertain, Unsendable
from smsbot.gateways.base import Accepted
from smsbot.gateways.headers import split_header
from smsbot.gateways.smpp.codec import Pdu, Sm, encode
from smsbot.gateways.smpp.codes import Command
from smsbot.gateways.smpp.link import Pauses
from smsbot.status import Status
from smsbot.testing.smsc import Smsc
from tests.gateways.smpp.wiring import Remembering, aside, message, outcome, running, smpp

GEORGIAN = "ბიუჯეტის განხილვა ხუთშაბათს. "


# Binding


@pytest.mark.parametrize(
    "keys, command",
    [
        ({}, Command.BIND_TRANSCEIVER),
        ({"inbound": False}, Command.BIND_TRANSCEIVER),  # receipts come
        ({"outbound": False}, Command.BIND_RECEIVER),
        ({"bind": "transmitter"}, Command.BIND_TRANSMITTER),
        ({"outbound": False, "bind": "transceiver"}, Command.BIND_TRANSCEIVER),
    ],
)
async def test_it_binds_as_the_channel_needs(
    smsc: Smsc, inbox: Remembering, keys: dict[str, object], command: Command
) -> None:
    async with running(smpp(smsc.port, system_type="VMA", **keys), inbox):
        bound, bind = smsc.seen.binds[0]
    assert (bound, bind.system_id, bind.system_type, bind.version) == (command, "smsbot", "VMA", 0x34)


async def test_a_wrong_password_is_told_and_tried_again_until_it_is_right(smsc: Smsc, inbox: Remembering) -> None:
    smsc.manners.bind_status = 0x0E
    gateway = smpp(smsc.port)
    async with running(gateway, inbox, bound=False):
        await inbox.until(lambda: len(inbox.troubles) >= 2)
        assert all(isinstance(trouble, Misconfigured) for trouble in inbox.troubles)
        assert "`password`" in str(inbox.troubles[0])
        assert "secret" not in str(inbox.troubles[0])
        with pytest.raises(Misconfigured):
            await gateway.send(message())
        smsc.manners.bind_status = 0
        await inbox.until(lambda: inbox.troubles[-1] is None)
        assert (await gateway.send(message())).external_id == "1"


async def test_an_smsc_that_is_away_is_waited_for(smsc: Smsc, inbox: Remembering) -> None:
    await aside(smsc.close_door)
    gateway = smpp(smsc.port)
    async with running(gateway, inbox, bound=False):
        await inbox.until(lambda: len(inbox.troubles) >= 3)
        assert isinstance(inbox.troubles[-1], Unavailable)
        with pytest.raises(Unavailable, match="cannot be reached"):
            await gateway.send(message())
        await aside(smsc.open_door)
        await inbox.until(lambda: inbox.troubles[-1] is None)


def test_pauses_grow_spread_and_are_long_where_somebody_has_to_act() -> None:
    pauses = Pauses()
    assert [pauses.pause_s(failures, 0.999_999, refused=False) for failures in range(8)] == pytest.approx(
        [1, 2, 4, 8, 16, 32, 60, 60], rel=1e-3
    )
    assert pauses.pause_s(5, 0.0, refused=False) == 0
    assert [pauses.pause_s(failures, 0.0, refused=True) for failures in (0, 1, 50)] == [15, 30, 300]


# What leaves


@pytest.mark.parametrize(
    "text, default, leaves",
    [
        ("Hearing @ 12:00", "gsm7", (0, b"Hearing \x00 12:00")),
        ("{€}", "gsm7", (0, b"\x1b(\x1be\x1b)")),
        ("café", "latin1", (0, b"caf\xe9")),
        ("€", "latin1", (8, b"\x20\xac")),
        ("ბიუჯეტი", "gsm7", (8, "ბიუჯეტი".encode("utf-16-be"))),
        ("ok 😀", "gsm7", (8, "ok 😀".encode("utf-16-be"))),
    ],
)
async def test_a_text_leaves_in_the_alphabet_that_carries_it(
    smsc: Smsc, inbox: Remembering, text: str, default: str, leaves: tuple[int, bytes]
) -> None:
    gateway = smpp(smsc.port, default_alphabet=default)
    async with running(gateway, inbox):
        assert await gateway.send(message(text)) == Accepted("1")
    (sm,) = smsc.seen.submitted
    assert (sm.data_coding, sm.message) == leaves
    assert (sm.esm_class, sm.registered_delivery) == (0, 1)
    assert (sm.dest.ton, sm.dest.npi, sm.dest.value) == (1, 1, "995555000001")


@pytest.mark.parametrize(
    "sender, keys, source",
    [
        ("2200", {}, (3, 0, "2200")),
        ("Kutaisi", {}, (5, 0, "Kutaisi")),
        ("+995322000000", {}, (1, 1, "995322000000")),
        ("2200", {"source_ton": 0, "source_npi": 1}, (0, 1, "2200")),
    ],
)
async def test_a_sender_is_told_as_what_it_is(
    smsc: Smsc, inbox: Remembering, sender: str, keys: dict[str, object], source: tuple[int, int, str]
) -> None:
    gateway = smpp(smsc.port, sender=sender, **keys)
    async with running(gateway, inbox):
        found = message()
        await gateway.send(type(found)(found.id, found.to, found.text, found.encoding, 1, sender, ""))
    told = smsc.seen.submitted[0].source
    assert (told.ton, told.npi, told.value) == source


async def test_three_parts_belong_together_and_each_has_its_id(smsc: Smsc, inbox: Remembering) -> None:
    text = GEORGIAN * 5
    gateway = smpp(smsc.port)
    async with running(gateway, inbox):
        assert await gateway.send(message(text)) == Accepted("1", further_ids=("2", "3"))
        assert await gateway.send(message(text)) == Accepted("4", further_ids=("5", "6"))
    parts, joined = [], ""
    for sm in smsc.seen.submitted[:3]:
        assert sm.esm_class == 0x40
        part, rest = split_header(sm.message)
        assert part is not None
        parts.append(part)
        joined += rest.decode("utf-16-be")
    assert joined == text
    assert [(part.total, part.number) for part in parts] == [(3, 1), (3, 2), (3, 3)]
    other, _ = split_header(smsc.seen.submitted[3].message)
    assert other is not None
    assert len({part.reference for part in parts}) == 1 != {other.reference, parts[0].reference}


@pytest.mark.parametrize(
    "status, kind", [(0x58, Throttled), (0x14, Throttled), (0x08, Unavailable), (0x0B, Refused), (0x0A, Misconfigured)]
)
async def test_a_refusal_says_what_to_do(smsc: Smsc, inbox: Remembering, status: int, kind: type[GatewayError]) -> None:
    smsc.manners.status = lambda _sm: status
    gateway = smpp(smsc.port)
    async with running(gateway, inbox):
        for text in ("short", GEORGIAN * 5):
            with pytest.raises(GatewayError) as caught:
                await gateway.send(message(text))
            assert type(caught.value) is kind
    assert len(smsc.seen.submitted) == 4, "nothing was taken, so nothing is repeated here"


async def test_a_part_that_was_throttled_is_repeated_by_itself(smsc: Smsc, inbox: Remembering) -> None:
    throttled: list[Sm] = []

    def status(sm: Sm) -> int:
        part, _ = split_header(sm.message)
        if part is not None and part.number == 2 and len(throttled) < 2:
            throttled.append(sm)
            return 0x58
        return 0

    smsc.manners.status = status
    gateway = smpp(smsc.port)
    async with running(gateway, inbox):
        assert await gateway.send(message(GEORGIAN * 5)) == Accepted("1", further_ids=("3", "2"))
    numbers = [split_header(sm.message)[0] for sm in smsc.seen.submitted]
    assert [part.number for part in numbers if part] == [1, 2, 3, 2, 2]


@pytest.mark.parametrize("status, submitted", [(0x0B, 3), (0x58, 5)])
async def test_a_message_of_which_a_part_is_missing_has_failed_and_is_not_sent_again(
    smsc: Smsc, inbox: Remembering, status: int, submitted: int
) -> None:
    smsc.manners.status = lambda sm: status if sm.message[5] == 2 else 0
    gateway = smpp(smsc.port)
    async with running(gateway, inbox):
        with pytest.raises(Refused, match="Only 2 of 3 parts"):
            await gateway.send(message(GEORGIAN * 5))
    assert len(smsc.seen.submitted) == submitted


async def test_a_number_that_smpp_cannot_carry_is_refused_and_takes_no_place(smsc: Smsc, inbox: Remembering) -> None:
    gateway = smpp(smsc.port, window=1)
    async with running(gateway, inbox):
        for _ in range(2):
            with pytest.raises(Refused):
                await gateway.send(message(to="+" + "9" * 30))
        assert await gateway.send(message()) == Accepted("1")


async def test_a_message_that_cannot_be_written_has_not_left(smsc: Smsc, inbox: Remembering) -> None:
    gateway = smpp(smsc.port)
    async with running(gateway, inbox):
        with pytest.raises(Unsendable):
            await gateway.send(replace(message(), text=None))
        assert await gateway.send(message()) == Accepted("1")


# The window and time


async def test_no_more_than_the_window_is_unanswered(smsc: Smsc, inbox: Remembering) -> None:
    smsc.manners.answers = False
    gateway = smpp(smsc.port, window=3)
    async with running(gateway, inbox):
        sends = [asyncio.create_task(gateway.send(message(f"n {number}"))) for number in range(8)]
        await aside(smsc.wait_submitted, 3)
        await aside(smsc.wait, "an enquiry came", lambda: len(smsc.seen.submitted) >= 3)
        assert len(smsc.seen.submitted) == 3
        smsc.manners.answers = True
        first = [pdu.sequence for pdu in smsc.seen.pdus if pdu.command == Command.SUBMIT_SM]
        await aside(smsc.send, b"".join(encode(Pdu(Command.SUBMIT_SM_RESP, sequence)) for sequence in first))
        results = await asyncio.gather(*(outcome(send) for send in sends))
        assert all(isinstance(result, Accepted) for result in results)
    assert [sm.message for sm in smsc.seen.submitted] == [f"n {number}".encode() for number in range(8)]


async def test_a_missing_answer_is_uncertain_and_frees_its_place(smsc: Smsc, inbox: Remembering) -> None:
    smsc.manners.answers = False
    gateway = smpp(smsc.port, window=1, response_s=0.05)
    async with running(gateway, inbox):
        with pytest.raises(Uncertain):
            await gateway.send(message())
        smsc.manners.answers = True
        assert await gateway.send(message()) == Accepted("1")
        smsc.manners.answers = False
        with pytest.raises(Uncertain):
            await gateway.send(message(GEORGIAN * 5))


async def test_a_send_that_is_given_up_leaves_its_place_when_the_answer_comes(smsc: Smsc, inbox: Remembering) -> None:
    smsc.manners.answers = False
    gateway = smpp(smsc.port, window=1)
    async with running(gateway, inbox):
        first = asyncio.create_task(gateway.send(message("one")))
        waiting = asyncio.create_task(gateway.send(message("two")))
        await aside(smsc.wait_submitted, 1)
        for task in (first, waiting):
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task
        smsc.manners.answers = True
        third = asyncio.create_task(gateway.send(message("three")))
        await aside(smsc.send, encode(Pdu(Command.SUBMIT_SM_RESP, smsc.seen.pdus[-1].sequence)))
        assert await third == Accepted("1")
    assert [sm.message for sm in smsc.seen.submitted] == [b"one", b"three"]


async def test_an_enquiry_is_answered_and_an_unanswered_one_ends_the_connection(smsc: Smsc, inbox: Remembering) -> None:
    gateway = smpp(smsc.port, enquire_link_s=0.02, response_s=0.05)
    async with running(gateway, inbox):
        await aside(smsc.ask, Command.ENQUIRE_LINK)
        await aside(
            smsc.wait, "it is answered", lambda: any(p.command == Command.ENQUIRE_LINK_RESP for p in smsc.seen.pdus)
        )
        await aside(
            smsc.wait, "it asks itself", lambda: sum(p.command == Command.ENQUIRE_LINK for p in smsc.seen.pdus) >= 3
        )
        assert inbox.troubles == [None]
        smsc.manners.answers_enquiries = False
        await inbox.until(lambda: len(inbox.troubles) >= 2)
        assert "does not answer" in str(inbox.troubles[1])
        smsc.manners.answers_enquiries = True
        await inbox.until(lambda: inbox.troubles[-1] is None)


# Receipts


@pytest.mark.parametrize(
    "kind, form, written",
    [
        ("text", "same", lambda message_id: message_id.upper()),
        ("tlv", "same", lambda message_id: message_id.upper()),
        ("text", "dec", lambda message_id: str(int(message_id, 16))),
        ("tlv", "dec", lambda message_id: str(int(message_id, 16))),
        ("text", "hex", lambda message_id: f"{int(message_id):08X}"),
    ],
)
async def test_a_receipt_bears_the_id_that_was_answered(
    smsc: Smsc, inbox: Remembering, kind: str, form: str, written: object
) -> None:
    smsc.manners.receipt = kind
    smsc.manners.message_id = lambda number: str(45_000 + number) if form == "hex" else f"{45_000 + number:X}"
    smsc.manners.receipt_id = written  # type: ignore[assignment]
    gateway = smpp(smsc.port, receipt_id=form)
    async with running(gateway, inbox):
        accepted = await gateway.send(message())
        await inbox.until(lambda: inbox.changes)
    (change,) = inbox.changes
    assert (change.external_id, change.status) == (accepted.external_id, Status.DELIVERED)
