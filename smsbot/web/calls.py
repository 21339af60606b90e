"""One table of calls, from which both the routes and the OpenAPI document are built.

Why not spectree or another generator: it would bring its own validation errors, which are for developers, its pages
load scripts from elsewhere, and it knows nothing of roles. A call declared once here is checked, served and described
from the same line.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from pydantic import BaseModel, ValidationError
from pydantic_core import from_json
from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from smsbot.errors import SmsbotError
from smsbot.store.staff import Member, Role
from smsbot.web.auth import authenticate, demand
from smsbot.web.ports import Service
from smsbot.web.problems import Problem, from_error, from_validation
from smsbot.web.schemas import Nothing

Query = TypeVar("Query", bound=BaseModel)
Body = TypeVar("Body", bound=BaseModel | None)

ANYONE = Member("", Role.VIEWER)


@dataclass(frozen=True, slots=True)
class Asked(Generic[Query, Body]):
    """One request, checked: who asks for what. *raw* is the body as read, before defaults."""

    service: Service
    who: Member
    path: Mapping[str, str]
    query: Query
    body: Body
    raw: Any
    headers: Headers


@dataclass(frozen=True, slots=True)
class Told:
    """The answer: a model becomes JSON, a `Response` goes out as it is."""

    answer: BaseModel | Response
    status: int = 200


Handler = Callable[[Asked[Any, Any]], Awaitable[Told]]


@dataclass(frozen=True, slots=True)
class Call:
    """*role* None: no key is asked for. *refuses*: statuses besides those that follow from role, body and query."""

    method: str
    path: str
    handler: Handler
    summary: str
    answers: Mapping[int, type[BaseModel] | None]
    role: Role | None = Role.VIEWER
    body: type[BaseModel] | None = None
    body_optional: bool = False
    query: type[BaseModel] = Nothing
    headers: Mapping[str, str] = field(default_factory=dict)  # request headers: name → description
    refuses: tuple[int, ...] = ()
    tag: str = ""
    detail: str = ""
    example: Mapping[str, Any] | None = None
    media_type: str = "application/json"


class Endpoint:
    """All methods of one path, as an ASGI application."""

    def __init__(self, service: Service, calls: Sequence[Call]) -> None:
        self._service = service
        self._calls = {call.method: call for call in calls}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        try:
            response = await self._answer(request)
        except HTTPException as error:  # the body limit
            response = Problem(error.status_code, _http_sentence(error)).response()
        except SmsbotError as error:
            problem = from_error(error)
            if problem is None:
                raise
            response = problem.response()
        await response(scope, receive, send)

    async def _answer(self, request: Request) -> Response:
        method = "GET" if request.method == "HEAD" else request.method
        call = self._calls.get(method)
        if call is None:
            allowed = sorted(self._calls) + (["HEAD"] if "GET" in self._calls else [])
            detail = f"This address does not take {request.method}; it takes {', '.join(allowed)}."
            raise Problem(405, detail, headers={"Allow": ", ".join(allowed)})
        who = ANYONE
        if call.role is not None:
            who = await authenticate(self._service, request.headers.get("authorization"))
            demand(who, call.role)
        query = read_query(call.query, request)
        raw, body = await _read_body(call, request) if call.body is not None else (None, None)
        told = await call.handler(
            Asked(self._service, who, request.path_params, query, body, raw, request.headers),
        )
        if isinstance(told.answer, Response):
            return told.answer
        content = told.answer.model_dump_json(by_alias=True)
        return Response(content, told.status, {"Cache-Control": "no-store"}, media_type="application/json")


def routes(service: Service, calls: Sequence[Call]) -> list[Route]:
    by_path: dict[str, list[Call]] = {}
    for call in calls:
        by_path.setdefault(call.path, []).append(call)
    return [Route(path, Endpoint(service, group)) for path, group in by_path.items()]


def read_query(model: type[Query], request: Request) -> Query:
    """The parameters of the address. A parameter given twice is an error: which one was meant?"""
    values: dict[str, str] = {}
    for name, value in request.query_params.multi_items():
        if name in values:
            raise Problem(422, f"The parameter `{name}` is given twice.", name)
        values[name] = value
    try:
        return model.model_validate(values)
    except ValidationError as error:
        raise from_validation(error, names(model), "parameter") from None


async def _read_body(call: Call, request: Request) -> tuple[Any, BaseModel]:
    assert call.body is not None
    content = await request.body()
    if not content.strip() and call.body_optional:
        return None, call.body()
    try:
        raw = from_json(content, allow_inf_nan=False)
    except ValueError:
        raise Problem(400, "The body is not valid JSON.") from None
    if not isinstance(raw, dict):
        raise Problem(422, "The body must be a JSON object.")
    try:
        return raw, call.body.model_validate(raw)
    except ValidationError as error:
        raise from_validation(error, names(call.body)) from None


def names(model: type[BaseModel]) -> list[str]:
    return [info.alias or name for name, info in model.model_fields.items()]


def _http_sentence(error: HTTPException) -> str:
    if error.status_code == 413:
        return "The body is larger than this address takes."
    return error.detail
