"""Delivery for a process whose gateways all carry their messages themselves: it never loads an HTTP client."""

from __future__ import annotations

from typing import cast

from smsbot.gateways.base import Accepted, HttpGateway, Message, Transport


class DirectSender:
    """The same face as `client.Sender`."""

    async def deliver(self, gateway: HttpGateway | Transport, message: Message) -> Accepted:
        """Raises a `GatewayError`."""
        if not hasattr(gateway, "send"):  # asking the Protocol costs a tenth of a turn
            raise TypeError(f"the gateway {gateway.name} needs an HTTP client")
        return await cast(Transport, gateway).send(message)

    async def aclose(self) -> None:
        """There is nothing to close."""
