"""MagtiCom's OneWay service, by the operator's own short number or name, over the VPN that the contract is about.

OneWay v2.2.0 of 30 May 2012 and public integrations of it. How the texts that people send to a short number come is
published nowhere: ask for SMPP (gateway `smpp`), or take whatever HTTP push the operator offers by a second channel
with the gateway `http`, whose field names are settings.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Annotated, ClassVar

from pydantic import Field

from smsbot.gateways.base import BaseUrl, Capabilities, ChannelConfig, Message
from smsbot.gateways.codes import Codes
from smsbot.gateways.oneway import FATES, OneWay, OneWayConfig

CODING: Mapping[str, str] = MappingProxyType({"GSM-7": "0", "UCS-2": "2"})
"""0 is the GSM alphabet, 1 Latin-1, 2 UCS-2; the text is percent-encoded UTF-8 in each."""

Path = Annotated[str, Field(pattern=r"^/[A-Za-z0-9._~/-]*$")]


class MagtiConfig(OneWayConfig):
    base_url: BaseUrl = "http://81.95.160.47"  # inside the VPN
    send_path: Path = "/mt/oneway"  # `/mt/sendsms` for a short number that charges
    track_path: Path = "/bi/track"


class Magti(OneWay):
    name: ClassVar[str] = "magti"
    Config: ClassVar[type[ChannelConfig]] = MagtiConfig
    capabilities: ClassVar[Capabilities] = Capabilities(inbound=False)  # a short number can be answered, a name cannot
    codes: ClassVar[Codes] = Codes(
        statuses=FATES,
        unavailable={"0001": "MagtiCom reports an error of its own."},
        misconfigured={
            "0003": "MagtiCom does not accept the request: check `client_id`, `service_id` and the password.",
            "0004": "MagtiCom does not understand the request: check `base_url` and the contract's paths.",
        },
        refused={
            "0002": "MagtiCom could not charge the message.",
            "0005": "MagtiCom found no text in the message.",
            "0006": "MagtiCom does not serve this number's prefix; use another channel for it.",
            "0007": "MagtiCom says that the number is not valid.",
        },
        unreachable=frozenset({"0007"}),
    )

    def __init__(self, config: MagtiConfig) -> None:
        super().__init__(config, config.base_url)
        self.send_page = config.send_path
        self.track_page = config.track_path

    def coding(self, message: Message) -> Mapping[str, str]:
        return {"coding": CODING[message.encoding]}
