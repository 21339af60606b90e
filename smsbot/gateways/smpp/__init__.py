"""SMPP 3.4: a connection of our own to an operator's SMSC.

`codec` and `frames` are the octets, `codes` the numbers, `alphabet`, `joining`, `receipts` and `incoming` what they
mean; all of these are pure. `session` is one connection, `intake` what comes by it, `link` the gateway.
"""

from smsbot.gateways.smpp.link import Smpp

__all__ = ["Smpp"]
