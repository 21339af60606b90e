"""What a provider's own codes mean: one table a gateway, so that every documented code is a row. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from smsbot.errors import GatewayError, Misconfigured, Refused, Throttled, Unavailable
from smsbot.gateways.base import Response
from smsbot.gateways.reading import by_http_status, retry_after_s


@dataclass(frozen=True, slots=True)
class Verdict:
    """One code. *sentence* says to staff what happened and what to do; the flags are those of `Refused`."""

    kind: type[GatewayError]
    sentence: str
    unreachable: bool = False
    blocked: bool = False

    def error(self, code: str, response: Response) -> GatewayError:
        if self.kind is Refused:
            return Refused(code, self.sentence, unreachable=self.unreachable, blocked=self.blocked)
        if self.kind is Throttled:
            return Throttled(code, self.sentence, retry_after_s=retry_after_s(response))
        return self.kind(code, self.sentence)


Verdicts = Mapping[str, Verdict]


def settings(sentence: str) -> Verdict:
    """Nothing leaves until somebody acts."""
    return Verdict(Misconfigured, sentence)


def top_up(provider: str) -> Verdict:
    """No money left: messages are kept, the channel pauses, and somebody has to act."""
    return settings(f"The balance at {provider} is used up: top up the account.")


def refused(sentence: str) -> Verdict:
    return Verdict(Refused, sentence)


def no_phone(sentence: str) -> Verdict:
    """There is no such phone."""
    return Verdict(Refused, sentence, unreachable=True)


def stop_listed(sentence: str) -> Verdict:
    """The number stands on a stop-list that is not ours."""
    return Verdict(Refused, sentence, blocked=True)


def later(sentence: str) -> Verdict:
    """Surely not accepted; worth another try."""
    return Verdict(Unavailable, sentence)


def slower(sentence: str) -> Verdict:
    return Verdict(Throttled, sentence)


def judge(verdicts: Verdicts, code: str, response: Response) -> GatewayError:
    """What an answer that is no success means: by the provider's code, else by the HTTP status, else refused."""
    if verdict := verdicts.get(code):
        return verdict.error(code, response)
    if 200 <= response.status < 300:
        return Refused(code, "The gateway refuses the message for a reason that its documentation does not name.")
    return by_http_status(response, code)
