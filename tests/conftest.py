"""What every test may rely on: nothing leaves this machine, and a missing component is told (`components`)."""

from __future__ import annotations

import ipaddress
import logging
import socket
from collections.abc import Iterator, MutableMapping
from contextlib import contextmanager
from typing import Any

import pytest
import structlog
import structlog.testing
from hypothesis import HealthCheck, settings

from tests.components import PRESENT, require

# A test never fails on a clock.
settings.register_profile("smsbot", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("smsbot")


def pytest_runtest_setup(item: pytest.Item) -> None:
    for component in PRESENT:
        if item.get_closest_marker(component):
            require(component)


class LeftTheMachine(OSError):
    """A test tried to reach something that is not on loopback."""


def _stays(host: object) -> bool:
    if host in (None, "", b"", "localhost", b"localhost"):
        return True
    name = host.decode("ascii", "replace") if isinstance(host, bytes) else str(host)
    try:
        address = ipaddress.ip_address(name.partition("%")[0])
    except ValueError:
        return False
    return address.is_loopback or address.is_unspecified


@pytest.fixture(scope="session")
def attempts_to_leave() -> Iterator[list[str]]:
    """Where code under test tried to connect or whom it asked for by name; every such attempt is refused."""
    attempts: list[str] = []
    real_connect, real_connect_ex, real_lookup = socket.socket.connect, socket.socket.connect_ex, socket.getaddrinfo

    def guard(sock: socket.socket, address: Any) -> None:
        if sock.family in {socket.AF_INET, socket.AF_INET6} and not _stays(address[0]):
            attempts.append(f"connect {address[0]}")
            raise LeftTheMachine(f"a test connects to {address[0]}")

    def connect(sock: socket.socket, address: Any) -> None:
        guard(sock, address)
        real_connect(sock, address)

    def connect_ex(sock: socket.socket, address: Any) -> int:
        guard(sock, address)
        return real_connect_ex(sock, address)

    def lookup(host: Any, *rest: Any, **more: Any) -> Any:
        if not _stays(host):
            attempts.append(f"look up {host!r}")
            raise socket.gaierror(socket.EAI_NONAME, f"a test asks for {host!r}")
        return real_lookup(host, *rest, **more)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(socket.socket, "connect", connect)
        patch.setattr(socket.socket, "connect_ex", connect_ex)
        patch.setattr(socket, "getaddrinfo", lookup)
        yield attempts


@pytest.fixture(autouse=True)
def nothing_leaves_the_machine(attempts_to_leave: list[str]) -> Iterator[None]:
    attempts_to_leave.clear()
    yield
    tried, attempts_to_leave[:] = attempts_to_leave[:], []
    if tried:
        pytest.fail(f"the test tried to leave the machine: {', '.join(tried)}", pytrace=False)


@contextmanager
def logging_as_it_was() -> Iterator[None]:
    """Whoever sets logging up inside, as commands do, leaves no handler behind: its stream is closed by then, and what
    logs at the end of the process, as PostgreSQL's wheel does, would fail."""
    root = logging.getLogger()
    level, structured = root.level, structlog.get_config()
    yield
    for handler in root.handlers[:]:
        if type(handler) is logging.StreamHandler:  # `logs.configure` makes these; pytest's own are of other kinds
            root.removeHandler(handler)
    root.setLevel(level)
    structlog.configure(**structured)


@pytest.fixture(autouse=True)
def no_handler_is_left_behind() -> Iterator[None]:
    with logging_as_it_was():
        yield


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
def logged() -> Iterator[list[MutableMapping[str, Any]]]:
    """What is logged meanwhile, however logging was set up before."""
    before = structlog.get_config()
    structlog.reset_defaults()
    with structlog.testing.capture_logs() as entries:
        yield entries
    structlog.configure(**before)
