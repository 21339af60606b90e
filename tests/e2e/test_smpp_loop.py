"""The product and an SMSC: whole conversations, broadcasts and accidents over one SMPP connection."""

from __future__ import annotations

import json
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from smsbot.gateways.headers import split_header
from smsbot.gateways.smpp.codec import Address, Sm
from smsbot.gateways.smpp.codes import HEADER_FOLLOWS
from smsbot.testing.smsc import PASSWORD, SYSTEM_ID, Smsc
from tests.e2e.product import Product, until
from tests.gateways.smpp import peer
from tests.gateways.smpp.peer import Peer

ENGLISH, GEORGIAN = "+995555000001", "+995555000002"
HEARING = "ბიუჯეტის საჯარო განხილვა გაიმართება ხუთშაბათს, 10 დეკემბერს, 12:00 საათზე, მერიის დიდ დარბაზში. " * 2


def channel(port: int, *, rate_per_s: int = 1_000, window: int = 10) -> str:
    return (
        f'[channels.main]\ngateway = "smpp"\nsender = "2200"\nrate_per_s = {rate_per_s}\nhost = "127.0.0.1"\n'
        f'port = {port}\nsystem_id = "{SYSTEM_ID}"\npassword = "{PASSWORD}"\nwindow = {window}\n'
    )


@pytest.fixture
def smsc() -> Iterator[Smsc]:
    with Smsc() as server:
        server.manners.receipt = "text"
        yield server


@pytest.fixture
def product(smsc: Smsc, tmp_path: Path) -> Iterator[Product]:
    with Product(tmp_path / "product", channels=channel(smsc.port)) as running:
        smsc.wait_bound()
        yield running


def text_of(sm: Sm) -> str:
    octets = split_header(sm.message)[1] if sm.esm_class & HEADER_FOLLOWS else sm.message
    return octets.decode("utf-16-be") if sm.data_coding == 8 else octets.decode("ascii", "replace")


def got(smsc: Smsc, number: str) -> str:
    """All that the phone of *number* has received, one after the other."""
    return "".join(text_of(sm) for sm in list(smsc.seen.submitted) if sm.dest.value == number.removeprefix("+"))


def say(smsc: Smsc, number: str, text: str) -> None:
    assert smsc.answer(smsc.say(number.removeprefix("+"), text)) == 0


def answered(smsc: Smsc, number: str, with_words: str) -> None:
    smsc.wait(f"the phone shows {with_words!r}", lambda: with_words in got(smsc, number))


def test_a_whole_conversation_and_a_broadcast_over_smpp(smsc: Smsc, product: Product) -> None:
    say(smsc, ENGLISH, "JOIN")
    answered(smsc, ENGLISH, "1 Budget 2 Social")
    say(smsc, ENGLISH, "1 3")
    answered(smsc, ENGLISH, "Budget, Planning")
    say(smsc, GEORGIAN, "ბიუჯეტი")
    answered(smsc, GEORGIAN, "ბიუჯეტი")

    made = product.broadcast({"ka": HEARING.strip(), "en": "Budget hearing on 10 December."}, topics=["budget"])
    parts = made["by_language"]["ka"]["parts"]
    assert parts == 3
    answered(smsc, GEORGIAN, HEARING.strip())
    answered(smsc, ENGLISH, "Budget hearing on 10 December.")
    until(
        "both are delivered",
        lambda: product.api("GET", f"/api/broadcasts/{made['id']}")["counts"]["delivered"] == 2,
    )

    say(smsc, GEORGIAN, "სტოპ")
    answered(smsc, GEORGIAN, "აღარ მიიღებთ")
    second = product.broadcast("The square is closed.", everyone=True)
    assert second["recipients"] == 1
    answered(smsc, ENGLISH, "The square is closed.")
    product.finished(second["id"])
    assert "The square is closed." not in got(smsc, GEORGIAN)
    (health,) = product.api("GET", "/api/channels")["items"]
    assert (health["name"], health["health"]) == ("main", "up")
    assert PASSWORD not in product.logged()
    product.stop()
    assert smsc.seen.unbinds == 1


def test_a_text_in_parts_out_of_order_is_one_text(smsc: Smsc, product: Product) -> None:
    words = "please tell me when the next hearing on the budget of the city will be held and where"
    halves = (words[:40], words[40:])
    for number in (2, 1):
        part = b"\x05\x00\x03\x2a\x02" + bytes((number,)) + halves[number - 1].encode()
        sm = Sm(Address(1, 1, ENGLISH.removeprefix("+")), Address(0, 1, "2200"), part, 0, HEADER_FOLLOWS)
        assert smsc.answer(smsc.bring(sm)) == 0
    found = until("it is there", lambda: product.messages(ENGLISH, "in"))
    assert [message["text"] for message in found] == [words]


