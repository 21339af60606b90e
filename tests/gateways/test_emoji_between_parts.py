"""An emoji is two units of UTF-16. We never cut between them; a phone that does so loses nobody a letter."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from smsbot.gateways.base import Event, Hook, Message, Part, Received
from smsbot.gateways.gammu import Gammu, GammuConfig, _received
from smsbot.gateways.gammu_tables import UNICODE
from smsbot.gateways.headers import joining_header
from smsbot.gateways.registry import build
from smsbot.gateways.smpp import alphabet, incoming, joining
from smsbot.gateways.smpp.alphabet import Default
from smsbot.gateways.smpp.codec import Address, Sm
from smsbot.inbound.identity import storable_text
from smsbot.store.parts import joined
from smsbot.testing import gammu as real
from smsbot.text.gsm7 import measure

NUMBER = "+995555000001"
EMOJI = "\U0001f600"
LENGTH = 150
LEAVING = [before * letter + pair + (LENGTH - before) * letter
           for letter, pair in (("ა", EMOJI), ("a", EMOJI), ("a", "€")) for before in range(LENGTH + 1)]  # fmt: skip
Bring = Callable[[list[bytes]], list[Event | None]]


@pytest.mark.parametrize("default", list(Default))
def test_what_leaves_by_smpp_is_never_cut_within_a_letter(default: Default) -> None:
    for text in LEAVING:
        coding, pieces = alphabet.pieces(text, default)
        read = [alphabet.text(piece, coding, default) for piece in pieces]
        assert "".join(read) == text
        assert all(each.encode() for each in read), "no half letter"


def test_what_leaves_by_gammu_is_never_cut_within_a_letter(tmp_path: Path) -> None:
    link = Gammu(GammuConfig.model_validate({"gateway": "gammu", "database_url": f"sqlite:///{tmp_path}/gammu.db"}))
    for text in LEAVING:
        measured = measure(text)
        outgoing = link._outgoing(Message("out-1", NUMBER, text, measured.encoding, measured.parts, "2200", ""))
        assert "".join(piece.text for piece in outgoing.pieces) == text
        assert all(measure(piece.text).parts == 1 and piece.text.encode() for piece in outgoing.pieces)


def by_smpp(octets: list[bytes]) -> list[Event | None]:
    total = len(octets)
    return [
        incoming.event(
            Sm(Address(1, 1, "995555000001"), Address(0, 1, "2200"), joining.header(Part(7, total, number)) + piece, 8,
               esm_class=joining.HEADER_FOLLOWS),
            incoming.Habits(), 0,
        )
        for number, piece in enumerate(octets, 1)
    ]  # fmt: skip


def by_vonage(octets: list[bytes]) -> list[Event | None]:
    gateway = build("main", {"gateway": "vonage", "api_key": "k", "api_secret": "s", "webhook_token": "t"})
    events: list[Event | None] = []
    for number, piece in enumerate(octets, 1):
        fields = {
            "msisdn": "995555000001", "to": "2200", "messageId": f"m-{number}", "type": "unicode", "concat": "true",
            "concat-ref": "7", "concat-total": str(len(octets)), "concat-part": str(number),
            "text": piece.decode("utf-16-be", "surrogatepass"),
        }  # fmt: skip
        body = json.dumps(fields).encode()
        hook = Hook("POST", "https://x.ge/", {"content-type": "application/json"}, [], body)
        events.extend(gateway.parse(hook))  # type: ignore[union-attr]  # an HTTP gateway
    return events


@pytest.fixture(scope="module")
def by_gammu(tmp_path_factory: pytest.TempPathFactory) -> Bring:
    url = f"sqlite:///{tmp_path_factory.mktemp('gammu')}/gammu.db"
    real.make_tables(url)
    tables = GammuConfig.model_validate({"gateway": "gammu", "database_url": url}).tables()

    def bring(octets: list[bytes]) -> list[Event | None]:
        for number, piece in enumerate(octets, 1):
            seen = piece.decode("utf-16-be", "replace")
            real.rows(
                url,
                'INSERT INTO inbox ("Text", "SenderNumber", "UDH", "TextDecoded", "Coding", "RecipientID") VALUES'
                f" ('{piece.hex().upper()}', '{NUMBER}', '{joining_header(7, len(octets), number)}', '{seen}',"
                f" '{UNICODE}', '')",
            )
        arrived = tables.unread(10)
        tables.mark_read([row.id for row in arrived])
        return [_received(row, "2200") for row in arrived]

    return bring


@pytest.fixture(params=["smpp", "vonage", "gammu"])
def bring(request: pytest.FixtureRequest, by_gammu: Bring) -> Bring:
    return {"smpp": by_smpp, "vonage": by_vonage, "gammu": by_gammu}[request.param]


def test_what_a_phone_cut_at_any_unit_is_whole_again(bring: Bring) -> None:
    text = f"ა{EMOJI}b{EMOJI}{EMOJI}ც "
    units = text.encode("utf-16-be")
    for first in range(2, len(units), 2):
        for second in range(first + 2, len(units), 2):
            events = bring([units[:first], units[first:second], units[second:]])
            texts = {each.part.number: storable_text(each) for each in events
                     if isinstance(each, Received) and each.part is not None}  # fmt: skip
            assert len(texts) == 3
            assert all(part.encode() for part in texts.values()), "each part can be stored"
            assert joined(texts, 1, 3) == text.strip()


def test_half_a_letter_whose_other_half_never_comes_is_marked(bring: Bring) -> None:
    units = f"ა{EMOJI}".encode("utf-16-be")
    (first, *_) = bring([units[:4], units[4:]])
    assert isinstance(first, Received)
    assert joined({1: storable_text(first)}, 1, 2) == "ა\ufffd […]"
