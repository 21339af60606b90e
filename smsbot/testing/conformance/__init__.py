"""The conformance kit: what every gateway must do, tried on yours by a file of a few lines.

    import pytest
    from smsbot.testing.conformance import BEHAVIOURS, Behaviour, Sample

    SAMPLE = Sample("yours", {"api_key": SECRET}, text=form({…}), report=form({…}), …)

    @pytest.mark.parametrize("behaviour", BEHAVIOURS, ids=str)
    def test_the_gateway_conforms(behaviour: Behaviour) -> None:
        behaviour.holds(SAMPLE)

`docs/writing-a-gateway.md` goes through it. Needs hypothesis, which the product does not.
"""

from smsbot.testing.conformance.kit import BEHAVIOURS, Behaviour, Outcome
from smsbot.testing.conformance.sample import (
    AT_MS,
    AT_S,
    MESSAGE,
    NUMBER,
    PUBLIC,
    SECRET,
    TEXT,
    Call,
    Inapplicable,
    Peer,
    Sample,
    Wire,
    document,
    form,
    query,
)

__all__ = [
    "AT_MS",
    "AT_S",
    "BEHAVIOURS",
    "MESSAGE",
    "NUMBER",
    "PUBLIC",
    "SECRET",
    "TEXT",
    "Behaviour",
    "Call",
    "Inapplicable",
    "Outcome",
    "Peer",
    "Sample",
    "Wire",
    "document",
    "form",
    "query",
]
