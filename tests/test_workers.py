from __future__ import annotations

import asyncio
from collections.abc import MutableMapping
from typing import Any

from smsbot.workers import Workers


class Scripted:
    def __init__(self, ended: list[str], name: str, *, fails: bool = False) -> None:
        self._ended = ended
        self._name = name
        self._fails = fails
        self._told = asyncio.Event()

    async def run(self) -> None:
        await self._told.wait()
        if self._fails:
            raise LookupError
        self._ended.append(self._name)

    def stop(self) -> None:
        self._told.set()


async def test_all_end_also_where_one_fails(logged: list[MutableMapping[str, Any]]) -> None:
    ended: list[str] = []
    workers = Workers()
    for name in ("one", "two", "three"):
        workers.begin(Scripted(ended, name, fails=name == "two"), name)
    await asyncio.sleep(0)
    await workers.end()
    assert ended == ["one", "three"]
    assert [(entry["event"], entry["worker"], entry["error"]) for entry in logged] == [
        ("a worker ended with an error", "two", "LookupError")
    ]


async def test_a_worker_that_ended_by_itself_keeps_nobody_waiting() -> None:
    ended: list[str] = []
    worker = Scripted(ended, "one")
    worker.stop()
    workers = Workers()
    workers.begin(worker, "one")
    await asyncio.sleep(0)
    await asyncio.wait_for(workers.end(), 60)
    assert ended == ["one"]
