"""Processes of each role, as they are started."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.request import Request, urlopen

from smsbot.testing.databases import Postgres

ROOT = str(Path(__file__).parents[2])
KEY = "the first key"


@contextmanager
def serving(folder: Path, url: str, role: str) -> Iterator[str]:
    """The address of a process with that role, on a port of its own."""
    environ = {key: value for key, value in os.environ.items() if not key.startswith("SMSBOT_")}
    environ |= {"PYTHONPATH": ROOT, "SMSBOT_DATABASE__URL": url, "SMSBOT_STAFF__ADMIN_KEY": KEY}
    command = [sys.executable, "-m", "smsbot", "serve", "--role", role, "--port", "0"]
    with (
        (folder / f"{role}.log").open("w") as log,
        subprocess.Popen(command, cwd=folder, env=environ, stdout=subprocess.PIPE, stderr=log, text=True) as process,
    ):
        try:
            assert process.stdout is not None
            ready = process.stdout.readline()
            assert ready.startswith("smsbot is ready at "), (folder / f"{role}.log").read_text()
            yield ready.removeprefix("smsbot is ready at ").strip()
        finally:
            process.terminate()
            process.wait(timeout=40)


def call(address: str, body: object = None) -> dict[str, object]:
    data = None if body is None else json.dumps(body).encode()
    headers = {"content-type": "application/json", "authorization": f"Bearer {KEY}"}
    with urlopen(Request(address, data, headers), timeout=60) as answer:  # loopback
        found: dict[str, object] = json.load(answer)
        return found


def test_what_a_web_process_takes_a_worker_that_listens_delivers(tmp_path: Path, postgres_server: Postgres) -> None:
    url = postgres_server.fresh()
    with serving(tmp_path, url, "web") as web, serving(tmp_path, url, "work") as work:
        assert call(f"{work}/healthz") == {"status": "ok"}
        call(f"{web}/simulator/messages", {"from": "+995555000001", "text": "JOIN"})
        deadline_s = time.monotonic() + 60
        statuses: list[object] = []
        while statuses != ["delivered"] and time.monotonic() < deadline_s:
            items = call(f"{web}/api/messages?direction=out")["items"]
            assert isinstance(items, list)
            statuses = [item["status"] for item in items]
            time.sleep(0.1)  # another process delivers, and tells only the database
        assert statuses == ["delivered"]
