"""What people texted that nothing matched, so that staff add words every week."""

from __future__ import annotations

from sqlalchemy import Connection

from smsbot.clock import DAY_MS
from smsbot.compose import lexicon
from smsbot.store import directory, unknown
from smsbot.web import forms, schemas
from smsbot.web.calls import Asked, Call, Told
from smsbot.web.ports import Service

DAYS = 7


async def show(asked: Asked[schemas.UnknownQuery, None]) -> Told:
    service, query = asked.service, asked.query
    since_ms = service.clock() - DAYS * DAY_MS if query.since is None else query.since

    def job(connection: Connection) -> list[unknown.Word]:
        listed = lexicon(service.settings, directory.topics(connection), directory.places(connection))
        return unknown.gather(connection, listed, since_ms=since_ms, limit=query.limit)

    found = await service.store.look(job)
    return Told(schemas.Page[schemas.UnknownWord](items=[_item(service, word) for word in found]))


def _item(service: Service, word: unknown.Word) -> schemas.UnknownWord:
    near = word.near
    added = unknown.addition(word, str(service.settings.service.content or "content"))
    return schemas.UnknownWord.model_validate(
        {
            "word": word.shown,
            "count": word.count,
            "people": word.people,
            "languages": dict(word.languages.most_common()),
            "first": forms.moment(service, word.first_ms),
            "last": forms.moment(service, word.last_ms),
            "example": word.example,
            "nearest": None
            if near is None
            else {
                "word": near.known.word,
                "kind": near.known.kind,
                "name": near.known.name,
                "language": near.known.language or None,
                "distance": near.distance,
            },
            "add": {"where": added.where, "line": added.line},
        }
    )


CALLS = (
    Call(
        "GET", "/api/unknown", show, "Unknown words", {200: schemas.Page[schemas.UnknownWord]},
        query=schemas.UnknownQuery, tag="Messages",
        detail="What people texted that nothing matched, grouped by sound, the most frequent first, with the nearest "
        "listed word and the line that would add it. Numbers are not shown; texts of more than three words, and such "
        "with longer digits, are left to the inbox.",
    ),
)  # fmt: skip
