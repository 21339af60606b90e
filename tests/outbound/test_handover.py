"""What an answer of the gateway means for the message, the person and what has to be asked later."""

from __future__ import annotations

from typing import Any

import pytest

from smsbot.errors import GatewayError, Refused, Unavailable, Uncertain
from smsbot.gateways.base import Accepted, Capabilities, ChannelConfig
from smsbot.outbound.bucket import Bucket
from smsbot.outbound.handover import Handover
from smsbot.outbound.watch import Watch
from smsbot.status import Status
from smsbot.store.outbox import Claimed, Result
from smsbot.testing.asking_gateway import Asking, AskingByOurId, AskingConfig

pytestmark = pytest.mark.anyio
NOW = 1_800_000_000_000
MESSAGE = Claimed(1, "main", "+995555000001", "x", 1, 0, NOW, None, contact_id=7)


class Plain:
    name = "plain"
    Config = ChannelConfig
    capabilities = Capabilities()

    async def send(self, message: Any) -> Accepted:
        raise AssertionError("the sender of these tests does not ask it")


class RemovesRepeats(Plain):
    capabilities = Capabilities(removes_duplicates=True)


async def handed(answer: Accepted | GatewayError, gateway: Any) -> Result:
    class Says:
        async def deliver(self, _gateway: Any, _message: Any) -> Accepted:
            if isinstance(answer, GatewayError):
                raise answer
            return answer

    handover = Handover(
        "main", gateway, ChannelConfig(gateway="x"), Says(), bucket=Bucket(10), watch=Watch(), clock=lambda: NOW,
        public_url="",
    )  # fmt: skip
    found = await handover.attempt(MESSAGE)
    assert found is not None
    return found.result


def asking(kind: type[Asking] = Asking) -> Asking:
    return kind(AskingConfig(gateway="asking", base_url="http://here"))


ANSWERS: list[tuple[Any, Any, dict[str, Any]]] = [
    (Accepted("a"), Plain(), {"status": "sent", "external_id": "a", "handed_ms": NOW, "further_ids": (), "ask": False}),
    (Accepted("a", further_ids=("b",)), Plain(), {"status": "sent", "further_ids": ("b",), "contact_id": 7}),
    (Accepted("a"), asking(), {"status": "sent", "ask": True}),
    (Accepted("a", final=Status.DELIVERED), asking(), {"status": "delivered", "ask": False}),
    (Refused("1", "No."), Plain(), {"status": "failed", "unreachable": False, "blocked": False, "contact_id": 7}),
    (Refused("1", "No.", unreachable=True), Plain(), {"status": "failed", "unreachable": True, "blocked": False}),
    (
        Refused("75", "On the operator's stop-list.", blocked=True), Plain(),
        {"status": "failed", "unreachable": False, "blocked": True, "error": "On the operator's stop-list. (75)"},
    ),
    (Uncertain("cut", "Cut."), Plain(), {"status": "unknown", "ask": False, "handed_ms": None}),
    (Uncertain("cut", "Cut."), asking(), {"status": "unknown", "ask": False}),
    (Uncertain("cut", "Cut."), asking(AskingByOurId), {"status": "unknown", "ask": True}),
    (Uncertain("cut", "Cut."), RemovesRepeats(), {"status": "sending", "handed_ms": NOW, "attempts": 1}),
    (Unavailable("no", "Away."), RemovesRepeats(), {"status": "sending", "handed_ms": None, "attempts": 1}),
]  # fmt: skip


@pytest.mark.parametrize(("answer", "gateway", "fields"), ANSWERS)
async def test_an_answer_says_what_becomes_of_the_message(
    answer: Accepted | GatewayError, gateway: Any, fields: dict[str, Any]
) -> None:
    result = await handed(answer, gateway)
    assert {name: getattr(result, name) for name in fields} == fields
