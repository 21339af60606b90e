"""The phone in the browser: what it is sent is already delivered, since the outbox is what it shows."""

from __future__ import annotations

from typing import ClassVar

from pydantic import Field

from smsbot.gateways.base import Accepted, Capabilities, ChannelConfig, Message
from smsbot.status import Status


class SimulatorConfig(ChannelConfig):
    gateway: str = "simulator"
    sender: str = "2020"
    rate_per_s: float = Field(default=100_000, gt=0, le=100_000)


class Simulator:
    name: ClassVar[str] = "simulator"
    Config: ClassVar[type[ChannelConfig]] = SimulatorConfig
    capabilities: ClassVar[Capabilities] = Capabilities(removes_duplicates=True, reports=False)

    def __init__(self, config: ChannelConfig) -> None:
        self.config = config

    async def send(self, message: Message) -> Accepted:
        return Accepted(external_id=message.id, final=Status.DELIVERED)
