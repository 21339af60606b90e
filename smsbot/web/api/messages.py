"""Texts both ways, and a personal reply."""

from __future__ import annotations

from sqlalchemy import Connection

from smsbot.dialogue.model import State
from smsbot.errors import Conflict, Invalid
from smsbot.store import audit, people
from smsbot.store.staff import Role
from smsbot.text.gsm7 import measure
from smsbot.web import forms, schemas
from smsbot.web.calls import Asked, Call, Told

STOPPED = "This number has sent STOP: it gets no message until its owner joins again."


async def show(asked: Asked[schemas.MessagesQuery, None]) -> Told:
    service, query = asked.service, asked.query
    number = None if query.number is None else forms.number(service, query.number)
    after = forms.position(query.cursor)

    def job(connection: Connection) -> tuple[list[people.Message], people.Position | None]:
        return people.messages(connection, number=number, direction=query.direction, after=after, limit=query.limit)

    found, following = await service.store.look(job)
    items = [forms.message(service, message) for message in found]
    return Told(schemas.Page[schemas.Message](items=items, next=forms.cursor(following)))


async def post(asked: Asked[schemas.MessageRequest, schemas.MessageRequest]) -> Told:
    service, wanted = asked.service, asked.body
    number = forms.number(service, wanted.to, field="to")
    limit = service.settings.sending.max_parts
    parts = measure(wanted.text).parts
    if parts > limit:
        raise Invalid(f"The text takes {parts} parts; at most {limit} are allowed.", field="text")
    subject, now_ms = audit.subject(service.store.key, number), service.clock()
    state = await service.store.look(lambda connection: people.standing(connection, number, subject, now_ms))
    if state is State.STOPPED:
        raise Conflict(STOPPED)
    queued = await service.queue_personal(number, wanted.text, asked.who.name)
    row_id = forms.row_id(str(queued.id), "message", "out-")
    found = await service.store.look(lambda connection: people.outgoing_message(connection, row_id))
    assert found is not None, "what was queued is committed"
    return Told(forms.message(service, found), 202)


CALLS = (
    Call(
        "GET",
        "/api/messages",
        show,
        "Messages",
        {200: schemas.Page[schemas.Message]},
        query=schemas.MessagesQuery,
        tag="Messages",
        detail="Newest first, both directions; `number` may be written in any form.",
    ),
    Call(
        "POST",
        "/api/messages",
        post,
        "Send a personal message",
        {202: schemas.Message},
        role=Role.AUTHOR,
        body=schemas.MessageRequest,
        refuses=(409,),
        tag="Messages",
        detail="Leaves through the channel that the person last wrote to. Refused to a number that sent STOP.",
        example={"to": "+995599123456", "text": "The library opens at 10:00."},
    ),
)
