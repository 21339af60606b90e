"""What every gateway with webhooks and requests must do, whoever's provider it is. A failure is an AssertionError."""

from __future__ import annotations

from dataclasses import replace
from urllib.parse import quote

from smsbot.errors import Throttled, Unavailable
from smsbot.gateways.base import Response
from smsbot.status import Status
from smsbot.testing.conformance.case import Case, ready
from smsbot.testing.conformance.door import opened
from smsbot.testing.conformance.handing import SILENCE_S, closed_port, hand
from smsbot.testing.conformance.sample import AT_MS, MESSAGE, NUMBER, SECRET, Call, Inapplicable, Sample, query
from smsbot.testing.fake_gateway import CUT, Answer, FakeGateway, slow, throttle

FAULTS = (500, 502, 503, 504)
BODIES = (b"", b"{}", b"<html>slow down</html>", b"null", b"[[]]")
WRONG = "w-r-o-n-g"


async def refuses_forged(case: Case) -> None:
    """Without the right signature or token: 403, and nothing is kept."""
    sample = case.sample
    channel = sample.channel()
    assert channel.needs_token or sample.sign or not sample.wires(), "the sample of a gateway that signs needs `sign`"
    forged = [query({"id": "a", "from": NUMBER, "text": "JOIN", "status": "sent"}).call("inbound", {})]
    for address, wire in sample.wires():
        bare = wire.call(address, {})
        genuine = sample.genuine(wire, address)
        forged.append(bare)
        if channel.needs_token:
            forged += [wire.call(address, {"token": ""}), wire.call(address, {"token": SECRET + "x"})]
            forged.append(replace(bare, headers={**bare.headers, "x-webhook-token": WRONG}))
        else:
            forged += _spoiled(bare, genuine)
    async with opened(channel, case.folder) as door:
        for call in forged:
            assert await door.call(call) == 403, "a forged call is not answered with 403"
        assert case.log.times("webhook refused: signature or token") == len(forged)
        assert await door.texts() == 0
        for address, wire in sample.wires():
            status = await door.call(sample.genuine(wire, address))
            assert 200 <= status < 300, f"the genuine call is answered with {status}"
            if channel.needs_token:
                bare = wire.call(address, {})
                by_header = replace(bare, headers={**bare.headers, "x-webhook-token": SECRET})
                assert 200 <= await door.call(by_header) < 300, "the token in the header is not taken"


def _spoiled(bare: Call, genuine: Call) -> list[Call]:
    """A signature that is wrong, and one that was made for another content."""
    added = {name: value for name, value in genuine.headers.items() if bare.headers.get(name) != value}
    spoiled = [replace(genuine, headers={**genuine.headers, **{name: WRONG}}) for name in added]
    if not added:  # the proof stands in the query or the body
        spoiled.append(replace(genuine, url=_other_ending(genuine.url)))
    other = NUMBER[:-1] + "9"
    for one, another in ((NUMBER, other), (NUMBER[1:], other[1:]), ("teleported", "teleporteD"), ("out-7", "out-8")):
        body = genuine.body.replace(quote(one).encode(), quote(another).encode())
        body = body.replace(one.encode(), another.encode())
        changed = replace(genuine, url=genuine.url.replace(quote(one), quote(another)), body=body)
        if changed != genuine:
            spoiled.append(changed)
    return spoiled


def _other_ending(url: str) -> str:
    return url[:-1] + ("0" if url[-1] != "0" else "1")


async def takes_a_repeat_once(case: Case) -> None:
    """A text that is brought twice is one row and is acknowledged twice; a report that comes twice is, too."""
    sample = case.sample
    if not sample.wires():
        raise Inapplicable("its provider calls nobody")
    async with opened(sample.channel(), case.folder) as door:
        for address, wire in sample.wires():
            for _ in range(2):
                status = await door.call(sample.genuine(wire, address))
                assert 200 <= status < 300, f"answered with {status}"
        assert await door.texts() == (1 if sample.text is not None else 0), "a repeat is another text"


async def ignores_an_unknown_status(case: Case) -> None:
    """200, and a line in the log with the provider's own word."""
    sample = case.sample
    if sample.unknown is None:
        raise Inapplicable("its provider calls nobody" if not sample.wires() else "its provider sends no reports")
    async with opened(sample.channel(), case.folder) as door:
        status = await door.call(sample.genuine(sample.unknown, "status"))
        assert 200 <= status < 300, f"answered with {status}"
    assert case.log.times("unknown delivery status") == 1
    assert sample.raw in case.log.told(), "the log does not tell the provider's word"


