"""A whole Kannel on loopback: bearerbox, smsbox and the fake SMSC with a handset behind it.

From Debian's `kannel` and `kannel-extras`. Everything lives in one directory and on free ports of 127.0.0.1; nothing
waits a fixed time, and whatever was started is stopped, also when the start itself fails.
"""

from __future__ import annotations

import re
import socket
import subprocess
import time
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Self
from urllib.parse import unquote_to_bytes

from smsbot.testing import smsc

BEARERBOX = Path("/usr/sbin/bearerbox")
SMSBOX = Path("/usr/sbin/smsbox")
FAKESMSC = Path("/usr/lib/kannel/test/fakesmsc")

USERNAME = "tester"
PASSWORD = "foobar"  # noqa: S105  # of a server that lives for one test on loopback
GOT = re.compile(rb"Got message \d+: <(.*)>$", re.MULTILINE)
MESSAGE = re.compile(rb"(\S*) (\S+) (?:udh (\S+) )?(text|data|ucs-2) (.*)", re.DOTALL)


def installed() -> bool:
    return all(program.exists() for program in (BEARERBOX, SMSBOX, FAKESMSC))


@dataclass(frozen=True, slots=True)
class Part:
    """One short message as the handset got it. *udh* is the joining header, empty for a message of one part."""

    sender: str
    to: str
    text: str
    udh: bytes = b""


class Kannel:
    """`with Kannel(directory, inbound_url=…) as kannel:` — the URL is where texts from the handset go.

    *inbound_url* is the channel's address with its `?token=…`, if any; Kannel's fields are added to its query.
    *smsc_port*: Kannel connects by SMPP to an SMSC there (`smsbot.testing.smsc`) instead of the handset.
    *window*: what may be unanswered at that SMSC; Kannel's own default is 10.
    *replies*: what the URL answers is sent to the person, as Kannel does by itself; smsbot never wants that.
    *verbosity*: 0 logs everything, 4 next to nothing.
    """

    def __init__(
        self,
        directory: Path,
        *,
        inbound_url: str,
        retries: int = 3,
        timeout_s: float = 60.0,
        smsc_port: int | None = None,
        window: int = 10,
        replies: bool = False,
        verbosity: int = 1,
    ) -> None:
        self._directory = directory
        self._inbound_url = inbound_url
        self._retries = retries
        self._smsc_port = smsc_port
        self._window = window
        self._replies = replies
        self._verbosity = str(verbosity)
        self._timeout_s = timeout_s
        self._processes: list[subprocess.Popen[bytes]] = []
        self._phone: socket.socket | None = None
        self._admin, self._box, self._sendsms, self._handset_port, self._phone_port = _free_ports(5)

    @property
    def base_url(self) -> str:
        """Of sendsms; the channel's `base_url`, with `USERNAME` and `PASSWORD`."""
        return f"http://127.0.0.1:{self._sendsms}"

    @property
    def pids(self) -> list[int]:
        """Of what was started, bearerbox first."""
        return [process.pid for process in self._processes]

    def __enter__(self) -> Self:
        try:
            self.start()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def start(self) -> None:
        self._directory.mkdir(parents=True, exist_ok=True)
        conf = self._directory / "kannel.conf"
        conf.write_text(self._configuration(), encoding="utf-8")
        self._run("bearerbox", [str(BEARERBOX), "-v", self._verbosity, str(conf)])
        self._until(lambda: _listens(self._box) and bool(self.status()), "bearerbox listens")
        self._run("smsbox", [str(SMSBOX), "-v", self._verbosity, str(conf)])
        self._until(lambda: "smsbox" in self.status() and _listens(self._sendsms), "smsbox is connected")
        if self._smsc_port is None:
            handset = ["-H", "127.0.0.1", "-r", str(self._handset_port), "-m", "0", "0 0 text -"]
            self._run("fakesmsc", [str(FAKESMSC), *handset])
        self._phone = self._connected(self._phone_port)
        self._until(lambda: self.status().count("(online ") >= 2, "both connections are online")

    def stop(self) -> None:
        """Ends every process that was started, the last first; one that does not listen is killed."""
        if self._phone is not None:
            self._phone.close()
            self._phone = None
        for process in reversed(self._processes):
            process.terminate()
            try:
                process.wait(timeout=5)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait(timeout=5)
        self._processes.clear()

    def say(self, number: str, text: str, *, to: str = "2020") -> None:
        """The person with *number* writes *text*; any language."""
        if self._phone is None:
            raise RuntimeError("Kannel is not running")
        octets = "".join(f"%{octet:02X}" for octet in text.encode("utf-16-be"))
        self._phone.sendall(f"{number} {to} ucs2 {octets}\n".encode("ascii"))

    def parts(self, number: int = 1) -> list[Part]:
        """What the handset has got, once there are *number* parts. Raises TimeoutError."""
        self._until(lambda: len(self._got()) >= number, f"the handset has {number} parts")
        return self._got()

    def status(self) -> str:
        """Kannel's own status page; empty while it does not answer."""
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self._admin}/status.txt?password=bar", timeout=2) as page:
                return str(page.read().decode("utf-8", "replace"))
        except OSError:
            return ""

    def _got(self) -> list[Part]:
        """The handset's protocol is one line a message, so a GSM-7 text with line ends comes as several lines."""
        messages: list[bytes] = []
        for line in GOT.findall((self._directory / "fakesmsc.log").read_bytes()):
            if MESSAGE.fullmatch(line) or not messages:
                messages.append(line)
            else:
                messages[-1] += b"\n" + line
        return [_part(message) for message in messages]

    def _run(self, name: str, command: list[str]) -> None:
        with (self._directory / f"{name}.log").open("wb") as log:
            process = subprocess.Popen(command, stdout=log, stderr=subprocess.STDOUT, cwd=self._directory)  # noqa: S603  # our own programs and words
        self._processes.append(process)

    def _until(self, ready: Callable[[], bool], what: str) -> None:
        deadline = time.monotonic() + self._timeout_s
        while not ready():
            for process in self._processes:
                if process.poll() is not None:
                    raise RuntimeError(f"A part of Kannel ended: see the logs in {self._directory}")
            if time.monotonic() > deadline:
                raise TimeoutError(f"Waited {self._timeout_s} s until {what}: see the logs in {self._directory}")
            time.sleep(0.02)

    def _connected(self, port: int) -> socket.socket:
        opened: list[socket.socket] = []

        def connect() -> bool:
            try:
                opened.append(socket.create_connection(("127.0.0.1", port), timeout=5))
            except OSError:
                return False
            return True

        self._until(connect, "the second connection listens")
        return opened[0]

    def _configuration(self) -> str:
        query = "id=%I&from=%p&to=%P&text=%a&ts=%T&smsc=%i"
        inbound_url = self._inbound_url.replace("%", "%%")  # a single one begins an escape of Kannel's
        get_url = f"{inbound_url}{'&' if '?' in inbound_url else '?'}{query}"
        groups: list[dict[str, object]] = [
            {
                "group": "core",
                "admin-port": self._admin,
                "admin-password": "bar",
                "admin-interface": "127.0.0.1",
                "smsbox-port": self._box,
                "smsbox-interface": "127.0.0.1",
                "box-deny-ip": '"*.*.*.*"',
                "box-allow-ip": '"127.0.0.1"',
                "store-type": "file",
                "store-location": self._directory / "store",
                "dlr-storage": "internal",
            },
            # The handset: all that is sent goes here.
            self._smsc("handset", self._handset_port)
            if self._smsc_port is None
            else _by_smpp(self._smsc_port, self._window),
            # The phone that writes: nothing is routed to it, since no number begins so.
            self._smsc("phone", self._phone_port) | {"allowed-prefix": '"nothing"'},
            {
                "group": "smsbox",
                "bearerbox-host": "127.0.0.1",
                "sendsms-port": self._sendsms,
                "sendsms-interface": "127.0.0.1",
                "global-sender": "2020",
                "mo-recode": "true",
                "http-request-retry": self._retries,
                "http-queue-delay": "1",
            },
            {
                "group": "sendsms-user",
                "username": USERNAME,
                "password": PASSWORD,
                "max-messages": "10",
                "concatenation": "true",
                "user-allow-ip": "127.0.0.1",
            },
            {
                "group": "sms-service",
                "keyword": "default",
                "catch-all": "true",
                "max-messages": "1" if self._replies else "0",
                "concatenation": "true",
                "get-url": f'"{get_url}"',
            },
        ]
        return "\n\n".join("\n".join(f"{key} = {value}" for key, value in group.items()) for group in groups) + "\n"

    @staticmethod
    def _smsc(name: str, port: int) -> dict[str, object]:
        return {"group": "smsc", "smsc": "fake", "smsc-id": name, "port": port, "connect-allow-ip": "127.0.0.1"}


