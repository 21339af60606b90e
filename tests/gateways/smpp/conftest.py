from __future__ import annotations

from collections.abc import Iterator

import pytest

from smsbot.testing.smsc import Smsc
from tests.gateways.smpp.wiring import Remembering


@pytest.fixture
def smsc() -> Iterator[Smsc]:
    with Smsc() as server:
        yield server


@pytest.fixture
def inbox() -> Remembering:
    return Remembering()
