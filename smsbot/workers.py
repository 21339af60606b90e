"""What one process does beside answering, begun and ended together."""

from __future__ import annotations

import asyncio
import contextlib
from typing import Protocol

import structlog

log = structlog.get_logger()


class Worker(Protocol):
    """At work until it is told to stop; `run` returns when it has put everything in order."""

    async def run(self) -> None: ...

    def stop(self) -> None: ...


AGAIN_S = 1.0  # after an error that nobody foresaw


class Workers:
    """The workers of a process, each in a task of its own."""

    def __init__(self, again_s: float = AGAIN_S) -> None:
        self._again_s = again_s
        self._tasks: dict[asyncio.Task[None], Worker] = {}
        self._ending = asyncio.Event()

    def begin(self, worker: Worker, name: str) -> None:
        self._tasks[asyncio.create_task(self._keep(worker, name), name=name)] = worker

    async def _keep(self, worker: Worker, name: str) -> None:
        """One that ends with an error is told of and begun anew: messages wait for it."""
        while True:
            try:
                await worker.run()
            except Exception:
                log.exception("a worker ended with an error", worker=name)
            else:
                return
            if self._ending.is_set():
                return
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._ending.wait(), self._again_s)

    async def end(self) -> None:
        """All of them are told before any is waited for."""
        self._ending.set()
        for worker in self._tasks.values():
            worker.stop()
        await asyncio.gather(*self._tasks)
