"""Kannel as it is used without smsbot: its service fetches an answer by HTTP and sends it."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from benchmarks import loops, peer_app, smpp
from benchmarks.loops import Loop
from benchmarks.product import free_port, running
from benchmarks.suite import Bench, expect
from smsbot.testing import kannel
from smsbot.testing.kannel import Kannel


def missing() -> str:
    return "" if kannel.installed() else "install Debian's kannel and kannel-extras."


@contextlib.contextmanager
def opened(bench: Bench) -> Iterator[Loop]:
    """Bearerbox and smsbox with the file store, one SMPP connection both ways with the window that ours has."""
    port = free_port()
    with (
        running(["-m", "benchmarks.peer_app", str(port)], port=port, folder=bench.place(), path="/count"),
        smpp.server(bench) as smsc_port,
        Kannel(
            bench.place(), inbound_url=f"http://127.0.0.1:{port}/", smsc_port=smsc_port, window=smpp.WINDOW,
            replies=True, verbosity=4,
        ) as box,
    ):  # fmt: skip
        loop = loops.at_smsc(smsc_port, box.pids)
        loop.check = lambda texts: expect("texts at the application", peer_app.texts(port) >= texts, True)
        yield loop
