"""Errors as the API tells them: RFC 9457 documents with sentences that a press officer understands."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from types import MappingProxyType
from typing import Any

from pydantic import BaseModel, Field, ValidationError
from starlette.responses import Response

from smsbot.errors import (
    Conflict,
    Invalid,
    Missing,
    NotAllowed,
    PhoneError,
    SmsbotError,
    StaffError,
    StoreError,
    StoreFull,
    StoreUnavailable,
)

MEDIA_TYPE = "application/problem+json"
RETRY_AFTER_S = 5
EXAMPLE_NUMBER = "+995599123456"
ECHO_LIMIT = 100  # characters of a name that the caller gave

PHONE = {
    "empty": f"A phone number is needed, for example {EXAMPLE_NUMBER}.",
    "letters": f"A phone number has digits only, for example {EXAMPLE_NUMBER}.",
    "short": f"This is too short for a phone number; write it in full, for example {EXAMPLE_NUMBER}.",
    "invalid": f"This is not a phone number that exists; write it in full, for example {EXAMPLE_NUMBER}.",
}


class FieldFault(BaseModel):
    """What is wrong with one field."""

    field: str = Field(description="Name of the field, with dots below it: `text.ka`")
    detail: str


class ProblemDocument(BaseModel):
    """RFC 9457. `detail` is a sentence for people; `field` and `errors` come with a validation error."""

    type: str = "about:blank"
    title: str
    status: int
    detail: str
    field: str | None = None
    errors: list[FieldFault] | None = None
    reference: str | None = Field(default=None, description="With a 500: the id under which the fault was logged")


class Problem(SmsbotError):
    """A refusal on the level of HTTP, raised where it is noticed."""

    def __init__(
        self,
        status: int,
        detail: str,
        field: str | None = None,
        errors: Sequence[FieldFault] = (),
        *,
        headers: Mapping[str, str] = MappingProxyType({}),
        reference: str | None = None,
    ) -> None:
        self.status = status
        self.detail = detail
        self.field = field
        self.errors = errors
        self.headers = headers
        self.reference = reference
        super().__init__(detail)

    def response(self) -> Response:
        document = ProblemDocument(
            title=HTTPStatus(self.status).phrase,
            status=self.status,
            detail=self.detail,
            field=self.field,
            errors=list(self.errors) or None,
            reference=self.reference,
        )
        content = json.dumps(document.model_dump(exclude_none=True), ensure_ascii=False)
        headers = {"Cache-Control": "no-store", **self.headers}
        return Response(content, self.status, headers, media_type=MEDIA_TYPE)


def from_error(error: SmsbotError) -> Problem | None:
    """The problem that *error* is to the caller; None if it is a fault of ours."""
    match error:
        case Problem():
            return error
        case StaffError():
            statuses = {NotAllowed: 403, Missing: 404, Conflict: 409, Invalid: 422}
            status = next((code for kind, code in statuses.items() if isinstance(error, kind)), 422)
            faults = [FieldFault(field=error.field, detail=str(error))] if error.field and status == 422 else []
            return Problem(status, str(error), error.field, faults)
        case PhoneError():
            return phone_problem(error, "number")
        case StoreFull():
            return Problem(503, str(error), headers={"Retry-After": str(RETRY_AFTER_S)})
        case StoreUnavailable():
            # The driver's own words may name hosts and accounts: they go to the log of whoever runs the database.
            detail = "The database does not answer just now. Nothing was lost; try again in a moment."
            return Problem(503, detail, headers={"Retry-After": str(RETRY_AFTER_S)})
        case StoreError():
            return Problem(503, str(error), headers={"Retry-After": str(RETRY_AFTER_S)})
        case _:
            return None


def phone_problem(error: PhoneError, field_name: str) -> Problem:
    detail = PHONE.get(error.code, PHONE["invalid"])
    return Problem(422, detail, field_name, (FieldFault(field=field_name, detail=detail),))


def from_validation(error: ValidationError, known: Sequence[str] = (), where: str = "field") -> Problem:
    """Pydantic's findings in plain sentences; *known* are the names there are, *where* is `field` or `parameter`."""
    faults = [
        FieldFault(field=_path(found["loc"]), detail=_sentence(dict(found), known, where))
        for found in error.errors(include_url=False, include_input=False)
    ]
    return Problem(422, faults[0].detail, faults[0].field or None, tuple(faults))


def _path(loc: Sequence[int | str]) -> str:
    return ".".join(str(step) for step in loc)[:ECHO_LIMIT]


def _sentence(found: dict[str, Any], known: Sequence[str], where: str) -> str:
    name = _path(found["loc"])
    limits = found.get("ctx") or {}
    kind = found["type"]
    fixed = {
        "missing": f"The {where} `{name}` is missing.",
        "string_type": f"`{name}` must be a text.",
        "dict_type": f"`{name}` must be an object with a value for each language.",
        "model_type": "The body must be a JSON object.",
        "model_attributes_type": "The body must be a JSON object.",
        "list_type": f"`{name}` must be a list.",
        "bool_type": f"`{name}` must be true or false.",
        "bool_parsing": f"`{name}` must be true or false.",
        "int_type": f"`{name}` must be a whole number.",
        "int_parsing": f"`{name}` must be a whole number.",
        "int_from_float": f"`{name}` must be a whole number.",
    }
    if kind in fixed:
        return fixed[kind]
    match kind:
        case "extra_forbidden":
            rest = f"; possible: {', '.join(known)}" if known else ""
            return f"There is no {where} `{name}`{rest}."
        case "literal_error" | "enum":
            return f"`{name}` must be one of: {str(limits.get('expected', '')).replace(' or ', ', ')}."
        case "greater_than_equal":
            return f"`{name}` must be at least {limits['ge']}."
        case "less_than_equal":
            return f"`{name}` must be at most {limits['le']}."
        case "string_too_short" | "too_short":
            return f"`{name}` must not be empty."
        case "string_too_long":
            return f"`{name}` is too long: at most {limits['max_length']} characters."
        case "too_long":
            return f"`{name}` has too many entries: at most {limits['max_length']}."
        case "string_pattern_mismatch":
            return f"`{name}` may hold small Latin letters, digits, - and _ only."
        case "value_error":
            return str(limits.get("error") or found["msg"].removeprefix("Value error, "))
        case _:
            return f"`{name}` is not right: {found['msg']}."
