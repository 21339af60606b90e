"""What every request passes: security headers, the body limit, and the wall that no stack trace gets over."""

from __future__ import annotations

import logging
import secrets
import traceback
from pathlib import Path

from starlette.datastructures import Headers, MutableHeaders
from starlette.middleware.body_limit import RequestBodyLimitMiddleware
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

import smsbot
from smsbot.errors import SmsbotError
from smsbot.web.problems import Problem, from_error

log = logging.getLogger("smsbot.web")

BODY_LIMIT = 1024 * 1024  # bytes; a broadcast of ten languages and ten thousand places is a third of it

CONTENT_SECURITY_POLICY = (
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
SECURITY = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}


class SecurityHeaders:
    """Sets what a response has not set itself."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def dressed(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in SECURITY.items():
                    headers.setdefault(name, value)
            await send(message)

        await self._app(scope, receive, dressed)


class Wall:
    """Turns what nobody foresaw into a 500 with a reference. The log gets the reference, the kind of error and the
    places it passed, never its words: a database error quotes numbers and texts."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started = False

        async def watched(message: Message) -> None:
            nonlocal started
            started = started or message["type"] == "http.response.start"
            await send(message)

        try:
            await self._app(scope, receive, watched)
        except ClientDisconnect:
            return
        except Exception as error:  # the HTTP edge: one of the three places where errors end
            problem = from_error(error) if isinstance(error, SmsbotError) else None
            if problem is None:
                problem = _unforeseen(error, scope)
            if not started:
                await problem.response()(scope, receive, send)


class BodyLimit:
    """Starlette's limit, but with an answer that says so: it counts what is streamed, we read the header first."""

    def __init__(self, app: ASGIApp, limit: int = BODY_LIMIT) -> None:
        self._limit = limit
        self._app = RequestBodyLimitMiddleware(app, max_body_size=limit)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            announced = Headers(scope=scope).get("content-length", "")
            if announced.isascii() and announced.isdigit() and int(announced[:19]) > self._limit:
                detail = f"The body is larger than this address takes: at most {self._limit // 1024} KiB."
                await Problem(413, detail).response()(scope, receive, send)
                return
        await self._app(scope, receive, send)


def _unforeseen(error: Exception, scope: Scope) -> Problem:
    reference = secrets.token_hex(6)
    ours = str(Path(smsbot.__file__).parent)
    trace = list(traceback.extract_tb(error.__traceback__))
    steps = [step for step in trace if step.filename.startswith(ours)][-5:] + trace[-1:]
    places = " > ".join(f"{Path(step.filename).name}:{step.lineno}:{step.name}" for step in steps)
    route = scope.get("path", "").split("/")[1:3]  # the third step may be a number
    log.error(
        "unforeseen error reference=%s method=%s path=/%s error=%s at=%s",
        reference, scope["method"], "/".join(route), type(error).__name__, places,
    )  # fmt: skip
    detail = f"Something went wrong on our side. Nothing of it is your fault; please tell us the reference {reference}."
    return Problem(500, detail, reference=reference)
