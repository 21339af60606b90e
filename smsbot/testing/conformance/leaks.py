"""What must show nowhere, and everything that was logged while something happened."""

from __future__ import annotations

import logging
import traceback
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import structlog
from structlog.testing import capture_logs
from structlog.typing import EventDict

from smsbot.testing.conformance.sample import MESSAGE, NUMBER, SECRET, TEXT

HIDDEN = (NUMBER.removeprefix("+995"), SECRET, TEXT, TEXT.replace(" ", "+"), TEXT.replace(" ", "%20"), MESSAGE.text)
"""Nine digits of the number: every way to write it holds them."""


def leaked(shown: str) -> list[str]:
    """Which of the things that are nobody's business stand in *shown*."""
    return [word for word in HIDDEN if word in shown]


class Lines(logging.Handler):
    """Lines of the standard library's logging, those of libraries included."""

    def __init__(self) -> None:
        super().__init__()
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        told = record.getMessage()
        if record.exc_info and record.exc_info[1] is not None:
            told += "".join(traceback.format_exception(record.exc_info[1]))
        self.lines.append(told)


class Logbook:
    """What was logged, before the mask of `smsbot.logs` hides anything: the mask is the last net, not the first."""

    def __init__(self, events: Sequence[EventDict], lines: Sequence[str]) -> None:
        self._events = events
        self._lines = lines

    def told(self) -> str:
        return "\n".join([*(repr(event) for event in self._events), *self._lines])

    def times(self, event: str) -> int:
        return sum(each["event"] == event for each in self._events)


@contextmanager
def logbook() -> Iterator[Logbook]:
    """Everything that this process logs meanwhile; nothing of it is shown elsewhere."""
    handler = Lines()
    root = logging.getLogger()
    root.addHandler(handler)
    try:
        with capture_logs(processors=[structlog.processors.format_exc_info]) as events:
            yield Logbook(events, handler.lines)
    finally:
        root.removeHandler(handler)
