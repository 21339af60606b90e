"""The phone in the browser: its two calls go the same way as every text (contract §5).

They need no key, so they see nothing but the channels with the gateway `simulator`, whose numbers are nobody's.
"""

from __future__ import annotations

import secrets

from sqlalchemy import Connection

from smsbot.errors import Missing, PhoneError
from smsbot.gateways.base import Received
from smsbot.store import people
from smsbot.text import phone
from smsbot.web import forms, schemas
from smsbot.web.calls import Asked, Call, Told
from smsbot.web.ports import Service

GATEWAY = "simulator"
OFF = "The phone simulator is off: no channel uses the gateway `simulator`."


def channels(service: Service) -> list[str]:
    """The names of the channels that a simulated phone is reached through, in the order of the settings."""
    return [name for name, channel in service.channels.items() if channel.config.gateway == GATEWAY]


def entrance(service: Service) -> str:
    """The channel that simulated texts come in by. Raises `Missing` if there is none."""
    found = channels(service)
    if not found:
        raise Missing(OFF)
    return next((name for name in found if service.channels[name].config.inbound), found[0])


async def post(asked: Asked[schemas.Nothing, schemas.SimulatorRequest]) -> Told:
    service, written = asked.service, asked.body
    channel = entrance(service)
    received = Received(
        number=written.from_.strip(),
        text=written.text,
        external_id=f"sim-{secrets.token_hex(12)}",
        to=service.channels[channel].config.sender,
    )
    result = await service.turns.submit(channel, received)
    replies = [
        schemas.Reply.model_validate(
            {"id": reply.id, "text": reply.text, "encoding": reply.encoding, "parts": reply.parts}
        )
        for reply in result.replies
    ]
    return Told(schemas.Replies(replies=replies))


async def show(asked: Asked[schemas.SimulatorQuery, None]) -> Told:
    service, query = asked.service, asked.query
    entrance(service)
    number = _number(service, query.number)
    names = channels(service)

    def job(connection: Connection) -> list[people.Message]:
        found, _ = people.messages(connection, number=number, channels=names, limit=query.limit, arrived=True)
        return found

    newest_first = await service.store.look(job)
    items = [forms.message(service, message) for message in reversed(newest_first)]
    return Told(schemas.Page[schemas.Message](items=items, next=None))


def _number(service: Service, raw: str) -> str:
    """A sender that is no phone number is kept as it was written (contract §10), so it can be looked up as well."""
    if raw.startswith(" ") and raw[1:2].isdigit():
        raw = "+" + raw[1:]
    try:
        return phone.parse(raw, service.settings.service.region)
    except PhoneError:
        return raw.strip().replace("\x00", "")


CALLS = (
    Call(
        "POST", "/simulator/messages", post, "Write as a citizen", {200: schemas.Replies}, role=None,
        body=schemas.SimulatorRequest, refuses=(404,), tag="Phone simulator",
        example={"from": "+995555000001", "text": "JOIN"},
        detail="Answers when the text and everything it caused are committed, with the replies that it caused. "
        "404 unless a channel uses the gateway `simulator`.",
    ),
    Call(
        "GET", "/simulator/messages", show, "What the phone shows", {200: schemas.Page[schemas.Message]}, role=None,
        query=schemas.SimulatorQuery, refuses=(404,), tag="Phone simulator",
        detail="The last texts of a number on simulated channels, both directions, in reading order: newest last. Of "
        "broadcasts, those that have arrived. `next` is always null.",
    ),
)  # fmt: skip
