"""The pipeline of one process over a database, for tests: what people write goes in, what was written comes out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from sqlalchemy import select

from smsbot.dialogue.engine import Engine
from smsbot.gateways.base import Part, Received
from smsbot.inbound.bot import Bot
from smsbot.inbound.results import TurnResult
from smsbot.inbound.routes import Routes
from smsbot.inbound.turns import Turns
from smsbot.store.database import Store
from smsbot.store.tables import Contact, Inbound, table

ONE = "+995555000001"
TWO = "+995555000002"


@dataclass
class Clock:
    now_ms: int = 1_772_791_200_000

    def __call__(self) -> int:
        self.now_ms += 1
        return self.now_ms


@dataclass
class Pipeline:
    store: Store
    turns: Turns
    clock: Clock
    stopped: list[str] = field(default_factory=list)
    serial: int = 0

    async def text(
        self, text: str, number: str = ONE, *, key: str | None = None, sent_ms: int | None = None
    ) -> TurnResult:
        self.serial += 1
        return await self.turns.submit("main", Received(number, text, key or f"id-{self.serial}", sent_ms=sent_ms))

    async def part(
        self, text: str, number: int, total: int, *, reference: int = 7, sender: str = ONE, key: str | None = "",
        sent_ms: int | None = None, optout: str | None = None, to: str = "2200",
    ) -> TurnResult:  # fmt: skip
        """*key* "": a new id; None: a gateway that gives none."""
        self.serial += 1
        key = f"id-{self.serial}" if key == "" else key
        received = Received(sender, text, key, to, sent_ms, optout, Part(reference, total, number))
        return await self.turns.submit("main", received)

    def texts(self) -> list[str]:
        """What was taken, in order of arrival."""
        return [str(row["text"]) for row in sorted(self.rows(Inbound), key=lambda row: int(str(row["id"])))]

    async def replies(self, text: str, number: str = ONE) -> list[str]:
        return [reply.text for reply in (await self.text(text, number)).replies]

    def rows(self, model: type) -> list[dict[str, object]]:
        found = table(model)
        return [dict(row._mapping) for row in self.store.read(lambda c: c.execute(select(found)).all())]

    def contact(self, number: str = ONE) -> dict[str, object]:
        (found,) = [row for row in self.rows(Contact) if row["number"] == number]
        return found


def pipeline_over(store: Store, engine: Callable[..., Engine], clock: Clock | None = None) -> Pipeline:
    clock = clock or Clock()
    stopped: list[str] = []
    turns = Turns(store, Bot(engine), region="GE", clock=clock, routes=Routes({"main": "main"}, stopped=stopped.extend))
    return Pipeline(store, turns, clock, stopped)
