"""The product behind Kannel behind an SMSC: Kannel's SMPP, of another author, speaks with the codec that ours uses."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from smsbot.gateways.smpp.codes import Command
from smsbot.testing.kannel import PASSWORD, USERNAME, Kannel, _free_ports
from smsbot.testing.smsc import Smsc
from tests.e2e.product import Product, until
from tests.e2e.test_smpp_loop import GEORGIAN, answered, got

pytestmark = pytest.mark.kannel

TOKEN = "a-long-random-word"


@pytest.fixture
def smsc() -> Iterator[Smsc]:
    with Smsc() as server:
        server.manners.receipt = "text"
        server.manners.message_id = lambda number: str(40_000 + number)
        yield server


def test_a_conversation_passes_kannel_and_its_smpp(smsc: Smsc, tmp_path: Path) -> None:
    (product_port,) = _free_ports(1)
    inbound = f"http://127.0.0.1:{product_port}/channels/main/inbound?token={TOKEN}"
    with Kannel(tmp_path / "kannel", inbound_url=inbound, smsc_port=smsc.port) as kannel:
        channels = (
            f'[channels.main]\ngateway = "kannel"\nsender = "2200"\nrate_per_s = 1000\nbase_url = "{kannel.base_url}"\n'
            f'username = "{USERNAME}"\npassword = "{PASSWORD}"\nwebhook_token = "{TOKEN}"\n'
        )
        with Product(tmp_path / "product", channels=channels, port=product_port) as product:
            smsc.wait_bound()
            (bound, bind), *_ = smsc.seen.binds
            assert (bound, bind.version) == (Command.BIND_TRANSCEIVER, 0x34)
            assert smsc.answer(smsc.say(GEORGIAN.removeprefix("+"), "ბიუჯეტი")) == 0
            answered(smsc, GEORGIAN, "ბიუჯეტი")
            assert {sm.data_coding for sm in smsc.seen.submitted} == {8}
            (stored,) = until("the text is there", lambda: product.messages(GEORGIAN, "in"))
            assert stored["text"] == "ბიუჯეტი"
            until("it is delivered", lambda: [m["status"] for m in product.messages(GEORGIAN)] == ["delivered"])
            assert product.messages(GEORGIAN)[0]["text"] == got(smsc, GEORGIAN)
