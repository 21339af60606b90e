"""An uvicorn that is inside not as the webhooks' lane knows it: they go the usual way, and one line tells of it."""

import logging
from typing import Any

import pytest
from structlog.testing import capture_logs
from uvicorn.protocols.http import httptools_impl

from smsbot.web import trial

HOOKS: Any = object()
PARTS = [
    "_start_asgi_task", "on_response_complete", "on_headers_complete", "on_message_complete", "on_body", "on_url",
]  # fmt: skip


def test_with_this_uvicorn_webhooks_pass_by_asgi(caplog: pytest.LogCaptureFixture) -> None:
    """And nobody reads of a page that nobody asked for."""
    with capture_logs() as said, caplog.at_level(logging.INFO):
        assert callable(trial.protocol(HOOKS))
    assert said == []
    assert not [record for record in caplog.records if record.name.startswith("uvicorn")]


@pytest.mark.parametrize("part", PARTS)
def test_without_a_part_that_the_lane_leans_on_they_go_the_usual_way(
    part: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delattr(httptools_impl.HttpToolsProtocol, part)
    _is_told_once()


@pytest.mark.parametrize("changed", ["on_body", "_start_asgi_task", "on_url"])
def test_so_they_do_where_a_part_does_something_else(changed: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(httptools_impl.HttpToolsProtocol, changed, lambda *_: None)
    _is_told_once()


def test_so_they_do_where_a_value_of_the_connection_has_another_name(monkeypatch: pytest.MonkeyPatch) -> None:
    made = httptools_impl.HttpToolsProtocol.__init__

    def renamed(self: Any, *arguments: Any, **named: Any) -> None:
        made(self, *arguments, **named)
        del self.limit_concurrency

    monkeypatch.setattr(httptools_impl.HttpToolsProtocol, "__init__", renamed)
    _is_told_once()


def _is_told_once() -> None:
    with capture_logs() as said:
        assert trial.protocol(HOOKS) == trial.USUAL
    (line,) = said
    assert line["log_level"] == "warning"
    assert line["event"] == "webhooks take the usual, slower way through uvicorn"
    assert line["reason"]
