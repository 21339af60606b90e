"""What one process does beside answering, begun and ended together."""

from __future__ import annotations

import asyncio
from typing import Protocol

import structlog

log = structlog.get_logger()


class Worker(Protocol):
    """At work until it is told to stop; `run` returns when it has put everything in order."""

    async def run(self) -> None: ...

    def stop(self) -> None: ...


class Workers:
    """The workers of a process, each in a task of its own."""

    def __init__(self) -> None:
        self._tasks: dict[asyncio.Task[None], Worker] = {}

    def begin(self, worker: Worker, name: str) -> None:
        self._tasks[asyncio.create_task(worker.run(), name=name)] = worker

    async def end(self) -> None:
        """All of them are told before any is waited for. One that ended with an error is logged and keeps nobody."""
        for worker in self._tasks.values():
            worker.stop()
        results = await asyncio.gather(*self._tasks, return_exceptions=True)
        for task, result in zip(self._tasks, results, strict=True):
            if isinstance(result, Exception):
                log.error("a worker ended with an error", worker=task.get_name(), error=type(result).__name__)
