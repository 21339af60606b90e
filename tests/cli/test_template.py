"""The file that `smsbot init` writes: what is uncommented in it works, and nothing that can be set is missing."""

from __future__ import annotations

import re
import tomllib

import pytest

from smsbot.cli.template import TEMPLATE
from smsbot.gateways import registry
from smsbot.gateways.base import ChannelConfig

GATEWAYS = (
    "africastalking", "infobip", "jasmin", "kannel", "messagebird", "plivo", "simulator", "sinch", "telnyx", "twilio",
    "vonage",
)  # fmt: skip


def block(gateway: str) -> dict[str, object]:
    """The channel of *gateway* in the file, uncommented."""
    name = "main" if gateway == "twilio" else gateway
    found = re.search(rf"^#?\[channels\.{name}\]\n(?:#?[a-z].*\n)+", TEMPLATE, re.MULTILINE)
    assert found, f"no channel {name}"
    text = "".join(line.removeprefix("#") + "\n" for line in found[0].splitlines())
    channel: dict[str, object] = tomllib.loads(text)["channels"][name]
    return channel


@pytest.mark.parametrize("gateway", GATEWAYS)
def test_each_gateway_has_a_block_that_works_when_it_is_uncommented(gateway: str) -> None:
    values = block(gateway)
    assert values["gateway"] == gateway
    assert registry.channel(gateway, values).config.gateway == gateway


@pytest.mark.parametrize("gateway", GATEWAYS)
def test_each_key_of_its_own_is_shown(gateway: str) -> None:
    own = {*registry.gateway_class(gateway).Config.model_fields} - {*ChannelConfig.model_fields}
    assert own <= {*block(gateway)}
