"""One message to the gateway, and what its answer means for the message, the channel and the person."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import replace
from typing import Protocol
from urllib.parse import urlencode

import structlog

from smsbot.clock import Clock
from smsbot.errors import (
    GatewayError,
    Misconfigured,
    Refused,
    Throttled,
    Unavailable,
    Uncertain,
    Unsendable,
    Withdrawn,
)
from smsbot.gateways.base import Accepted, ChannelConfig, HttpGateway, Message, Polled, Transport
from smsbot.outbound.bucket import Bucket
from smsbot.outbound.retry import LIFE_MS, Random, delay_ms, throttle_s
from smsbot.outbound.watch import DOWN_AFTER, Watch
from smsbot.status import Status
from smsbot.store.outbox import REPLY_LIFE_MS, Claimed, OptOut, Result
from smsbot.store.reports import PREFIX
from smsbot.text.gsm7 import measure
from smsbot.text.storable import identifier
from smsbot.values import value

log = structlog.get_logger()

ERROR_CAP = 200  # characters of a reason that are kept
UNSENDABLE_TRIES = 3
"""After so many a message that the gateway's code fails over is given up, unless it fails over all of them."""
FINAL = {Status.DELIVERED, Status.FAILED, Status.EXPIRED, Status.UNKNOWN}


class Deliverer(Protocol):
    async def deliver(self, gateway: HttpGateway | Transport, message: Message) -> Accepted: ...


@value(frozen=True, slots=True)
class Handed:
    """*result* is for the outbox; *optout* where the gateway says that the person stopped."""

    result: Result
    optout: OptOut | None = None


