"""What comes by a gateway's own connection: to the turns and the reports, acknowledged after the commit."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import structlog

from smsbot.errors import StoreUnavailable
from smsbot.gateways.base import Event, Received, StatusChange
from smsbot.inbound.reports import Reports
from smsbot.inbound.turns import Turns

log = structlog.get_logger()


class Arrivals:
    """Of one channel. *accepts*: its `inbound`; without it people's texts are refused, reports still count."""

    def __init__(self, channel: str, turns: Turns, reports: Reports, *, accepts: bool) -> None:
        self._channel = channel
        self._turns = turns
        self._reports = reports
        self._accepts = accepts

    async def take(self, events: Sequence[Event]) -> None:
        """Returns when *events* and all they caused are committed: only then may they be acknowledged.

        Raises `StoreUnavailable` and nothing else: the gateway has to bring all of them again, by a retryable status
        where it knows one (contract §3). Those of them that were committed all the same are then repeats.
        """
        reports = [event for event in events if isinstance(event, StatusChange)]
        texts = [event for event in events if isinstance(event, Received)]
        if texts and not self._accepts:
            log.warning("texts refused: the channel has `inbound = false`", channel=self._channel, texts=len(texts))
            texts = []
        told, reported = await asyncio.gather(
            self._turns.submit_all(self._channel, texts), self._reports.submit(self._channel, reports),
            return_exceptions=True,
        )  # fmt: skip
        results = [*(told if isinstance(told, list) else [told]), reported]
        for result in results:
            if isinstance(result, StoreUnavailable):
                log.error("not taken: the database does not answer", channel=self._channel, reason=str(result))
                raise result
            if isinstance(result, Exception):
                log.error("not taken", channel=self._channel, kind=type(result).__name__, exc_info=result)
                raise StoreUnavailable("What came could not be kept; it has to come again.") from None
