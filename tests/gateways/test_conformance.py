"""The conformance kit on every registered gateway, and the page that tells of it."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import pytest

from smsbot.gateways import registry
from smsbot.testing.conformance import BEHAVIOURS, Behaviour, Outcome
from smsbot.testing.conformance.__main__ import written
from smsbot.testing.conformance.table import conformance, covered
from tests.gateways.samples import SAMPLES

PAGE = Path(__file__).parents[2] / "docs" / "gateways" / "README.md"


@cache
def outcome(name: str, behaviour: Behaviour) -> Outcome:
    return behaviour.outcome(SAMPLES[name])


def test_every_registered_gateway_has_a_sample() -> None:
    assert list(covered(SAMPLES)) == registry.known()
    with pytest.raises(LookupError, match="kannel, twilio"):
        covered({name: sample for name, sample in SAMPLES.items() if name not in {"kannel", "twilio"}})


@pytest.mark.parametrize("behaviour", BEHAVIOURS, ids=str)
@pytest.mark.parametrize("name", registry.known())
def test_the_gateway_conforms(name: str, behaviour: Behaviour) -> None:
    found = outcome(name, behaviour)
    if found.failure:
        raise AssertionError(f"{name}: {behaviour.promise} But: {found.failure}.") from found.error


def test_the_page_shows_what_the_kit_finds() -> None:
    found = {(name, behaviour): outcome(name, behaviour) for name in registry.known() for behaviour in BEHAVIOURS}
    page = PAGE.read_text(encoding="utf-8")
    assert written(page, SAMPLES, conformance(registry.known(), found), PAGE.parent) == page, (
        "write it anew: python -m smsbot.testing.conformance --write"
    )
