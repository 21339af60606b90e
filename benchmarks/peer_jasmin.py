"""Jasmin as shipped: RabbitMQ, Redis, its daemon and its thrower; an application behind it answers each text.

One SMPP connection both ways, without its default limit of one message a second. Everything listens on loopback, on
ports and in a folder of its own.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

from benchmarks import loops, peer_app, smpp
from benchmarks.loops import Loop
from benchmarks.peer_app import PASSWORD, USERNAME
from benchmarks.product import free_port, running
from benchmarks.suite import Bench, expect
from smsbot.testing import smsc

VARIABLE = "BENCH_JASMIN"  # the folder of a virtual environment
BROKER = Path("/usr/lib/rabbitmq/bin/rabbitmq-server")  # behind Debian's wrapper, which changes the user
READY_S = 90.0
SPECIFICATION = "lib/python3*/site-packages/txamqp/specs/standard/amqp0-9-1.stripped.xml"
"""Jasmin's package leaves its own copy out; this one comes with its AMQP library."""

LISTENERS = ("http-api", "jcli", "router", "client-management", "smpp-server", "smpp-server-pb")
"""The sections of its settings that have a `bind` and a `port`."""

CONNECTION = "operator"


def _environment() -> Path:
    return Path(os.environ.get(VARIABLE, "/nowhere"))


def missing() -> str:
    lacking = []
    if not (BROKER.exists() and shutil.which("epmd") and shutil.which("redis-server")):
        lacking.append("install Debian's rabbitmq-server and redis-server")
    if not (_environment() / "bin" / "jasmind.py").exists():
        lacking.append(f"make a virtual environment, install jasmin in it and name its folder in {VARIABLE}")
    return "; ".join(lacking) + "." if lacking else ""


@contextlib.contextmanager
def opened(bench: Bench) -> Iterator[Loop]:
    ports = {name: free_port() for name in (*LISTENERS, "broker", "nodes", "names", "redis")}
    app_port, folder = free_port(), bench.place()
    with contextlib.ExitStack() as stack:
        smsc_port = stack.enter_context(smpp.server(bench))
        pids = [stack.enter_context(one) for one in _stores(folder, ports)]
        pids += [stack.enter_context(one) for one in _daemons(folder, ports)]
        _configure(ports["jcli"], app_port, smsc_port)
        stack.enter_context(
            running(
                ["-m", "benchmarks.peer_app", str(app_port), str(ports["http-api"])],
                port=app_port, folder=bench.place(), path="/count",
            )
        )  # fmt: skip
        loop = loops.at_smsc(smsc_port, pids)
        loop.check = lambda texts: expect("texts at the application", peer_app.texts(app_port), texts)
        yield loop


def _stores(folder: Path, ports: Mapping[str, int]) -> Iterator[contextlib.AbstractContextManager[int]]:
    """The broker, with a name server of its own, and Redis; each waits for the one before."""
    names = {"ERL_EPMD_PORT": str(ports["names"]), "ERL_EPMD_ADDRESS": "127.0.0.1"}
    yield daemon(["epmd"], folder, _listens(ports["names"]), names)
    (folder / "plugins").write_text("[].\n", encoding="utf-8")
    (folder / "broker.conf").write_text(f"listeners.tcp.local = 127.0.0.1:{ports['broker']}\n", encoding="utf-8")
    broker = names | {
        "HOME": str(folder),  # where the nodes' common secret is made
        "RABBITMQ_NODENAME": "bench@localhost",
        "RABBITMQ_CONF_ENV_FILE": str(folder / "none"),
        "RABBITMQ_CONFIG_FILE": str(folder / "broker.conf"),
        "RABBITMQ_ENABLED_PLUGINS_FILE": str(folder / "plugins"),
        "RABBITMQ_MNESIA_BASE": str(folder / "mnesia"),
        "RABBITMQ_LOG_BASE": str(folder),
        "RABBITMQ_DIST_PORT": str(ports["nodes"]),
        "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": "-kernel inet_dist_use_interface {127,0,0,1}",
    }
    yield daemon([BROKER], folder, _listens(ports["broker"]), broker)
    redis = ["redis-server", "--port", str(ports["redis"]), "--bind", "127.0.0.1", "--dir", str(folder)]
    yield daemon(redis, folder, _listens(ports["redis"]), {})


