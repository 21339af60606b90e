"""What a trial of a channel says: from the gateways' answers, from looks at an address, from what was seen."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from dataclasses import replace

import pytest

from smsbot.cli.channel_trial import Seen, Tried, credentials, reachable, verdict
from smsbot.errors import Misconfigured, Unavailable
from smsbot.gateways import registry
from smsbot.status import Status
from smsbot.store.channel_trace import Fate, Trace
from smsbot.testing.fake_gateway import Answer, FakeGateway, throttle
from smsbot.testing.smsc import PASSWORD, SYSTEM_ID, Smsc


@pytest.fixture
def provider() -> Iterator[FakeGateway]:
    with FakeGateway() as running:
        yield running


def channel(gateway: str, **keys: object) -> registry.Channel:
    return registry.channel("main", {"gateway": gateway, "sender": "2200", **keys})


def twilio(provider: FakeGateway) -> registry.Channel:
    return channel("twilio", account_sid="AC1", auth_token="s3cr3t", base_url=provider.url)


def said(content: object, status: int = 200) -> Answer:
    return Answer(status, json.dumps(content).encode())


async def test_credentials_that_are_right_are_told_with_the_balance(provider: FakeGateway) -> None:
    provider.always = said({"sid": "AC1"})
    provider.balance = 12.5
    assert await credentials(twilio(provider)) == Tried("The credentials are right; what is left to spend: 12.5 GEL.")
    provider.balance = math.nan  # as good as none
    assert await credentials(twilio(provider)) == Tried("The credentials are right.")


async def test_credentials_that_are_wrong_are_a_fault_that_shows_none_of_them(provider: FakeGateway) -> None:
    provider.always = said({"code": 20003, "status": 401}, 401)
    tried = await credentials(twilio(provider))
    assert isinstance(tried.fault, Misconfigured)
    assert "s3cr3t" not in tried.said
    assert provider.count == 1


async def test_a_gateway_that_cannot_be_reached_is_a_fault(provider: FakeGateway) -> None:
    provider.always = Answer(503, b"")
    assert isinstance((await credentials(twilio(provider))).fault, Unavailable)


async def test_a_gateway_that_is_busy_says_nothing_about_the_credentials(provider: FakeGateway) -> None:
    provider.always = throttle()
    tried = await credentials(twilio(provider))
    assert tried.fault is None
    assert "does not tell" in tried.said


async def test_the_balance_alone_proves_the_credentials(provider: FakeGateway) -> None:
    office = channel("smsoffice", api_key="k", base_url=provider.url)
    provider.then(Answer(200, b"5120"))
    assert (await credentials(office)).said.endswith("5120 SMS.")
    provider.then(said({"Success": False, "ErrorCode": 80}))
    assert isinstance((await credentials(office)).fault, Misconfigured)


async def test_where_there_is_no_harmless_way_it_is_said() -> None:
    kannel = channel("kannel", username="u", password="p", webhook_token="t")
    assert "no harmless way" in (await credentials(kannel)).said
    assert "no credentials" in (await credentials(channel("simulator"))).said


async def test_a_connection_is_made_and_ended_again() -> None:
    with Smsc() as smsc:
        keys = {"host": "127.0.0.1", "port": smsc.port, "system_id": SYSTEM_ID}
        tried = await credentials(channel("smpp", password=PASSWORD, **keys))
        assert tried == Tried("The credentials are right: the connection was made, and ended again.")
        assert smsc.wait("the connection is unbound", lambda: smsc.seen.unbinds) == 1
        wrong = await credentials(channel("smpp", password="wrong", **keys))
        assert isinstance(wrong.fault, Misconfigured)
    assert isinstance((await credentials(channel("smpp", password=PASSWORD, **keys))).fault, Unavailable)


@pytest.mark.parametrize(
    "url, told",
    [
        (None, "not set"),
        ("http://127.0.0.1:8000", "machine or network"),
        ("https://127.0.0.1", "machine or network"),
        ("https://[::1]:8000", "machine or network"),
        ("https://192.168.1.7", "machine or network"),
        ("https://localhost", "machine or network"),
        ("https://server", "machine or network"),
        ("https://sms.local", "machine or network"),
        ("http://sms.example.ge", "not https"),
        ("https://sms.example.ge", "looks as if"),
        ("https://sms.example.ge:8443/smsbot", "looks as if"),
        ("https://8.8.8.8", "looks as if"),
    ],
)
def test_the_looks_of_the_public_address(url: str | None, told: str) -> None:
    assert told in reachable(url)
    assert reachable(url).endswith(".")


NOTHING = Trace(0, (), 0)
SENT, DELIVERED = Fate("main", Status.SENT), Fate("main", Status.DELIVERED)
QUEUED = Fate("main", Status.QUEUED, "The account has no money left. (402)")
FAILED = Fate("main", Status.FAILED, "No such number. (21211)")
BASE = Seen("main", receives=True, sends=True, trace=NOTHING, sent=None, working=True, waited_s=60.0)
ONLY_SENDS = replace(BASE, receives=False)

VERDICTS = [
    (BASE, False, False, "has these addresses"),
    (replace(BASE, has_addresses=False), False, False, "went to the channel's number"),
    (replace(BASE, working=False), False, False, "Nobody listens"),
    (replace(BASE, trace=Trace(0, (), 1)), False, False, "Reports come, but no text came"),
    (replace(BASE, trace=Trace(1, (SENT,), 0)), True, True, "works in both directions"),
    (replace(BASE, trace=Trace(1, (DELIVERED,), 1)), True, True, "works in both directions"),
    (replace(BASE, trace=Trace(1, (), 0)), True, True, "no answer"),
    (replace(BASE, trace=Trace(1, (), 0), sent=SENT), True, True, "works in both directions"),
    (replace(BASE, trace=Trace(1, (Fate("other", Status.SENT),), 0)), True, True, "its answer left by `other`"),
    (replace(BASE, trace=Trace(1, (QUEUED,), 0)), False, False, "no money left"),
    (replace(BASE, trace=Trace(1, (FAILED,), 0)), True, False, "its answer did not arrive: No such number"),
    (replace(BASE, trace=Trace(2, (SENT, QUEUED), 0)), False, False, "has not left"),
    (replace(BASE, sent=QUEUED), False, False, "has not left within 60 s: The account has no money left"),
    (replace(BASE, sent=FAILED), False, False, "No such number"),
    (replace(BASE, sent=SENT), False, False, "It sends, but no text came"),
    (replace(BASE, sent=QUEUED, trace=Trace(1, (SENT,), 0)), False, False, "has not left"),
    (ONLY_SENDS, True, True, "--send"),
    (replace(ONLY_SENDS, trace=Trace(0, (), 2)), True, True, "its reports come"),
    (replace(ONLY_SENDS, sent=SENT), True, True, "was taken."),
    (replace(ONLY_SENDS, sent=DELIVERED), True, True, "has arrived."),
    (replace(ONLY_SENDS, sent=Fate("spare", Status.SENT)), True, True, "taken by `spare`"),
    (replace(ONLY_SENDS, sent=Fate("main", Status.SUPPRESSED)), True, False, "suppressed"),
]


@pytest.mark.parametrize("seen, settled, well, told", VERDICTS)
def test_the_verdict_is_one_sentence_from_what_was_seen(seen: Seen, settled: bool, well: bool, told: str) -> None:
    found, sentence = verdict(seen)
    assert (found, seen.settled) == (well, settled)
    assert told in sentence
    assert sentence.endswith(".")
    assert "\n" not in sentence
