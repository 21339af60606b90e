"""What an error says."""

import pytest

from smsbot.errors import GatewayError, Misconfigured, Refused, Throttled, Unavailable


@pytest.mark.parametrize("kind", [Misconfigured, Refused, Throttled, Unavailable])
def test_a_gateways_code_cannot_flood_whoever_reads_it(kind: type[GatewayError]) -> None:
    error = kind("no such brand " * 500, "The gateway refuses the message.")
    assert len(error.code) == 100
    assert error.code.startswith("no such brand no such brand")
    assert error.code.endswith("…")
    assert str(error) == f"The gateway refuses the message. ({error.code})"


@pytest.mark.parametrize("code", ["", "21610", "EC_SC_BLOCKED_BY_END_USER", "x" * 100])
def test_a_code_of_usual_length_stays_whole(code: str) -> None:
    assert Refused(code, "No.").code == code
