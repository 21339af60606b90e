"""The product and the yardstick as processes of their own, on private loopback ports."""

from __future__ import annotations

import contextlib
import json
import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterable, Iterator, Mapping, Sequence
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
        return _fields(self.pid)[1]


def _fields(pid: int) -> tuple[int, float]:
    """Parent and processor time of a process."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return int(fields[1]), (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def processor_s(pids: Iterable[int]) -> float:
    """Processor time so far of these processes and all that descend from them."""
    found: dict[int, tuple[int, float]] = {}
    for folder in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):  # some end while we look
            found[int(folder.name)] = _fields(int(folder.name))
    family = set(pids)
    while born := {pid for pid, (parent, _) in found.items() if parent in family} - family:
        family |= born
    return sum(found[pid][1] for pid in family if pid in found)


def configuration(folder: Path, *, database: str, keys: Mapping[str, object]) -> Path:
    """One channel with these *keys*."""
    channel = "\n".join(f"{name} = {json.dumps(value)}" for name, value in keys.items())
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
{channel}
""",
        encoding="utf-8",
    )
    return file


def twilio(gateway_url: str | None) -> Mapping[str, object]:
    """Without *gateway_url* replies stay queued: the rate is one in a quarter of an hour."""
    return {
        "gateway": "twilio", "sender": "+995322000000", "rate_per_s": 100_000 if gateway_url else 0.001,
        "account_sid": ACCOUNT, "auth_token": TOKEN, "base_url": gateway_url or "http://127.0.0.1:9",
    }  # fmt: skip


@contextlib.contextmanager
def running(
    arguments: Sequence[str],
    *,
    port: int,
    folder: Path,
    path: str = "/healthz",
    program: str | Path = sys.executable,
    variables: Mapping[str, str] | None = None,
) -> Iterator[Process]:
    """Start `python ARGUMENTS`, wait until *path* answers, end it at the end. *program*: instead of this Python."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("SMSBOT_")}
    with (folder / f"log-{port}").open("w") as log:
        child = subprocess.Popen([program, *arguments], env=environment | dict(variables or {}), stdout=log, stderr=log)
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
    """With a Twilio channel."""
    with served(folder, twilio(gateway_url), database or f"sqlite:///{folder}/smsbot.db") as one:
        yield one


@contextlib.contextmanager
def served(folder: Path, keys: Mapping[str, object], database: str) -> Iterator[Process]:
    """With one channel of these *keys*."""
    port = free_port()
    config = configuration(folder, database=database, keys=keys)
    if not database.startswith("sqlite"):
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
