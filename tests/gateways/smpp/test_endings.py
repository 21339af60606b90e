"""How a connection ends, who ends it and with what; and that it is made again."""

from __future__ import annotations

import asyncio
import socket

import pytest

from smsbot.errors import Refused, Unavailable, Uncertain
from smsbot.gateways.base import Accepted
from smsbot.gateways.smpp.codec import Pdu, Sm, encode
from smsbot.gateways.smpp.codes import RESPONSE, Command
from smsbot.testing.smsc import Smsc
from tests.gateways.smpp.wiring import PATIENCE_S, Remembering, aside, message, outcome, running, smpp


async def test_a_cut_in_the_middle_of_500_loses_nothing_and_names_what_is_uncertain(
    smsc: Smsc, inbox: Remembering
) -> None:
    def status(sm: Sm) -> int:
        if len(smsc.seen.submitted) == 200:
            smsc.manners.answers = False
        return 0

    smsc.manners.status = status
    gateway = smpp(smsc.port, window=20)
    async with running(gateway, inbox):
        sends = [asyncio.create_task(gateway.send(message(f"n {number}"))) for number in range(500)]
        await aside(smsc.wait_submitted, 220)
        await aside(smsc.cut)
        results = await asyncio.gather(*(outcome(send) for send in sends))
        taken = {sm.message.decode() for sm in smsc.seen.submitted}
        by_text = {f"n {number}": result for number, result in enumerate(results)}
        accepted = {text for text, result in by_text.items() if isinstance(result, Accepted)}
        uncertain = {text for text, result in by_text.items() if isinstance(result, Uncertain)}
        unsent = {text for text, result in by_text.items() if isinstance(result, Unavailable)}
        assert (len(accepted), len(uncertain), len(unsent)) == (200, 20, 280)
        assert accepted | uncertain == taken, "what surely did not leave never came, and the reverse"

        smsc.manners.answers = True
        await inbox.until(lambda: inbox.troubles[-1] is None and len(inbox.troubles) >= 3)
        again = await asyncio.gather(*(gateway.send(message(text)) for text in sorted(unsent)))
        assert len(again) == 280
    assert len(smsc.seen.submitted) == 500
    assert smsc.seen.bound_most == 1


async def test_unbind_by_the_smsc_is_answered_and_the_connection_made_again(smsc: Smsc, inbox: Remembering) -> None:
    gateway = smpp(smsc.port)
    async with running(gateway, inbox):
        await aside(smsc.ask, Command.UNBIND)
        await aside(
            smsc.wait, "unbind is answered", lambda: any(p.command == Command.UNBIND_RESP for p in smsc.seen.pdus)
        )
        await inbox.until(lambda: len(inbox.troubles) >= 3 and inbox.troubles[-1] is None)
        assert await gateway.send(message()) == Accepted("1")


async def test_it_parts_in_good_order_when_cancelled(smsc: Smsc, inbox: Remembering) -> None:
    smsc.manners.answers = False
    gateway = smpp(smsc.port)
    async with running(gateway, inbox) as task:
        send = asyncio.create_task(gateway.send(message()))
        (sm,) = await aside(smsc.wait_submitted, 1)
        task.cancel()
        await asyncio.sleep(0)  # the end has begun
        with pytest.raises(Unavailable):
            await gateway.send(message("too late"))
        await aside(smsc.send, encode(Pdu(Command.SUBMIT_SM_RESP, smsc.seen.pdus[-1].sequence)))
        assert isinstance(await send, Accepted)
        with pytest.raises(asyncio.CancelledError):
            await task
    assert smsc.seen.unbinds == 1
    assert len(smsc.seen.submitted) == 1, sm


async def test_it_also_ends_where_the_smsc_answers_nothing_any_more(smsc: Smsc, inbox: Remembering) -> None:
    smsc.manners.answers = smsc.manners.answers_unbind = False
    gateway = smpp(smsc.port, response_s=0.05)
    async with running(gateway, inbox) as task:
        send = asyncio.create_task(gateway.send(message()))
        await aside(smsc.wait_submitted, 1)
        task.cancel()
        assert isinstance(await outcome(send), Uncertain)
        async with asyncio.timeout(PATIENCE_S):
            with pytest.raises(asyncio.CancelledError):
                await task
    await aside(smsc.wait_bound, 0)


