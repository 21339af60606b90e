"""Delivery reports: buffered to groups, merged in one statement, answered after the commit."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import structlog
from sqlalchemy import Connection

from smsbot.clock import Clock
from smsbot.errors import StoreError
from smsbot.gateways.base import StatusChange
from smsbot.store import notices, outbox
from smsbot.store.database import Store
from smsbot.store.halving import by_halves
from smsbot.store.optouts import stopped_by_gateway
from smsbot.text.storable import identifier, storable

log = structlog.get_logger()

GROUP = 500


@dataclass(slots=True)
class _Waiting:
    reports: list[outbox.Report]
    future: asyncio.Future[None]


class Reports:
    """One group is in flight at a time; groups form by themselves while the last one is written."""

    def __init__(
        self, store: Store, *, clock: Clock, stopped: Callable[[Sequence[str]], None] = lambda _numbers: None
    ) -> None:
        """*stopped* is told, after the commit, whom a gateway reported as opted out."""
        self._store = store
        self._stopped = stopped
        self._clock = clock
        self._waiting: deque[_Waiting] = deque()
        self._at_work: asyncio.Task[None] | None = None
        self.merged = 0
        self.unknown = 0
        self.dropped = 0

    async def submit(self, channel: str, changes: Sequence[StatusChange]) -> None:
        """Returns when every known status is committed. Raises `StoreUnavailable`."""
        known: list[outbox.Report] = []
        for change in changes:
            if change.status is None:
                self.unknown += 1
                log.warning("unknown delivery status", channel=channel, status=change.raw[:40])
                continue
            known.append(
                outbox.Report(
                    channel=channel,
                    external_id=identifier(change.external_id),
                    message_id=change.message_id,
                    status=change.status,
                    error=storable(change.error[:200]),
                    opted_out=change.opted_out,
                    unreachable=change.unreachable,
                    blocked=change.blocked,
                )
            )
        if not known:
            return
        waiting = _Waiting(known, asyncio.get_running_loop().create_future())
        self._waiting.append(waiting)
        if self._at_work is None or self._at_work.done():
            self._at_work = asyncio.create_task(self._work(), name="reports")
        await waiting.future

    async def _work(self) -> None:
        """Until nobody waits."""
        while group := self._group():
            error: StoreError | None = None
            try:
                await self._take([report for waiting in group for report in waiting.reports])
            except StoreError as away:
                error = away
            for waiting in group:
                if waiting.future.done():
                    continue
                if error is None:
                    waiting.future.set_result(None)
                    self.merged += len(waiting.reports)
                else:
                    waiting.future.set_exception(error)

    def _group(self) -> list[_Waiting]:
        group: list[_Waiting] = []
        size = 0
        while self._waiting and size < GROUP:
            waiting = self._waiting.popleft()
            group.append(waiting)
            size += len(waiting.reports)
        return group

    async def _take(self, reports: Sequence[outbox.Report]) -> None:
        """A report that cannot be taken in, whatever the reason, is dropped: it would come again and again, and keep
        the others out."""
        _, failed = await by_halves(reports, self._merge)
        if failed:
            self.dropped += len(failed)
            report, error = failed[0]
            log.error("delivery reports cannot be taken in", n=len(failed), channel=report.channel,
                      status=str(report.status), exc_info=error)  # fmt: skip

    async def _merge(self, reports: Sequence[outbox.Report]) -> None:
        def job(connection: Connection) -> list[str]:
            now_ms = self._clock()
            merged = outbox.merge_reports(connection, reports, now_ms=now_ms)
            stopped = stopped_by_gateway(connection, self._store.key, merged.opted_out, now_ms=now_ms)
            notices.tell(connection, stopped=stopped)
            return stopped

        stopped = await self._store.run(job)
        if stopped:
            self._stopped(stopped)
