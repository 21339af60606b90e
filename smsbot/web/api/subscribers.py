"""What is known of one number, and forgetting it."""

from __future__ import annotations

from sqlalchemy import Connection
from starlette.responses import Response

from smsbot.errors import Missing
from smsbot.store import audit, people
from smsbot.store.staff import Role
from smsbot.web import forms, schemas
from smsbot.web.calls import Asked, Call, Told
from smsbot.web.schemas import Nothing

UNKNOWN = "Nobody with this number has written, joined or stopped."


async def show(asked: Asked[Nothing, None]) -> Told:
    service = asked.service
    number = forms.number(service, asked.path["number"])
    now_ms = service.clock()

    def job(connection: Connection) -> people.Person | None:
        return people.person(connection, number, audit.subject(service.store.key, number), now_ms)

    person = await service.store.look(job)
    if person is None:
        raise Missing(UNKNOWN)
    consents = [
        schemas.Consent(
            at=forms.moment(service, consent.at_ms),
            action=consent.action,
            scope=consent.scope,
            source=consent.source,
            evidence=consent.evidence,
        )
        for consent in person.consents
    ]
    answer = schemas.Subscriber(
        number=number,
        state=person.state.value,
        language=person.language,
        script=person.script,
        topics=list(person.topics),
        place=person.place,
        since=forms.moment_or_none(service, person.since_ms),
        paused_until=forms.moment_or_none(service, person.paused_until_ms),
        consents=consents,
        blocked=[
            schemas.Blocked(channel=each.channel, at=forms.moment(service, each.at_ms), reason=each.reason)
            for each in person.blocked
        ],
        unreachable=person.unreachable,
        dormant_reason=person.dormant_reason,  # type: ignore[arg-type]  # the model checks it
        dormant_since=forms.moment_or_none(service, person.dormant_ms),
    )
    return Told(answer)


async def wake(asked: Asked[Nothing, None]) -> Told:
    number = forms.number(asked.service, asked.path["number"])
    await asked.service.wake_number(number, asked.who.name)
    return await show(asked)


async def erase(asked: Asked[Nothing, None]) -> Told:
    service = asked.service
    number = forms.number(service, asked.path["number"])
    subject = audit.subject(service.store.key, number)
    now_ms, by = service.clock(), asked.who.name
    if not await service.store.run(lambda connection: people.forget(connection, number, subject, by=by, now_ms=now_ms)):
        raise Missing(UNKNOWN)
    return Told(Response(status_code=204))


CALLS = (
    Call(
        "GET",
        "/api/subscribers/{number}",
        show,
        "A subscriber",
        {200: schemas.Subscriber},
        refuses=(404, 422),
        tag="Subscribers",
        detail="The number may be written in any form. A number that only ever sent STOP is `stopped`.",
    ),
    Call(
        "POST",
        "/api/subscribers/{number}/wake",
        wake,
        "Send broadcasts to a dormant number again",
        {200: schemas.Subscriber},
        role=Role.AUTHOR,
        refuses=(404, 409, 422),
        tag="Subscribers",
        detail="For a number that failed or was quiet for long and that staff know to be in use. One neutral text goes "
        "there first: who writes, and how to stop. 409 if the number is not dormant, or sent STOP.",
    ),
    Call(
        "DELETE",
        "/api/subscribers/{number}",
        erase,
        "Erase a subscriber",
        {204: None},
        role=Role.ADMIN,
        refuses=(404, 422),
        tag="Subscribers",
        detail="The profile, the texts and the topics go. What stays, under a keyed hash: the consent ledger without "
        "the person's words and, if the number is stopped, the suppression.",
    ),
)