async def test_an_smsc_that_reads_nothing_is_let_go_and_what_did_not_leave_is_surely_not_sent(
    smsc: Smsc, inbox: Remembering
) -> None:
    gateway = smpp(smsc.port, window=1_000, response_s=1)
    async with running(gateway, inbox):
        await aside(smsc.stop_reading)
        assert gateway._session is not None
        assert gateway._session._transport is not None
        buffer = gateway._session._transport.get_extra_info("socket")
        buffer.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4_096)  # the system's own would take all of it
        left = [asyncio.create_task(gateway.send(message("x" * 160))) for _ in range(900)]
        await asyncio.sleep(0)  # they are handed over in one go, which fills the way to the SMSC
        await asyncio.sleep(0)
        kept = [asyncio.create_task(gateway.send(message("y" * 160))) for _ in range(50)]
        results = await asyncio.gather(*(outcome(send) for send in (*left, *kept)))
        assert {type(result) for result in results[:900]} == {Uncertain}
        assert {type(result) for result in results[900:]} == {Unavailable}
        await inbox.until(lambda: inbox.troubles[-1] is None and len(inbox.troubles) >= 3)


# Garbage


@pytest.mark.parametrize(
    "octets",
    [
        b"HTTP/1.1 400 Bad Request\r\n\r\n",
        b"\xff" * 64,
        b"\x00\x00\x00\x0f" + bytes(12),
        bytes(64),
    ],
)
async def test_octets_that_are_no_smpp_end_the_connection_which_is_made_again(
    smsc: Smsc, inbox: Remembering, octets: bytes
) -> None:
    gateway = smpp(smsc.port)
    async with running(gateway, inbox):
        await aside(smsc.send, octets)
        await inbox.until(lambda: len(inbox.troubles) >= 3 and inbox.troubles[-1] is None)
        assert "no SMPP" in str(inbox.troubles[1])
        assert await gateway.send(message()) == Accepted("1")
    nacks = [pdu for pdu in smsc.seen.pdus if pdu.command == Command.GENERIC_NACK]
    assert [(nack.sequence, nack.status) for nack in nacks] == [(0, 2)]


@pytest.mark.parametrize(
    "octets, answers",
    [
        (encode(Pdu(0x0000_0999, 41)), [(Command.GENERIC_NACK, 41, 3)]),
        (encode(Pdu(Command.ALERT_NOTIFICATION, 42)), []),
        (encode(Pdu(0x8000_0999, 43)), []),
        (encode(Pdu(Command.SUBMIT_SM_RESP, 4_000)), []),
        (encode(Pdu(Command.GENERIC_NACK, 0, 3)), []),
        (encode(Pdu(0x0000_0005, 44)), [(Command.DELIVER_SM_RESP, 44, 0x65)]),  # without a body
    ],
)
async def test_what_makes_no_sense_is_answered_or_ignored_and_harms_nobody(
    smsc: Smsc, inbox: Remembering, octets: bytes, answers: list[tuple[int, int, int]]
) -> None:
    gateway = smpp(smsc.port)
    async with running(gateway, inbox):
        before = len(smsc.seen.pdus)
        await aside(smsc.send, octets + encode(Pdu(Command.ENQUIRE_LINK, 50)))
        await aside(
            smsc.wait, "the enquiry is answered", lambda: any(p.sequence == 50 for p in smsc.seen.pdus[before:])
        )
        told = [(pdu.command, pdu.sequence, pdu.status) for pdu in smsc.seen.pdus[before:]]
        assert told == [*answers, (Command.ENQUIRE_LINK | RESPONSE, 50, 0)]
        assert await gateway.send(message()) == Accepted("1")


async def test_a_nack_to_a_message_is_a_refusal(smsc: Smsc, inbox: Remembering) -> None:
    smsc.manners.answers = False
    gateway = smpp(smsc.port)
    async with running(gateway, inbox):
        send = asyncio.create_task(gateway.send(message()))
        await aside(smsc.wait_submitted, 1)
        await aside(smsc.send, encode(Pdu(Command.GENERIC_NACK, smsc.seen.pdus[-1].sequence, 3)))
        assert isinstance(await outcome(send), Refused)
