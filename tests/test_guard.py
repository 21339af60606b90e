"""The guards of conftest itself: they must bite, or they guard nothing."""

from __future__ import annotations

import io
import logging
import socket

import pytest

from smsbot import logs
from tests import components
from tests.conftest import logging_as_it_was


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


def test_who_sets_logging_up_leaves_no_handler_with_a_closed_stream() -> None:
    with logging_as_it_was(), io.StringIO() as stream:
        logs.configure(stream=stream)
        logging.getLogger("x").info("heard")
        assert "heard" in stream.getvalue()
    root = logging.getLogger()
    assert not any(getattr(handler, "stream", None) is stream for handler in root.handlers)
    assert not root.isEnabledFor(logging.INFO)


@pytest.mark.parametrize("wanted, outcome", [("", pytest.skip.Exception), ("all", pytest.fail.Exception)])
def test_a_missing_component_is_a_skip_or_where_all_are_required_a_failure(
    wanted: str, outcome: type[BaseException], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(components.PRESENT, "telegraph", (lambda: None, "There is no telegraph"))
    monkeypatch.setenv(components.REQUIRE_VARIABLE, wanted)
    with pytest.raises(outcome, match="There is no telegraph"):
        components.require("telegraph")


def test_a_present_component_is_no_obstacle(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(components.PRESENT, "telegraph", (lambda: "/usr/bin/telegraph", ""))
    monkeypatch.setenv(components.REQUIRE_VARIABLE, "all")
    components.require("telegraph")
