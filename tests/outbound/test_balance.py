"""What is left to spend: asked for, kept, shown, and what a channel without any does."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest

from smsbot.clock import MINUTE_MS, SECOND_MS
from smsbot.errors import Misconfigured, Refused
from smsbot.gateways.client import Sender
from smsbot.gateways.registry import Channel
from smsbot.outbound.balance import Balances
from smsbot.outbound.bucket import Bucket
from smsbot.outbound.handover import Handover
from smsbot.outbound.outlook import outlook
from smsbot.outbound.watch import Watch
from smsbot.status import Status
from smsbot.store import channel_vitals
from smsbot.store.channel_vitals import Vitals
from smsbot.store.database import Store
from smsbot.store.health import Health
from smsbot.store.outbox import Claimed
from smsbot.testing.asking_gateway import Asking, AskingConfig
from smsbot.testing.fake_gateway import Answer, FakeGateway

pytestmark = pytest.mark.anyio
NOW = 1_800_000_000_000


@dataclass
class Lead:
    leads: bool = True
    watch: Watch = field(default_factory=Watch)


class Desk:
    def __init__(self, store: Store, provider: FakeGateway) -> None:
        self.store, self.provider, self.now_ms, self.lead = store, provider, NOW, Lead()
        self.sender = Sender(clock=self.clock)
        self.config = AskingConfig(gateway="asking", base_url=provider.url, sender="KUTAISI", balance_low=5)
        self.gateway = Asking(self.config)
        self.balances = self.another()

    def another(self) -> Balances:
        return Balances(
            "main", self.gateway, lead=self.lead, store=self.store, exchange=self.sender.exchange, clock=self.clock
        )

    def clock(self) -> int:
        return self.now_ms

    async def after(self, ms: int) -> int:
        """How many questions were asked by then."""
        self.now_ms = NOW + ms
        await self.balances.step()
        return len(self.provider.asked_at("/balance"))

    def kept(self) -> Vitals:
        return self.store.read(channel_vitals.read).get("main", Vitals())


@pytest.fixture
def provider() -> Iterator[FakeGateway]:
    with FakeGateway() as found:
        yield found


@pytest.fixture
async def desk(store: Store, provider: FakeGateway) -> Any:
    found = Desk(store, provider)
    yield found
    await found.sender.aclose()


async def test_the_balance_is_asked_for_after_a_minute_and_then_every_quarter_of_an_hour(desk: Desk) -> None:
    asked = [await desk.after(minutes * MINUTE_MS) for minutes in (0, 1, 2, 15, 16, 17, 31)]
    assert asked == [0, 1, 1, 1, 2, 2, 3]
    assert (desk.kept().balance, desk.kept().balance_unit, desk.kept().balance_ms) == (10, "GEL", NOW + 31 * MINUTE_MS)


async def test_another_process_does_not_ask_for_what_is_known(desk: Desk) -> None:
    await desk.after(0)
    await desk.after(MINUTE_MS)
    desk.balances = desk.another()
    assert [await desk.after(minutes * MINUTE_MS) for minutes in (2, 3, 15, 16)] == [1, 1, 1, 2]


DOUBTS = [
    (Misconfigured("402", "There is no balance left; top it up."), 1),
    (Misconfigured("key", "The key is not accepted."), 0),
    (Refused("40", "Not enough credit for this text."), 1),
    (Refused("50", "This is no number."), 0),
]


@pytest.mark.parametrize(("error", "questions"), DOUBTS)
async def test_a_refusal_that_names_it_is_a_reason_to_look_at_most_once_a_minute(
    desk: Desk, error: Misconfigured | Refused, questions: int
) -> None:
    class Says:
        async def deliver(self, _gateway: Any, _message: Any) -> Any:
            raise error

    handover = Handover(
        "main", desk.gateway, desk.config, Says(), bucket=Bucket(10), watch=desk.lead.watch, clock=desk.clock,
        public_url="",
    )  # fmt: skip
    await desk.after(0)
    message = Claimed(1, "main", "+995555000001", "x", 1, 0, NOW, None)
    await handover.attempt(message)
    assert await desk.after(5 * SECOND_MS) == questions
    await handover.attempt(message)
    assert await desk.after(50 * SECOND_MS) == questions
    assert await desk.after(70 * SECOND_MS) == (2 * questions or 1)  # the first of those that come by themselves


async def test_without_balance_messages_wait_and_none_fails(desk: Desk) -> None:
    desk.provider.then(Answer(402, b""))
    handover = Handover(
        "main", desk.gateway, desk.config, desk.sender, bucket=Bucket(10), watch=desk.lead.watch, clock=desk.clock,
        public_url="",
    )  # fmt: skip
    handed = await handover.attempt(Claimed(1, "main", "+995555000001", "x", 1, 0, NOW, None))
    assert (handed.result.status, handed.result.attempts) == (Status.SENDING, 0)
    assert handed.result.due_ms == NOW + 30 * SECOND_MS
    assert desk.lead.watch.state == "misconfigured"


@pytest.mark.parametrize("answer", [Answer(500, b""), Answer(403, b""), Answer(cut_after=0)])
async def test_a_question_that_fails_changes_nothing(desk: Desk, answer: Answer) -> None:
    await desk.after(0)
    await desk.after(MINUTE_MS)
    desk.provider.then(answer)
    assert await desk.after(16 * MINUTE_MS) == 2
    assert desk.kept().balance_ms == NOW + MINUTE_MS
    assert desk.lead.watch.state == "up"


HEALTH = Health("up", "", NOW, None)
STANDS = [
    (HEALTH, 10.0, "up", ""),
    (HEALTH, 4.5, "degraded", "The balance is 4.5 GEL, below the 5 of `balance_low`: top it up."),
    (HEALTH, None, "up", ""),
    (
        Health("misconfigured", "No balance (402)", NOW, None), 0.0, "misconfigured",
        "No balance (402) The balance is 0 GEL, below the 5 of `balance_low`: top it up.",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("found", "amount", "state", "reason"), STANDS)
def test_a_low_balance_degrades_a_channel_with_a_sentence(
    found: Health, amount: float | None, state: str, reason: str
) -> None:
    config = AskingConfig(gateway="asking", base_url="http://here", sender="KUTAISI", balance_low=5, answer_to="2200")
    channel = Channel("main", Asking(config), config)
    stands = outlook(channel, {"main": channel}, found, Vitals(balance=amount, balance_unit="GEL"), NOW)
    assert (stands.state, stands.reason) == (state, reason)
