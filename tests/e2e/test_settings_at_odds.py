"""Two processes over one PostgreSQL, one of which was given another configuration: it says so and sends nothing."""

from __future__ import annotations

import json
from contextlib import ExitStack
from pathlib import Path

from smsbot.testing.databases import Postgres
from smsbot.testing.fake_gateway import FakeGateway
from tests.e2e.crowd import Text, write_all
from tests.e2e.product import PATIENCE_S, Product, twilio_channel, until

NUMBERS = [f"+99555500000{n}" for n in range(1, 6)]


def warnings(product: Product) -> list[str]:
    status, said = product.call("GET", "/readyz")
    assert status == 200, said
    found: list[str] = json.loads(said)["warnings"]
    return found


def join(product: Product, *numbers: str) -> None:
    told = write_all(product.port, [Text(number, "JOIN", f"SM{number}") for number in numbers], connections=1)
    assert len(told.acknowledged) == len(numbers)


def test_the_one_with_other_settings_says_so_and_delivers_only_once_the_other_has_ended(
    postgres_server: Postgres, tmp_path: Path
) -> None:
    url = postgres_server.fresh()
    with ExitStack() as stack:
        right, wrong = stack.enter_context(FakeGateway()), stack.enter_context(FakeGateway())
        first = stack.enter_context(
            Product(tmp_path, database_url=url, channels=twilio_channel(right.url), name="first")
        )
        join(first, *NUMBERS[:2])
        right.wait_for(2, timeout_s=PATIENCE_S)
        channels = twilio_channel(wrong.url, rate_per_s=50)
        second = stack.enter_context(Product(tmp_path, database_url=url, channels=channels, name="second"))
        (warning,) = until("it says so", lambda: warnings(second))
        assert "(`base_url`, `rate_per_s`)" in warning
        assert warnings(first) == []
        until("it is in the log", lambda: "other settings here" in second.logged())
        join(second, *NUMBERS[2:4])  # it takes them in all the same
        right.wait_for(4, timeout_s=PATIENCE_S)
        assert wrong.requests == []
        first.stop()
        join(second, NUMBERS[4])
        wrong.wait_for(1, timeout_s=PATIENCE_S)
        assert [asked.to for asked in wrong.requests] == NUMBERS[4:]
        assert warnings(second) == []
        second.stop()
    postgres_server.drop(url)
