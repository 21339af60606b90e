"""How the channels stand."""

from __future__ import annotations

from sqlalchemy import Connection

from smsbot.store import health
from smsbot.web import forms, schemas
from smsbot.web.calls import Asked, Call, Told
from smsbot.web.schemas import ListQuery

RECEIVES = "This channel only receives."
UNSERVED = "No process has delivered through this channel yet: start `smsbot serve` with the role `all` or `work`."


def _look(connection: Connection) -> tuple[dict[str, health.Health], dict[str, int]]:
    return health.channels(connection), health.backlog(connection)


async def show(asked: Asked[ListQuery, None]) -> Told:
    service = asked.service
    healths, backlog = await service.store.look(_look)
    items = []
    for name, channel in service.channels.items():
        config, found = channel.config, healths.get(name)
        items.append(
            schemas.ChannelView.model_validate(
                {
                    "name": name,
                    "gateway": config.gateway,
                    "sender": config.sender,
                    "inbound": config.inbound,
                    "outbound": config.outbound,
                    "health": found.state if found else "down" if config.outbound else "up",
                    "reason": found.reason if found else UNSERVED if config.outbound else RECEIVES,
                    "since": forms.moment(service, found.since_ms) if found else None,
                    "last_success": forms.moment_or_none(service, found.success_ms) if found else None,
                    "backlog": backlog.get(name, 0),
                    "rate_per_s": config.rate_per_s,
                }
            )
        )
    return Told(schemas.Page[schemas.ChannelView](items=items, next=None))


CALLS = (
    Call(
        "GET", "/api/channels", show, "Channels", {200: schemas.Page[schemas.ChannelView]},
        query=ListQuery, tag="Operation",
        detail="`degraded`, `down` and `misconfigured` come with the reason and since when.",
    ),
)  # fmt: skip
