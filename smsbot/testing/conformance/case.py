"""One trial: what is tried, where it may write, and what is logged meanwhile; and what several trials look at."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

from smsbot.errors import GatewayError
from smsbot.gateways.base import Request
from smsbot.testing.conformance.leaks import Logbook
from smsbot.testing.conformance.sample import Sample


@dataclass(frozen=True, slots=True)
class Case:
    """*folder* is empty and its own."""

    sample: Sample
    folder: Path
    log: Logbook


Trial = Callable[[Case], Awaitable[None]]
"""Raises AssertionError for what does not hold, `Inapplicable` for what cannot be shown."""


def ready(request: Request) -> None:
    """Can it be sent as it stands?"""
    assert request.url.isascii(), "the address is not ASCII"
    assert request.url.isprintable(), "the address holds control characters"
    assert " " not in request.url, "the address holds a blank"
    for name, value in request.headers.items():
        assert name == name.lower(), f"the header {name} is not in lower case"
        assert value.isprintable(), f"the header {name} holds control characters"


def error_of(outcome: object, what: str) -> GatewayError:
    assert isinstance(outcome, GatewayError), f"{what} is understood as {type(outcome).__name__}"
    return outcome
