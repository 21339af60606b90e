"""Is the process alive, is it ready: for supervisors and load balancers."""

from __future__ import annotations

import asyncio

from smsbot.errors import StoreError, StoreUnavailable
from smsbot.web.calls import Asked, Call, Told
from smsbot.web.problems import RETRY_AFTER_S, Problem
from smsbot.web.schemas import Live, Nothing


async def alive(_asked: Asked[Nothing, None]) -> Told:
    return Told(Live())


async def ready(asked: Asked[Nothing, None]) -> Told:
    try:
        await asyncio.to_thread(asked.service.store.check)
    except StoreUnavailable:
        raise  # no key is asked for here, and the driver's words may name hosts and accounts
    except StoreError as error:
        raise Problem(503, str(error), headers={"Retry-After": str(RETRY_AFTER_S)}) from None
    return Told(Live())


CALLS = (
    Call("GET", "/healthz", alive, "Is the process alive", {200: Live}, role=None, tag="Operation"),
    Call(
        "GET", "/readyz", ready, "Is it ready to work", {200: Live}, role=None, refuses=(503,), tag="Operation",
        detail="503 with a sentence if the database does not answer or its tables are of another version.",
    ),
)  # fmt: skip
