"""What a process does beside answering goes on until it is told to end, whatever happens to it."""

from __future__ import annotations

import asyncio

import pytest

from smsbot.workers import Workers


class Faulty:
    """Ends with an error at its first try."""

    def __init__(self) -> None:
        self.tries = 0
        self.at_work = asyncio.Event()
        self._told = asyncio.Event()

    async def run(self) -> None:
        self.tries += 1
        if self.tries == 1:
            raise ZeroDivisionError
        self.at_work.set()
        await self._told.wait()

    def stop(self) -> None:
        self._told.set()


async def test_a_worker_that_ends_with_an_error_is_told_of_and_begun_anew(capsys: pytest.CaptureFixture[str]) -> None:
    workers, worker = Workers(again_s=0.0), Faulty()
    workers.begin(worker, "dispatch main")
    await asyncio.wait_for(worker.at_work.wait(), 60)
    await workers.end()
    assert worker.tries == 2
    said = capsys.readouterr()
    assert "dispatch main" in said.out + said.err


async def test_one_that_fails_while_the_process_ends_keeps_nobody() -> None:
    workers, worker = Workers(again_s=3_600.0), Faulty()
    workers.begin(worker, "dispatch main")
    await workers.end()
    assert worker.tries == 1
