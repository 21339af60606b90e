"""Delivery reports: buffered to groups, merged in one statement, answered after the commit."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import structlog
from sqlalchemy import Connection

from smsbot.clock import Clock
from smsbot.gateways.base import StatusChange
from smsbot.store import notices, outbox
from smsbot.store.database import Store
from smsbot.store.optouts import stopped_by_gateway

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
        self._in_flight = False
        self.merged = 0
        self.unknown = 0

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
                    external_id=change.external_id,
                    message_id=change.message_id,
                    status=change.status,
                    error=change.error[:200],
                    opted_out=change.opted_out,
                    unreachable=change.unreachable,
                    blocked=change.blocked,
                )
            )
        if not known:
            return
        loop = asyncio.get_running_loop()
        waiting = _Waiting(known, loop.create_future())
        self._waiting.append(waiting)
        if not self._in_flight:
            self._next_group(loop)
        await waiting.future

    def _next_group(self, loop: asyncio.AbstractEventLoop) -> None:
        group: list[_Waiting] = []
        size = 0
        while self._waiting and size < GROUP:
            waiting = self._waiting.popleft()
            group.append(waiting)
            size += len(waiting.reports)
        self._in_flight = bool(group)
        if not group:
            return

        def job(connection: Connection) -> list[str]:
            now_ms = self._clock()
            reports = [report for waiting in group for report in waiting.reports]
            merged = outbox.merge_reports(connection, reports, now_ms=now_ms)
            stopped = stopped_by_gateway(connection, self._store.key, merged.opted_out, now_ms=now_ms)
            notices.tell(connection, stopped=stopped)
            return stopped

        def done(stopped: list[str] | None, error: BaseException | None) -> None:
            loop.call_soon_threadsafe(self._finished, loop, group, stopped, error)

        self._store.post(job, done)

    def _finished(
        self,
        loop: asyncio.AbstractEventLoop,
        group: list[_Waiting],
        stopped: list[str] | None,
        error: BaseException | None,
    ) -> None:
        if stopped:
            self._stopped(stopped)
        for waiting in group:
            if waiting.future.done():
                continue
            if error is None:
                waiting.future.set_result(None)
                self.merged += len(waiting.reports)
            else:
                waiting.future.set_exception(error)
        self._next_group(loop)
