"""What the documents and the settings file show is what can be configured."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from smsbot.cli.template import TEMPLATE
from smsbot.gateways import registry
from smsbot.gateways.base import ChannelConfig
from smsbot.settings import load

DOCS = Path(__file__).parents[2] / "docs"
BLOCK = re.compile(r"^```toml\n(.*?)^```$", re.MULTILINE | re.DOTALL)
GEORGIAN = ["gammu", "gosms", "magti", "msg_ge", "sender_ge", "smsgate", "smsoffice", "ubill"]


def blocks(page: Path) -> Iterator[Any]:
    for number, text in enumerate(BLOCK.findall(page.read_text(encoding="utf-8")), 1):
        yield pytest.param(text, id=f"{page.stem}-{number}")


@pytest.mark.parametrize("text", list(blocks(DOCS / "georgia.md")))
def test_each_whole_example_loads_and_its_channels_can_be_built(text: str, tmp_path: Path) -> None:
    file = tmp_path / "smsbot.toml"
    file.write_text(text, encoding="utf-8")
    settings = load(file, environ={})
    channels = registry.channels(settings.channels)
    assert any(channel.config.inbound and channel.gateway.capabilities.inbound for channel in channels.values())
    assert all(channel.config.outbound for channel in channels.values())


@pytest.mark.parametrize(
    "text", [each for name in (*GEORGIAN, "http", "kannel") for each in blocks(DOCS / "gateways" / f"{name}.md")]
)
def test_each_channel_that_a_gateways_page_shows_can_be_built(text: str) -> None:
    for name, values in tomllib.loads(text)["channels"].items():
        registry.channel(name, values)


def shown() -> dict[str, dict[str, Any]]:
    """The channels of the settings file, with every line that can be uncommented."""
    found: dict[str, dict[str, Any]] = tomllib.loads(re.sub(r"(?m)^#(?=[\[a-z])", "", TEMPLATE))["channels"]
    return found


@pytest.mark.parametrize("name", GEORGIAN)
def test_the_settings_file_shows_every_key_of_a_gateway_and_loads(name: str) -> None:
    values = shown()[name]
    registry.channel(name, values)
    own = registry.gateway_class(name).Config.model_fields.keys() - ChannelConfig.model_fields.keys()
    assert own <= values.keys()


def test_the_page_of_the_configurable_gateway_names_every_key_of_its_own() -> None:
    page = (DOCS / "gateways" / "http.md").read_text(encoding="utf-8")
    own = registry.gateway_class("http").Config.model_fields.keys() - ChannelConfig.model_fields.keys()
    assert {key for key in own if f"`{key}`" not in page} == set()
