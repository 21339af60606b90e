"""What a provider's words and numbers mean to us, as a table that each provider fills. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from smsbot.errors import GatewayError, Misconfigured, Refused, Throttled, Unavailable
from smsbot.gateways.base import Response, StatusChange
from smsbot.gateways.reading import by_http_status, retry_after_s
from smsbot.status import Status

NONE: frozenset[str] = frozenset()
UNDOCUMENTED = "The gateway refuses the message for a reason that its documentation does not name."


@dataclass(frozen=True, slots=True)
class Codes:
    """*statuses*: the words of delivery reports, in lower case. The other tables map a code to a sentence for staff;
    *opted_out*, *unreachable* and *blocked* hold those codes that also tell something about the person (see
    `errors.Refused`), in answers and in reports alike. A balance that is used up is `misconfigured`: somebody has to
    act, and no message is lost meanwhile."""

    statuses: Mapping[str, Status]
    refused: Mapping[str, str] = field(default_factory=dict)
    misconfigured: Mapping[str, str] = field(default_factory=dict)
    throttled: Mapping[str, str] = field(default_factory=dict)
    unavailable: Mapping[str, str] = field(default_factory=dict)
    opted_out: frozenset[str] = NONE
    unreachable: frozenset[str] = NONE
    blocked: frozenset[str] = NONE

    def error(self, code: str, response: Response) -> GatewayError | None:
        """What *code* in an answer means; None where the table does not know it."""
        if code in self.throttled:
            return Throttled(code, self.throttled[code], retry_after_s=retry_after_s(response))
        if code in self.misconfigured:
            return Misconfigured(code, self.misconfigured[code])
        if code in self.unavailable:
            return Unavailable(code, self.unavailable[code])
        if code in self.refused:
            return self.refusal(code, self.refused[code])
        return None

    def refuses(self, response: Response, code: str = "") -> GatewayError:
        """What an answer that is no success means: by *code*, else by the HTTP status.

        No code ends a message that the HTTP status says to try again: 429, and the faults from 500 on.
        """
        again = response.status == 429 or response.status >= 500
        known = self.error(code, response)
        if known and not (again and isinstance(known, Refused)):
            return known
        if response.status == 402:  # Payment Required, RFC 9110 §15.5.3
            return Misconfigured(code or "402", "The account at the gateway has no money left.")
        if 200 <= response.status < 300:
            return Refused(code or str(response.status), UNDOCUMENTED)
        return by_http_status(response, code)

    def refusal(self, code: str, sentence: str) -> Refused:
        return Refused(
            code, sentence,
            opted_out=code in self.opted_out, unreachable=code in self.unreachable, blocked=code in self.blocked,
        )  # fmt: skip

    def change(
        self, said: str, code: str = "", *, external_id: str | None = None, message_id: str | None = None
    ) -> StatusChange:
        """The event of a delivery report whose status is *said* and whose error is *code*."""
        status = self.statuses.get(said.strip().lower())
        told = code if status in {Status.FAILED, Status.EXPIRED, None} else ""
        return StatusChange(
            status=status,
            external_id=external_id or None,
            message_id=message_id or None,
            error=told,
            opted_out=told in self.opted_out,
            unreachable=told in self.unreachable,
            blocked=told in self.blocked,
            raw=said,
        )
