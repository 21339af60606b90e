"""Does a gateway do what its `capabilities` and its further members say?"""

from __future__ import annotations

import math
from dataclasses import replace

from smsbot.errors import GatewayError
from smsbot.gateways import registry
from smsbot.gateways.base import (
    Accepted,
    Balance,
    Balanced,
    ChannelConfig,
    HttpGateway,
    Link,
    Pending,
    Polled,
    Probed,
    Received,
    Response,
    StatusChange,
    Transport,
)
from smsbot.status import Status
from smsbot.testing.conformance.case import Case, error_of, ready
from smsbot.testing.conformance.sample import MESSAGE, NUMBER, TEXT, Address, Sample, Wire
from smsbot.testing.fake_gateway import Answer
from smsbot.text import phone

BAD = (401, 403, 500, 503)


async def keeps_its_word(case: Case) -> None:
    """Capabilities are honoured, and `Polled`, `Balanced` and `Probed` are whole."""
    sample = case.sample
    kind = registry.gateway_class(sample.gateway)
    assert kind.name == sample.gateway, f"it is registered as {sample.gateway} and calls itself {kind.name}"
    assert issubclass(kind.Config, ChannelConfig)
    can = kind.capabilities
    assert can.max_parts is None or 1 <= can.max_parts <= 255
    assert can.answerable or not can.inbound, "people's texts come by it, yet nobody can answer it"
    gateway = sample.channel().gateway
    if isinstance(gateway, HttpGateway):
        assert "base_url" in kind.Config.model_fields, "an HTTP gateway has the key `base_url`"
        assert not isinstance(gateway, Transport), "it has requests and sends by itself: nobody knows which counts"
        _http(sample, gateway)
    else:
        assert isinstance(gateway, Transport), "it is neither an HTTP gateway nor a transport"
        assert not isinstance(gateway, Polled | Balanced | Probed), "only HTTP gateways are asked"
        assert isinstance(gateway, Link) or not sample.peer, "`peer` is for gateways with a connection of their own"


def _http(sample: Sample, gateway: HttpGateway) -> None:
    can = gateway.capabilities
    assert sample.accepted is not None, "the sample lacks `accepted`"
    accepted = gateway.result(_response(sample.accepted))
    assert isinstance(accepted, Accepted), f"the answer of success is understood as {type(accepted).__name__}"
    first, again, other = (gateway.request(each) for each in (MESSAGE, MESSAGE, replace(MESSAGE, id="out-8")))
    if can.removes_duplicates:
        assert first == again != other, "nothing in a repeat tells the provider that it is one"
    assert 200 <= gateway.ack(Wire({}, "form").call("inbound", {}).hook()).status < 300
    for address, wire in sample.wires():
        bare, genuine = wire.call(address, {}).hook(), sample.genuine(wire, address).hook()
        assert gateway.verify(genuine)
        assert gateway.verify(bare) is not (can.signed and sample.channel().config.signature_ready)
    _texts(sample, gateway)
    _reports(sample, gateway, accepted)
    if isinstance(gateway, Balanced):
        assert sample.balance is not None, "the sample of a `Balanced` gateway needs `balance`"
        ready(gateway.balance_request())
        left = gateway.balance(_response(sample.balance))
        assert isinstance(left, Balance)
        assert math.isfinite(left.amount)
        assert left.unit
        for status in BAD:
            error_of(gateway.balance(Response(status, {}, b"")), f"{status} to the question about the balance")
    if isinstance(gateway, Probed):
        assert sample.probed is not None, "the sample of a `Probed` gateway needs `probed`"
        ready(gateway.probe())
        assert gateway.probed(_response(sample.probed)) is None
        for status in BAD:
            error_of(gateway.probed(Response(status, {}, b"")), f"{status} to the probe")


def _texts(sample: Sample, gateway: HttpGateway) -> None:
    if not gateway.capabilities.inbound:
        assert sample.text is None, "people's texts do not come by it, says `capabilities.inbound`"
        assert not sample.channel().config.inbound, "`inbound` is on by itself, though nothing can come"
        return
    assert sample.text is not None, "the sample lacks `text`, or `capabilities.inbound` has to be False"
    for _ in range(2):
        (event,) = gateway.parse(sample.genuine(sample.text, "inbound").hook())
        assert isinstance(event, Received), "a text is understood as something else"
        assert phone.parse(event.number, "GE") == NUMBER, "the sender is another number"
        assert event.text == TEXT, "the text is another one"
        assert event.external_id, "the provider's id of the text is lost"
    elsewhere = gateway.parse(sample.genuine(sample.text, "status").hook())
    assert elsewhere == [event], "a text at the address for reports is not understood"


def _reports(sample: Sample, gateway: HttpGateway, accepted: Accepted) -> None:
    told: list[StatusChange] = []
    if sample.report is not None:
        addresses: tuple[Address, ...] = ("status", "inbound")
        for address in addresses:
            for event in gateway.parse(sample.genuine(sample.report, address).hook()):
                assert isinstance(event, StatusChange), "a report is understood as a text"
                told.append(event)
    if isinstance(gateway, Polled):
        assert sample.polled is not None, "the sample of a `Polled` gateway needs `polled`"
        assert gateway.poll_most >= 1
        pending = [Pending(MESSAGE.id, accepted.external_id, NUMBER)]
        ready(gateway.poll(pending))
        ready(gateway.poll(pending * gateway.poll_most))
        answer = gateway.polled(pending, _response(sample.polled))
        assert not isinstance(answer, GatewayError), f"the answer about a message is understood as {answer!r}"
        assert answer, "the answer about a message tells nothing"
        told += answer
        for status in BAD:
            error_of(gateway.polled(pending, Response(status, {}, b"")), f"{status} to a question")
    assert bool(told) is gateway.capabilities.reports, "`capabilities.reports` says otherwise than the sample"
    for change in told:
        assert change.status is Status.DELIVERED, f"the report of a delivery is understood as {change.status}"
        named = accepted.external_id is not None and change.external_id == accepted.external_id
        assert named or change.message_id == MESSAGE.id, "the report names another message"


def _response(answer: Answer) -> Response:
    return Response(answer.status or 200, {}, answer.body or b"")