class Handover:
    """Belongs to one channel."""

    def __init__(
        self, channel: str, gateway: HttpGateway | Transport, config: ChannelConfig, sender: Deliverer, *,
        bucket: Bucket, watch: Watch, clock: Clock, public_url: str, chance: Random = random.random,
    ) -> None:  # fmt: skip
        """*public_url* empty: nobody knows where reports should come, so none are asked for."""
        self._channel = channel
        self._gateway = gateway
        self._sender = sender
        self._polled = isinstance(gateway, Polled)
        self._polled_by_our_id = self._polled and getattr(gateway, "polled_by_our_id", False)
        self._from = config.sender
        self._bucket = bucket
        self._watch = watch
        self._clock = clock
        self._random = chance
        token = config.webhook_token
        address = f"{public_url}/channels/{channel}/status" if public_url else ""
        proof = "" if token is None else "?" + urlencode({"token": token.get_secret_value()})
        self._status_url = address + proof if address else ""
        self._throttled = 0  # times in a row
        self._unsendable = 0  # messages in a row
        self._slow_until_ms = 0

    async def attempt(self, message: Claimed, wanted: Callable[[], bool] | None = None) -> Handed | None:
        """Hand over once. Never raises: whatever happens is a result; None: *wanted* said no before anything left."""
        try:
            outgoing = self._message(message, wanted)
        except Exception as error:
            return Handed(self._stuck(message, error))
        try:
            return self._accepted(message, await self._sender.deliver(self._gateway, outgoing))
        except Withdrawn:
            return None
        except Throttled as error:
            return Handed(self._throttle(message, error))
        except Refused as error:
            self._succeeded()  # it answers, and about this message only
            self._watch.balance_doubtful |= _names_money(error)
            return self._refused(message, error)
        except Misconfigured as error:
            now_ms = self._clock()
            self._watch.misconfigured(str(error), now_ms)
            self._watch.balance_doubtful |= _names_money(error)
            return Handed(self._later(message, self._watch.closed_until_ms, str(error), message.attempts))
        except Unavailable as error:
            self._watch.failed(str(error), self._clock())
            return Handed(self._again(message, str(error)))
        except Unsendable as error:
            return Handed(self._stuck(message, error.__cause__ or error))
        except Uncertain as error:
            self._watch.failed(str(error), self._clock())
            if self._gateway.capabilities.removes_duplicates:
                return Handed(replace(self._again(message, str(error)), handed_ms=self._clock()))
            return Handed(replace(self._final(message, Status.UNKNOWN, str(error)), ask=self._polled_by_our_id))
        except GatewayError as error:
            return Handed(self._final(message, Status.FAILED, str(error)))
        except Exception as error:
            log.exception("a gateway failed in an unforeseen way", channel=self._channel, message=message.id)
            self._watch.failed(type(error).__name__, self._clock())
            reason = f"The gateway failed in an unforeseen way ({type(error).__name__}); it may have taken the message."
            return Handed(replace(self._final(message, Status.UNKNOWN, reason), ask=self._polled_by_our_id))

    def unheard(self, message: Claimed) -> Handed:
        """What is under way when its process ends: nobody will hear what comes of it."""
        reason = "The process ended before the gateway answered; it may have taken the message."
        return Handed(replace(self._final(message, Status.UNKNOWN, reason), ask=self._polled_by_our_id))

    def _message(self, message: Claimed, wanted: Callable[[], bool] | None) -> Message:
        return Message(
            id=f"{PREFIX}{message.id}",
            to=message.number,
            text=message.text,
            encoding=message.encoding or measure(message.text).encoding,
            parts=message.parts,
            sender=self._from,
            status_url=self._status_url,
            wanted=wanted,
        )

    def _accepted(self, message: Claimed, accepted: Accepted) -> Handed:
        now_ms = self._clock()
        status = accepted.final or Status.SENT
        further = (identifier(each) for each in accepted.further_ids)
        result = Result(
            message.id,
            message.broadcast_id,
            status,
            external_id=identifier(accepted.external_id),
            attempts=message.attempts,
            handed_ms=now_ms,
            final_ms=now_ms if status in FINAL else None,
            contact_id=message.contact_id,
            further_ids=tuple(each for each in further if each is not None),
            ask=self._polled and status is Status.SENT,
        )
        self._throttled = 0
        self._bucket.speed_up()
        self._succeeded()
        return Handed(result)

    def _succeeded(self) -> None:
        self._unsendable = 0
        self._watch.success(self._clock())

    def _stuck(self, message: Claimed, error: BaseException) -> Result:
        """Nothing has left. Code that fails over everything is mended by somebody, so what waits for that is kept;
        where others go out, the message itself is at fault, and ends."""
        log.error("a message cannot be made", channel=self._channel, message=message.id, exc_info=error)
        reason = f"Nothing left: the gateway's code failed over this message ({type(error).__name__}); see the log."
        self._unsendable += 1
        self._watch.failed(reason, self._clock())
        if message.attempts + 1 >= UNSENDABLE_TRIES and self._unsendable < DOWN_AFTER:
            return self._final(message, Status.FAILED, reason)
        return self._again(message, reason)

    def _throttle(self, message: Claimed, error: Throttled) -> Result:
        """No attempt: only later. Of many refused at once the first slows the channel."""
        now_ms = self._clock()
        if now_ms >= self._slow_until_ms:
            self._throttled += 1
            pause_s = throttle_s(self._throttled, error.retry_after_s)
            self._slow_until_ms = now_ms + round(pause_s * 1_000)
            self._bucket.slow(pause_s)
        self._watch.throttled(str(error), now_ms)
        return self._later(message, self._slow_until_ms, str(error), message.attempts)

    def _again(self, message: Claimed, reason: str) -> Result:
        now_ms = self._clock()
        failed = message.attempts + 1
        expires_ms = message.expires_ms
        if expires_ms is None:
            expires_ms = message.created_ms + REPLY_LIFE_MS if message.is_reply else now_ms + LIFE_MS
        due_ms = min(now_ms + delay_ms(failed, self._random), max(expires_ms, now_ms))
        return self._later(message, due_ms, reason, failed, expires_ms)

    def _later(
        self, message: Claimed, due_ms: int, reason: str, attempts: int, expires_ms: int | None = None
    ) -> Result:
        return Result(
            message.id,
            message.broadcast_id,
            Status.SENDING,
            error=reason[:ERROR_CAP] or "to be tried again",
            due_ms=due_ms,
            attempts=attempts,
            expires_ms=expires_ms,
        )

    def _refused(self, message: Claimed, error: Refused) -> Handed:
        result = replace(
            self._final(message, Status.FAILED, str(error)), unreachable=error.unreachable, blocked=error.blocked
        )
        if not error.opted_out:
            return Handed(result)
        return Handed(result, OptOut(message.number, self._channel, result.error, message.contact_id))

    def _final(self, message: Claimed, status: Status, reason: str) -> Result:
        return Result(
            message.id,
            message.broadcast_id,
            status,
            error=reason[:ERROR_CAP],
            attempts=message.attempts + 1,
            final_ms=self._clock(),
            contact_id=message.contact_id,
        )


def _names_money(error: GatewayError) -> bool:
    sentence = error.sentence.casefold()
    return any(word in sentence for word in ("balance", "credit", "funds"))
