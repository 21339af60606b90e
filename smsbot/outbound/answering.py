"""Which channels people cannot answer, and the number that STOP can be sent to instead."""

from __future__ import annotations

import re
from collections.abc import Mapping

from smsbot.gateways.registry import Channel

_NUMBER = re.compile(r"\+?[0-9]{2,15}").fullmatch


def answerable(channel: Channel) -> bool:
    """A sender with letters in it cannot be answered, whatever the gateway can do (field notes on Georgian senders)."""
    return channel.gateway.capabilities.answerable and not any(letter.isalpha() for letter in channel.config.sender)


def number_for(channel: Channel, channels: Mapping[str, Channel]) -> str | None:
    """Where people who get texts by *channel* can send STOP; None: here, or nobody knows where."""
    if answerable(channel) or not channel.config.outbound:
        return None
    if channel.config.answer_to is not None:
        return channel.config.answer_to
    receiving = (
        each.config.sender
        for each in channels.values()
        if each.config.inbound and (_simulated(channel) or not _simulated(each))
    )
    return next((sender for sender in receiving if _NUMBER(sender)), None)


def _simulated(channel: Channel) -> bool:
    """Real phones cannot reach the one in the browser."""
    return channel.config.gateway == "simulator"


def numbers(channels: Mapping[str, Channel]) -> dict[str, str]:
    """Channel → number, for those whose texts have to say it."""
    found = {name: number_for(channel, channels) for name, channel in channels.items()}
    return {name: number for name, number in found.items() if number is not None}


def unanswered(channel: Channel, channels: Mapping[str, Channel]) -> bool:
    """Do texts leave by *channel* that nobody can answer and that cannot say where STOP goes?"""
    return channel.config.outbound and not answerable(channel) and number_for(channel, channels) is None
