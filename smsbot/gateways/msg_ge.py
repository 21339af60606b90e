"""MS Group's msg.ge, also known as smsservice.ge: sends under a registered name.

smsservice.ge/en/info/http-api-v1-documentation. The documentation writes `http://`; the same address answers to
`https://`, as public integrations use it, and the password stands in the query, so that is the default here.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from pydantic import SecretStr

from smsbot.gateways.base import BaseUrl, ChannelConfig, Message
from smsbot.gateways.codes import Codes
from smsbot.gateways.oneway import FATES, OneWay, OneWayConfig

ALTERNATE_PASSWORD = "msg_header"  # noqa: S105  # the name of a header, as the provider writes it: MSG_HEADER


class MsgGeConfig(OneWayConfig):
    base_url: BaseUrl = "https://bi.msg.ge"
    alternate_password: SecretStr | None = None  # for servers whose address changes: the provider gives it out


class MsgGe(OneWay):
    name: ClassVar[str] = "msg_ge"
    Config: ClassVar[type[ChannelConfig]] = MsgGeConfig
    send_page = "/sendsms.php"
    track_page = "/track.php"
    codes: ClassVar[Codes] = Codes(
        statuses=FATES,
        misconfigured={
            "0001": "msg.ge does not accept name, password or this server's address: check them with msg.ge.",
            "0003": "msg.ge lacks a credential: check `username`, `password`, `client_id`, `service_id`.",
            "0008": "The balance at msg.ge is used up: top up the account.",
            "0009": "msg.ge does not know the sender: check `service_id`.",
        },
        refused={
            "0005": "msg.ge found no text in the message.",
            "0007": "msg.ge says that the number is not valid.",
            "0010": "msg.ge found a forbidden word in the text.",
        },
        unreachable=frozenset({"0007"}),
    )

    def __init__(self, config: MsgGeConfig) -> None:
        other = config.alternate_password.get_secret_value() if config.alternate_password else ""
        super().__init__(config, config.base_url, {ALTERNATE_PASSWORD: other} if other else {})

    def coding(self, message: Message) -> Mapping[str, str]:
        """Without `utf=1` Georgian becomes question marks."""
        return {"utf": "1"} if message.encoding == "UCS-2" else {}
