"""The product and the yardstick as processes of their own, on private loopback ports."""

from __future__ import annotations

import contextlib
import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from benchmarks.load import ACCOUNT, TOKEN

ADMIN_KEY = "benchmark-admin-key"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass(frozen=True, slots=True)
class Process:
    port: int
    pid: int
    folder: Path

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def memory_mb(self) -> float:
        """Resident memory now."""
        for line in Path(f"/proc/{self.pid}/status").read_text().splitlines():
            if line.startswith("VmRSS:"):
                return int(line.split()[1]) / 1024
        raise RuntimeError("no VmRSS")

    def cpu_s(self) -> float:
        """Processor time of all its threads so far, user and system, to a hundredth of a second (proc(5))."""
        fields = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def configuration(folder: Path, *, gateway_url: str | None, database: str) -> Path:
    """A Twilio channel. Without *gateway_url* its replies stay queued: its rate is one in a quarter of an hour."""
    rate_per_s = 100_000 if gateway_url else 0.001
    file = folder / "smsbot.toml"
    file.write_text(
        f"""
[service]
public_url = "http://127.0.0.1"
[database]
url = "{database}"
[staff]
admin_key = "{ADMIN_KEY}"
[sending]
quiet_from = "00:00"
quiet_until = "00:00"
replies_per_hour = 1000000
[channels.main]
gateway = "twilio"
sender = "+995322000000"
rate_per_s = {rate_per_s}
account_sid = "{ACCOUNT}"
auth_token = "{TOKEN}"
base_url = "{gateway_url or "http://127.0.0.1:9"}"
""",
        encoding="utf-8",
    )
    return file


@contextlib.contextmanager
def running(arguments: list[str], *, port: int, folder: Path, path: str = "/healthz") -> Iterator[Process]:
    """Start `python ARGUMENTS`, wait until *path* answers, end it at the end."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("SMSBOT_")}
    with (folder / f"log-{port}").open("w") as log:
        child = subprocess.Popen([sys.executable, *arguments], env=environment, stdout=log, stderr=log)
    try:
        _await(f"http://127.0.0.1:{port}{path}", child, folder / f"log-{port}")
        yield Process(port, child.pid, folder)
    finally:
        child.terminate()
        try:
            child.wait(40)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()


def _await(url: str, child: subprocess.Popen[bytes], log: Path) -> None:
    until = time.monotonic() + 60
    while time.monotonic() < until:
        if child.poll() is not None:
            raise RuntimeError(f"the process ended: {log.read_text()[-2000:]}")
        try:
            urllib.request.urlopen(url, timeout=1).close()
        except urllib.error.HTTPError:
            return
        except OSError:
            time.sleep(0.05)
        else:
            return
    raise RuntimeError(f"nothing answers at {url}")


@contextlib.contextmanager
def product(folder: Path, *, gateway_url: str | None = None, database: str | None = None) -> Iterator[Process]:
    port = free_port()
    config = configuration(folder, gateway_url=gateway_url, database=database or f"sqlite:///{folder}/smsbot.db")
    if database and not database.startswith("sqlite"):
        subprocess.run(
            [sys.executable, "-m", "smsbot", "db", "upgrade", "--config", str(config)], check=True, capture_output=True
        )
    with running(
        ["-m", "smsbot", "serve", "--config", str(config), "--port", str(port)], port=port, folder=folder
    ) as one:
        yield one


@contextlib.contextmanager
def yardstick(folder: Path) -> Iterator[Process]:
    port = free_port()
    with running(["-m", "benchmarks.baseline", str(port)], port=port, folder=folder, path="/") as one:
        yield one


@contextlib.contextmanager
def provider(folder: Path) -> Iterator[Process]:
    """A fast HTTP gateway that plays Twilio (`benchmarks.sink`)."""
    port = free_port()
    with running(["-m", "benchmarks.sink", str(port)], port=port, folder=folder, path="/count") as one:
        yield one