def test_a_cut_in_the_middle_of_500_loses_nothing_and_doubles_nothing(smsc: Smsc, product: Product) -> None:
    people = [f"+9955550{number:05}" for number in range(500)]
    for number in people:
        smsc.say(number.removeprefix("+"), "BUDGET")
    smsc.wait("all are welcomed", lambda: len({sm.dest.value for sm in list(smsc.seen.submitted)}) == len(people))
    smsc.seen.submitted.clear()

    cut: list[int] = []

    def status(sm: Sm) -> int:
        if len(smsc.seen.submitted) == 200 and not cut:
            cut.append(1)
            smsc.manners.answers = False
        return 0

    smsc.manners.status = status
    made = product.broadcast("Hearing tomorrow.", topics=["budget"])
    smsc.wait_submitted(201)
    smsc.cut()
    smsc.manners.answers = True
    view = product.finished(made["id"], timeout_s=120)
    taken = [sm.dest.value for sm in smsc.seen.submitted if text_of(sm) == "Hearing tomorrow."]
    assert len(set(taken)) == 500, "nobody is left out"
    assert len(taken) == 500, "nobody gets it twice"
    view = until(
        "the receipts have come",
        lambda: (
            found if (found := product.api("GET", f"/api/broadcasts/{made['id']}"))["counts"]["sent"] == 0 else None
        ),
    )
    unknown = view["counts"]["unknown"]
    assert 1 <= unknown <= 10, json.dumps(view)  # what was in the window
    assert view["counts"]["delivered"] == 500 - unknown


def test_a_text_brought_while_the_product_is_away_is_answered_once_it_is_back(smsc: Smsc, product: Product) -> None:
    product.kill()
    smsc.wait_bound(0)
    product.restart()
    smsc.wait_bound()
    say(smsc, ENGLISH, "JOIN")
    answered(smsc, ENGLISH, "1 Budget 2 Social")


def test_kill_9_while_many_write_keeps_each_text_once_and_brings_each_person_in(smsc: Smsc, product: Product) -> None:
    people = [f"+9955551{number:05}" for number in range(300)]
    brought: dict[str, int] = {}

    def acknowledged() -> set[str]:
        return {number for number, sequence in list(brought.items()) if sequence in smsc.seen.answers}

    for number in people:
        brought[number] = smsc.say(number.removeprefix("+"), "BUDGET")
        if len(acknowledged()) >= 30:
            break
    smsc.wait("some are acknowledged", lambda: len(acknowledged()) >= 30)
    product.kill()
    smsc.wait_bound(0)
    kept = acknowledged()
    product.restart()
    smsc.wait_bound()
    again = [smsc.say(number.removeprefix("+"), "BUDGET") for number in people if number not in kept]
    assert {smsc.answer(sequence) for sequence in again} == {0}
    assert [len(product.messages(number, "in")) for number in people] == [1] * len(people)
    assert product.broadcast("Hearing tomorrow.", topics=["budget"])["recipients"] == len(people)
    verified = product.command("verify")
    assert verified.returncode == 0, verified.stdout + verified.stderr


def test_a_wrong_password_is_shown_to_staff(smsc: Smsc, tmp_path: Path) -> None:
    channels = channel(smsc.port).replace(f'password = "{PASSWORD}"', 'password = "other-secret"')
    with Product(tmp_path / "product", channels=channels) as product:
        health = until(
            "it is misconfigured",
            lambda: (
                found
                if (found := product.api("GET", "/api/channels")["items"][0])["health"] == "misconfigured"
                else None
            ),
        )
        assert "`password`" in health["reason"]
        assert "other-secret" not in product.logged()
        product.stop(signal.SIGTERM)


@pytest.mark.node
def test_a_conversation_with_an_smsc_by_others(tmp_path: Path) -> None:
    with (
        Peer(peer.node(), receipt="text") as smsc,
        Product(tmp_path / "product", channels=channel(smsc.port)) as product,
    ):
        assert smsc.next("bind")["right"]
        smsc.do("bring", **{"from": ENGLISH.removeprefix("+"), "text": "JOIN", "coding": 0})
        joined = smsc.next("submit")["text"]  # the reply may leave before the acknowledgement
        while "1 Budget 2 Social" not in joined:
            joined += smsc.next("submit")["text"]
        until("it is delivered", lambda: [m["status"] for m in product.messages(ENGLISH)] == ["delivered"])
        product.stop()
        smsc.next("unbind")
