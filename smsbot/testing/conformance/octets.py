"""Whatever comes is read or refused: never another exception, and nothing that no database could store.

Needs hypothesis, which the product itself does not.
"""

from __future__ import annotations

import json
import math
from typing import Self
from urllib.parse import urlencode

from hypothesis import given, settings
from hypothesis import strategies as st

from smsbot.errors import GatewayError, HookMalformed
from smsbot.gateways.base import Accepted, Balanced, Hook, HttpGateway, Pending, Polled, Probed, Received, Response
from smsbot.testing.conformance.case import Case, ready
from smsbot.testing.conformance.leaks import leaked
from smsbot.testing.conformance.sample import MESSAGE, NUMBER, PUBLIC, Sample

NASTY = ["\0", "\ud800", "9" * 5000, "1e999", NUMBER, "", " ", "-1", "NaN", "%d", "true", "null"]
TYPES = ["", "application/json", "application/x-www-form-urlencoded", "text/xml", "multipart/form-data"]
RUN = settings(deadline=None)


class Deep(bytes):
    """Too deep for a parser that calls itself; shown in a word."""

    def __new__(cls) -> Self:
        return super().__new__(cls, b"[" * 50_000)

    def __repr__(self) -> str:
        return "Deep()"


class Strategies:
    """Webhooks and answers put together from the words of a sample and from anything at all."""

    def __init__(self, sample: Sample) -> None:
        words, headers = set[str](), set[str]()
        for address, wire in sample.wires():
            words |= wire.words()
            headers |= set(sample.genuine(wire, address).headers)
        for answer in (sample.accepted, sample.polled, sample.balance):
            words |= _words(answer.body if answer is not None and answer.body else b"")
        names = st.sampled_from(sorted(words | {"id", "status", "text", "from", "token"}))
        texts = names | st.sampled_from(NASTY) | st.text(max_size=12)
        value = st.recursive(
            st.none() | st.booleans() | st.integers() | st.floats() | texts,
            lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=6),
            max_leaves=12,
        )
        self.fields = st.lists(st.tuples(texts, texts), max_size=8)
        self.bodies = (
            st.binary(max_size=60)
            | value.map(lambda each: json.dumps(each).encode())
            | self.fields.map(lambda pairs: urlencode(pairs, errors="replace").encode())
            | st.builds(Deep)
        )
        shown = st.sampled_from(sorted(headers | {"authorization"}))
        self.headers = st.dictionaries(shown, texts, max_size=3)
        self.texts = texts

    def hooks(self) -> st.SearchStrategy[Hook]:
        return st.builds(
            _hook, st.sampled_from(["GET", "POST", "PUT"]), self.fields, st.sampled_from(TYPES), self.headers,
            self.bodies,
        )  # fmt: skip

    def responses(self) -> st.SearchStrategy[Response]:
        extra = self.texts.map(lambda wait: {"retry-after": wait, "date": wait})
        return st.builds(Response, st.integers(200, 599), extra, self.bodies)


def _words(body: bytes) -> set[str]:
    """The words of an answer: what stands between punctuation."""
    return set("".join(char if char.isalnum() or char in "_-" else " " for char in body.decode()).split())


def _hook(method: str, query: list[tuple[str, str]], kind: str, headers: dict[str, str], body: bytes) -> Hook:
    url = f"{PUBLIC}/channels/main/status?{urlencode(query, errors='replace')}"
    return Hook(method, url, {"content-type": kind} | headers, query, body)


async def survives_any_octets(case: Case) -> None:
    """Any webhook is read or `HookMalformed`; any answer has a meaning."""
    sample = case.sample
    gateway, strategies = sample.http(), Strategies(sample)
    _webhooks(gateway, strategies)
    _answers(gateway, strategies)
    if isinstance(gateway, Polled):
        _questions(gateway, strategies)
    if isinstance(gateway, Balanced):
        _balances(gateway, strategies)
    if isinstance(gateway, Probed):
        _probes(gateway, strategies)


def _webhooks(gateway: HttpGateway, strategies: Strategies) -> None:
    @RUN
    @given(strategies.hooks())
    def read(hook: Hook) -> None:
        assert gateway.verify(hook) in {True, False}
        assert gateway.ack(hook).status in range(200, 300)
        try:
            events = gateway.parse(hook)
        except HookMalformed as error:
            events, complaint = [], str(error)
        else:
            complaint = ""
        assert not leaked(complaint), "the complaint shows the number"
        for event in events:
            if isinstance(event, Received):
                assert gateway.capabilities.inbound, "a text came, though `capabilities.inbound` is False"
                assert event.number, "a text without a sender"
                _stored(event.number, event.text, event.external_id or "", event.to)
            else:
                assert event.external_id or event.message_id, "a report that names no message"
                _stored(event.external_id or "", event.message_id or "", event.error, event.raw)

    read()


def _answers(gateway: HttpGateway, strategies: Strategies) -> None:
    @RUN
    @given(strategies.responses())
    def understand(response: Response) -> None:
        outcome = gateway.result(response)
        assert isinstance(outcome, Accepted | GatewayError)
        if isinstance(outcome, Accepted):
            repeat = response.status == 409 and gateway.capabilities.removes_duplicates
            assert response.status < 400 or repeat, f"{response.status} counts as taken"
            _stored(outcome.external_id or "", *outcome.further_ids)
        else:
            _stored(outcome.code, str(outcome))

    understand()


def _questions(gateway: Polled, strategies: Strategies) -> None:
    pending = [Pending(MESSAGE.id, None, NUMBER)]
    ready(gateway.poll(pending))

    @RUN
    @given(strategies.responses())
    def understand(response: Response) -> None:
        told = gateway.polled(pending, response)
        if isinstance(told, GatewayError):
            return
        assert 200 <= response.status < 300, f"{response.status} tells something about messages"
        for change in told:
            _stored(change.error, change.raw)

    understand()


def _balances(gateway: Balanced, strategies: Strategies) -> None:
    @RUN
    @given(strategies.responses())
    def understand(response: Response) -> None:
        told = gateway.balance(response)
        assert isinstance(told, GatewayError) or (math.isfinite(told.amount) and 200 <= response.status < 300)

    understand()


def _probes(gateway: Probed, strategies: Strategies) -> None:
    @RUN
    @given(strategies.responses())
    def understand(response: Response) -> None:
        assert isinstance(gateway.probed(response), GatewayError) or response.status < 400

    understand()


def _stored(*texts: str) -> None:
    for text in texts:
        assert "\0" not in text, "NUL, which no database stores"
        text.encode("utf-8")
