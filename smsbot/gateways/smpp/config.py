"""A channel's keys (contract §8), and what follows from those that are left out."""

from __future__ import annotations

import re
import ssl
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, SecretStr, model_validator

from smsbot.gateways.base import ChannelConfig
from smsbot.gateways.smpp.alphabet import Default
from smsbot.gateways.smpp.codec import Address
from smsbot.gateways.smpp.codes import Command
from smsbot.gateways.smpp.receipts import ReceiptId

RESPONSE_MOST_S = 20.0
"""A message that was claimed from the outbox is claimed again after 30 s, 10 of which it may have waited before."""

SHORT_NUMBER = 8  # digits at most; E.164 numbers with a country code are longer

_NAME, _NATIONAL_SHORT, _INTERNATIONAL = Address(5, 0), Address(3, 0), Address(1, 1)


def _plain(value: str) -> str:
    if not value.isascii() or (value and not value.isprintable()):
        raise ValueError("letters, digits and signs of ASCII")
    return value


def _host(value: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9._-]+|[0-9A-Fa-f.]*(:[0-9A-Fa-f.]*){2,}", value):  # a name, IPv4 or IPv6
        raise ValueError("a host's name or address, without a port")
    return value


Plain = Annotated[str, AfterValidator(_plain)]
Octet = Annotated[int, Field(ge=0, le=255)]


class SmppConfig(ChannelConfig):
    host: Annotated[str, AfterValidator(_host)]
    port: int = Field(default=2775, ge=1, le=65_535)
    system_id: Plain = Field(default="", max_length=254)
    password: SecretStr = SecretStr("")
    system_type: Plain = Field(default="", max_length=12)  # §4.1.1
    bind: Literal["transceiver", "transmitter", "receiver"] | None = None
    window: int = Field(default=10, ge=1, le=1_000)
    enquire_link_s: float = Field(default=30, gt=0, le=3_600)
    response_s: float = Field(default=20, gt=0, le=RESPONSE_MOST_S)
    source_ton: Octet | None = None
    source_npi: Octet | None = None
    dest_ton: Octet = 1
    dest_npi: Octet = 1
    default_alphabet: Default = Default.GSM7
    receipt_id: ReceiptId = ReceiptId.SAME
    tls: bool = False
    tls_ca: Path | None = None

    @model_validator(mode="after")
    def _possible(self) -> Self:
        secret = self.password.get_secret_value()
        if not secret.isascii() or len(secret) > 254 or (secret and not secret.isprintable()):
            raise ValueError("`password` must be at most 254 letters, digits and signs of ASCII")
        if not self.sender.isascii() or len(self.sender) > 20:  # §4.4.1: source_addr
            raise ValueError("`sender` must be at most 20 letters, digits and signs of ASCII")
        if self.bind == "receiver" and self.outbound:
            raise ValueError('`bind = "receiver"` cannot send: set `outbound = false`')
        if self.tls_ca is not None and not self.tls:
            raise ValueError("`tls_ca` needs `tls = true`")
        if self.tls_ca is not None and not self.tls_ca.is_file():
            raise ValueError("`tls_ca` names no file")
        return self

    @property
    def in_flight(self) -> int:
        return self.window

    @property
    def command(self) -> Command:
        """A channel that only receives binds as a receiver. One that only sends is a transceiver: receipts come."""
        match self.bind or ("transceiver" if self.outbound else "receiver"):
            case "transmitter":
                return Command.BIND_TRANSMITTER
            case "receiver":
                return Command.BIND_RECEIVER
            case _:
                return Command.BIND_TRANSCEIVER

    def source(self, sender: str) -> Address:
        """Type and numbering plan as `source_ton` and `source_npi` say, else as the sender looks: a name (5, 0), a
        short number (3, 0), a whole number (1, 1)."""
        digits = sender.removeprefix("+")
        if not sender:
            usual = Address()
        elif not digits.isdecimal():
            usual, digits = _NAME, sender
        else:
            usual = _NATIONAL_SHORT if len(digits) <= SHORT_NUMBER else _INTERNATIONAL
        return Address(
            usual.ton if self.source_ton is None else self.source_ton,
            usual.npi if self.source_npi is None else self.source_npi,
            digits,
        )

    def dest(self, number: str) -> Address:
        """*number* is E.164; its plus is told by the type."""
        return Address(self.dest_ton, self.dest_npi, number.removeprefix("+"))

    def security(self) -> ssl.SSLContext | None:
        """None: no TLS. The server's certificate is checked against `host`. Raises OSError if `tls_ca` is none."""
        return ssl.create_default_context(cafile=self.tls_ca) if self.tls else None
