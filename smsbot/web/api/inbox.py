"""What people asked or the bot did not understand."""

from __future__ import annotations

from sqlalchemy import Connection

from smsbot.store import inbox
from smsbot.store.staff import Role
from smsbot.web import forms, schemas
from smsbot.web.calls import Asked, Call, Told
from smsbot.web.ports import Service

ALL = "review"
"""As a tag to look for: every text that may have been a wish to stop."""


async def show(asked: Asked[schemas.InboxQuery, None]) -> Told:
    query = asked.query
    after = _position(query.cursor)
    tags = {each for tag in (query.tag or "").split(",") if tag for each in (inbox.REVIEW if tag == ALL else (tag,))}

    def job(connection: Connection) -> tuple[list[inbox.Entry], inbox.Position | None]:
        return inbox.entries(connection, state=query.state, tags=tags, after=after, limit=query.limit)

    found, following = await asked.service.store.look(job)
    cursor = f"{following.state}.{following.id}" if following else None
    items = [_item(asked.service, entry) for entry in found]
    return Told(schemas.Page[schemas.InboxItem](items=items, next=cursor))


async def answered(asked: Asked[schemas.Nothing, schemas.InboxMark]) -> Told:
    entry_id = forms.row_id(asked.path["id"], "entry in the inbox", "in-")
    wanted = asked.body.answered
    entry = await asked.service.store.run(lambda connection: inbox.mark(connection, entry_id, answered=wanted))
    return Told(_item(asked.service, entry))


async def decide(asked: Asked[schemas.Nothing, schemas.InboxAction]) -> Told:
    entry_id = forms.row_id(asked.path["id"], "entry in the inbox", "in-")
    service = asked.service
    match asked.body.action:
        case "stop":
            return Told(_item(service, await service.stop_for(entry_id, asked.who.name)))
        case "close":
            before, after = inbox.OPEN, inbox.ANSWERED
        case _:
            before, after = inbox.ANSWERED, inbox.OPEN
    return Told(_item(service, await service.store.run(lambda on: inbox.move(on, entry_id, before, after))))


def _position(cursor: str | None) -> inbox.Position | None:
    if cursor is None:
        return None
    state, _, digits = cursor.partition(".")
    if state not in (inbox.OPEN, inbox.ANSWERED) or not (digits.isascii() and digits.isdigit()) or len(digits) > 18:
        raise forms.bad_cursor()
    return inbox.Position(state, int(digits))


def _item(service: Service, entry: inbox.Entry) -> schemas.InboxItem:
    return schemas.InboxItem.model_validate(
        {
            "id": f"in-{entry.id}",
            "number": entry.number,
            "channel": entry.channel,
            "text": entry.text,
            "tag": entry.tag,
            "state": entry.state,
            "at": forms.moment(service, entry.at_ms),
        }
    )


CALLS = (
    Call(
        "GET", "/api/inbox", show, "The inbox", {200: schemas.Page[schemas.InboxItem]},
        query=schemas.InboxQuery, tag="Messages",
        detail="Unanswered first, then answered, each newest first. `?tag=review` shows what may have been a wish to "
        "stop: a stop word in a sentence, something near one, a negated one.",
    ),
    Call(
        "POST", "/api/inbox/{id}", decide, "Decide about a text", {200: schemas.InboxItem}, role=Role.AUTHOR,
        body=schemas.InboxAction, refuses=(404, 409), tag="Messages", example={"action": "stop"},
        detail="`stop` stops the person as STOP would, by the same ledger, with your name and the text as evidence; "
        "the one confirmation is sent, unless they have stopped already. 409 if the entry is in that state already, if "
        "no phone number wrote it, or if the person has joined again since.",
    ),
    Call(
        "POST", "/api/inbox/{id}/answered", answered, "Mark as answered", {200: schemas.InboxItem}, role=Role.AUTHOR,
        body=schemas.InboxMark, body_optional=True, refuses=(404,), tag="Messages",
        detail='Without a body it is answered; `{"answered": false}` opens it again.',
    ),
)  # fmt: skip
