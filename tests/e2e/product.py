"""The product as its users meet it: `smsbot serve` as a process of its own, spoken to over HTTP only.

`with Product(folder, database_url=…) as product:` writes an `smsbot.toml`, starts the process on a free port of
loopback, waits until it is ready, and leaves nothing running. What it logged is in `product.log` and goes to standard
output at the end, where pytest shows it for a test that failed.
"""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any, Self, TypeVar
from urllib.parse import quote

from smsbot.testing.webhooks import Caller

T = TypeVar("T")

ROOT = Path(__file__).parents[2]
ADMIN_KEY = "key-of-the-end-to-end-tests"
AUTH_TOKEN = "12345"
PATIENCE_S = 60.0
"""For whatever should happen soon: on a busy machine `soon` may be a minute. A condition ends the wait."""

BASICS = """
[service]
name = {en = "Kutaisi City Hall", ka = "ქუთაისის მერია"}
languages = ["ka", "en"]

[staff]
admin_key = "%s"

[sending]
quiet_from = "00:00"
quiet_until = "00:00"
replies_per_hour = 1000
"""


def twilio_channel(base_url: str, *, rate_per_s: float = 100_000, name: str = "main") -> str:
    """A channel that plays with `smsbot.testing.fake_gateway.FakeGateway`."""
    return (
        f'[channels.{name}]\ngateway = "twilio"\nsender = "+995322000000"\nrate_per_s = {rate_per_s}\n'
        f'base_url = "{base_url}"\naccount_sid = "AC00000000000000000000000000000000"\nauth_token = "{AUTH_TOKEN}"\n'
    )


SIMULATOR = '[channels.simulator]\ngateway = "simulator"\n'


def until(what: str, found: Callable[[], T], *, timeout_s: float = PATIENCE_S) -> T:
    """The first true value of *found*, asked again and again. Raises TimeoutError that names *what*."""
    deadline = time.monotonic() + timeout_s
    while True:
        value = found()
        if value:
            return value
        if time.monotonic() > deadline:
            raise TimeoutError(f"waited {timeout_s:.0f} s in vain until {what}; at last: {value!r}")
        time.sleep(0.02)


