"""Delivery for a process whose gateways all carry their messages themselves: it never loads an HTTP client."""

from __future__ import annotations

from smsbot.gateways.base import Accepted, HttpGateway, Message, Transport


class DirectSender:
    """The same face as `client.Sender`."""

    async def deliver(self, gateway: HttpGateway | Transport, message: Message) -> Accepted:
        """Raises a `GatewayError`."""
        if not isinstance(gateway, Transport):
            raise TypeError(f"the gateway {gateway.name} needs an HTTP client")
        return await gateway.send(message)

    async def aclose(self) -> None:
        """There is nothing to close."""
