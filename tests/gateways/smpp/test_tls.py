"""TLS: the SMSC proves who it is, or nothing is said to it. The certificate is of 127.0.0.1 and signed by itself."""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from pathlib import Path

import pytest

from smsbot.errors import Misconfigured
from smsbot.gateways.base import Accepted
from smsbot.testing.smsc import Smsc
from tests.gateways.smpp.wiring import Remembering, message, running, smpp

FOLDER = Path(__file__).parent / "tls"
CERTIFICATE, KEY = FOLDER / "certificate.pem", FOLDER / "key.pem"


@pytest.fixture
def secure() -> Iterator[Smsc]:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(CERTIFICATE, KEY)
    with Smsc(tls=context) as server:
        yield server


async def test_messages_leave_to_an_smsc_whose_certificate_is_known(secure: Smsc, inbox: Remembering) -> None:
    gateway = smpp(secure.port, tls=True, tls_ca=str(CERTIFICATE))
    async with running(gateway, inbox):
        assert await gateway.send(message()) == Accepted("1")
    assert secure.seen.unbinds == 1


@pytest.mark.parametrize("keys", [{}, {"host": "localhost", "tls_ca": str(CERTIFICATE)}])
async def test_a_certificate_that_is_not_valid_for_the_host_is_refused_before_anything_is_said(
    secure: Smsc, inbox: Remembering, keys: dict[str, object]
) -> None:
    async with running(smpp(secure.port, tls=True, **keys), inbox, bound=False):
        await inbox.until(lambda: inbox.troubles)
    assert isinstance(inbox.troubles[0], Misconfigured)
    assert "certificate" in str(inbox.troubles[0])
    assert secure.seen.pdus == []


async def test_a_server_without_tls_is_named_as_such(smsc: Smsc, inbox: Remembering) -> None:
    async with running(smpp(smsc.port, tls=True, tls_ca=str(CERTIFICATE)), inbox, bound=False):
        await inbox.until(lambda: inbox.troubles)
    assert inbox.troubles[0] is not None
    assert not smsc.seen.binds
