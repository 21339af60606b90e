"""Is the process alive, is it ready: for supervisors and load balancers."""

from __future__ import annotations

import asyncio

from smsbot.errors import StoreError
from smsbot.web.calls import Asked, Call, Told
from smsbot.web.problems import Problem
from smsbot.web.schemas import Live, Nothing


async def alive(_asked: Asked[Nothing, None]) -> Told:
    return Told(Live())


async def ready(asked: Asked[Nothing, None]) -> Told:
    try:
        await asyncio.to_thread(asked.service.store.check)
    except StoreError as error:
        # Whoever runs the service reads this: the database's own first line is what they need.
        raise Problem(503, str(error), headers={"Retry-After": "5"}) from None
    return Told(Live())


CALLS = (
    Call("GET", "/healthz", alive, "Is the process alive", {200: Live}, role=None, tag="Operation"),
    Call(
        "GET", "/readyz", ready, "Is it ready to work", {200: Live}, role=None, refuses=(503,), tag="Operation",
        detail="503 with a sentence if the database does not answer or its tables are of another version.",
    ),
)  # fmt: skip
