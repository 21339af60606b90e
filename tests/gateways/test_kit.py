"""The conformance kit finds what is wrong: for each behaviour a gateway that lacks it, made from a good one."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import replace
from importlib.metadata import EntryPoint, EntryPoints
from typing import Any, ClassVar

import pytest
import structlog

from smsbot.errors import GatewayError, HookMalformed, Refused
from smsbot.gateways import registry
from smsbot.gateways.base import Accepted, Capabilities, Event, Hook, Message, Request, Response, StatusChange
from smsbot.gateways.kannel import Kannel
from smsbot.gateways.reading import first_of_each, needed
from smsbot.gateways.twilio import Twilio
from smsbot.gateways.ubill import Ubill
from smsbot.testing.conformance import BEHAVIOURS, Sample
from tests.gateways.samples import SAMPLES

log = structlog.get_logger()


class Believing(Twilio):
    def verify(self, hook: Hook) -> bool:
        return True


class BelievingAnySignature(Twilio):
    def verify(self, hook: Hook) -> bool:
        given = hook.headers.get("x-twilio-signature", "")
        return bool(given) and given != "w-r-o-n-g"


class Suspicious(Twilio):
    def verify(self, hook: Hook) -> bool:
        return False


class Forgetful(Twilio):
    """Gives a text another id each time."""

    numbers: ClassVar = itertools.count()

    def parse(self, hook: Hook) -> list[Event]:
        return [replace(event, external_id=f"{next(self.numbers)}") for event in super().parse(hook)]


class Strict(Twilio):
    """Refuses a status that it does not know."""

    def parse(self, hook: Hook) -> list[Event]:
        events = super().parse(hook)
        if any(isinstance(event, StatusChange) and event.status is None for event in events):
            raise HookMalformed("The status is unknown.")
        return events


class Taciturn(Twilio):
    """Leaves out a status that it does not know, without a word."""

    def parse(self, hook: Hook) -> list[Event]:
        return [each for each in super().parse(hook) if not isinstance(each, StatusChange) or each.status is not None]


class Lenient(Twilio):
    def parse(self, hook: Hook) -> list[Event]:
        try:
            return super().parse(hook)
        except HookMalformed:
            return []


class Careless(Twilio):
    """Takes for granted that fields are there."""

    def parse(self, hook: Hook) -> list[Event]:
        _ = first_of_each(hook.form)["MessageSid"]
        return super().parse(hook)


class Talkative(Twilio):
    """Complains with the number."""

    def parse(self, hook: Hook) -> list[Event]:
        fields = first_of_each(hook.form)
        try:
            needed(fields, "MessageSid")
        except HookMalformed as error:
            raise HookMalformed(f"A text of {fields.get('From')} has no id.") from error
        return super().parse(hook)


class Chatty(Twilio):
    def parse(self, hook: Hook) -> list[Event]:
        log.info("a text came", number=first_of_each(hook.form).get("From"))
        return super().parse(hook)


class Impatient(Twilio):
    """Takes 429 for a refusal."""

    def result(self, response: Response) -> Accepted | GatewayError:
        return Refused("429", "No.") if response.status == 429 else super().result(response)


class Resigned(Twilio):
    """Takes a fault of the provider for a refusal."""

    def result(self, response: Response) -> Accepted | GatewayError:
        return Refused("503", "No.") if response.status == 503 else super().result(response)


class Credulous(Twilio):
    """Takes whatever is no fault for a success."""

    def result(self, response: Response) -> Accepted | GatewayError:
        return Accepted("w-1") if response.status < 500 and response.status != 429 else super().result(response)


class Unready(Twilio):
    def request(self, message: Message) -> Request:
        request = super().request(message)
        return replace(request, url=f"{request.url}?text={message.text}")


class Unanswered(Twilio):
    """Does not know what a success looks like."""

    def result(self, response: Response) -> Accepted | GatewayError:
        return Refused("", "No.") if response.status == 201 else super().result(response)


class Boasting(Kannel):
    """Says that repeats are removed, though nothing in a request tells them."""

    capabilities = Capabilities(removes_duplicates=True)

    def request(self, message: Message) -> Request:
        return super().request(replace(message, status_url=""))


class Modest(Twilio):
    capabilities = Capabilities(signed=True, inbound=False)


class Silent(Twilio):
    capabilities = Capabilities(signed=True, reports=False)


class Unsigned(Twilio):
    capabilities = Capabilities(signed=False)


class Nameless(Twilio):
    name = "twilio"


class OtherText(Twilio):
    """Loses what stands after the first word."""

    def parse(self, hook: Hook) -> list[Event]:
        return [
            replace(event, text=event.text.split()[0]) if hasattr(event, "text") and event.text else event
            for event in super().parse(hook)
        ]


class Halved(Ubill):
    """Has the question about messages, but understands no answer."""

    def polled(self, pending: Sequence[Any], response: Response) -> list[StatusChange] | GatewayError:
        return []


class Fragile(Twilio):
    def parse(self, hook: Hook) -> list[Event]:
        hook.body.decode("utf-8")
        return super().parse(hook)


class Showing(Twilio):
    def __repr__(self) -> str:
        return f"Showing({self.config.auth_token.get_secret_value()})"  # type: ignore[attr-defined]  # Twilio's own


WRONG = [
    (Believing, "forged"),
    (BelievingAnySignature, "forged"),
    (Suspicious, "forged"),
    (Forgetful, "repeat"),
    (Strict, "unknown"),
    (Taciturn, "unknown"),
    (Lenient, "malformed"),
    (Careless, "malformed"),
    (Talkative, "malformed"),
    (Chatty, "repeat"),
    (Impatient, "throttled"),
    (Resigned, "fault"),
    (Credulous, "octets"),
    (Unready, "request"),
    (Unanswered, "request"),
    (Boasting, "capabilities"),
    (Modest, "capabilities"),
    (Silent, "capabilities"),
    (Unsigned, "capabilities"),
    (Nameless, "capabilities"),
    (OtherText, "capabilities"),
    (Halved, "capabilities"),
    (Fragile, "octets"),
    (Showing, "discretion"),
]


def sample_of(kind: type, monkeypatch: pytest.MonkeyPatch) -> Sample:
    """The sample of the gateway that *kind* was made from, for *kind*, which is registered meanwhile."""
    point = EntryPoint(name="wrong", value=f"{__name__}:{kind.__name__}", group=registry.GROUP)
    monkeypatch.setattr(EntryPoint, "load", lambda _self: kind)

    def entry_points(**chosen: str) -> EntryPoints:
        return EntryPoints([point]).select(**chosen)

    monkeypatch.setattr(registry, "entry_points", entry_points)
    if kind is not Nameless:
        monkeypatch.setattr(kind, "name", "wrong")
    good = SAMPLES[kind.__mro__[1].name]
    more = {"webhook_token": good.keys["auth_token"]} if kind is Unsigned else {}
    return replace(good, gateway="wrong", keys={**good.keys, **more})


@pytest.mark.parametrize("kind, name", WRONG, ids=lambda each: each if isinstance(each, str) else each.__name__)
def test_what_is_wrong_is_found(kind: type, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    (behaviour,) = (each for each in BEHAVIOURS if each.name == name)
    sample = sample_of(kind, monkeypatch)
    outcome = behaviour.outcome(sample)
    assert outcome.failure
    assert outcome.mark == "**no**"
    with pytest.raises(AssertionError, match=r"But: .+\.$"):
        behaviour.holds(sample)


@pytest.mark.parametrize("name", sorted({name for _, name in WRONG}))
def test_what_a_wrong_gateway_is_made_from_is_found_right(name: str) -> None:
    """Or the tests above would find anything."""
    (behaviour,) = (each for each in BEHAVIOURS if each.name == name)
    assert not behaviour.outcome(SAMPLES["twilio"]).failure


def test_every_behaviour_but_silence_has_a_gateway_that_lacks_it() -> None:
    """Silence is the hand-over's matter: a gateway can only be wrong about it in its capabilities."""
    assert {behaviour.name for behaviour in BEHAVIOURS} - {name for _, name in WRONG} == {"silence"}