async def refuses_the_unreadable(case: Case) -> None:
    """400, kept in the case.log. What is genuine and lacks a field is read or refused, never a failure of ours."""
    sample = case.sample
    if not sample.wires():
        raise Inapplicable("its provider calls nobody")
    refused = 0
    async with opened(sample.channel(), case.folder) as door:
        for address, wire in sample.wires():
            calls = [sample.genuine(lesser, address) for lesser in wire.lacking()]
            if wire.where == "json":
                whole = wire.call(address, {"token": SECRET} if sample.channel().needs_token else {})
                half = replace(whole, body=whole.body[: len(whole.body) // 2])
                half = half if sample.sign is None else sample.sign(half)
                assert await door.call(half) == 400, "half a body is not answered with 400"
                refused += 1
            statuses = [await door.call(call) for call in calls]
            assert all(200 <= status < 300 or status == 400 for status in statuses), statuses
            refused += statuses.count(400)
    assert refused, "nothing that lacks a field is refused"
    assert case.log.times("webhook refused: unreadable") == refused


async def slows_when_throttled(case: Case) -> None:
    """429: later, at the time that the provider names; no attempt, and the channel becomes slower."""
    sample = case.sample
    with FakeGateway() as provider:
        provider.always = throttle("2")
        handed = await hand(sample.channel(base_url=provider.url))
        assert provider.count == 1
    assert (handed.result.status, handed.result.attempts) == (Status.SENDING, 0), "a throttled message counts as tried"
    assert handed.result.due_ms == AT_MS + 2_000, "`Retry-After` is not followed"
    assert handed.slowed, "the channel is not slower"
    for body in BODIES:
        outcome = sample.http().result(Response(429, {"retry-after": "2"}, body))
        assert isinstance(outcome, Throttled), f"429 with {body!r} is {type(outcome).__name__}"
        assert outcome.retry_after_s == 2.0


async def tries_again_after_a_fault(case: Case) -> None:
    """No connection, or 5xx: surely not accepted, so it is tried again."""
    sample = case.sample
    handed = await hand(sample.channel(base_url=f"http://127.0.0.1:{closed_port()}"))
    assert (handed.result.status, handed.result.attempts) == (Status.SENDING, 1), "refused connection"
    with FakeGateway() as provider:
        for status in FAULTS:
            provider.then(Answer(status, b"fault"))
            handed = await hand(sample.channel(base_url=provider.url))
            assert (handed.result.status, handed.result.attempts) == (Status.SENDING, 1), f"{status} is not tried again"
        assert provider.count == len(FAULTS)
    for status in FAULTS:
        for body in BODIES:
            assert isinstance(sample.http().result(Response(status, {}, body)), Unavailable)


async def leaves_the_uncertain(case: Case) -> None:
    """Taken, and then silence or a cut: `unknown`; tried again only where the gateway removes duplicates."""
    sample = case.sample
    expected = Status.SENDING if sample.channel().gateway.capabilities.removes_duplicates else Status.UNKNOWN
    with FakeGateway() as provider:
        provider.then(CUT, slow(3_600))
        for what in ("a cut", "silence"):
            handed = await hand(sample.channel(base_url=provider.url), timeout_s=SILENCE_S)
            assert handed.result.status is expected, f"after {what} the message is {handed.result.status}"
        assert provider.count == 2


async def hands_over(case: Case) -> None:
    """The request is ready for the wire and arrives as it was made; the answer is understood."""
    sample = case.sample
    assert sample.accepted is not None, "the sample lacks `accepted`"
    with FakeGateway() as provider:
        provider.then(sample.accepted)
        channel = sample.channel(base_url=provider.url)
        handed = await hand(channel)
        (asked,) = provider.wait_for(1)
    assert handed.result.status is Status.SENT, f"the answer of success is understood as {handed.result.status}"
    message = replace(MESSAGE, sender=channel.config.sender, status_url=_status_url(sample))
    request = sample.http(base_url=provider.url).request(message)
    ready(request)
    assert asked.method == request.method
    assert asked.target == (request.url.removeprefix(provider.url) or "/"), "the address arrives as something else"
    assert asked.body == request.body
    for name, value in request.headers.items():
        assert asked.headers.get(name) == value, f"the header {name} arrives as something else"


def _status_url(sample: Sample) -> str:
    token = sample.channel().config.webhook_token
    return MESSAGE.status_url + ("" if token is None else f"?token={token.get_secret_value()}")