def _by_smpp(port: int, window: int) -> dict[str, object]:
    return {
        "group": "smsc",
        "smsc": "smpp",
        "smsc-id": "operator",
        "host": "127.0.0.1",
        "port": port,
        "transceiver-mode": "true",
        "smsc-username": smsc.SYSTEM_ID,
        "smsc-password": smsc.PASSWORD,
        "system-type": '""',
        "dest-addr-ton": 1,
        "dest-addr-npi": 1,
        "max-pending-submits": window,
        "reconnect-delay": 1,
    }


def _part(message: bytes) -> Part:
    found = MESSAGE.fullmatch(message)
    if found is None:
        raise ValueError("the handset printed something that is no message")
    sender, to, udh, kind, rest = found.groups()
    if kind == b"text":
        text = rest.decode("utf-8", "replace")
    else:
        text = unquote_to_bytes(rest.replace(b"+", b" ")).decode("utf-16-be", "replace")
    return Part(sender.decode(), to.decode(), text, unquote_to_bytes(udh or b""))


def _listens(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except OSError:
        return False
    return True


def _free_ports(number: int) -> list[int]:
    """Ports that nobody listened on a moment ago, all different."""
    held = [socket.create_server(("127.0.0.1", 0)) for _ in range(number)]
    ports = [int(server.getsockname()[1]) for server in held]
    for server in held:
        server.close()
    return ports
