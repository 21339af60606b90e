"""Broadcasts: announce, look, steer, correct."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from smsbot.errors import Invalid
from smsbot.outbound.broadcast import Draft
from smsbot.store.broadcasts import View
from smsbot.store.staff import Role
from smsbot.web import bulletins, forms, schemas
from smsbot.web.calls import Asked, Call, Told
from smsbot.web.ports import Service
from smsbot.web.schemas import ListQuery, Nothing

IDEMPOTENCY = "Idempotency-Key"
KEY_LIMIT = 255  # characters


async def post(asked: Asked[Nothing, bulletins.BroadcastRequest]) -> Told:
    wanted, service = asked.body, asked.service
    draft = Draft(
        texts=_texts(service, wanted.text),
        topics=tuple(wanted.topics),
        places=tuple(wanted.places),
        everyone=wanted.everyone,
        languages=None if wanted.languages is None else tuple(wanted.languages),
        kind=wanted.kind,
        missing_translation=wanted.missing_translation,
        send_at_ms=wanted.send_at,
        expires_ms=wanted.expires_at,
        urgent=wanted.urgent,
        reason=wanted.reason,
        channel=wanted.channel,
        idempotency_key=_idempotency_key(asked.headers.get(IDEMPOTENCY)),
        idempotency_digest=digest(asked.raw),
    )
    with _field_as_given(service, wanted.text):
        view = await service.broadcasts.post(draft, asked.who.name, wanted.dry_run)
    return Told(_answer(view, dry_run=wanted.dry_run), 200 if wanted.dry_run else 202)


async def recent(asked: Asked[ListQuery, None]) -> Told:
    views, following = await asked.service.broadcasts.recent(asked.query.cursor, asked.query.limit)
    items = [_view(asked.service, view) for view in views]
    return Told(schemas.Page[bulletins.BroadcastView](items=items, next=following))


async def show(asked: Asked[Nothing, None]) -> Told:
    return Told(_view(asked.service, await asked.service.broadcasts.get(_id(asked.path))))


async def approve(asked: Asked[Nothing, None]) -> Told:
    return await _steered(asked, asked.service.broadcasts.approve)


async def pause(asked: Asked[Nothing, None]) -> Told:
    return await _steered(asked, asked.service.broadcasts.pause)


async def resume(asked: Asked[Nothing, None]) -> Told:
    return await _steered(asked, asked.service.broadcasts.resume)


async def cancel(asked: Asked[Nothing, None]) -> Told:
    return await _steered(asked, asked.service.broadcasts.cancel)


async def correct(asked: Asked[Nothing, bulletins.CorrectionRequest]) -> Told:
    texts = _texts(asked.service, asked.body.text)
    with _field_as_given(asked.service, asked.body.text):
        view = await asked.service.broadcasts.correction(_id(asked.path), texts, asked.who.name)
    return Told(_answer(view, dry_run=False), 202)


def digest(raw: Any) -> str:
    """Of a request's body: equal for equal JSON, whatever the order of its keys and its blanks."""
    canonical = json.dumps(raw, sort_keys=True, ensure_ascii=True, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()


async def _steered(asked: Asked[Nothing, None], act: Callable[[int, str], Awaitable[View]]) -> Told:
    return Told(_view(asked.service, await act(_id(asked.path), asked.who.name)))


def _id(path: Mapping[str, str]) -> int:
    return forms.row_id(path["id"], "broadcast")


def _texts(service: Service, given: Mapping[str, str]) -> dict[str, str]:
    default = service.settings.service.default_language
    return {default if language == schemas.ONE_TEXT else language: text for language, text in given.items()}


@contextmanager
def _field_as_given(service: Service, given: Mapping[str, str]) -> Iterator[None]:
    """Whoever sent one string has no field `text.ka`."""
    try:
        yield
    except Invalid as error:
        if schemas.ONE_TEXT in given and error.field == f"text.{service.settings.service.default_language}":
            error.field = "text"
        raise


def _idempotency_key(given: str | None) -> str | None:
    if given is None or not given.strip():
        return None
    key = given.strip()
    if len(key) > KEY_LIMIT or not key.isprintable():
        raise Invalid(f"An {IDEMPOTENCY} has at most {KEY_LIMIT} visible characters.", field=IDEMPOTENCY)
    return key


def _costs(view: View, *, dry_run: bool) -> dict[str, dict[str, Any]]:
    costs: dict[str, dict[str, Any]] = {}
    for language, share in view.by_language.items():
        costs[language] = {
            "recipients": share.recipients,
            "encoding": share.encoding,
            "units": share.units,
            "parts": share.parts,
        }
        if dry_run:
            forcing = view.forcing.get(language, ())
            costs[language]["forcing"] = [{"character": char, "substitute": plain} for char, plain in forcing]
    return costs


def _answer(view: View, *, dry_run: bool) -> bulletins.BroadcastAnswer:
    return bulletins.BroadcastAnswer.model_validate(
        {
            "id": None if dry_run else str(view.id),
            "state": view.state.value,
            "recipients": view.recipients,
            "by_language": _costs(view, dry_run=dry_run),
            "parts_total": view.parts_total,
            "dormant": view.dormant if dry_run else None,
        }
    )


def _view(service: Service, view: View) -> bulletins.BroadcastView:
    return bulletins.BroadcastView.model_validate(
        {
            **_answer(view, dry_run=False).model_dump(),
            "counts": dict(view.counts),
            "written": view.written,
            "text": dict(view.texts),
            "kind": view.kind,
            "topics": list(view.audience.topics),
            "places": list(view.audience.places),
            "everyone": view.audience.everyone,
            "languages": None if view.audience.languages is None else list(view.audience.languages),
            "channel": view.channel,
            "urgent": view.urgent,
            "reason": view.reason,
            "send_at": forms.moment_or_none(service, view.send_at_ms),
            "expires_at": forms.moment_or_none(service, view.expires_ms),
            "created_at": forms.moment(service, view.created_ms),
            "created_by": view.created_by,
            "approved_by": view.approved_by or None,
            "approved_at": forms.moment_or_none(service, view.approved_ms),
            "corrects": None if view.corrects is None else str(view.corrects),
            "starts_at": forms.moment_or_none(service, view.starts_ms),
            "done_at": forms.moment_or_none(service, view.done_ms),
            "paused_because": view.paused_because or None,
        }
    )


TAG = "Broadcasts"
EXAMPLE = {"text": {"ka": "ბიუჯეტის განხილვა 10 დეკემბერს, 12:00.", "en": "Budget hearing on 10 December, 12:00."},
           "topics": ["budget"], "dry_run": True}  # fmt: skip

CALLS = (
    Call(
        "POST", "/api/broadcasts", post, "Announce a broadcast",
        {202: bulletins.BroadcastAnswer, 200: bulletins.BroadcastAnswer}, role=Role.AUTHOR,
        body=bulletins.BroadcastRequest,
        headers={IDEMPOTENCY: "A repeat under the same key answers the same broadcast"}, tag=TAG, example=EXAMPLE,
        detail="With `dry_run` (200) nothing is stored: the answer says whom it would reach, what it costs, and which "
        "characters force UCS-2. `topics` AND `places` narrow each other; `everyone` stands instead of both.",
    ),
    Call(
        "GET", "/api/broadcasts", recent, "Broadcasts", {200: schemas.Page[bulletins.BroadcastView]}, query=ListQuery,
        tag=TAG, detail="Newest first.",
    ),
    Call(
        "GET", "/api/broadcasts/{id}", show, "A broadcast with its counts", {200: bulletins.BroadcastView},
        refuses=(404,), tag=TAG,
    ),
    *(
        Call(
            "POST", f"/api/broadcasts/{{id}}/{word}", handler, summary, {200: bulletins.BroadcastView}, role=role,
            refuses=(404, 409), tag=TAG, detail=detail,
        )
        for word, handler, summary, role, detail in (
            ("approve", approve, "Approve", Role.APPROVER, "Nobody approves a broadcast of their own."),
            ("pause", pause, "Pause", Role.AUTHOR, "What has not left waits."),
            ("resume", resume, "Resume", Role.AUTHOR, ""),
            ("cancel", cancel, "Cancel", Role.AUTHOR, "What has not left never will."),
        )
    ),
    Call(
        "POST", "/api/broadcasts/{id}/correction", correct, "Correct", {202: bulletins.BroadcastAnswer},
        role=Role.AUTHOR, body=bulletins.CorrectionRequest, refuses=(404, 409), tag=TAG,
        example={"text": "Correction: the hearing is at 14:00."},
        detail="A new broadcast to exactly those whose message has left. Audience, channel and kind are the first's.",
    ),
)  # fmt: skip
