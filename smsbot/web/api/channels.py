"""How the channels stand."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import Connection

from smsbot.outbound.outlook import Outlook, outlook
from smsbot.store import health
from smsbot.store.channel_vitals import Vitals
from smsbot.web import forms, schemas
from smsbot.web.calls import Asked, Call, Told
from smsbot.web.ports import Service
from smsbot.web.schemas import ListQuery


@dataclass(frozen=True, slots=True)
class _Seen:
    healths: Mapping[str, health.Health]
    vitals: Mapping[str, Vitals]
    backlog: Mapping[str, int]


def _look(connection: Connection) -> _Seen:
    return _Seen(health.channels(connection), health.vitals(connection), health.backlog(connection))


async def show(asked: Asked[ListQuery, None]) -> Told:
    service = asked.service
    seen = await service.store.look(_look)
    items = []
    for name, channel in service.channels.items():
        found, vitals = seen.healths.get(name), seen.vitals.get(name, Vitals())
        stands = outlook(channel, service.channels, found, vitals, service.clock())
        items.append(
            schemas.ChannelView.model_validate(
                {
                    "name": name,
                    "gateway": channel.config.gateway,
                    "sender": channel.config.sender,
                    "inbound": channel.config.inbound,
                    "outbound": channel.config.outbound,
                    "health": stands.state,
                    "reason": stands.reason,
                    "since": forms.moment(service, found.since_ms) if found else None,
                    "last_success": forms.moment_or_none(service, found.success_ms) if found else None,
                    "backlog": seen.backlog.get(name, 0),
                    "rate_per_s": channel.config.rate_per_s,
                    **_told(service, stands, vitals),
                }
            )
        )
    return Told(schemas.Page[schemas.ChannelView](items=items, next=None))


def _told(service: Service, stands: Outlook, vitals: Vitals) -> dict[str, object]:
    """What the channel's dispatcher has measured and met with."""
    error = balance = None
    if vitals.error_ms is not None:
        error = {"at": forms.moment(service, vitals.error_ms), "reason": vitals.error}
    if vitals.balance is not None and vitals.balance_ms is not None:
        balance = {
            "amount": vitals.balance,
            "unit": vitals.balance_unit,
            "at": forms.moment(service, vitals.balance_ms),
        }
    return {
        "parts_per_s": stands.parts_per_s,
        "last_error": error,
        "circuit": stands.circuit,
        "next_try": forms.moment_or_none(service, stands.next_try_ms),
        "via": stands.via or None,
        "balance": balance,
    }


CALLS = (
    Call(
        "GET", "/api/channels", show, "Channels", {200: schemas.Page[schemas.ChannelView]},
        query=ListQuery, tag="Operation",
        detail="`degraded`, `down` and `misconfigured` come with the reason and since when.",
    ),
)  # fmt: skip
