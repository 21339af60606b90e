"""Topics and places: what people subscribe to, edited by staff."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

from sqlalchemy import Connection

from smsbot.dialogue import model
from smsbot.errors import Invalid
from smsbot.store import directory, directory_edit
from smsbot.store.staff import Role
from smsbot.web import clashes, schemas
from smsbot.web.calls import Asked, Call, Told
from smsbot.web.ports import Service
from smsbot.web.schemas import ListQuery

T = TypeVar("T")


async def topics(asked: Asked[ListQuery, None]) -> Told:
    found = await asked.service.store.look(directory.topics)
    page, following = _page(found, asked.query)
    return Told(schemas.Page[schemas.Topic](items=[_topic(topic) for topic in page], next=following))


async def add_topic(asked: Asked[Any, schemas.TopicRequest]) -> Told:
    wanted = asked.body
    _languages(asked.service, wanted.names)
    await _free(asked.service, "topic", wanted.code, wanted.names, wanted.words)

    def job(connection: Connection) -> model.Topic:
        return directory_edit.add_topic(
            connection, code=wanted.code, number=wanted.number, names=wanted.names, words=wanted.words
        )

    return Told(_topic(await _edit(asked.service, job)), 201)


async def change_topic(asked: Asked[Any, schemas.TopicChange]) -> Told:
    changes = _changes(asked.service, asked.body)
    code = asked.path["code"]
    await _free(asked.service, "topic", code, changes.get("names", {}), changes.get("words", ()))
    return Told(_topic(await _edit(asked.service, lambda on: directory_edit.change_topic(on, code, changes))))


async def places(asked: Asked[ListQuery, None]) -> Told:
    found = await asked.service.store.look(directory.places)
    page, following = _page(found, asked.query)
    return Told(schemas.Page[schemas.Place](items=[_place(place) for place in page], next=following))


async def add_place(asked: Asked[Any, schemas.PlaceRequest]) -> Told:
    wanted = asked.body
    _languages(asked.service, wanted.names)
    await _free(asked.service, "place", wanted.code, wanted.names, wanted.words)

    def job(connection: Connection) -> model.Place:
        return directory_edit.add_place(
            connection, code=wanted.code, parent=wanted.parent, names=wanted.names, words=wanted.words
        )

    return Told(_place(await _edit(asked.service, job)), 201)


async def change_place(asked: Asked[Any, schemas.PlaceChange]) -> Told:
    changes = _changes(asked.service, asked.body)
    code = asked.path["code"]
    await _free(asked.service, "place", code, changes.get("names", {}), changes.get("words", ()))
    return Told(_place(await _edit(asked.service, lambda on: directory_edit.change_place(on, code, changes))))


async def _free(
    service: Service, kind: clashes.Kind, code: str, names: Mapping[str, str], words: Sequence[str]
) -> None:
    if not names and not words:
        return
    topics, places = await service.store.look(lambda on: (directory.topics(on), directory.places(on)))
    settings = service.settings.service

    def check() -> None:
        clashes.check(settings, kind, code=code, names=names, words=words, topics=topics, places=places)

    await asyncio.to_thread(check)


async def _edit(service: Service, job: Callable[[Connection], T]) -> T:
    """Commit, then let this process know at once; the others notice the new version by themselves."""
    done = await service.store.run(job)
    await service.reload_directory()
    return done


def _changes(service: Service, body: schemas.TopicChange | schemas.PlaceChange) -> dict[str, Any]:
    """What was given. null unsets a place's parent and means nothing elsewhere."""
    changes = {
        name: value
        for name, value in body.model_dump(exclude_unset=True).items()
        if value is not None or name == "parent"
    }
    if not changes:
        known = ", ".join(type(body).model_fields)
        raise Invalid(f"There is nothing to change; give one of: {known}.")
    _languages(service, changes.get("names", {}))
    return changes


def _languages(service: Service, names: Mapping[str, str]) -> None:
    known = service.settings.service.languages
    for language in names:
        if language not in known:
            shown = language[:20]
            detail = f"The service does not speak the language {shown}; its languages are: {', '.join(known)}."
            raise Invalid(detail, field=f"names.{shown}")


def _page(found: Sequence[T], query: ListQuery) -> tuple[Sequence[T], str | None]:
    """Short lists in their own order; the cursor is a position."""
    start = 0
    if query.cursor is not None:
        if not (query.cursor.isascii() and query.cursor.isdigit() and len(query.cursor) < 10):
            raise Invalid("This cursor is not one that a list gave out; take `next` as it is.", field="cursor")
        start = int(query.cursor)
    end = start + query.limit
    return found[start:end], str(end) if end < len(found) else None


def _topic(topic: model.Topic) -> schemas.Topic:
    return schemas.Topic(
        code=topic.code, number=topic.number, names=dict(topic.names), words=list(topic.words), active=topic.active
    )


def _place(place: model.Place) -> schemas.Place:
    return schemas.Place(
        code=place.code, parent=place.parent, names=dict(place.names), words=list(place.words), active=place.active
    )


TOPIC_EXAMPLE = {"code": "water", "number": 9, "names": {"ka": "წყალი", "en": "Water"}, "words": ["tskali"]}
PLACE_EXAMPLE = {"code": "likhauri", "parent": "ozurgeti", "names": {"ka": "ლიხაური", "en": "Likhauri"}}

CALLS = (
    Call(
        "GET", "/api/topics", topics, "Topics", {200: schemas.Page[schemas.Topic]},
        query=ListQuery, tag="Topics and places", detail="In the order of the menu, closed ones included.",
    ),
    Call(
        "POST", "/api/topics", add_topic, "Add a topic", {201: schemas.Topic}, role=Role.APPROVER,
        body=schemas.TopicRequest, refuses=(409,), tag="Topics and places", example=TOPIC_EXAMPLE,
        detail="Without `number` it takes the next free one. 409 if the code or the number is taken.",
    ),
    Call(
        "PATCH", "/api/topics/{code}", change_topic, "Change a topic", {200: schemas.Topic}, role=Role.APPROVER,
        body=schemas.TopicChange, refuses=(404, 409), tag="Topics and places", example={"active": False},
        detail="`active: false` closes it: it leaves the menu and nobody can be sent to through it.",
    ),
    Call(
        "GET", "/api/places", places, "Places", {200: schemas.Page[schemas.Place]},
        query=ListQuery, tag="Topics and places",
    ),
    Call(
        "POST", "/api/places", add_place, "Add a place", {201: schemas.Place}, role=Role.APPROVER,
        body=schemas.PlaceRequest, refuses=(409,), tag="Topics and places", example=PLACE_EXAMPLE,
    ),
    Call(
        "PATCH", "/api/places/{code}", change_place, "Change a place", {200: schemas.Place}, role=Role.APPROVER,
        body=schemas.PlaceChange, refuses=(404, 409), tag="Topics and places", example={"parent": None},
    ),
)  # fmt: skip
