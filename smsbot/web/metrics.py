"""Prometheus text. Counts come from SQL at scrape time, the same in every process; the process adds its own."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector
from sqlalchemy import Connection
from starlette.responses import Response

from smsbot.errors import StoreError
from smsbot.gateways.registry import Channel
from smsbot.outbound.outlook import Outlook, outlook
from smsbot.status import Status
from smsbot.store import health
from smsbot.store.channel_vitals import Vitals
from smsbot.web.calls import Asked, Call, Told
from smsbot.web.schemas import Nothing

MEDIA_TYPE = "text/plain; version=0.0.4; charset=utf-8"  # Prometheus, exposition formats
HEALTHS = ("up", "degraded", "down", "misconfigured")


@dataclass(frozen=True, slots=True)
class Snapshot:
    queues: list[health.Queue]
    messages: Mapping[str, int]
    broadcasts: Mapping[str, int]
    people: Mapping[str, int]
    channels: Mapping[str, Outlook]
    vitals: Mapping[str, Vitals]
    unanswered: int
    dormant: int
    now_ms: int


def look(connection: Connection, known: Mapping[str, Channel], now_ms: int) -> Snapshot:
    healths, vitals = health.channels(connection), health.vitals(connection)
    return Snapshot(
        queues=health.queues(connection),
        messages=health.broadcast_statuses(connection),
        broadcasts=health.broadcast_states(connection),
        people=health.people(connection, now_ms),
        channels={
            name: outlook(channel, known, healths.get(name), vitals.get(name, Vitals()), now_ms)
            for name, channel in known.items()
        },
        vitals={name: vitals.get(name, Vitals()) for name in known},
        unanswered=health.unanswered(connection),
        dormant=health.dormant(connection),
        now_ms=now_ms,
    )


class _Stored(Collector):
    """One snapshot as metric families; None: the database did not answer."""

    def __init__(self, snapshot: Snapshot | None) -> None:
        self._snapshot = snapshot

    def collect(self) -> Iterable[Metric]:
        found = self._snapshot
        yield _single("smsbot_database_up", "1 if the database answered this scrape", int(found is not None))
        if found is None:
            return
        depth = GaugeMetricFamily("smsbot_queue_depth", "Messages that wait", labels=("channel", "lane"))
        overdue = GaugeMetricFamily(
            "smsbot_queue_oldest_seconds", "How long the oldest due message has been due", labels=("channel", "lane")
        )
        for queue in found.queues:
            depth.add_metric((queue.channel, queue.lane), queue.depth)
            overdue.add_metric((queue.channel, queue.lane), max(0, found.now_ms - queue.due_ms) / 1_000)
        yield depth
        yield overdue
        yield _labelled(
            "smsbot_broadcast_messages", "Messages of all broadcasts", "status",
            {status.value: found.messages.get(status.value, 0) for status in Status},
        )  # fmt: skip
        yield _labelled("smsbot_broadcasts", "Broadcasts", "state", found.broadcasts)
        yield _labelled("smsbot_people", "Numbers with a profile", "state", found.people)
        yield _single("smsbot_people_dormant", "Numbers left out of broadcasts, unreachable or quiet", found.dormant)
        yield from _channels(found)
        yield _single("smsbot_inbox_unanswered", "Texts that wait for a person", found.unanswered)


def _channels(found: Snapshot) -> Iterable[Metric]:
    """By channel, from what its dispatcher has written down."""
    state = GaugeMetricFamily("smsbot_channel_health", "1 for the channel's state", labels=("channel", "state"))
    rate = GaugeMetricFamily("smsbot_channel_parts_per_second", "Parts of the last minute", labels=("channel",))
    backlog = GaugeMetricFamily("smsbot_channel_backlog", "Messages that wait", labels=("channel",))
    balance = GaugeMetricFamily("smsbot_channel_balance", "What is left to spend", labels=("channel", "unit"))
    handed = CounterMetricFamily(
        "smsbot_channel_messages", "Messages handed over, by what the gateway said", labels=("channel", "outcome")
    )
    for name, channel in found.channels.items():
        for each in HEALTHS:
            state.add_metric((name, each), int(channel.state == each))
        rate.add_metric((name,), channel.parts_per_s)
        backlog.add_metric((name,), sum(queue.depth for queue in found.queues if queue.channel == name))
        vitals = found.vitals[name]
        if vitals.balance is not None:
            balance.add_metric((name, vitals.balance_unit), vitals.balance)
        handed.add_metric((name, "accepted"), vitals.accepted)
        handed.add_metric((name, "refused"), vitals.refused)
        handed.add_metric((name, "uncertain"), vitals.uncertain)
    yield from (state, rate, backlog, balance, handed)


def text(snapshot: Snapshot | None, process: CollectorRegistry | None) -> bytes:
    registry = CollectorRegistry()
    registry.register(_Stored(snapshot))
    return generate_latest(registry) + (generate_latest(process) if process is not None else b"")


async def scrape(asked: Asked[Nothing, None]) -> Told:
    service = asked.service
    now_ms = service.clock()
    try:
        snapshot = await service.store.look(lambda connection: look(connection, service.channels, now_ms))
    except StoreError:  # a scrape must not fail just when it is needed
        snapshot = None
    return Told(Response(text(snapshot, service.metrics), media_type=MEDIA_TYPE))


def _single(name: str, help_text: str, value: float) -> GaugeMetricFamily:
    return GaugeMetricFamily(name, help_text, value=value)


def _labelled(name: str, help_text: str, label: str, values: Mapping[str, int]) -> GaugeMetricFamily:
    family = GaugeMetricFamily(name, help_text, labels=(label,))
    for key, value in values.items():
        family.add_metric((key,), value)
    return family


CALLS = (
    Call(
        "GET", "/metrics", scrape, "Measurements for Prometheus", {200: None}, role=None, tag="Operation",
        media_type="text/plain", detail="Numbers only, nothing about persons.",
    ),
)  # fmt: skip