def _daemons(folder: Path, ports: Mapping[str, int]) -> Iterator[contextlib.AbstractContextManager[int]]:
    """Jasmin's own; what is not said in its settings is as shipped."""
    sections: dict[str, dict[str, object]] = {name: {"bind": "127.0.0.1", "port": ports[name]} for name in LISTENERS}
    sections["jcli"]["authentication"] = "False"
    specification = next(_environment().glob(SPECIFICATION))
    sections["amqp-broker"] = {"host": "127.0.0.1", "port": ports["broker"], "spec": specification}
    sections["redis-client"] = {"host": "127.0.0.1", "port": ports["redis"]}
    sections["smpp-server-pb-client"] = {"host": "127.0.0.1", "port": ports["smpp-server-pb"]}
    settings = folder / "jasmin.cfg"
    settings.write_text(
        "".join(
            f"[{name}]\n" + "".join(f"{key} = {value}\n" for key, value in keys.items())
            for name, keys in sections.items()
        ),
        encoding="utf-8",
    )
    (folder / "store").mkdir()
    variables = {"ROOT_PATH": str(folder), "LOG_PATH": str(folder / "logs"), "STORE_PATH": str(folder / "store")}
    programs = _environment() / "bin"
    gateway: list[str | Path] = [programs / "python", programs / "jasmind.py", "-c", settings]
    yield daemon(gateway, folder, _listens(ports["jcli"]), variables)
    thrower: list[str | Path] = [programs / "python", programs / "deliversmd.py", "-c", settings, "-i", folder.name]
    yield daemon(thrower, folder, _consumes(folder / "logs" / "deliversm-thrower.log"), variables)


@contextlib.contextmanager
def daemon(
    command: Sequence[str | Path], folder: Path, ready: Callable[[], bool], variables: Mapping[str, str]
) -> Iterator[int]:
    """A process that runs until the end, from when it is *ready*; its id."""
    name = Path(command[0] if Path(command[0]).name != "python" else command[1]).name
    log = folder / f"{name}.log"
    with log.open("w") as output:
        child = subprocess.Popen(
            command, env=os.environ | dict(variables), cwd=folder, stdin=subprocess.DEVNULL, stdout=output,
            stderr=output, start_new_session=True,
        )  # fmt: skip
    try:
        end_s = time.monotonic() + READY_S
        while not ready():
            if child.poll() is not None or time.monotonic() > end_s:
                told = log.read_text(encoding="utf-8", errors="replace")
                raise RuntimeError(f"{name} does not work: {told[-2000:]}")
            time.sleep(0.1)
        yield child.pid
    finally:
        child.terminate()
        try:
            child.wait(30)
        except subprocess.TimeoutExpired:
            os.killpg(child.pid, signal.SIGKILL)  # the broker is a child of a shell
            child.wait()


def _listens(port: int) -> Callable[[], bool]:
    def ready() -> bool:
        with contextlib.suppress(OSError):
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return True
        return False

    return ready


def _consumes(log: Path) -> Callable[[], bool]:
    """What comes before the thrower has its queue is lost."""
    return lambda: log.exists() and "Consuming from" in log.read_text(encoding="utf-8")


def _configure(port: int, app_port: int, smsc_port: int) -> None:
    """By its console: a connection to the SMSC, the application, a route each way, and the user who sends."""
    connection = {
        "cid": CONNECTION, "host": "127.0.0.1", "port": smsc_port, "username": smsc.SYSTEM_ID,
        "password": smsc.PASSWORD, "bind": "transceiver", "submit_throughput": 0,
    }  # fmt: skip
    application = {"cid": "app", "url": f"http://127.0.0.1:{app_port}/text", "method": "GET"}
    with Console(port) as console:
        console.make("smppccm", connection)
        console.make("httpccm", application)
        console.make("group", {"gid": "bench"})
        console.make("user", {"uid": "bench", "gid": "bench", "username": USERNAME, "password": PASSWORD})
        console.make("morouter", {"type": "DefaultRoute", "connector": "http(app)"})
        console.make("mtrouter", {"type": "DefaultRoute", "connector": f"smppc({CONNECTION})", "rate": "0.0"})
        console.say(f"smppccm -1 {CONNECTION}")


class Console:
    """Jasmin's console, made for people: a prompt after each line."""

    def __init__(self, port: int) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port), timeout=30)

    def __enter__(self) -> Console:
        self.say("")  # the first prompt comes after the first line only
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.close()

    def make(self, what: str, fields: Mapping[str, object]) -> None:
        self.say(f"{what} -a")
        for name, value in fields.items():
            self.say(f"{name} {value}")
        told = self.say("ok")
        if "Successfully" not in told:
            raise RuntimeError(f"Jasmin's console did not take {what}: {told}")

    def say(self, line: str) -> str:
        self._socket.sendall(line.encode("ascii") + b"\r\n")
        return self._read()

    def _read(self) -> str:
        """What it shows up to its next prompt."""
        shown = b""
        while not shown.endswith((b"jcli : ", b"> ")):
            octets = self._socket.recv(65536)
            if not octets:
                raise RuntimeError("Jasmin's console ended")
            shown += octets
        return shown.decode("utf-8", "replace")
