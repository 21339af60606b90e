"""The table of behaviours, and what came of each for a gateway."""

from __future__ import annotations

import asyncio
import tempfile
import traceback
from dataclasses import dataclass, field
from pathlib import Path

from smsbot.gateways.base import Balanced, HttpGateway, Pending, Polled, Probed, Response
from smsbot.testing.conformance import behaviours, capabilities, links
from smsbot.testing.conformance.case import Case, Trial
from smsbot.testing.conformance.leaks import leaked, logbook
from smsbot.testing.conformance.sample import MESSAGE, NUMBER, Inapplicable, Sample


@dataclass(frozen=True, slots=True)
class Outcome:
    """*failure*: what did not hold, by *error*. *inapplicable*: why the gateway cannot show the behaviour.

    Both empty: it holds.
    """

    failure: str = ""
    inapplicable: str = ""
    error: Exception | None = field(default=None, compare=False)

    @property
    def mark(self) -> str:
        return "**no**" if self.failure else "–" if self.inapplicable else "yes"


@dataclass(frozen=True, slots=True)
class Behaviour:
    """*title*: of its column. *promise*: a sentence. *http* and *other*: how it is tried, by the kind of gateway."""

    name: str
    title: str
    promise: str
    http: Trial
    other: Trial

    def __str__(self) -> str:
        return self.name

    def outcome(self, sample: Sample) -> Outcome:
        """Try it. Whatever it logs meanwhile may show neither a number nor a text nor a secret."""
        trial = self.http if isinstance(sample.channel().gateway, HttpGateway) else self.other
        with tempfile.TemporaryDirectory() as folder, logbook() as log:
            try:
                asyncio.run(_tried(trial, Case(sample, Path(folder), log)))
            except Inapplicable as reason:
                return Outcome(inapplicable=str(reason))
            except AssertionError as error:
                return Outcome(failure=str(error) or f"not {_claim(error)}", error=error)
            except Exception as error:  # of the gateway, so it is what did not hold
                return Outcome(failure=f"{type(error).__name__} at {_place(error)}", error=error)
            return Outcome()

    def holds(self, sample: Sample) -> Outcome:
        """For a test: the outcome. Raises AssertionError if the behaviour does not hold."""
        outcome = self.outcome(sample)
        if outcome.failure:
            raise AssertionError(f"{sample.gateway}: {self.promise} But: {outcome.failure}.") from outcome.error
        return outcome


def _claim(error: Exception) -> str:
    """What an assertion without a sentence asserts, as it stands in the source."""
    return (traceback.extract_tb(error.__traceback__)[-1].line or "").removeprefix("assert ")


def _place(error: Exception) -> str:
    last = traceback.extract_tb(error.__traceback__)[-1]
    return f"{Path(last.filename).name}:{last.lineno}"


async def _tried(trial: Trial, case: Case) -> None:
    await trial(case)
    assert not leaked(case.log.told()), "the log shows a number, a text or a secret"


async def _any_octets(case: Case) -> None:
    from smsbot.testing.conformance.octets import survives_any_octets  # noqa: PLC0415  # hypothesis takes its time

    await survives_any_octets(case)


async def shows_no_secret(case: Case) -> None:
    """Neither a secret nor a number nor a text in any representation or error. Logs are watched in every trial."""
    sample = case.sample
    channel = sample.channel()
    shown = [repr(channel), str(channel), repr(channel.config), str(channel.config), channel.config.model_dump_json()]
    shown += [repr(MESSAGE), repr(channel.gateway)]
    gateway = channel.gateway
    if isinstance(gateway, HttpGateway):
        requests = [gateway.request(MESSAGE)]
        if isinstance(gateway, Polled):
            requests.append(gateway.poll([Pending(MESSAGE.id, "w-1", NUMBER)]))
        if isinstance(gateway, Balanced):
            requests.append(gateway.balance_request())
        if isinstance(gateway, Probed):
            requests.append(gateway.probe())
        shown += [each for request in requests for each in (repr(request), str(request))]
        for status in (200, 400, 401, 403, 404, 429, 500):
            response = Response(status, {}, f'{{"message": "{NUMBER}"}}'.encode())
            outcome = gateway.result(response)
            shown += [repr(response), repr(outcome), str(outcome)]
            if isinstance(gateway, Polled):
                shown.append(repr(gateway.polled([], response)))
        for address, wire in sample.wires():
            hook = sample.genuine(wire, address).hook()
            shown += [repr(hook), *(repr(event) for event in gateway.parse(hook))]
    assert not leaked("\n".join(shown)), "a representation shows a number, a text or a secret"


BEHAVIOURS: tuple[Behaviour, ...] = (
    Behaviour(
        "request", "hands over", "A request is ready for the wire, arrives as made, and its answer is understood.",
        behaviours.hands_over, links.hands_over,
    ),
    Behaviour(
        "forged", "forged", "A call with a bad signature or token is refused with 403 and leaves nothing.",
        behaviours.refuses_forged, links.has_no_webhooks,
    ),
    Behaviour(
        "repeat", "repeat", "What is brought twice is acknowledged twice and kept once.",
        behaviours.takes_a_repeat_once, links.takes_a_repeat_once,
    ),
    Behaviour(
        "unknown", "unknown status", "A status that nobody knows is acknowledged, logged and ignored.",
        behaviours.ignores_an_unknown_status, links.ignores_an_unknown_status,
    ),
    Behaviour(
        "malformed", "unreadable", "What cannot be read is refused with 400 and kept in the log.",
        behaviours.refuses_the_unreadable, links.has_no_webhooks,
    ),
    Behaviour(
        "throttled", "too fast", "“Too fast” is no attempt: the message waits and the channel becomes slower.",
        behaviours.slows_when_throttled, links.slows_when_throttled,
    ),
    Behaviour(
        "fault", "fault", "No connection or a fault of the provider: the message is tried again.",
        behaviours.tries_again_after_a_fault, links.tries_again_after_a_fault,
    ),
    Behaviour(
        "silence", "silence", "Taken, then silence: the message is `unknown`, or repeated where repeats are removed.",
        behaviours.leaves_the_uncertain, links.leaves_the_uncertain,
    ),
    Behaviour(
        "capabilities", "keeps its word", "What the class says of itself is so: texts, reports, questions, balance.",
        capabilities.keeps_its_word, capabilities.keeps_its_word,
    ),
    Behaviour(
        "octets", "any octets", "Any octets are read or refused, and never fail in another way.",
        _any_octets, links.has_no_webhooks,
    ),
    Behaviour(
        "discretion", "discretion", "No secret, whole number or text shows in an error, a representation or a log.",
        shows_no_secret, shows_no_secret,
    ),
)  # fmt: skip
