"""The guard of conftest itself: it must bite, or it guards nothing."""

from __future__ import annotations

import socket

import pytest


def test_a_connection_beyond_loopback_is_refused_and_noted(attempts_to_leave: list[str]) -> None:
    with socket.socket() as sock, pytest.raises(OSError, match=r"connects to 192\.0\.2\.1"):
        sock.connect(("192.0.2.1", 80))
    assert attempts_to_leave == ["connect 192.0.2.1"]
    attempts_to_leave.clear()


def test_a_name_beyond_this_machine_is_not_looked_up(attempts_to_leave: list[str]) -> None:
    with pytest.raises(socket.gaierror):
        socket.create_connection(("gateway.example", 80))
    assert attempts_to_leave == ["look up 'gateway.example'"]
    attempts_to_leave.clear()


def test_loopback_is_open() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server, socket.create_connection(server.getsockname()):
        pass
