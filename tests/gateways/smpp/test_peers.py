"""Our gateway against SMPP as others implement it: the npm package `smpp` and the Python package `smpp.twisted3`."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest

from smsbot.errors import Misconfigured, Throttled
from smsbot.gateways.base import Accepted, Part, Received
from smsbot.status import Status
from tests.gateways.smpp import peer
from tests.gateways.smpp.peer import Peer
from tests.gateways.smpp.wiring import Remembering, aside, message, running, smpp

GEORGIAN = "ბიუჯეტის განხილვა ხუთშაბათს, 12:00 საათზე. "
NINO = "995555000001"

NODE = pytest.param(peer.node, marks=pytest.mark.node, id="node")
TWISTED = pytest.param(peer.twisted, id="twisted")
both = pytest.mark.parametrize("command", [NODE, TWISTED])
Command = Callable[[], list[str]]


@both
async def test_bind_send_and_part(command: Command, inbox: Remembering) -> None:
    with Peer(command()) as smsc:
        gateway = smpp(smsc.port, enquire_link_s=0.05)
        async with running(gateway, inbox):
            assert (await aside(smsc.next, "bind"))["right"]
            for text, coding in (("Hearing {12} @ café €", 0), (GEORGIAN, 8), ("ok 😀", 8)):
                assert (await gateway.send(message(text))).external_id
                told = await aside(smsc.next, "submit")
                assert (told["text"], told["coding"], told["from"], told["to"]) == (text, coding, "2200", NINO)
            await aside(smsc.next, "enquire")
        await aside(smsc.next, "unbind")
    assert inbox.troubles == [None]


@both
async def test_a_wrong_password_is_named(command: Command, inbox: Remembering) -> None:
    with Peer(command()) as smsc:
        async with running(smpp(smsc.port, password="other"), inbox, bound=False):
            await inbox.until(lambda: inbox.troubles)
    assert isinstance(inbox.troubles[0], Misconfigured)
    assert "`password`" in str(inbox.troubles[0])


@both
async def test_three_parts_arrive_joined_by_their_headers(command: Command, inbox: Remembering) -> None:
    text = GEORGIAN * 4
    with Peer(command()) as smsc:
        gateway = smpp(smsc.port)
        async with running(gateway, inbox):
            accepted = await gateway.send(message(text))
            parts = [await aside(smsc.next, "submit") for _ in range(3)]
    assert len({accepted.external_id, *accepted.further_ids}) == 3
    assert "".join(part["text"] for part in parts) == text
    assert [part["udh"][0][-4:] for part in parts] == ["0301", "0302", "0303"]
    assert len({part["udh"][0][:-2] for part in parts}) == 1


@both
@pytest.mark.parametrize("kind", ["text", "tlv"])
@pytest.mark.parametrize("form", ["same", "dec"])
async def test_a_receipt_comes_back_to_its_message(command: Command, inbox: Remembering, kind: str, form: str) -> None:
    with Peer(command(), receipt=kind, receipt_id=form) as smsc:
        gateway = smpp(smsc.port, receipt_id=form)
        async with running(gateway, inbox):
            accepted = await gateway.send(message())
            await inbox.until(lambda: inbox.changes)
    (change,) = inbox.changes
    assert (change.external_id, change.status) == (accepted.external_id, Status.DELIVERED)


@both
async def test_throttling_is_told_and_the_same_message_leaves_later(command: Command, inbox: Remembering) -> None:
    with Peer(command(), throttled=NINO) as smsc:
        gateway = smpp(smsc.port)
        async with running(gateway, inbox):
            with pytest.raises(Throttled):
                await gateway.send(message())
            assert isinstance(await gateway.send(message()), Accepted)


@both
async def test_texts_come_single_in_parts_and_as_payload(command: Command, inbox: Remembering) -> None:
    with Peer(command()) as smsc:
        async with running(smpp(smsc.port), inbox):
            orders: list[dict[str, object]] = [
                {"text": "JOIN", "coding": 0},
                {"text": "ბიუჯეტი", "coding": 8},
                {"text": "good ", "coding": 8, "udh": "050003070201"},
                {"text": "day", "coding": 8, "udh": "06080400070202"},
                {"text": "good", "coding": 0, "sar": [9, 2, 1]},
                {"text": GEORGIAN * 5, "coding": 8, "payload": True},
            ]
            for order in orders:
                await aside(smsc.do, "bring", **{"from": NINO, **order})
                assert (await aside(smsc.next, "answer"))["status"] == 0
    found = [(event.number, event.text, event.part) for event in inbox.events if isinstance(event, Received)]
    assert found == [
        (NINO, "JOIN", None),
        (NINO, "ბიუჯეტი", None),
        (NINO, "good ", Part(7, 2, 1)),
        (NINO, "day", Part(7, 2, 2)),
        (NINO, "good", Part(9, 2, 1)),
        (NINO, GEORGIAN * 5, None),
    ]


@both
async def test_a_database_that_is_away_is_told_as_temporary(command: Command, inbox: Remembering) -> None:
    inbox.away = True
    with Peer(command()) as smsc:
        async with running(smpp(smsc.port), inbox):
            await aside(smsc.do, "bring", **{"from": NINO, "text": "JOIN", "coding": 0})
            assert (await aside(smsc.next, "answer"))["status"] == 0x64


@both
@pytest.mark.parametrize("order", [{"what": "unbind"}, {"what": "cut"}, {"what": "garbage", "hex": "ff" * 32}])
async def test_whatever_ends_the_connection_it_is_made_again(
    command: Command, inbox: Remembering, order: dict[str, str]
) -> None:
    with Peer(command()) as smsc:
        gateway = smpp(smsc.port)
        async with running(gateway, inbox):
            await aside(smsc.do, **order)
            await inbox.until(lambda: len(inbox.troubles) >= 3 and inbox.troubles[-1] is None)
            assert (await gateway.send(message())).external_id


@both
async def test_500_in_a_window_of_50_are_all_accepted_once(command: Command, inbox: Remembering) -> None:
    with Peer(command()) as smsc:
        gateway = smpp(smsc.port, window=50)
        async with running(gateway, inbox):
            found = await asyncio.gather(*(gateway.send(message(f"n {number}")) for number in range(500)))
            told = [(await aside(smsc.next, "submit"))["text"] for _ in range(500)]
    assert len({accepted.external_id for accepted in found}) == 500
    assert told == [f"n {number}" for number in range(500)]
