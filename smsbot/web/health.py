"""Is the process alive, is it ready: for supervisors and load balancers."""

from __future__ import annotations

import asyncio

from smsbot.errors import StoreError, StoreUnavailable
from smsbot.outbound import fitness
from smsbot.web.calls import Asked, Call, Told
from smsbot.web.problems import RETRY_AFTER_S, Problem
from smsbot.web.schemas import Live, Nothing, Ready


async def alive(_asked: Asked[Nothing, None]) -> Told:
    return Told(Live())


async def ready(asked: Asked[Nothing, None]) -> Told:
    service = asked.service
    try:
        found = await asyncio.to_thread(fitness.remarks, service.store, service.channels, service.clock)
    except StoreUnavailable:
        raise  # no key is asked for here, and the driver's words may name hosts and accounts
    except StoreError as error:
        raise Problem(503, str(error), headers={"Retry-After": str(RETRY_AFTER_S)}) from None
    return Told(Ready(warnings=found))


CALLS = (
    Call("GET", "/healthz", alive, "Is the process alive", {200: Live}, role=None, tag="Operation"),
    Call(
        "GET", "/readyz", ready, "Is it ready to work", {200: Ready}, role=None, refuses=(503,), tag="Operation",
        detail="503 with a sentence if the database does not answer, has no room or its tables are of another version."
        " `warnings` tells what does not keep it from working: settings of a channel that differ between processes, a"
        " clock that is wrong.",
    ),
)  # fmt: skip
