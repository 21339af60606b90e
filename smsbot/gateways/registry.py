"""Which gateways there are, and how a channel's settings become one.

Built-in ones are imported when a channel names them; other packages add theirs by an entry point in the group
`smsbot.gateways` (name → class). A built-in name cannot be taken over.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module
from importlib.metadata import entry_points
from types import MappingProxyType
from typing import Any

from pydantic import ValidationError

from smsbot.errors import SettingsError
from smsbot.gateways.base import ChannelConfig, HttpGateway, Transport
from smsbot.settings import UNKNOWN, sentence

GROUP = "smsbot.gateways"

BUILT_IN: Mapping[str, str] = MappingProxyType(
    {
        "africastalking": "smsbot.gateways.africastalking:AfricasTalking",
        "gammu": "smsbot.gateways.gammu:Gammu",
        "gosms": "smsbot.gateways.gosms:Gosms",
        "http": "smsbot.gateways.http:Http",
        "infobip": "smsbot.gateways.infobip:Infobip",
        "jasmin": "smsbot.gateways.jasmin:Jasmin",
        "kannel": "smsbot.gateways.kannel:Kannel",
        "magti": "smsbot.gateways.magti:Magti",
        "messagebird": "smsbot.gateways.messagebird:MessageBird",
        "msg_ge": "smsbot.gateways.msg_ge:MsgGe",
        "plivo": "smsbot.gateways.plivo:Plivo",
        "sender_ge": "smsbot.gateways.sender_ge:SenderGe",
        "simulator": "smsbot.gateways.simulator:Simulator",
        "sinch": "smsbot.gateways.sinch:Sinch",
        "smpp": "smsbot.gateways.smpp:Smpp",
        "smsgate": "smsbot.gateways.smsgate:Smsgate",
        "smsoffice": "smsbot.gateways.smsoffice:Smsoffice",
        "telnyx": "smsbot.gateways.telnyx:Telnyx",
        "twilio": "smsbot.gateways.twilio:Twilio",
        "ubill": "smsbot.gateways.ubill:Ubill",
        "vonage": "smsbot.gateways.vonage:Vonage",
    }
)

Gateway = HttpGateway | Transport


@dataclass(frozen=True, slots=True)
class Channel:
    """A gateway under the name that a municipality gave it."""

    name: str
    gateway: Gateway
    config: ChannelConfig

    @property
    def most_parts(self) -> int | None:
        """Of one message, by the settings and by what the gateway can; None: any number."""
        allowed = (self.config.max_parts, self.gateway.capabilities.max_parts)
        return min((parts for parts in allowed if parts is not None), default=None)

    @property
    def needs_token(self) -> bool:
        """Do its webhooks prove themselves by `webhook_token`, for want of a signature?"""
        return isinstance(self.gateway, HttpGateway) and not (
            self.gateway.capabilities.signed and self.config.signature_ready
        )


def known() -> list[str]:
    """Every gateway's name, in alphabetical order."""
    return sorted({*BUILT_IN, *entry_points(group=GROUP).names})


def gateway_class(name: str) -> type[HttpGateway] | type[Transport]:
    """The class behind *name*. Raises KeyError for an unknown name."""
    if name in BUILT_IN:
        module, _, attribute = BUILT_IN[name].partition(":")
        found: type[HttpGateway] | type[Transport] = getattr(import_module(module), attribute)
        return found
    for point in entry_points(group=GROUP, name=name):
        loaded: type[HttpGateway] | type[Transport] = point.load()
        return loaded
    raise KeyError(name)


def channel(name: str, values: Mapping[str, Any]) -> Channel:
    """The channel that `[channels.NAME]` describes. Raises `SettingsError` with one sentence that names the key."""
    prefix = f"channels.{name}"
    chosen = values.get("gateway")
    if not chosen:
        raise SettingsError(f"The configuration key `{prefix}.gateway` is missing; known are: {', '.join(known())}.")
    try:
        kind = gateway_class(str(chosen))
    except KeyError:
        raise SettingsError(
            f"The configuration key `{prefix}.gateway` names no gateway; known are: {', '.join(known())}."
        ) from None
    try:
        config = kind.Config.model_validate(dict(values))
    except ValidationError as error:
        raise SettingsError(sentence(error, prefix)) from None  # the error itself would show the values
    built = Channel(name, kind(config), config)  # type: ignore[call-arg]  # a Protocol cannot declare its constructor
    if config.inbound and built.needs_token and not (config.webhook_token and config.webhook_token.get_secret_value()):
        raise SettingsError(
            f"The configuration key `{prefix}.webhook_token` is missing: the gateway `{chosen}` signs nothing here, "
            "so a long random word must protect the channel's addresses."
        )
    return built


def check_keys(table: Mapping[str, Mapping[str, Any]]) -> None:
    """Raises `SettingsError` for a key that its gateway does not have. What else is wrong, or missing because only the
    server's environment has it, is for those who use the channels."""
    for name, values in table.items():
        try:
            gateway_class(str(values.get("gateway"))).Config.model_validate(dict(values))
        except KeyError:
            continue
        except ValidationError as error:
            if any(fault["type"] == UNKNOWN for fault in error.errors(include_url=False, include_input=False)):
                raise SettingsError(sentence(error, f"channels.{name}")) from None


def channels(table: Mapping[str, Mapping[str, Any]]) -> dict[str, Channel]:
    """All of `[channels]`, in the order of the file. Raises `SettingsError`."""
    found = {name: channel(name, values) for name, values in table.items()}
    for name in found:
        fallbacks(found, name)
    return found


def fallbacks(found: Mapping[str, Channel], name: str) -> tuple[str, ...]:
    """The channels that take over from *name*, nearest first. Raises `SettingsError` for one that cannot."""
    chain: list[str] = []
    at = name
    while (following := found[at].config.fallback) is not None:
        key = f"channels.{at}.fallback"
        if following not in found:
            raise SettingsError(f"The configuration key `{key}` names no channel; there are: {', '.join(found)}.")
        if not found[following].config.outbound:
            raise SettingsError(
                f"The configuration key `{key}` names a channel with `outbound = false`; choose another."
            )
        if following == name or following in chain:
            raise SettingsError(
                f"The configuration key `{key}` leads back to `{following}`; a fallback must end somewhere."
            )
        chain.append(following)
        at = following
    return tuple(chain)


def build(name: str, values: Mapping[str, Any]) -> Gateway:
    """Only the gateway of `channel(name, values)`."""
    return channel(name, values).gateway
