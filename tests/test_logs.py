import io
import json
import logging
from typing import Any

import pytest
import structlog

from smsbot import logs


@pytest.fixture(autouse=True)
def as_before() -> Any:
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    structlog.reset_defaults()


def configured(level: str = "INFO") -> io.StringIO:
    stream = io.StringIO()
    logs.configure(level=level, stream=stream)
    return stream


def told(stream: io.StringIO) -> dict[str, Any]:
    (line,) = stream.getvalue().splitlines()
    found: dict[str, Any] = json.loads(line)
    return found


@pytest.mark.parametrize(
    "text",
    [
        "+995555123456",
        "995555123456",
        "00995555123456",
        "555123456",
        "555 12 34 56",
        "+995 (555) 12-34-56",
        "+995.555.12.34.56",
        "to=995555123456;",
        "%2B995555123456",
        "tel:+995555123456",
        "('+995555123456',)",
        "+37412345",
        "Key (number)=(+995555123456) already exists",
    ],
)
def test_a_number_leaves_no_more_than_its_last_three_digits(text: str) -> None:
    masked = logs.mask(text)
    assert "123" not in masked
    assert sum(char.isdigit() for char in masked.replace("%2B", "")) <= 3


@pytest.mark.parametrize("text", ["port 8000", "2026-11-22", "17 of 200000 rows", "code 30007", "took 1.25 s"])
def test_what_is_no_number_stays(text: str) -> None:
    assert logs.mask(text) == text


@pytest.mark.parametrize(
    "text, gone",
    [
        ("GET /channels/kn/inbound?token=abc&text=ბიუჯეტი&from=x HTTP/1.1", ("abc", "ბიუჯეტი")),
        ("Authorization: Bearer smsbot_ab_cd", ("smsbot_ab_cd",)),
        ("postgresql://smsbot:secret@db/smsbot", ("secret",)),
        ("[SQL: INSERT INTO x] [parameters: ('a', 'stop it')] (Background on this error", ("stop it",)),
        ("error\nDETAIL:  Failing row contains (1, stop it).\nHINT: none", ("stop it",)),
    ],
)
def test_queries_credentials_and_values_of_statements_are_hidden(text: str, gone: tuple[str, ...]) -> None:
    masked = logs.mask(text)
    for piece in gone:
        assert piece not in masked
    assert logs.HIDDEN in masked


def test_words_and_keys_are_dropped_however_deep() -> None:
    stream = configured()
    structlog.get_logger("x").info(
        "received", text="STOP it", channel="main", auth_token="t0p", inner={"body": b"x", "list": [{"reply": "yes"}]}
    )
    event = told(stream)
    assert event["channel"] == "main"
    assert event["text"] == event["auth_token"] == event["inner"]["body"] == logs.HIDDEN
    assert event["inner"]["list"] == [{"reply": logs.HIDDEN}]


def test_numbers_as_integers_are_masked_and_instants_are_not() -> None:
    stream = configured()
    structlog.get_logger("x").info("sent", to=995555123456, at_ms=1795341600000, parts=2, urgent=True)
    event = told(stream)
    assert event["to"] == "•••456"
    assert (event["at_ms"], event["parts"], event["urgent"]) == (1795341600000, 2, True)


def test_lines_of_libraries_pass_the_same_mask() -> None:
    stream = configured()
    logging.getLogger("uvicorn.access").info('%s - "%s %s"', "127.0.0.1", "GET", "/x?from=+995555123456&text=hello")
    event = told(stream)
    assert "hello" not in event["event"]
    assert "123456" not in event["event"]
    assert event["logger"] == "uvicorn.access"


def test_a_trace_is_masked_too() -> None:
    stream = configured()
    try:
        raise ValueError("no room for +995555123456")
    except ValueError:
        structlog.get_logger("x").exception("failed")
    event = told(stream)
    assert "ValueError" in event["exception"]
    assert "123456" not in stream.getvalue()


def test_the_level_comes_from_the_environment() -> None:
    stream = io.StringIO()
    logs.configure(stream=stream, environ={"SMSBOT_LOG_LEVEL": "warning"})
    structlog.get_logger("x").info("quiet")
    structlog.get_logger("x").warning("loud")
    assert told(stream)["event"] == "loud"
    logs.configure(stream=stream, environ={"SMSBOT_LOG_LEVEL": "nonsense"})
    assert logging.getLogger().level == logging.INFO


def test_on_a_terminal_lines_are_for_people() -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    stream = Terminal()
    logs.configure(stream=stream)
    structlog.get_logger("x").info("ready", channel="main")
    assert not stream.getvalue().startswith("{")
    assert "ready" in stream.getvalue()
