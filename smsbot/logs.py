"""Logs: one line an event, for people on a terminal and as JSON for machines; nobody's number, words or key in either.

Every line passes `masked`, those of libraries as well: structlog's own and the standard library's go the same way.
"""

from __future__ import annotations

import logging
import os
import re
import sys
from collections.abc import Mapping
from typing import Any, TextIO

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

LEVEL_VARIABLE = "SMSBOT_LOG_LEVEL"
LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")
HIDDEN = "[hidden]"

# Nine digits are a Georgian number without its country code, fifteen the longest there are (ITU-T E.164 §6.2.1).
# People and providers put blanks, dots, hyphens and brackets between them.
_NUMBER = re.compile(r"(?<![0-9])\+?[0-9](?:[\s().\-\u00a0\u2010-\u2015]{0,2}[0-9]){8,}")
_SHORT_NUMBER = re.compile(r"\+[0-9](?:[ \-]?[0-9]){6,7}(?![0-9])")
_QUERY = re.compile(r"([?&][^=&\s\"']+=)[^&\s\"']*")
_BEARER = re.compile(r"(?i)\b(bearer|basic)\s+[^\s\"',]+")
_CREDENTIALS = re.compile(r"(?<=://)[^/\s@:]+:[^/\s@]+(?=@)")
_STATEMENT = re.compile(r"\[parameters: .*?(?=\(Background on|\Z)|DETAIL:[^\n]*|CONTEXT:[^\n]*", re.DOTALL)

_WORDS = frozenset(
    [
        "text",
        "texts",
        "body",
        "reply",
        "replies",
        "evidence",
        "keyword",
        "argument",
        "content",
        "slots",
        "raw",
        "payload",
        "query",
        "params",
        "parameters",
        "password",
        "token",
        "secret",
        "key",
        "authorization",
        "signature",
        "salt",
        "cookie",
    ]
)
_SECRET = re.compile(r"password|token|secret|api_key|auth|signature|cookie")
_INSTANT = re.compile(r"_(?:ms|s|id|ids|bytes)$")

_QUIET = ("transitions", "httpx", "httpcore", "aiohttp", "asyncio", "alembic", "sqlalchemy")


def configure(
    *, level: str | None = None, stream: TextIO | None = None, environ: Mapping[str, str] | None = None
) -> None:
    """Set up logging of this process, to *stream* (standard error). An unknown level counts as INFO."""
    target = stream if stream is not None else sys.stderr
    wanted = (level or (os.environ if environ is None else environ).get(LEVEL_VARIABLE, "")).upper()
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.PositionalArgumentsFormatter(),
        structlog.stdlib.ExtraAdder(),
        _without_colours,
    ]
    last: list[Processor] = [
        structlog.stdlib.ProcessorFormatter.remove_processors_meta,
        structlog.processors.StackInfoRenderer(),
        structlog.processors.format_exc_info,
        masked,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    if target.isatty():
        last.append(structlog.dev.ConsoleRenderer(colors=True))
    else:
        last.append(structlog.processors.JSONRenderer(ensure_ascii=False))
    handler = logging.StreamHandler(target)
    handler.setFormatter(structlog.stdlib.ProcessorFormatter(foreign_pre_chain=shared, processors=last))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(wanted if wanted in LEVELS else "INFO")
    for name in _QUIET:  # they tell addresses and statements at INFO
        logging.getLogger(name).setLevel("WARNING")
    for name in ("uvicorn", "uvicorn.access", "uvicorn.error"):
        logger = logging.getLogger(name)
        logger.handlers.clear()
        logger.propagate = True
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )


def _without_colours(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """uvicorn tells each line twice, the second time painted for a terminal."""
    event.pop("color_message", None)
    return event


def masked(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """Numbers become dots but for their last three digits; words and keys go altogether."""
    return {key: _safe(key, value) for key, value in event.items()}


def mask(text: str) -> str:
    """*text* without numbers, credentials and the values of a query or a statement."""
    text = _STATEMENT.sub(HIDDEN, text)
    text = _CREDENTIALS.sub(HIDDEN, text)
    text = _BEARER.sub(rf"\1 {HIDDEN}", text)
    text = _QUERY.sub(rf"\1{HIDDEN}", text)
    return _SHORT_NUMBER.sub(_dots, _NUMBER.sub(_dots, text))


def _dots(match: re.Match[str]) -> str:
    digits = [char for char in match[0] if char.isdigit()]
    return f"•••{''.join(digits[-3:])}"


def _safe(key: str, value: Any) -> Any:
    name = key.lower()
    if name in _WORDS or _SECRET.search(name):
        return value if value is None or isinstance(value, bool) else HIDDEN
    match value:
        case None | bool() | float():
            return value
        case int():
            return value if _INSTANT.search(name) or abs(value) < 100_000_000 else mask(str(value))
        case str():
            return mask(value)
        case bytes() | bytearray() | memoryview():
            return f"[{len(value)} bytes]"
        case Mapping():
            return {str(inner): _safe(str(inner), item) for inner, item in value.items()}
        case list() | tuple() | set() | frozenset():
            return [_safe(key, item) for item in value]
        case _:
            return mask(str(value))