class Product:
    """One process. Several over the same database: *role* and *name*."""

    def __init__(
        self,
        folder: Path,
        *,
        database_url: str | None = None,
        channels: str = SIMULATOR,
        role: str = "all",
        port: int | None = 0,
        name: str = "smsbot",
        service: str = "",
        plugins: Path | None = None,
        variables: Mapping[str, str] = MappingProxyType({}),
        prefix: Sequence[str] = (),
    ) -> None:
        """*database_url* None: an SQLite file in *folder*. *port* None: listens nowhere (`--role work`). *service*:
        further lines of that section. *plugins*: a folder with gateways of other packages. *variables*: of the
        process's environment. *prefix*: words before its command."""
        self.folder = folder
        self.database_url = database_url or f"sqlite:///{folder}/smsbot.db"
        self.config = folder / f"{name}.toml"
        self.log = folder / f"{name}.log"
        self.url = ""
        self._port = port
        self.role = role
        self._plugins = plugins
        self._variables = variables
        self._prefix = tuple(prefix)
        self._process: subprocess.Popen[bytes] | None = None
        self._caller = Caller(timeout_s=60)
        folder.mkdir(parents=True, exist_ok=True)
        basics = (BASICS % ADMIN_KEY).replace("[service]", f"[service]\n{service}")
        text = f'{basics}\n[database]\nurl = "{self.database_url}"\n\n{channels}'
        self.config.write_text(text, encoding="utf-8")

    def __enter__(self) -> Self:
        try:
            return self.start()
        except BaseException:
            self.__exit__()
            raise

    def __exit__(self, *_: object) -> None:
        self.kill()
        self._caller.close()
        sys.stdout.write(f"--- {self.log.name}\n{self.logged()}")

    # The process

    @property
    def port(self) -> int:
        assert self._port, "the process does not listen"
        return self._port

    @property
    def alive(self) -> bool:
        return self._process is not None and self._process.poll() is None

    @property
    def pid(self) -> int:
        assert self._process is not None, "it is not running"
        return self._process.pid

    def start(self) -> Self:
        """Start the process and wait until it is ready (without a port: until it has begun)."""
        command = [
            *self._prefix,
            sys.executable,
            "-m",
            "smsbot",
            "serve",
            "--config",
            str(self.config),
            "--role",
            self.role,
        ]
        if self._port is not None:
            command += ["--port", str(self._port)]
        start = self.log.stat().st_size if self.log.exists() else 0
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                command,
                stdout=log,
                stderr=log,
                cwd=self.folder,
                env=environment(self._plugins) | self._variables,
                start_new_session=True,
            )
        if self._port is None:
            return self
        self.url = until("the process tells its address", lambda: self._address(start))
        self._port = int(self.url.rsplit(":", 1)[1])
        health = "/healthz" if self.role == "work" else "/readyz"
        until("the process is ready", lambda: self._answers(health))
        return self

    def kill(self) -> None:
        """As a power cut does it: SIGKILL, nothing is tidied up."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None
            self._caller.close()

    def restart(self) -> Self:
        """Again on the same port, after `kill` or `stop`."""
        assert self._process is None, "it is still running"
        return self.start()

    def stop(self, told: signal.Signals = signal.SIGTERM) -> None:
        """As a supervisor does it (SIGTERM), or a person at the keyboard (SIGINT): it ends within 30 s, with 0."""
        assert self._process is not None, "it is not running"
        self._process.send_signal(told)
        try:
            code = self._process.wait(timeout=30)
        finally:
            self.kill()
        assert code == 0, f"it ended with {code}"

    def logged(self) -> str:
        return self.log.read_text(encoding="utf-8", errors="replace") if self.log.exists() else ""

    def command(self, *words: str) -> subprocess.CompletedProcess[str]:
        """Another command of `smsbot` with the same configuration."""
        return run(*words, "--config", str(self.config), folder=self.folder)

    def _address(self, start: int) -> str:
        if not self.alive:
            raise RuntimeError(f"the process ended:\n{self.logged()[start:]}")
        found = re.search(rb"ready at (http://\S+)\n", self.log.read_bytes()[start:])
        return found[1].decode() if found else ""

    def _answers(self, path: str) -> bool:
        if not self.alive:
            raise RuntimeError(f"the process ended:\n{self.logged()}")
        try:
            return self.call("GET", path)[0] == 200
        except OSError:
            return False

    # What people and programs do with it

    def call(
        self, method: str, path: str, body: bytes = b"", headers: Mapping[str, str] | None = None
    ) -> tuple[int, bytes]:
        return self._caller.call(method, self.url + path, body, headers)

    def api(self, method: str, path: str, body: object = None, *, key: str = ADMIN_KEY, status: int = 200) -> Any:
        """A call of the staff API that must be answered with *status*; what it says."""
        content = b"" if body is None else json.dumps(body).encode()
        headers = {"authorization": f"Bearer {key}", "content-type": "application/json"}
        answered, said = self.call(method, path, content, headers)
        assert answered == status, f"{method} {path}: {answered} {said.decode(errors='replace')}"
        return json.loads(said)

    def call_with_key(self, method: str, path: str, body: object, idempotency_key: str) -> tuple[int, bytes]:
        """A call of the staff API that may be repeated; a connection of its own, for use from any thread."""
        headers = {
            "authorization": f"Bearer {ADMIN_KEY}", "content-type": "application/json",
            "idempotency-key": idempotency_key,
        }  # fmt: skip
        with Caller(timeout_s=10) as caller:
            return caller.call(method, self.url + path, json.dumps(body).encode(), headers)

    def say(self, number: str, text: str) -> list[str]:
        """A citizen writes on the phone simulator; the replies."""
        content = json.dumps({"from": number, "text": text}).encode()
        answered, said = self.call("POST", "/simulator/messages", content, {"content-type": "application/json"})
        assert answered == 200, said.decode(errors="replace")
        return [reply["text"] for reply in json.loads(said)["replies"]]

    def phone(self, number: str) -> list[str]:
        """What the simulated phone of *number* has received, oldest first."""
        answered, said = self.call("GET", f"/simulator/messages?number={quote(number)}&limit=1000")
        assert answered == 200, said.decode(errors="replace")
        return [message["text"] for message in json.loads(said)["items"] if message["direction"] == "out"]

    def messages(self, number: str, direction: str = "out") -> list[dict[str, Any]]:
        """Newest first."""
        found = self.api("GET", f"/api/messages?number={quote(number)}&direction={direction}&limit=1000")
        items: list[dict[str, Any]] = found["items"]
        return items

    def subscriber(self, number: str) -> dict[str, Any]:
        found: dict[str, Any] = self.api("GET", f"/api/subscribers/{quote(number)}")
        return found

    def broadcast(self, text: object, **more: object) -> dict[str, Any]:
        made: dict[str, Any] = self.api("POST", "/api/broadcasts", {"text": text, **more}, status=202)
        return made

    def finished(self, broadcast_id: str, *, timeout_s: float = PATIENCE_S) -> dict[str, Any]:
        """The broadcast, once it is done; its counts sum up to its recipients at every look."""

        def done() -> dict[str, Any] | None:
            view: dict[str, Any] = self.api("GET", f"/api/broadcasts/{broadcast_id}")
            assert sum(view["counts"].values()) == view["recipients"], view
            return view if view["state"] == "done" else None

        found = until(f"broadcast {broadcast_id} is done", done, timeout_s=timeout_s)
        assert found is not None
        return found


def run(*words: str, folder: Path, timeout_s: float = 120, **variables: str) -> subprocess.CompletedProcess[str]:
    """`smsbot` with *words*, in *folder*."""
    return subprocess.run(
        [sys.executable, "-m", "smsbot", *words],
        cwd=folder,
        env=environment() | variables,
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=timeout_s,
        check=False,
    )


def run_all(
    *commands: tuple[Sequence[str], Path, Mapping[str, str]], timeout_s: float = 240
) -> list[subprocess.CompletedProcess[str]]:
    """As `run` for each of *commands* (words, folder, variables), at the price of one start."""
    asked = [
        {"words": list(words), "folder": str(folder), "variables": dict(variables)}
        for words, folder, variables in commands
    ]
    done = subprocess.run(
        [sys.executable, "-m", "tests.e2e.many_commands"],
        cwd=ROOT,
        env=environment(),
        input=json.dumps(asked),
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=timeout_s,
        check=True,
    )
    return [
        subprocess.CompletedProcess(each["words"], said["code"], said["stdout"], said["stderr"])
        for each, said in zip(asked, json.loads(done.stdout), strict=True)
    ]


def environment(plugins: Path | None = None) -> dict[str, str]:
    """This process's, without settings of ours that somebody exported."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith("SMSBOT_")}
    path = str(ROOT) if plugins is None else f"{ROOT}{os.pathsep}{plugins}"
    return kept | {"PYTHONPATH": path, "PYTHONIOENCODING": "utf-8", "NO_COLOR": "1", "COLUMNS": "200"}


def sentence(result: subprocess.CompletedProcess[str]) -> str:
    """The one sentence of a failure."""
    assert result.returncode == 1, (result.returncode, result.stdout, result.stderr)
    lines: Sequence[str] = result.stderr.splitlines()
    assert len(lines) == 1, result.stderr
    assert lines[0].endswith("."), lines
    return lines[0]
