"""The application: webhooks go straight to their hooks, everything else through Starlette."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Any

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route
from starlette.types import ASGIApp, Receive, Scope, Send

from smsbot.web import console, describe, health, metrics
from smsbot.web.api import broadcasts, channels, directory, inbox, messages, paper, subscribers, unknown
from smsbot.web.calls import Call, routes
from smsbot.web.middleware import BodyLimit, SecurityHeaders, Wall
from smsbot.web.ports import Service
from smsbot.web.problems import Problem
from smsbot.web.public import data, page
from smsbot.web.simulator import calls as simulator
from smsbot.web.simulator import pages as phone

HOOKS = "/channels/"

CALLS: tuple[Call, ...] = (
    *broadcasts.CALLS,
    *subscribers.CALLS,
    *paper.CALLS,
    *messages.CALLS,
    *inbox.CALLS,
    *unknown.CALLS,
    *directory.CALLS,
    *channels.CALLS,
    *health.CALLS,
    *metrics.CALLS,
    *simulator.CALLS,
)

Lifespan = Callable[[Any], AbstractAsyncContextManager[None]]


class Front:
    """Webhooks never meet the router or its middleware: they are the hot path, and signed over their raw bytes."""

    def __init__(self, hooks: ASGIApp, rest: ASGIApp) -> None:
        self._hooks = hooks
        self._rest = rest

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["path"].startswith(HOOKS):
            await self._hooks(scope, receive, send)
        else:
            await self._rest(scope, receive, send)


def create_app(service: Service, *, lifespan: Lifespan | None = None, extra: Sequence[BaseRoute] = ()) -> ASGIApp:
    """The whole web of *service*. *extra* routes come before the public page."""
    app = Starlette(
        routes=[
            *routes(service, CALLS),
            *describe.pages(service, CALLS),
            *phone.pages(service),
            *extra,
            *console.pages(service),
            *page.pages(service),
            *data.pages(service),
        ],
        middleware=[Middleware(SecurityHeaders), Middleware(Wall), Middleware(BodyLimit)],
        exception_handlers={HTTPException: _http_problem},
        lifespan=lifespan,
    )
    app.router.redirect_slashes = False  # a redirect would repeat whatever Host the caller named
    return Front(service.hooks, app)


def create_watch(service: Service, *, lifespan: Lifespan | None = None) -> ASGIApp:
    """What a process that only delivers shows: is it alive, and its figures (contract §10, "Processes")."""
    alive = tuple(call for call in health.CALLS if call.path == "/healthz")
    return Starlette(
        routes=routes(service, (*alive, *metrics.CALLS)),
        middleware=[Middleware(SecurityHeaders), Middleware(Wall)],
        exception_handlers={HTTPException: _http_problem},
        lifespan=lifespan,
    )


def _http_problem(_request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    if error.status_code == 404:
        return Problem(404, "There is nothing at this address; /docs lists what there is.").response()
    if error.status_code == 405:
        allowed = (error.headers or {}).get("Allow", "GET")
        return Problem(405, f"This address takes {allowed} only.", headers={"Allow": allowed}).response()
    return Problem(error.status_code, error.detail, headers=dict(error.headers or {})).response()


__all__ = ["CALLS", "Front", "Route", "create_app", "create_watch"]
