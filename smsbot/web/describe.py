"""`/openapi.json` and `/docs`, both written from the table of calls."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from html import escape
from http import HTTPStatus
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

import smsbot
from smsbot.web.calls import Call
from smsbot.web.markup import document
from smsbot.web.ports import Service
from smsbot.web.problems import MEDIA_TYPE, ProblemDocument

JSON_SCHEMA = "https://json-schema.org/draft/2020-12/schema"
REFERENCE = "#/components/schemas/{model}"
PARAMETER = re.compile(r"{(\w+)}")

INTRODUCTION = (
    "Two-way SMS for a municipality. Send `Authorization: Bearer KEY`; `smsbot staff add NAME --role ROLE` prints a "
    "key. Roles, each with the rights of those before it: viewer, author, approver, admin; beside them auditor, who "
    "reads everything and changes nothing. Errors are RFC 9457 documents whose `detail` is a sentence for people. "
    "Times are ISO 8601 with offset. Lists are `{items, next}`, `next` being the cursor of what follows."
)


def openapi(service: Service, calls: Sequence[Call]) -> dict[str, Any]:
    """The OpenAPI 3.1 document."""
    models = {model for call in calls for model in _models(call)} | {ProblemDocument}
    wanted: list[tuple[type[BaseModel], Any]] = [
        (model, mode) for model in sorted(models, key=lambda model: model.__name__) for mode in ("validation",)
    ]
    references, definitions = models_json_schema(wanted, ref_template=REFERENCE)
    schemas: dict[Any, Any] = {key[0]: reference for key, reference in references.items()}
    paths: dict[str, dict[str, Any]] = {}
    for call in calls:
        paths.setdefault(call.path, {})[call.method.lower()] = _operation(call, schemas)
    return {
        "openapi": "3.1.0",
        "jsonSchemaDialect": JSON_SCHEMA,
        "info": {
            "title": "smsbot staff API",
            "version": smsbot.__version__,
            "description": INTRODUCTION,
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": service.settings.service.public_url or "/"}],
        "tags": [{"name": tag} for tag in dict.fromkeys(call.tag for call in calls)],
        "paths": paths,
        "components": {
            "schemas": definitions.get("$defs", {}),
            "securitySchemes": {
                "key": {"type": "http", "scheme": "bearer", "description": "A staff key: `smsbot_…`"},
            },
        },
    }


def _models(call: Call) -> Iterable[type[BaseModel]]:
    if call.body is not None:
        yield call.body
    yield from (model for model in call.answers.values() if model is not None)


def _operation(call: Call, schemas: Mapping[Any, Any]) -> dict[str, Any]:
    operation: dict[str, Any] = {
        "operationId": _operation_id(call),
        "summary": call.summary,
        "description": " ".join(filter(None, (call.detail, _needs(call)))),
        "tags": [call.tag],
        "parameters": _parameters(call),
        "responses": _responses(call, schemas),
        "security": [] if call.role is None else [{"key": []}],
    }
    if call.body is not None:
        content: dict[str, Any] = {"schema": schemas[call.body]}
        if call.example is not None:
            content["example"] = dict(call.example)
        operation["requestBody"] = {"required": not call.body_optional, "content": {"application/json": content}}
    return operation


def _operation_id(call: Call) -> str:
    steps = [step.strip("{}") for step in re.split(r"[/.]", call.path) if step]
    return "_".join([call.method.lower(), *steps])


def _needs(call: Call) -> str:
    if call.role is None:
        return "No key is needed."
    also = " (or auditor)" if call.role.value == "viewer" else ""
    return f"Role: {call.role.value}{also}."


def _parameters(call: Call) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = [
        {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}
        for name in PARAMETER.findall(call.path)
    ]
    query = call.query.model_json_schema()
    for name, schema in query.get("properties", {}).items():
        required = name in query.get("required", [])
        found.append({"name": name, "in": "query", "required": required, "schema": schema})
    for name, meaning in call.headers.items():
        header = {"name": name, "in": "header", "required": False, "schema": {"type": "string"}}
        found.append({**header, "description": meaning})
    return found


def _responses(call: Call, schemas: Mapping[Any, Any]) -> dict[str, Any]:
    responses: dict[str, Any] = {}
    for status, model in call.answers.items():
        response: dict[str, Any] = {"description": HTTPStatus(status).phrase}
        if model is not None:
            response["content"] = {call.media_type: {"schema": schemas[model]}}
        elif status != 204:
            response["content"] = {call.media_type: {"schema": {"type": "string"}}}
        responses[str(status)] = response
    problem = {MEDIA_TYPE: {"schema": schemas[ProblemDocument]}}
    for status in sorted(_refusals(call)):
        responses[str(status)] = {"description": HTTPStatus(status).phrase, "content": problem}
    return responses


def _refusals(call: Call) -> set[int]:
    refused = {*call.refuses, 500}
    if call.role is not None:
        refused |= {401, 403, 503}
    if call.body is not None:
        refused |= {400, 413, 422}
    if call.query.model_fields:
        refused.add(422)
    return refused


def pages(service: Service, calls: Sequence[Call]) -> list[Route]:
    description = json.dumps(openapi(service, calls), ensure_ascii=False, indent=1)

    async def openapi_json(_request: Request) -> Response:
        return Response(description, media_type="application/json")

    async def docs(_request: Request) -> Response:
        return document("API", _docs_body(service, calls), language="en", styles=("/static/site.css",))

    return [Route("/openapi.json", openapi_json), Route("/docs", docs)]


def _docs_body(service: Service, calls: Sequence[Call]) -> str:
    base = service.settings.service.public_url or "http://127.0.0.1:8000"
    sections = []
    for tag in dict.fromkeys(call.tag for call in calls):
        mine = [call for call in calls if call.tag == tag]
        entries = "".join(_entry(call, base) for call in mine)
        sections.append(f'<section aria-label="{escape(tag)}"><h2>{escape(tag)}</h2>{entries}</section>')
    introduction = _code(escape(INTRODUCTION))
    return (
        f"<header><h1>API</h1><p>{introduction}</p>"
        '<p>The same for machines: <a href="/openapi.json">/openapi.json</a> (OpenAPI 3.1).</p></header>'
        f"<main>{''.join(sections)}</main>"
    )


def _entry(call: Call, base: str) -> str:
    anchor = _operation_id(call)
    answers = ", ".join(str(status) for status in (*call.answers, *sorted(_refusals(call))))
    inputs = _inputs(call)
    return (
        f'<article id="{anchor}"><h3><span class="method">{call.method}</span> <code>{escape(call.path)}</code></h3>'
        f"<p><strong>{escape(call.summary)}.</strong> {_code(escape(call.detail))} {escape(_needs(call))}</p>"
        f'{inputs}<p>Answers: {answers}</p><pre tabindex="0"><code>{escape(_curl(call, base))}</code></pre></article>'
    )


def _inputs(call: Call) -> str:
    rows = []
    for where, model in (("query", call.query), ("body", call.body)):
        if model is None:
            continue
        schema = model.model_json_schema()
        required = schema.get("required", [])
        for name, about in schema.get("properties", {}).items():
            need = "required" if name in required else "optional"
            rows.append(
                f'<tr><th scope="row"><code>{escape(name)}</code></th><td>{where}, {need}</td>'
                f"<td>{_code(escape(_meaning(about)))}</td></tr>"
            )
    rows += [
        f'<tr><th scope="row"><code>{escape(name)}</code></th><td>header, optional</td><td>{escape(meaning)}</td></tr>'
        for name, meaning in call.headers.items()
    ]
    if not rows:
        return ""
    caption = f"What {call.method} {call.path} takes"
    return f'<div class="wide"><table><caption>{escape(caption)}</caption><tbody>{"".join(rows)}</tbody></table></div>'


def _meaning(about: Mapping[str, Any]) -> str:
    words = [about.get("description", "")]
    for branch in (about, *about.get("anyOf", ())):
        if "enum" in branch:
            words.append("one of " + ", ".join(f"`{value}`" for value in branch["enum"]))
    if about.get("default") not in (None, "", []):
        words.append(f"default `{json.dumps(about['default'])}`")
    return "; ".join(filter(None, words))


def _code(text: str) -> str:
    return re.sub(r"`([^`]+)`", r"<code>\1</code>", text)


def _curl(call: Call, base: str) -> str:
    sample = {"number": "%2B995599123456", "id": "1", "code": "budget"}
    path = PARAMETER.sub(lambda found: sample.get(found[1], found[1]), call.path)
    if call.path == "/simulator/messages" and call.method == "GET":
        path += "?number=%2B995555000001"
    lines = [f"curl {'' if call.method in ('GET', 'POST') else f'-X {call.method} '}{base}{path}"]
    if call.role is not None:
        lines.append("-H 'Authorization: Bearer KEY'")
    if call.body is not None:
        lines.append("-H 'Content-Type: application/json'")
        lines.append(f"-d '{json.dumps(dict(call.example or {}), ensure_ascii=False)}'")
    elif call.method == "POST":
        lines[0] = lines[0].replace("curl ", "curl -X POST ", 1)
    return " \\\n  ".join(lines)
